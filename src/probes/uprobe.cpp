// uprobe and uretprobe: functions of programs and libraries, when they begin and when they return.
#include <fmt/format.h>

#include <algorithm>

#include "base/glob.h"
#include "base/suggest.h"
#include "kernel/debug_info.h"
#include "probes/debug_arguments.h"
#include "probes/probes.h"
#include "probes/user_list.h"
#include "probes/user_spec.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::Binary;
using kernel::ElfFile;
using kernel::ElfFunction;

std::string_view NameOf(FunctionPart part) {
  switch (part) {
    case FunctionPart::kEntry:
      return "uprobe";
    case FunctionPart::kReturn:
      return "uretprobe";
    case FunctionPart::kCall:
      return "ucall";
  }
  return "";
}

// One spec against one file.
class Expansion {
 public:
  Expansion(sema::ExpandContext& context, const parser::ProbeSpec& spec, const UserSpec& user, const Binary& binary,
            FunctionPart part)
      : context_(context), spec_(spec), user_(user), binary_(binary), part_(part) {}

  // Adds what there is. False when the file has no such function, which is reported unless `quietly`.
  bool Add(std::vector<sema::ProbePoint>& points, bool quietly) {
    Result<ElfFile> file = ElfFile::Open(binary_.path);
    if (!file) {
      if (!quietly) ReportMissing(context_, spec_.span, file.error().Message());
      return quietly ? false : true;
    }
    const bool found = Collect(*file, quietly);
    std::vector<PlacedPoint> places;
    for (Found& one : found_) places.push_back({&one.point, one.address, one.symbol});
    std::vector<const sema::ProbePoint*> left_out;
    AddDebugLayouts(context_, spec_.span, *file, part_, places, left_out);
    for (Found& one : found_) {
      if (std::ranges::find(left_out, &one.point) == left_out.end()) points.push_back(std::move(one.point));
    }
    return found;
  }

 private:
  struct Found {
    sema::ProbePoint point;
    uint64_t address = 0;
    std::string symbol;
  };

  bool Collect(const ElfFile& file, bool quietly) {
    if (user_.line > 0) return CollectLine(file, quietly);
    if (user_.address) return AddAddress(file);
    std::vector<MatchedFunction> matches = MatchFunctions(file.Functions(), user_);
    if (matches.empty()) {
      if (!quietly) ReportNoFunction(file);
      return false;
    }
    if (matches.front().function->is_indirect) {
      if (!HasWildcard(user_.function)) ReportIndirect(file, *matches.front().function);
      return true;
    }
    for (const MatchedFunction& match : matches) AddFunction(file, match);
    return true;
  }

  // False when there is no code at this address.
  bool AddPoint(const ElfFile& file, uint64_t address, const std::string& place, std::string function,
                std::string symbol) {
    const std::optional<uint64_t> offset = file.CodeOffset(address);
    if (!offset) return false;
    sema::ProbePoint point{
        .name = fmt::format("{}:{}{}", NameOf(part_), binary_.name, place),
        .hook = sema::HookUprobe{.path = binary_.path,
                                 .offset = *offset,
                                 .is_return = part_ == FunctionPart::kReturn,
                                 .pid = context_.pid,
                                 .is_call = part_ == FunctionPart::kCall},
        .function = std::move(function)};
    found_.push_back({std::move(point), address, std::move(symbol)});
    return true;
  }

  bool AddAddress(const ElfFile& file) {
    const uint64_t address = *user_.address;
    const std::string function = FunctionAt(file, address);
    if (!AddPoint(file, address, fmt::format(":{:#x}", address), function, function)) {
      ReportMissing(context_, spec_.span, fmt::format("{} has no code at {:#x}", binary_.name, address))
          .Hint("the address is that of the file itself, as nm and objdump show it");
    }
    return true;
  }

  // The code of a source line: a place in each function that has some of it.
  bool CollectLine(const ElfFile& file, bool quietly) {
    const Result<kernel::DebugInfo*> info = context_.kernel.programs().Of(file);
    const std::string line = fmt::format("{}:{}", user_.source_file, user_.line);
    if (!info) {
      if (quietly) return false;
      ReportMissing(context_, spec_.span,
                    fmt::format("there is no telling where {} is in {}: {}", line, binary_.name, info.error().reason))
          .Hint(info.error().remedy);
      return true;
    }
    const kernel::DebugLine found = (*info)->FindLine(user_.source_file, user_.line);
    for (const uint64_t address : found.addresses) {
      AddPoint(file, address, "@" + line, FunctionAt(file, address), "");
    }
    if (!found_.empty() || quietly) return !found_.empty();
    if (!found.is_file_known) {
      ReportMissing(context_, spec_.span,
                    fmt::format("{} has no code of a source file '{}'", binary_.name, user_.source_file));
    } else {
      Diagnostic& error = ReportMissing(context_, spec_.span, fmt::format("{} has no code at {}", binary_.name, line));
      if (found.next_line > 0) {
        error.Hint(fmt::format("the next line that has code is {}:{}", user_.source_file, found.next_line));
      }
    }
    return true;
  }

  void AddFunction(const ElfFile& file, const MatchedFunction& match) {
    const ElfFunction& function = *match.function;
    if (user_.offset > 0 && function.size > 0 && user_.offset >= function.size) {
      ReportMissing(context_, spec_.span,
                    fmt::format("{} has only {} bytes, there is no +{}", match.shown, function.size, user_.offset));
      return;
    }
    const std::string behind = user_.offset == 0 ? "" : fmt::format("+{}", user_.offset);
    // No code: a symbol of something else.
    AddPoint(file, function.address + user_.offset, ":" + match.shown + behind, Shown(function), function.name);
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
  FunctionPart part_;
  std::vector<Found> found_;
};

template <FunctionPart kPart>
std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  std::optional<UserSpec> user = ReadUserSpec(context, spec);
  if (!user) return {};
  if (kPart != FunctionPart::kEntry && (user->offset != 0 || user->line != 0)) {
    context.diagnostics.Error(sema::kBadProbe, spec.span,
                              fmt::format("a {} has no {}: it is about the whole function", NameOf(kPart),
                                          user->line != 0 ? "line" : "offset"));
    return {};
  }
  std::vector<Binary> binaries = BinariesOf(context, spec, user->binary);
  // Of several files it is enough that one has it.
  const bool quietly = binaries.size() > 1;
  std::vector<sema::ProbePoint> points;
  bool found = false;
  for (const Binary& binary : binaries) {
    found = Expansion(context, spec, *user, binary, kPart).Add(points, quietly) || found;
  }
  if (quietly && !found) {
    ReportMissing(context, spec.span,
                  fmt::format("none of {} files has a function '{}'", binaries.size(), user->function));
  }
  return points;
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
                              .spec = "uprobe:path:function[+offset], uprobe:path@file:line",
                              .summary = "A function of a program or library, when it begins, or a source line; "
                                         "wildcards.",
                              .is_act = true,
                              .has_args = true,
                              .has_registers = true,
                              .has_function_arguments = true,
                              .is_in_function = true,
                              .address_space = sema::AddressSpace::kUser,
                              .expand = Expand<FunctionPart::kEntry>,
                              .list_in_program = List<Expand<FunctionPart::kEntry>>};
const sema::ProbeType kUretprobe{.name = "uretprobe",
                                 .short_names = kReturnShort,
                                 .spec = "uretprobe:path:function",
                                 .summary = "A function of a program or library, when it returns.",
                                 .is_act = true,
                                 .has_registers = true,
                                 .has_return_value = true,
                                 .is_in_function = true,
                                 .address_space = sema::AddressSpace::kUser,
                                 .expand = Expand<FunctionPart::kReturn>,
                                 .list_in_program = List<Expand<FunctionPart::kReturn>>};

const sema::ProbeType kUcall{.name = "ucall",
                             .spec = "ucall:path:function",
                             .summary = "A call of a function of a program or library, with its arguments, result and "
                                        "time; runs when it returns.",
                             .is_act = true,
                             .has_args = true,
                             .has_function_arguments = true,
                             .has_return_value = true,
                             .has_elapsed_ns = true,
                             .is_in_function = true,
                             .address_space = sema::AddressSpace::kUser,
                             .expand = Expand<FunctionPart::kCall>,
                             .list_in_program = List<Expand<FunctionPart::kCall>>};

}  // namespace sonde::probes
