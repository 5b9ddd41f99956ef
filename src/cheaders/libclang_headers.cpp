#include "cheaders/libclang_headers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "base/consulted.h"
#include "cheaders/builtin_headers.h"
#include "cheaders/c_problems.h"
#include "cheaders/c_reader.h"
#include "cheaders/c_source.h"
#include "cheaders/libclang_library.h"

namespace sonde::cheaders {
namespace {

// Relative, so that `#include "x.h"` looks in the current folder.
constexpr char kMainFile[] = "sonde-preamble.c";
// How many macros that swallow what follows are taken out before we stop looking for values.
constexpr int kMaxRounds = 16;

bool IsFolder(const std::string& path) { return access((path + "/.").c_str(), F_OK) == 0; }

// The compiler's own headers (stddef.h …), which belong to one version of it.
std::optional<std::string> ResourceHeaders(int major_version) {
  for (const char* base : {"/usr/lib/llvm-{0}/lib/clang/{0}", "/usr/lib/clang/{0}", "/usr/lib64/clang/{0}"}) {
    std::string folder = fmt::format(fmt::runtime(base), major_version) + "/include";
    if (IsFolder(folder)) return folder;
  }
  // Up to 15, the folder is named after the whole version: 14.0.6.
  for (const char* patch : {"0.6", "0.7", "0.0", "0.1", "0.2", "0.3", "0.4", "0.5"}) {
    std::string folder = fmt::format("/usr/lib/llvm-{0}/lib/clang/{0}.{1}/include", major_version, patch);
    if (IsFolder(folder)) return folder;
  }
  return std::nullopt;
}

bool IsBlank(const std::string& text) { return text.find_first_not_of(" \t\r\n\f\v") == std::string::npos; }

// One libclang parse of one source text.
class Unit {
 public:
  Unit(const Libclang& clang, CXIndex index, const std::vector<std::string>& arguments, const std::string& source,
       bool with_builtin_headers)
      : clang_(clang) {
    std::vector<const char*> argument_pointers;
    argument_pointers.reserve(arguments.size());
    for (const std::string& argument : arguments) argument_pointers.push_back(argument.c_str());
    std::vector<std::string> paths;
    std::vector<CXUnsavedFile> files;
    files.push_back({kMainFile, source.data(), source.size()});
    if (with_builtin_headers) {
      paths.reserve(BuiltinHeaders().size());
      for (const BuiltinHeader& header : BuiltinHeaders()) {
        paths.push_back(fmt::format("{}/{}", kBuiltinHeaderFolder, header.path));
        files.push_back({paths.back().c_str(), header.text.data(), header.text.size()});
      }
    }
    constexpr unsigned kFlags = CXTranslationUnit_SkipFunctionBodies | CXTranslationUnit_KeepGoing;
    status_ = clang_.clang_parseTranslationUnit2(index, kMainFile, argument_pointers.data(),
                                                 static_cast<int>(argument_pointers.size()), files.data(),
                                                 static_cast<unsigned>(files.size()), kFlags, &unit_);
  }
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;
  ~Unit() {
    if (unit_ != nullptr) clang_.clang_disposeTranslationUnit(unit_);
  }
  CXTranslationUnit get() const { return unit_; }
  bool valid() const { return status_ == CXError_Success && unit_ != nullptr; }

 private:
  const Libclang& clang_;
  CXErrorCode status_ = CXError_Failure;
  CXTranslationUnit unit_ = nullptr;
};

// Notes the headers that were read, and the places that come before theirs in the order of the folders.
struct HeaderNotes {
  const Libclang& clang;
  std::vector<std::string> folders;

  static void Visit(CXFile file, CXSourceLocation* /*stack*/, unsigned length, CXClientData self) {
    if (length > 0) static_cast<HeaderNotes*>(self)->Note(file);
  }

  void Note(CXFile file) const {
    const std::string path = clang.Text(clang.clang_getFileName(file));
    NoteConsulted(path);
    for (const std::string& folder : folders) {
      if (!path.starts_with(folder + "/")) continue;
      const std::string name = path.substr(folder.size());
      for (const std::string& earlier : folders) {
        if (earlier == folder) return;
        NoteConsulted(earlier + name);
      }
    }
  }
};

class LibclangHeaders : public CHeaders {
 public:
  explicit LibclangHeaders(LibclangOptions options) : options_(std::move(options)) {}
  ~LibclangHeaders() override {
    if (index_ != nullptr) clang_->clang_disposeIndex(index_);
  }
  LibclangHeaders(const LibclangHeaders&) = delete;
  LibclangHeaders& operator=(const LibclangHeaders&) = delete;

  Result<COutput> Parse(const CInput& input) override;

 private:
  // Opens libclang at the first call.
  Result<const Libclang*> Open();
  // Where headers are looked for, in order: those of -I, then the system's.
  std::vector<std::string> Folders(const CInput& input) const;
  std::vector<std::string> Arguments(const CInput& input) const;

  LibclangOptions options_;
  std::unique_ptr<const Libclang> clang_;
  CXIndex index_ = nullptr;
  std::optional<std::string> resource_headers_;
};

Result<const Libclang*> LibclangHeaders::Open() {
  if (clang_) return clang_.get();
  Result<Libclang> opened = OpenLibclang(options_.candidates);
  if (!opened) return std::unexpected(opened.error());
  clang_ = std::make_unique<const Libclang>(std::move(*opened));
  index_ = clang_->clang_createIndex(/*excludeDeclarationsFromPCH=*/0, /*displayDiagnostics=*/0);
  if (options_.use_resource_folder) resource_headers_ = ResourceHeaders(clang_->major_version);
  return clang_.get();
}

std::vector<std::string> LibclangHeaders::Folders(const CInput& input) const {
  std::vector<std::string> folders = input.include_dirs;
  folders.push_back(resource_headers_.value_or(std::string(kBuiltinHeaderFolder)));
  for (const char* folder : {"/usr/local/include", "/usr/include/x86_64-linux-gnu", "/usr/include"}) {
    folders.emplace_back(folder);
  }
  return folders;
}

std::vector<std::string> LibclangHeaders::Arguments(const CInput& input) const {
  std::vector<std::string> arguments = {
      "-x",
      "c",
      "-std=gnu11",
      "-D_GNU_SOURCE=",  // O_PATH and the like are values, too
      "-Ulinux",
      "-Uunix",  // these would turn names of scripts into 1
      "-ferror-limit=0",
      "-fno-spell-checking",
      "-Werror=implicit-int",  // else an empty macro would look like a type
      "-Xclang",
      "-fno-recovery-ast",
      "-nostdinc",
  };
  const std::vector<std::string> folders = Folders(input);
  for (size_t i = 0; i < folders.size(); ++i) {
    arguments.emplace_back(i < input.include_dirs.size() ? "-I" : "-isystem");
    arguments.push_back(folders[i]);
  }
  for (const std::string& header : input.forced_includes) {
    arguments.emplace_back("-include");
    arguments.push_back(header);
  }
  return arguments;
}

Result<COutput> LibclangHeaders::Parse(const CInput& input) {
  if (IsBlank(input.text) && input.forced_includes.empty()) {
    return COutput{.declarations = {.types = {{.kind = CKind::kVoid, .name = "void"}}}, .problems = {}};
  }
  Result<const Libclang*> opened = Open();
  if (!opened) return std::unexpected(opened.error());
  const Libclang& clang = **opened;
  const std::vector<std::string> arguments = Arguments(input);
  std::vector<std::string> names = CleanNames(input.names);
  for (int round = 0;; ++round) {
    if (round == kMaxRounds) names.clear();
    const CSource source = BuildSource(input.text, names);
    const Unit unit(clang, index_, arguments, source.text, !resource_headers_);
    if (!unit.valid()) {
      return std::unexpected(
          Error{.operation = "read", .object = "the C code of the script", .reason = clang.path + " failed on it"});
    }
    HeaderNotes notes{.clang = clang, .folders = Folders(input)};
    clang.clang_getInclusions(unit.get(), HeaderNotes::Visit, &notes);
    DeclarationReader reader(clang, names, ErrorLines(clang, unit.get(), kMainFile));
    reader.Read(unit.get());
    const std::string breaking(reader.FirstBreakingName());
    if (reader.saw_sentinel() && !breaking.empty()) {
      std::erase(names, breaking);
      continue;
    }
    const ProblemInput place{.main_file = kMainFile,
                             .preamble_size = static_cast<uint32_t>(input.text.size()),
                             .blocks_offset = source.blocks_offset,
                             .is_preamble_open = !reader.saw_sentinel()};
    std::vector<CProblem> problems = ReadProblems(clang, unit.get(), place);
    return COutput{.declarations = reader.TakeDeclarations(), .problems = std::move(problems)};
  }
}

}  // namespace

std::unique_ptr<CHeaders> MakeLibclangHeaders(LibclangOptions options) {
  return std::make_unique<LibclangHeaders>(std::move(options));
}

std::unique_ptr<CHeaders> MakeLibclangHeaders() { return MakeLibclangHeaders(LibclangOptions{}); }

}  // namespace sonde::cheaders
