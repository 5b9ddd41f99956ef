#include "kernel/kernel_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <tuple>

#include "base/consulted.h"
#include "base/glob.h"
#include "kernel/closed_tracefs.h"
#include "kernel/debug_info.h"
#include "kernel/function_list.h"
#include "kernel/syscall_table.h"

namespace sonde::kernel {
namespace {

// `ftrace:*` are records of the tracers, not tracepoints: they have a format but cannot be enabled.
constexpr std::string_view kFtraceCategory = "ftrace";
constexpr std::string_view kVmlinux = "vmlinux";

struct DirectoryCloser {
  void operator()(DIR* directory) const { closedir(directory); }
};

// Folders below `directory`, files left out.
Result<std::vector<std::string>> Folders(int directory, const std::string& name) {
  const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return SystemError("open", name);
  std::unique_ptr<DIR, DirectoryCloser> stream(fdopendir(copy));
  if (!stream) {
    close(copy);
    return SystemError("list", name);
  }
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream.get())) {
    if (entry->d_name[0] == '.') continue;
    bool is_folder = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK) {
      struct stat info = {};
      is_folder = fstatat(directory, entry->d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
    }
    if (is_folder) names.emplace_back(entry->d_name);
  }
  return names;
}

// "0-3,8" → 5. Nothing when it is no such list.
std::optional<uint32_t> CountCpus(std::string_view list) {
  uint32_t count = 0;
  const char* at = list.data();
  const char* end = at + list.size();
  while (at < end && *at != '\n') {
    uint32_t first = 0;
    auto [behind, error] = std::from_chars(at, end, first);
    if (error != std::errc()) return std::nullopt;
    uint32_t last = first;
    if (behind < end && *behind == '-') {
      auto [behind_range, range_error] = std::from_chars(behind + 1, end, last);
      if (range_error != std::errc() || last < first) return std::nullopt;
      behind = behind_range;
    }
    count += last - first + 1;
    at = behind < end && *behind == ',' ? behind + 1 : behind;
  }
  if (count == 0) return std::nullopt;
  return count;
}

uint32_t ReadCpuCount(const std::string& path) {
  Result<std::string> text = ReadTextFile(AT_FDCWD, path);
  return text ? CountCpus(*text).value_or(1) : 1;
}

// What to do about EACCES and EPERM from tracefs, whose mode is 0700.
void ExplainDenial(Error& error) {
  if (error.error_number != EACCES && error.error_number != EPERM) return;
  error.reason = "permission denied: CAP_DAC_READ_SEARCH missing (tracefs is for root alone)";
  error.remedy = "run as root, or with that capability; rawtracepoint:EVENT does without, with arguments by BTF";
}

bool IsDenied(const Error& error) { return error.error_number == EACCES || error.error_number == EPERM; }

std::unexpected<Error> NoSuchTracepoint(std::string_view category, std::string_view event) {
  return std::unexpected(Error{.operation = "find tracepoint",
                               .object = std::string(category) + ":" + std::string(event),
                               .error_number = ENOENT,
                               .reason = "the kernel has no such event"});
}

// Names come from scripts: one that would leave the folder cannot be an event's.
bool IsPlainName(std::string_view name) {
  return !name.empty() && !name.starts_with('.') && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

}  // namespace

KernelView::KernelView() : programs_(std::make_unique<DebugInfos>()) {}
KernelView::~KernelView() = default;

std::unique_ptr<KernelView> KernelView::Live(std::string functions) {
  return std::make_unique<KernelFiles>(KernelPaths{
      .tracing = "",
      .btf = "/sys/kernel/btf/vmlinux",
      .module_btf = "/sys/kernel/btf",
      .functions = std::move(functions),
      .symbols = "/proc/kallsyms",
      .possible_cpus = "/sys/devices/system/cpu/possible",
      .online_cpus = "/sys/devices/system/cpu/online",
      .kprobe_pmu = "/sys/bus/event_source/devices/kprobe",
      .release = "/proc/sys/kernel/osrelease",
      .has_bpf_programs = true,
      .lockdown = "/sys/kernel/security/lockdown",
      .description = "this kernel",
      .may_mount = true,
  });
}

std::unique_ptr<KernelView> KernelView::Fixture(std::string folder) {
  return std::make_unique<KernelFiles>(KernelPaths{
      .tracing = folder,
      .btf = folder + "/btf",
      .module_btf = folder + "/modules",
      .symbols = folder + "/kallsyms",
      .possible_cpus = folder + "/possible",
      .online_cpus = folder + "/online",
      .kprobe_pmu = folder + "/kprobe",
      .release = folder + "/release",
      .lockdown = folder + "/lockdown",
      .description = std::move(folder),
  });
}

Result<int> KernelFiles::Events() {
  if (events_.valid()) return events_.get();
  if (paths_.tracing.empty()) {
    Result<std::string> found = FindTracefs();
    if (!found) return std::unexpected(found.error());
    paths_.tracing = *found;
  }
  const std::string path = paths_.tracing + "/events";
  events_ = UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (events_.valid()) return events_.get();
  Error error = SystemError("open", path).error();
  ExplainDenial(error);
  return std::unexpected(std::move(error));
}

Result<int> KernelFiles::Category(std::string_view category) {
  if (auto known = categories_.find(category); known != categories_.end()) return known->second.get();
  Result<int> events = Events();
  if (!events) return events;
  const std::string name(category);
  UniqueFd folder(openat(*events, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) {
    Error error = SystemError("open", paths_.tracing + "/events/" + name).error();
    ExplainDenial(error);
    return std::unexpected(std::move(error));
  }
  return categories_.emplace(name, std::move(folder)).first->second.get();
}

Result<const TracepointFormat*> KernelFiles::Tracepoint(std::string_view category, std::string_view event) {
  std::pair key{std::string(category), std::string(event)};
  if (auto known = formats_.find(key); known != formats_.end()) return &known->second;
  if (!IsPlainName(category) || !IsPlainName(event) || category == kFtraceCategory)
    return NoSuchTracepoint(category, event);
  Result<int> folder = Category(category);
  if (!folder) {
    // The folder `events` itself is there when a category's was looked for.
    if (folder.error().error_number == ENOENT && events_.valid()) return NoSuchTracepoint(category, event);
    std::optional<TracepointFormat> known;
    if (IsDenied(folder.error())) known = FormatWithoutTracefs(BtfIfThere(), category, event);
    if (!known) return std::unexpected(folder.error());
    return &formats_.emplace(std::move(key), *std::move(known)).first->second;
  }
  Result<std::string> text = ReadTextFile(*folder, key.second + "/format", "\nprint fmt:");
  if (!text) {
    Error error = text.error();
    if (error.error_number == ENOENT || error.error_number == ENOTDIR) return NoSuchTracepoint(category, event);
    error.object = paths_.tracing + "/events/" + key.first + "/" + error.object;
    ExplainDenial(error);
    return std::unexpected(std::move(error));
  }
  Result<TracepointFormat> format = ParseTracepointFormat(category, *text);
  if (!format) return std::unexpected(format.error());
  return &formats_.emplace(std::move(key), std::move(*format)).first->second;
}

Result<std::vector<std::string>> KernelFiles::EventsOf(const std::string& category) {
  Result<int> folder = Category(category);
  if (!folder) return std::unexpected(folder.error());
  return Folders(*folder, category);
}

Result<std::vector<std::string>> KernelFiles::TracepointCategories() {
  Result<int> events = Events();
  if (!events) return std::unexpected(events.error());
  Result<std::vector<std::string>> names = Folders(*events, paths_.tracing + "/events");
  if (!names) return names;
  std::erase(*names, kFtraceCategory);
  std::ranges::sort(*names);
  return names;
}

Result<std::vector<TracepointName>> KernelFiles::MatchTracepoints(std::string_view category, std::string_view event) {
  if (const Result<int> events = Events(); !events && IsDenied(events.error())) {
    auto known = MatchWithoutTracefs(BtfIfThere(), category, event);
    if (!known) return std::unexpected(events.error());
    return *std::move(known);
  }
  std::vector<std::string> categories;
  if (HasWildcard(category)) {
    Result<std::vector<std::string>> all = TracepointCategories();
    if (!all) return std::unexpected(all.error());
    for (std::string& name : *all) {
      if (GlobMatch(category, name)) categories.push_back(std::move(name));
    }
  } else if (IsPlainName(category) && category != kFtraceCategory) {
    categories.emplace_back(category);
  }
  std::vector<TracepointName> matches;
  for (const std::string& name : categories) {
    Result<std::vector<std::string>> events = EventsOf(name);
    if (!events) {
      if (events.error().error_number == ENOENT && events_.valid()) continue;  // no such category: no matches
      return std::unexpected(events.error());
    }
    for (std::string& found : *events) {
      if (GlobMatch(event, found)) matches.push_back({.category = name, .name = std::move(found)});
    }
  }
  std::ranges::sort(matches);
  return matches;
}

std::optional<int> KernelFiles::SyscallNumber(std::string_view name) const { return SyscallNumberOf(name); }

std::string_view KernelFiles::SyscallName(int number) const { return SyscallNameOf(number); }

const Btf* KernelFiles::BtfIfThere() {
  const Result<const Btf*> btf = KernelBtf();
  return btf ? *btf : nullptr;
}

Result<const Btf*> KernelFiles::KernelBtf() {
  if (btf_) return btf_.get();
  NoteConsulted(paths_.btf);  // a container may be without
  Result<std::unique_ptr<Btf>> opened = Btf::Open(paths_.btf);
  if (!opened) {
    Error error = opened.error();
    if (error.error_number == ENOENT) error.reason = "this kernel has no type information (CONFIG_DEBUG_INFO_BTF)";
    return std::unexpected(std::move(error));
  }
  btf_ = std::move(*opened);
  return btf_.get();
}

Result<const Btf*> KernelFiles::ModuleBtf(std::string_view module) {
  Result<const Btf*> base = KernelBtf();
  if (!base || module == kVmlinux) return base;
  if (auto known = module_btf_.find(module); known != module_btf_.end()) return known->second.get();
  if (!IsPlainName(module)) return std::unexpected(Error{"find module", std::string(module), ENOENT});
  Result<std::unique_ptr<Btf>> opened = Btf::Open(paths_.module_btf + "/" + std::string(module), *base);
  if (!opened) {
    Error error = opened.error();
    if (error.error_number == ENOENT) error.reason = "no module of this name is loaded, or it has no type information";
    return std::unexpected(std::move(error));
  }
  return module_btf_.emplace(module, std::move(*opened)).first->second.get();
}

std::span<const BpfFunction> KernelFiles::BpfFunctions() {
  if (!paths_.has_bpf_programs) return {};
  if (!bpf_programs_) bpf_programs_ = std::make_unique<BpfPrograms>();
  return bpf_programs_->functions();
}

std::vector<std::string> KernelFiles::BtfModules() {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, DirectoryCloser> folder(opendir(paths_.module_btf.c_str()));
  while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
    if (entry->d_name[0] != '.' && entry->d_name != kVmlinux) names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  names.insert(names.begin(), std::string(kVmlinux));
  return names;
}

Result<std::span<const KernelFunction>> KernelFiles::TraceableFunctions() {
  if (!functions_.empty()) return std::span<const KernelFunction>(functions_);
  if (!paths_.functions.empty()) {
    NoteConsulted(paths_.functions);
    Result<std::string> text = ReadTextFile(AT_FDCWD, paths_.functions);
    if (!text) return std::unexpected(text.error());
    function_text_ = std::move(*text);
    functions_ = ParseFilterFunctions(function_text_);
  } else if (Result<int> events = Events(); events) {
    Result<std::string> text = ReadTextFile(*events, "../available_filter_functions");
    if (text) function_text_ = std::move(*text);
    functions_ = ParseFilterFunctions(function_text_);
  }
  if (functions_.empty() && paths_.functions.empty()) {
    Result<std::string> text = ReadTextFile(AT_FDCWD, paths_.symbols);
    if (!text) return std::unexpected(text.error());
    function_text_ = std::move(*text);
    functions_ = ParseKernelSymbols(function_text_);
  }
  // The kernel's own before a module's of the same name.
  const auto order = [](const KernelFunction& function) {
    return std::tuple(function.name, function.module != kVmlinux, function.module);
  };
  std::ranges::sort(functions_, {}, order);
  const auto rest = std::ranges::unique(functions_, {}, &KernelFunction::name);
  functions_.erase(rest.begin(), rest.end());
  return std::span<const KernelFunction>(functions_);
}

uint32_t KernelFiles::PossibleCpus() const {
  if (possible_cpus_ == 0) possible_cpus_ = ReadCpuCount(paths_.possible_cpus);
  return possible_cpus_;
}

uint32_t KernelFiles::OnlineCpus() const { return ReadCpuCount(paths_.online_cpus); }

bool KernelFiles::HasKprobes() const { return access(paths_.kprobe_pmu.c_str(), F_OK) == 0; }

std::string KernelFiles::Release() const {
  Result<std::string> text = ReadTextFile(AT_FDCWD, paths_.release);
  if (!text) return {};
  return text->substr(0, text->find('\n'));
}

Lockdown KernelFiles::LockdownMode() const {
  // "none [integrity] confidentiality"
  Result<std::string> text = ReadTextFile(AT_FDCWD, paths_.lockdown);
  if (!text && paths_.may_mount) text = ReadFromDetached("securityfs", "lockdown");
  if (!text) return Lockdown::kUnknown;
  if (text->find("[none]") != std::string::npos) return Lockdown::kNone;
  if (text->find("[integrity]") != std::string::npos) return Lockdown::kIntegrity;
  if (text->find("[confidentiality]") != std::string::npos) return Lockdown::kConfidentiality;
  return Lockdown::kUnknown;
}

}  // namespace sonde::kernel
