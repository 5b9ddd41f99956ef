#include "cli/bpf_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/consulted.h"

extern char** environ;

namespace sonde::cli {
namespace {

// The first that is there. Our own version before all others: it reads the bitcode of older ones, but not of newer ones.
constexpr const char* kCompilers[] = {"clang-19", "clang", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14"};

// A file without a name, which a child writes to.
class Catch {
 public:
  explicit Catch(const char* name) : fd_(memfd_create(name, MFD_CLOEXEC)) {}
  ~Catch() {
    if (fd_ >= 0) close(fd_);
  }
  Catch(const Catch&) = delete;
  Catch& operator=(const Catch&) = delete;
  int fd() const { return fd_; }
  std::string Take() const {
    std::string text;
    const off_t size = lseek(fd_, 0, SEEK_END);
    if (size <= 0) return text;
    text.resize(static_cast<size_t>(size));
    size_t read = 0;
    while (read < text.size()) {
      const ssize_t part = pread(fd_, text.data() + read, text.size() - read, static_cast<off_t>(read));
      if (part <= 0) break;
      read += static_cast<size_t>(part);
    }
    text.resize(read);
    return text;
  }

 private:
  int fd_;
};

std::vector<std::string> Arguments(const char* compiler, const std::string& path,
                                   const std::vector<std::string>& include_dirs) {
  std::vector<std::string> arguments = {compiler,     "-target", "bpf", "-mcpu=v3", "-O2",
                                        "-emit-llvm", "-c",      path,  "-o",       "-"};
  arguments.emplace_back("-fno-color-diagnostics");
  arguments.emplace_back("-Wno-unknown-attributes");
  arguments.emplace_back("-D__TARGET_ARCH_x86");
  for (const std::string& folder : include_dirs) arguments.push_back("-I" + folder);
  // Where Debian keeps asm/types.h, which clang looks for elsewhere when it compiles for BPF.
  arguments.emplace_back("-idirafter");
  arguments.emplace_back("/usr/include/x86_64-linux-gnu");
  return arguments;
}

// The status of the process, nothing when there is no such program. Errors of the system end in a status of 127.
std::optional<int> Run(const std::vector<std::string>& arguments, const Catch& output, const Catch& errors) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.fd(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors.fd(), STDERR_FILENO);
  pid_t pid = 0;
  const int problem = posix_spawnp(&pid, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (problem == ENOENT || problem == EACCES) return std::nullopt;
  constexpr int kNotRun = 127;
  if (problem != 0) return kNotRun;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kNotRun;
}

// "x.bpf.c:3:5: unknown type name 'u99'" of all that clang wrote; its last line when it names no error.
std::string FirstError(std::string_view text) {
  std::string_view last;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    for (const std::string_view mark : {": fatal error: ", ": error: "}) {
      const size_t at = line.find(mark);
      if (at != std::string_view::npos) return fmt::format("{}: {}", line.substr(0, at), line.substr(at + mark.size()));
    }
    if (!line.empty()) last = line;
  }
  return std::string(last);
}

BpfSourceProblem Refused(const std::string& path, const char* compiler, const std::string& said) {
  BpfSourceProblem problem{.message = fmt::format("{} does not compile: {}", path, FirstError(said)),
                           .hint = fmt::format("{} -target bpf -O2 -c {} shows all that is wrong", compiler, path)};
  if (said.find("'vmlinux.h' file not found") != std::string::npos) {
    problem.hint = "make it: bpftool btf dump file /sys/kernel/btf/vmlinux format c > vmlinux.h";
  } else if (said.find("'bpf/bpf_helpers.h' file not found") != std::string::npos) {
    problem.hint = "it comes with libbpf: apt install libbpf-dev";
  }
  return problem;
}

}  // namespace

std::expected<std::string, BpfSourceProblem> CompileBpfSource(const std::string& path,
                                                              const std::vector<std::string>& include_dirs) {
  NoteMomentary();  // which headers clang reads is not known here
  for (const char* compiler : kCompilers) {
    const Catch output("bitcode");
    const Catch errors("errors");
    if (output.fd() < 0 || errors.fd() < 0) {
      return std::unexpected(BpfSourceProblem{fmt::format("no memory to compile {}: {}", path, std::strerror(errno)), ""});
    }
    const std::optional<int> status = Run(Arguments(compiler, path, include_dirs), output, errors);
    if (!status) continue;
    if (*status != 0) return std::unexpected(Refused(path, compiler, errors.Take()));
    return output.Take();
  }
  return std::unexpected(BpfSourceProblem{fmt::format("{} needs clang to be compiled, which is not installed", path),
                                          "apt install clang-19"});
}

}  // namespace sonde::cli
