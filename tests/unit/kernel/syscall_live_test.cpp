// Calls syscalls by number, with arguments that fail, and looks which tracepoint the kernel says was hit.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "kernel/syscall_table.h"
#include "kernel/tracefs.h"

namespace sonde::kernel {
namespace {

// Calls that end, stop, fork or signal the caller, or change the machine even when every argument is -1.
bool IsDangerous(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "exit",   "exit_group",   "fork",          "vfork",        "clone",           "clone3",
      "pause",  "rt_sigreturn", "rt_sigsuspend", "reboot",       "kexec_load",      "vhangup",
      "kill",   "tkill",        "tgkill",        "sync",         "msgget",          "syslog",
      "uprobe", "uretprobe",    "swapoff",       "settimeofday", "kexec_file_load", "restart_syscall"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool WriteFile(const std::string& path, const std::string& text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.valid() && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// A trace buffer of our own, removed at the end.
class TraceInstance {
 public:
  explicit TraceInstance(const std::string& tracefs)
      : path_(tracefs + "/instances/sonde-test-" + std::to_string(getpid())) {
    valid_ = mkdir(path_.c_str(), 0700) == 0;
  }
  ~TraceInstance() {
    if (valid_) rmdir(path_.c_str());
  }
  bool valid() const { return valid_; }
  std::string Path(const std::string& file) const { return path_ + "/" + file; }

 private:
  std::string path_;
  bool valid_ = false;
};

[[noreturn]] void CallAll(int go) {
  char byte = 0;
  (void)!read(go, &byte, 1);
  // Two in a row, which the table does not make, mark the start.
  syscall(SYS_getppid);
  syscall(SYS_getppid);
  for (const SyscallRow& row : SyscallTable()) {
    if (!IsDangerous(row.name)) syscall(row.number, -1L, -1L, -1L, -1L, -1L, -1L);
  }
  _exit(0);
}

// Names of the calls in the order in which they were entered: "… sys_openat(dfd: …".
std::vector<std::string> EnteredCalls(const std::string& trace) {
  std::vector<std::string> names;
  std::ifstream file(trace);
  for (std::string line; std::getline(file, line);) {
    const size_t start = line.find(": sys_");
    if (line.starts_with('#') || start == std::string::npos) continue;
    const size_t name = start + 6;
    const size_t end = line.find_first_of("( ", name);
    if (end != std::string::npos && line[end] == '(') names.push_back(line.substr(name, end - name));
  }
  return names;
}

TEST(SyscallNumbers, AreWhatTheKernelEnters) {
  Result<std::string> tracefs = FindTracefs();
  if (!tracefs) GTEST_SKIP() << tracefs.error().Message();
  TraceInstance instance(*tracefs);
  if (!instance.valid()) GTEST_SKIP() << "no trace instance can be made here";
  std::array<int, 2> go{};
  ASSERT_EQ(pipe(go.data()), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) CallAll(go[0]);
  ASSERT_TRUE(WriteFile(instance.Path("set_event_pid"), std::to_string(child)));
  ASSERT_TRUE(WriteFile(instance.Path("events/syscalls/enable"), "1"));
  ASSERT_EQ(write(go[1], "x", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WriteFile(instance.Path("events/syscalls/enable"), "0"));
  close(go[0]);
  close(go[1]);
  ASSERT_TRUE(WIFEXITED(status)) << "the child was ended by signal " << WTERMSIG(status);

  // Rows that this kernel does not implement make no event, so walk both lists together.
  const std::vector<std::string> entered = EnteredCalls(instance.Path("trace"));
  const auto mark = std::adjacent_find(entered.begin(), entered.end(), [](const auto& first, const auto& second) {
    return first == "getppid" && second == "getppid";
  });
  ASSERT_NE(mark, entered.end());
  size_t at = static_cast<size_t>(mark - entered.begin()) + 2;
  size_t checked = 0;
  for (const SyscallRow& row : SyscallTable()) {
    if (IsDangerous(row.name)) continue;
    const bool exists = access((*tracefs + "/events/syscalls/sys_enter_" + std::string(row.name)).c_str(), F_OK) == 0;
    if (!exists) continue;
    ASSERT_LT(at, entered.size()) << "no event for " << row.name;
    EXPECT_EQ(entered[at], row.name) << "called number " << row.number;
    ++at;
    ++checked;
  }
  std::cout << checked << " numbers checked\n";
  EXPECT_GT(checked, 200u);
}

}  // namespace
}  // namespace sonde::kernel
