// usdt: probes that programs and libraries declare themselves, with arguments that lie where the compiler put them.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/glob.h"
#include "base/suggest.h"
#include "kernel/usdt.h"
#include "probes/probes.h"
#include "probes/user_list.h"
#include "probes/user_spec.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::Binary;
using kernel::ElfFile;
using kernel::UsdtArgument;
using kernel::UsdtPlace;

// usdt:BINARY[:PROVIDER]:NAME, in its parts.
struct UsdtSpec {
  std::string binary;
  std::string provider;  // empty: any
  std::string name;
  bool Matches(const UsdtPlace& place) const {
    return GlobMatch(name, place.name) && (provider.empty() || GlobMatch(provider, place.provider));
  }
};

std::optional<UsdtSpec> ReadSpec(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  const size_t count = spec.parts.size();
  const bool is_whole = (count == 3 || count == 4) && !spec.parts[count - 1].text.empty();
  if (!is_whole || (spec.parts[1].text.empty() && context.pid == 0)) {
    context.diagnostics
        .Error(sema::kBadProbe, spec.span,
               fmt::format("'{}' names no {}", spec.text, is_whole ? "program or library" : "probe"))
        .Hint("usdt:PATH:NAME or usdt:PATH:PROVIDER:NAME");
    return std::nullopt;
  }
  UsdtSpec usdt{.binary = spec.parts[1].text, .provider = "", .name = spec.parts[count - 1].text};
  if (count == 4) usdt.provider = spec.parts[2].text;
  if (usdt.binary.empty()) usdt.binary = "*";
  return usdt;
}

std::unique_ptr<sema::ArgsLayout> LayoutOf(sema::TypeTable& types, const ElfFile& file, const UsdtPlace& place) {
  auto layout = std::make_unique<sema::ArgsLayout>();
  const kernel::UsdtContext context{
      .address = place.address,
      .is_fixed = file.IsFixed(),
      .find_symbol = [&](std::string_view name) { return file.OnlySymbolAddress(name); }};
  for (UsdtArgument& argument : kernel::ParseUsdtArguments(place.arguments, context)) {
    layout->fields.push_back({.name = fmt::format("arg{}", layout->fields.size()),
                              .c_type = argument.is_float ? (argument.size == 4 ? "float" : "double")
                                                          : sema::Name(*types.Int(argument.size, argument.is_signed)),
                              .type = types.Int(argument.size, argument.is_signed),
                              .location = std::move(argument.location)});
  }
  return layout;
}

class Expansion {
 public:
  Expansion(sema::ExpandContext& context, const parser::ProbeSpec& spec, const UsdtSpec& usdt)
      : context_(context), spec_(spec), usdt_(usdt) {}

  std::vector<sema::ProbePoint> Run() {
    const std::vector<Binary> binaries = BinariesOf(context_, spec_, usdt_.binary);
    for (const Binary& binary : binaries) Add(binary, binaries.size() > 1);
    if (points_.empty() && !binaries.empty() && !reported_) ReportNone(binaries);
    return std::move(points_);
  }

 private:
  void Add(const Binary& binary, bool quietly) {
    const Result<ElfFile> file = ElfFile::Open(binary.path);
    if (!file) {
      if (quietly) return;
      reported_ = true;
      ReportMissing(context_, spec_.span, file.error().Message());
      return;
    }
    for (const UsdtPlace& place : kernel::ReadUsdtPlaces(*file)) {
      seen_.insert({place.provider, place.name});
      if (usdt_.Matches(place)) AddPlace(binary, *file, place);
    }
  }

  void AddPlace(const Binary& binary, const ElfFile& file, const UsdtPlace& place) {
    const std::optional<uint64_t> offset = file.CodeOffset(place.address);
    if (!offset) return;  // the note is of a part that was thrown away when the file was linked
    sema::HookUprobe hook{.path = binary.path, .offset = *offset, .pid = context_.pid};
    if (place.semaphore != 0) hook.semaphore = file.FileOffset(place.semaphore).value_or(0);
    points_.push_back({.name = fmt::format("usdt:{}:{}:{}", binary.name, place.provider, place.name),
                       .hook = std::move(hook),
                       .args = context_.wants_args ? LayoutOf(context_.types, file, place) : nullptr,
                       .function = place.name});
  }

  void ReportNone(const std::vector<Binary>& binaries) {
    const std::string where =
        binaries.size() == 1 ? binaries[0].name : fmt::format("none of {} files", binaries.size());
    const std::string wanted = usdt_.provider.empty() ? usdt_.name : usdt_.provider + ":" + usdt_.name;
    Diagnostic& error = ReportMissing(
        context_, spec_.span,
        fmt::format("{} has {} usdt probe {}'{}'", where, binaries.size() == 1 ? "no" : "a",
                    HasWildcard(wanted) ? "that matches " : "", wanted));
    if (seen_.empty()) {
      error.Hint(binaries.size() == 1 ? "it has no usdt probes at all" : "they have no usdt probes at all");
      return;
    }
    std::vector<std::string> names;
    std::string listed;
    for (const auto& [provider, name] : seen_) {
      names.push_back(name);
      if (names.size() <= 8) listed += fmt::format("{}{}:{}", listed.empty() ? "" : ", ", provider, name);
    }
    const std::string nearest = NearestName(usdt_.name, names);
    if (!nearest.empty() && nearest != usdt_.name) {
      error.Hint(fmt::format("did you mean '{}'?", nearest));
    } else {
      error.Hint(fmt::format("there are: {}{}", listed, names.size() > 8 ? " …" : ""));
    }
  }

  sema::ExpandContext& context_;
  const parser::ProbeSpec& spec_;
  const UsdtSpec& usdt_;
  std::vector<sema::ProbePoint> points_;
  std::set<std::pair<std::string, std::string>> seen_;  // provider and name of every probe of the files
  bool reported_ = false;
};

std::vector<sema::ProbePoint> Expand(sema::ExpandContext& context, const parser::ProbeSpec& spec) {
  const std::optional<UsdtSpec> usdt = ReadSpec(context, spec);
  return usdt ? Expansion(context, spec, *usdt).Run() : std::vector<sema::ProbePoint>();
}

Result<std::vector<sema::ListedProbe>> List(const sema::ProgramQuestion& question) {
  return ListByExpansion(question, Expand);
}

constexpr std::string_view kShort[] = {"U"};

}  // namespace

const sema::ProbeType kUsdt{.name = "usdt",
                            .short_names = kShort,
                            .spec = "usdt:path[:provider]:name",
                            .summary = "A probe that a program or library declares itself; wildcards in all parts.",
                            .is_act = true,
                            .has_registers = true,
                            .has_numbered_args = true,
                            .address_space = sema::AddressSpace::kUser,
                            .expand = Expand,
                            .list_in_program = List};

}  // namespace sonde::probes
