#include "probes/debug_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "kernel/pt_regs.h"
#include "sema/diagnostic_ids.h"

namespace sonde::probes {
namespace {

using kernel::DebugFunction;
using kernel::DebugInfo;
using kernel::DebugParameter;
using kernel::PassedValue;
using kernel::UserLocation;

// "f.isra.0": a copy that the compiler calls in its own way.
bool IsClone(std::string_view symbol) { return symbol.find('.') != std::string_view::npos; }

sema::ArgsFieldInfo Field(const kernel::Btf& btf, std::string name, kernel::BtfId type, UserLocation place) {
  return {.name = std::move(name), .c_type = btf.CName(type), .btf = &btf, .btf_type = type,
          .location = std::move(place)};
}

void AddParameters(const kernel::Btf& btf, const DebugFunction& function, bool is_clone, sema::ArgsLayout& layout) {
  std::vector<PassedValue> values;
  for (const DebugParameter& parameter : function.parameters) values.push_back(parameter.value);
  std::vector<UserLocation> conventional = kernel::PlaceArguments(btf, values, function.result);
  for (size_t i = 0; i < values.size(); ++i) {
    const DebugParameter& parameter = function.parameters[i];
    UserLocation place = parameter.place ? *parameter.place : std::move(conventional[i]);
    const kernel::BtfKind kind = btf.Type(btf.Strip(values[i].type)).kind;
    const bool is_whole = kind == kernel::BtfKind::kStruct || kind == kernel::BtfKind::kUnion;
    if (is_whole && place.base < 0 && place.problem.empty()) place = {.problem = "it was optimised away there"};
    if (!parameter.place && is_clone) place = {.problem = "the compiler has made a copy of the function without it"};
    layout.fields.push_back(Field(btf, parameter.name, values[i].type, std::move(place)));
  }
}

void AddResult(const kernel::Btf& btf, const DebugFunction& function, sema::ArgsLayout& layout) {
  if (function.result.type == 0) return;
  layout.fields.push_back(Field(btf, "retval", function.result.type, kernel::PlaceResult(btf, function.result)));
  layout.fields.back().is_return = true;
}

// Of a call only the registers of arguments are noted when it begins.
void LeaveOutOtherRegisters(sema::ArgsLayout& layout) {
  const auto is_noted = [](int32_t offset) {
    return offset < 0 || offset == static_cast<int32_t>(kernel::kRegisterSp) ||
           std::ranges::find(kernel::kArgumentRegisters, static_cast<uint32_t>(offset)) !=
               kernel::kArgumentRegisters.end();
  };
  for (sema::ArgsFieldInfo& field : layout.fields) {
    UserLocation& place = *field.location;
    if (is_noted(place.base) && is_noted(place.index) && is_noted(place.second)) continue;
    if (place.problem.empty()) place.problem = "it is in a register that is not kept until the call ends";
  }
}

std::unique_ptr<sema::ArgsLayout> LayoutOf(const sema::ExpandContext& context, const kernel::Btf& btf,
                                           const DebugFunction& function, FunctionPart part, bool is_clone) {
  auto layout = std::make_unique<sema::ArgsLayout>();
  switch (part) {
    case FunctionPart::kEntry:
      AddParameters(btf, function, is_clone, *layout);
      return layout;
    case FunctionPart::kReturn:
      AddResult(btf, function, *layout);
      return layout->fields.empty() ? nullptr : std::move(layout);
    case FunctionPart::kCall:
      if (context.wants_args) AddParameters(btf, function, is_clone, *layout);
      LeaveOutOtherRegisters(*layout);
      if (context.wants_retval) AddResult(btf, function, *layout);
      return layout->fields.empty() && !context.wants_args ? nullptr : std::move(layout);
  }
  return layout;
}

// Functions that return different things have no `retval` of one type: it is a number then.
bool ReturnAlike(const kernel::Btf& btf, const std::vector<std::optional<DebugFunction>>& functions) {
  std::optional<kernel::BtfId> first;
  for (const std::optional<DebugFunction>& function : functions) {
    if (!function) return false;
    const kernel::BtfId type = btf.Strip(function->result.type);
    if (first && *first != type) return false;
    first = type;
  }
  return true;
}

}  // namespace

void AddDebugLayouts(sema::ExpandContext& context, Span span, const kernel::ElfFile& file, FunctionPart part,
                     std::span<PlacedPoint> places, std::vector<const sema::ProbePoint*>& left_out) {
  const bool is_wanted = (part != FunctionPart::kReturn && context.wants_args) ||
                         (part != FunctionPart::kEntry && context.wants_retval);
  if (!is_wanted || places.empty()) return;
  // Without it `retval` is a plain number, but `args` is nothing.
  const bool is_needed = part != FunctionPart::kReturn && context.wants_args && !context.is_listing;
  const Result<DebugInfo*> info = context.kernel.programs().Of(file);
  if (!info) {
    if (!is_needed) return;
    context.diagnostics
        .Error(sema::kNotAvailable, span, fmt::format("args is not known for {}: {}", file.path(), info.error().reason))
        .Hint(info.error().remedy + ", or use arg0 to arg9");
    return;
  }
  std::vector<std::optional<DebugFunction>> functions;
  for (const PlacedPoint& place : places) functions.push_back((*info)->FunctionAt(place.address));
  const kernel::Btf& btf = (*info)->types();
  const bool has_number = part == FunctionPart::kReturn && !context.is_listing && !ReturnAlike(btf, functions);
  if (has_number) return;
  for (size_t i = 0; i < places.size(); ++i) {
    if (functions[i]) {
      places[i].point->args = LayoutOf(context, btf, *functions[i], part, IsClone(places[i].symbol));
    } else if (is_needed) {
      left_out.push_back(places[i].point);
    }
  }
  if (left_out.empty()) return;
  if (left_out.size() == places.size()) {
    context.diagnostics.Error(
        sema::kNotAvailable, span,
        fmt::format("args is not known: the debug information of {} does not tell of {}", file.path(),
                    places.size() == 1 ? places[0].symbol : "these functions"));
    return;
  }
  context.diagnostics.Warning(sema::kNotAvailable, span,
                              fmt::format("{} of {} functions are left out: debug information does not tell of their "
                                          "arguments",
                                          left_out.size(), places.size()));
}

}  // namespace sonde::probes
