// Calls of functions that an imported .bpf.c file defines.
#include <fmt/format.h>

#include "sema/checker.h"

namespace sonde::sema {
namespace {

bool IsByte(const Type* type) { return type == nullptr || (type->IsInteger() && type->size == 1); }

// Whether C takes a pointer to the one where it wants a pointer to the other. Signs and names of integers are not
// looked at.
bool PointsAlike(const Type* wanted, const Type* given) {
  if (IsByte(wanted) || IsByte(given) || wanted == given) return true;
  if (wanted->IsStruct() || given->IsStruct()) return wanted->kind == given->kind && wanted->name == given->name;
  return wanted->size == given->size;
}

// What lies in memory is handed over by its address.
bool FitsPointer(const Type& parameter, const Type& given) {
  if (given.IsPointer()) return PointsAlike(parameter.element, given.element);
  if (given.IsInteger()) return true;
  if (given.IsString()) return IsByte(parameter.element);
  if (given.IsArray()) return PointsAlike(parameter.element, given.element);
  return (given.IsStruct() || given.IsTuple()) && (parameter.element == nullptr || parameter.element == &given);
}

}  // namespace

ExprPtr Checker::CheckCFunction(const parser::Call& call, const cheaders::CFunction& function, Span span) {
  const std::string& name = call.name;
  if (function.is_static || function.is_variadic) {
    Report(kUnknownFunction, call.name_span,
           fmt::format("{}() cannot be called: it is {}", name, function.is_static ? "static" : "variadic"))
        .Hint(function.is_static ? "leave out `static` in the .bpf.c file" : "");
    return ErrorExpr(span);
  }
  if (call.args.size() != function.parameters.size()) {
    Report(kWrongArgumentCount, span,
           fmt::format("{}() takes {} argument{}, {} given", name, function.parameters.size(),
                       function.parameters.size() == 1 ? "" : "s", call.args.size()));
    return ErrorExpr(span);
  }
  const Type* result = CTypeOf(function.result);
  if (result == nullptr || !(result->IsScalar() || result->kind == TypeKind::kVoid)) {
    Report(kWrongArgument, span, fmt::format("{}() returns no integer, pointer or nothing", name));
    return ErrorExpr(span);
  }
  Call checked{.builtin = tables_.c_function};
  checked.data.text = name;
  bool is_vague = false;
  for (size_t i = 0; i < call.args.size(); ++i) {
    const std::string what = fmt::format("argument {} of {}()", i + 1, name);
    const Type* parameter = CTypeOf(function.parameters[i]);
    ExprPtr value = Check(*call.args[i]);
    is_vague = is_vague || value->type->IsVague();
    if (value->type->IsVague()) continue;
    const bool is_pointer = parameter != nullptr && parameter->IsPointer();
    if (parameter == nullptr || !parameter->IsScalar() || (is_pointer && !FitsPointer(*parameter, *value->type))) {
      Report(kWrongArgument, call.args[i]->span,
             fmt::format("{} must be {}, but this is {}", what,
                         parameter == nullptr ? "an integer or a pointer" : Name(*parameter), Name(*value->type)))
          .Hint(is_pointer ? "cast it" : "");
      return ErrorExpr(span);
    }
    if (!is_pointer) {
      value = Coerce(std::move(value), parameter, what);
    } else if (value->type->IsInteger()) {
      const Span place = value->span;
      value = Make(place, parameter, Convert{std::move(value)});
    }
    checked.args.push_back(std::move(value));
  }
  if (is_vague) return Make(span, types().Unknown(), Constant{0});
  return Make(span, result, std::move(checked));
}

}  // namespace sonde::sema
