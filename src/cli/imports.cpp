#include "cli/imports.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/consulted.h"
#include "cli/bpf_source.h"
#include "cli/read_file.h"
#include "parser/parser.h"
#include "sema/diagnostic_ids.h"

namespace sonde::cli {
namespace {

namespace fs = std::filesystem;

enum class FileKind : uint8_t { kScript, kHeader, kBpfSource, kOther };

FileKind KindOf(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.ends_with(".bt")) return FileKind::kScript;
  if (name.ends_with(".bpf.c")) return FileKind::kBpfSource;
  if (name.ends_with(".h")) return FileKind::kHeader;
  return FileKind::kOther;
}

// Why this file is not safe to run as part of a script that runs as root; empty when it is.
std::string WhyUnsafe(const fs::path& path) {
  NoteConsulted(path.string());
  NoteConsulted(path.parent_path().string());
  struct stat status{};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & S_IWOTH) != 0) {
    return fmt::format("everybody may write to {}", path.string());
  }
  const fs::path folder = path.parent_path();
  if (stat(folder.c_str(), &status) == 0 && (status.st_mode & S_IWOTH) != 0) {
    return fmt::format("everybody may put files into {}", folder.string());
  }
  return "";
}

class Importer {
 public:
  explicit Importer(Compilation& c) : c_(c) {}

  void Run() {
    fs::path folder = ".";
    if (c_.options.file && *c_.options.file != "-") {
      const fs::path script = *c_.options.file;
      if (script.has_parent_path()) folder = script.parent_path();
      std::error_code ignored;
      seen_.insert(fs::weakly_canonical(script, ignored));
    }
    LoadAll(*c_.ast, folder);
  }

 private:
  void Report(Span site, std::string message, std::string hint = "") {
    Diagnostic& error = c_.diagnostics.Error(sema::kBadImport, site, std::move(message));
    if (!hint.empty()) error.Hint(std::move(hint));
  }

  void LoadAll(const parser::Ast& ast, const fs::path& folder) {
    for (const parser::Item& item : ast.items) {
      if (const auto* import = std::get_if<parser::Import>(&item.node)) Load(*import, item.span, folder);
    }
  }

  // Beside the importing file, then in the folders of -I.
  fs::path Find(const std::string& written, const fs::path& folder) const {
    std::vector<fs::path> candidates = {folder / written};
    for (const std::string& dir : c_.options.include_dirs) candidates.push_back(fs::path(dir) / written);
    std::error_code ignored;
    auto found = std::ranges::find_if(candidates, [&](const fs::path& path) {
      NoteConsulted(path.string());
      return fs::exists(path, ignored);
    });
    return found == candidates.end() ? fs::path() : found->lexically_normal();
  }

  void Load(const parser::Import& import, Span site, const fs::path& folder) {
    if (import.path.empty()) return Report(site, "the path of an import is empty");
    const fs::path path = Find(import.path, folder);
    if (path.empty()) {
      return Report(site, fmt::format("cannot find {}", import.path),
                    "imports are looked for beside the importing file, then in the folders given by -I");
    }
    std::error_code problem;
    if (fs::is_directory(path, problem)) return LoadFolder(path, site);
    if (KindOf(path) == FileKind::kOther) {
      return Report(site, fmt::format("{} is of no kind that can be imported", path.string()),
                    "scripts end in .bt, headers in .h, C functions for BPF stand in .bpf.c");
    }
    LoadFile(path, site);
  }

  void LoadFolder(const fs::path& folder, Span site) {
    NoteMomentary();  // files may come
    std::error_code problem;
    std::vector<fs::path> paths;
    for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
      if (KindOf(at->path()) != FileKind::kOther) paths.push_back(at->path());
    }
    if (problem) return Report(site, fmt::format("cannot read {}: {}", folder.string(), problem.message()));
    if (paths.empty()) return Report(site, fmt::format("{} holds nothing to import", folder.string()));
    std::ranges::sort(paths);
    for (const fs::path& path : paths) LoadFile(path, site);
  }

  void LoadFile(const fs::path& path, Span site) {
    std::error_code problem;
    const fs::path identity = fs::canonical(path, problem);
    if (problem) return Report(site, fmt::format("cannot open {}: {}", path.string(), problem.message()));
    if (!seen_.insert(identity).second) return;
    // Of the file behind a link: that is what somebody could replace.
    if (const std::string reason = WhyUnsafe(identity); !reason.empty()) {
      return Report(site, fmt::format("{} is not imported, since {}", path.string(), reason),
                    fmt::format("chmod o-w {0} {1}, or move it to a folder of your own", identity.string(),
                                identity.parent_path().string()));
    }
    switch (KindOf(path)) {
      case FileKind::kScript:
        return LoadScript(path, site);
      case FileKind::kHeader:
        c_.imported_headers.push_back({site, identity.string()});
        return;
      case FileKind::kBpfSource:
        return LoadBpfSource(identity, site);
      case FileKind::kOther:
        return;
    }
  }

  void LoadBpfSource(const fs::path& path, Span site) {
    NoteMomentary();  // clang does not tell which files it read
    std::expected<std::string, BpfSourceProblem> bitcode = CompileBpfSource(path.string(), c_.options.include_dirs);
    if (!bitcode) return Report(site, bitcode.error().message, bitcode.error().hint);
    c_.bpf_sources.push_back({site, path.string()});
    c_.c_modules.push_back({.site = site, .path = path.string(), .bitcode = *std::move(bitcode)});
  }

  void LoadScript(const fs::path& path, Span site) {
    Result<std::string> text = ReadFile(path.string());
    if (!text) return Report(site, text.error().Message());
    const FileId file = c_.sources.Add(path.string(), *std::move(text), site);
    std::unique_ptr<const parser::Ast> ast = parser::Parse(c_.sources, file, c_.diagnostics);
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    c_.import_folders.push_back(folder.string());
    LoadAll(*ast, folder);
    c_.imports.push_back(std::move(ast));
  }

  Compilation& c_;
  std::set<fs::path> seen_;
};

}  // namespace

bool LoadImports(Compilation& c) {
  Importer(c).Run();
  return !c.diagnostics.HasErrors();
}

}  // namespace sonde::cli
