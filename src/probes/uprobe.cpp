// uprobe and uretprobe: functions of programs and libraries, when they begin and when they return.
#include <fmt/format.h>

#include <algorithm>

#include "base/glob.h"
#include "base/suggest.h"
#include "probes/probes.h"
#include "probes/user_list.h"
#include "probes/user_spec.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::Binary;
using kernel::ElfFile;
using kernel::ElfFunction;

// One spec against one file.
class Expansion {
 public:
  Expansion(sema::ExpandContext& context, const parser::ProbeSpec& spec, const UserSpec& user, const Binary& binary,
            bool is_return)
      : context_(context), spec_(spec), user_(user), binary_(binary), is_return_(is_return) {}

  // Adds what there is. False when the file has no such function, which is reported unless `quietly`.
  bool Add(std::vector<sema::ProbePoint>& points, bool quietly) {
    Result<ElfFile> file = ElfFile::Open(binary_.path);
    if (!file) {
      if (!quietly) ReportMissing(context_, spec_.span, file.error().Message());
      return quietly ? false : true;
    }
    if (user_.address) return AddAddress(*file, points);
    std::vector<MatchedFunction> matches = MatchFunctions(file->Functions(), user_);
    if (matches.empty()) {
      if (!quietly) ReportNoFunction(*file);
      return false;
    }
    if (matches.front().function->is_indirect) {
      if (!HasWildcard(user_.function)) ReportIndirect(*file, *matches.front().function);
      return true;
    }
    for (const MatchedFunction& match : matches) AddFunction(*file, match, points);
    return true;
  }

 private:
  void AddPoint(std::string name, std::string function, uint64_t offset, std::vector<sema::ProbePoint>& points) {
    points.push_back({.name = fmt::format("{}:{}:{}", is_return_ ? "uretprobe" : "uprobe", binary_.name, name),
                      .hook = sema::HookUprobe{
                          .path = binary_.path, .offset = offset, .is_return = is_return_, .pid = context_.pid},
                      .function = std::move(function)});
  }

  bool AddAddress(const ElfFile& file, std::vector<sema::ProbePoint>& points) {
    std::optional<uint64_t> offset = file.CodeOffset(*user_.address);
    if (!offset) {
      ReportMissing(context_, spec_.span, fmt::format("{} has no code at {:#x}", binary_.name, *user_.address))
          .Hint("the address is that of the file itself, as nm and objdump show it");
      return true;
    }
    AddPoint(fmt::format("{:#x}", *user_.address), FunctionAt(file, *user_.address), *offset, points);
    return true;
  }

  void AddFunction(const ElfFile& file, const MatchedFunction& match, std::vector<sema::ProbePoint>& points) {
    const ElfFunction& function = *match.function;
    if (user_.offset > 0 && function.size > 0 && user_.offset >= function.size) {
      ReportMissing(context_, spec_.span,
                    fmt::format("{} has only {} bytes, there is no +{}", match.shown, function.size, user_.offset));
      return;
    }
    std::optional<uint64_t> offset = file.CodeOffset(function.address + user_.offset);
    if (!offset) return;  // no code: a symbol of something else
    AddPoint(user_.offset == 0 ? match.shown : fmt::format("{}+{}", match.shown, user_.offset), Shown(function), *offset,
             points);
  }

  // For `func`.
  static std::string Shown(const ElfFunction& function) {
    std::string demangled = Demangled(function.name);
    return demangled.empty() ? function.name : demangled;
  }
  static std::string FunctionAt(const ElfFile& file, uint64_t address) {
    for (const ElfFunction& function : file.Functions()) {
      if (address >= function.address && address - function.address < std::max<uint64_t>(function.size, 1)) {
        return Shown(function);
      }
    }
    return "";
  }

  void ReportNoFunction(const ElfFile& file) {
    const std::string& wanted = user_.function;
    const bool is_pattern = HasWildcard(wanted);
    Diagnostic& error = ReportMissing(
        context_, spec_.span,
        fmt::format("{} has no function {}'{}'", binary_.name, is_pattern ? "that matches " : "", wanted));
    if (file.Functions().empty()) {
      error.Hint("it is stripped: install its debug symbols, or give an address");
      return;
    }
    std::vector<std::string> names;
    for (const ElfFunction& function : file.Functions()) names.push_back(function.name);
    const std::string nearest = is_pattern ? "" : NearestName(wanted, names);
    if (!nearest.empty()) {
      error.Hint(fmt::format("did you mean '{}'?", nearest));
    } else if (!file.HasSection(".symtab") && kernel::FindDebugFile(file).empty()) {
      error.Hint("it is stripped, only what it exports has a name; its debug symbols are not installed");
    } else {
      error.Hint(fmt::format("sonde -l 'uprobe:{}:*' lists them", binary_.name));
    }
  }

  void ReportIndirect(const ElfFile& file, const ElfFunction& function) {
    Diagnostic& error = ReportMissing(
        context_, spec_.span,
        fmt::format("'{}' is no function that is called, but code that picks one when the program starts (IFUNC)",
                    function.name));
    std::string candidates;
    int count = 0;
    for (const ElfFunction& other : file.Functions()) {
      const bool fits = GlobMatch(fmt::format("_*{}_*", function.name), other.name) && !other.is_indirect;
      if (fits && ++count <= 6) candidates += (candidates.empty() ? "" : ", ") + other.name;
    }
    if (!candidates.empty()) error.Hint(fmt::format("one of these is: {}{}", candidates, count > 6 ? " …" : ""));
  }

  sema::ExpandContext& context_;
  const parser::ProbeSpec& spec_;
  const UserSpec& user_;
  const Binary& binary_;
  bool is_return_;
};

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec, bool is_return) {
  std::optional<UserSpec> user = ReadUserSpec(context, spec);
  if (!user) return {};
  if (is_return && user->offset != 0) {
    context.diagnostics.Error(sema::kBadProbe, spec.span, "a uretprobe has no offset: it is about the whole function");
    return {};
  }
  std::vector<Binary> binaries = BinariesOf(context, spec, user->binary);
  // Of several files it is enough that one has it.
  const bool quietly = binaries.size() > 1;
  std::vector<sema::ProbePoint> points;
  bool found = false;
  for (const Binary& binary : binaries) {
    found = Expansion(context, spec, *user, binary, is_return).Add(points, quietly) || found;
  }
  if (quietly && !found) {
    ReportMissing(context, spec.span,
                  fmt::format("none of {} files has a function '{}'", binaries.size(), user->function));
  }
  return points;
}

std::vector<sema::ProbePoint> ExpandEntry(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  return Expand(context, spec, false);
}
std::vector<sema::ProbePoint> ExpandReturn(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  return Expand(context, spec, true);
}

template <ExpandFunction kExpand>
Result<std::vector<sema::ListedProbe>> List(const sema::ProgramQuestion& question) {
  return ListByExpansion(question, kExpand);
}

constexpr std::string_view kShort[] = {"u"};
constexpr std::string_view kReturnShort[] = {"ur"};

}  // namespace

const sema::ProbeType kUprobe{.name = "uprobe",
                              .short_names = kShort,
                              .spec = "uprobe:path:function[+offset]",
                              .summary = "A function of a program or library, when it begins; wildcards in both.",
                              .is_act = true,
                              .has_registers = true,
                              .has_function_arguments = true,
                              .is_in_function = true,
                              .address_space = sema::AddressSpace::kUser,
                              .expand = ExpandEntry,
                              .list_in_program = List<ExpandEntry>};
const sema::ProbeType kUretprobe{.name = "uretprobe",
                                 .short_names = kReturnShort,
                                 .spec = "uretprobe:path:function",
                                 .summary = "A function of a program or library, when it returns.",
                                 .is_act = true,
                                 .has_registers = true,
                                 .has_return_value = true,
                                 .is_in_function = true,
                                 .address_space = sema::AddressSpace::kUser,
                                 .expand = ExpandReturn,
                                 .list_in_program = List<ExpandReturn>};

}  // namespace sonde::probes
