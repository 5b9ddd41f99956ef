#include "sema/checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.h"

namespace sonde::sema {
namespace {

// Whether `bits`, read as int64 or uint64, can be stored in `type`.
bool Fits(int64_t value, bool is_above_int64, const Type& type) {
  if (type.kind != TypeKind::kInt || type.size == 8) return type.is_signed ? !is_above_int64 : true;
  if (is_above_int64) return false;
  uint32_t bits = type.size * 8;
  if (type.is_signed) return value >= -(int64_t{1} << (bits - 1)) && value < (int64_t{1} << (bits - 1));
  return value >= 0 && value < (int64_t{1} << bits);
}

}  // namespace

Checker::Checker(Program& program, SourceManager& sources, const Tables& tables, World world, const Options& options)
    : program_(program), sources_(sources), tables_(tables), world_(world), options_(options) {}

void Checker::BeginRound(Diagnostics& diagnostics) {
  diagnostics_ = &diagnostics;
  changed_ = false;
  program_.events.clear();
}

// --- making nodes

ExprPtr Checker::Make(Span span, const Type* type, Expr::Node node, bool is_literal) {
  auto expr = std::make_unique<Expr>();
  expr->span = span;
  expr->type = type;
  expr->node = std::move(node);
  expr->is_literal = is_literal;
  return expr;
}

StmtPtr MakeStmt(Span span, Stmt::Node node) {
  auto stmt = std::make_unique<Stmt>();
  stmt->span = span;
  stmt->node = std::move(node);
  return stmt;
}

ExprPtr Checker::MakeInt(Span span, uint64_t bits, const Type* type, bool is_literal) {
  return Make(span, type, Constant{bits}, is_literal);
}

ExprPtr Checker::MakeLiteral(Span span, uint64_t value, bool is_negative) {
  auto as_signed = static_cast<int64_t>(value);
  if (!is_negative && as_signed < 0) return MakeInt(span, value, types().Uint64());
  for (uint32_t bytes : {1U, 2U, 4U}) {
    if (Fits(as_signed, false, *types().Int(bytes, true))) return MakeInt(span, value, types().Int(bytes, true));
  }
  return MakeInt(span, value, types().Int64());
}

ExprPtr Checker::ErrorExpr(Span span) { return Make(span, types().Error(), Constant{0}); }

ExprPtr Checker::NotSupported(Span span, std::string_view what) {
  Report(kNotSupported, span, fmt::format("{} is not supported yet", what));
  return ErrorExpr(span);
}

const std::string& Checker::NearestAt(Span span, std::string_view name,
                                      const std::function<std::vector<std::string>()>& known) {
  const auto [found, is_new] = nearest_.try_emplace({span.file, span.offset});
  if (is_new) found->second = NearestName(name, known());
  return found->second;
}

// --- joining types

// Pointers to different things become `void *`. What stands at the address of a variable or of a map's value may have
// been widened since the last round.
const Type* Checker::JoinPointers(const Type* a, const Type* b) {
  const Type* none = types().Pointer(nullptr, a->space);
  if (a->element == b->element) return a;
  if (a->element == nullptr || b->element == nullptr) return none;
  bool is_number = a->element->IsInteger() && b->element->IsInteger();
  bool is_text = a->element->IsString() && b->element->IsString();
  if (is_number || is_text) return b->element->size > a->element->size ? b : a;
  const Type* joined = a->element->IsTuple() ? Join(a->element, b->element) : nullptr;
  return joined == nullptr ? none : types().Pointer(joined, a->space);
}

const Type* Checker::Join(const Type* a, const Type* b) {
  if (a == b || b->IsVague()) return a;
  if (a->IsVague()) return b;
  if (a->IsInteger() && b->IsInteger()) {
    if (a->is_from_literal) return b;
    if (b->is_from_literal) return a;
    if (a->is_signed != b->is_signed) return types().Int64();
    return types().Int(std::max(a->size, b->size), a->is_signed);
  }
  if (a->IsBuffer() && b->IsBuffer()) return a->size >= b->size ? a : b;
  if (a->IsString() && b->IsString()) return a->size >= b->size ? a : b;
  if (a->IsPointer() && b->IsPointer()) return JoinPointers(a, b);
  if (a->IsPointer() && b->IsInteger()) return a;
  if (b->IsPointer() && a->IsInteger()) return b;
  bool both_countable = (a->IsInteger() || a->kind == TypeKind::kBool || a->kind == TypeKind::kEnum) &&
                        (b->IsInteger() || b->kind == TypeKind::kBool || b->kind == TypeKind::kEnum);
  if (both_countable) return types().Int64();
  if (a->IsTuple() && a->kind == b->kind && a->fields.size() == b->fields.size()) {
    std::vector<const Type*> elements;
    for (size_t i = 0; i < a->fields.size(); ++i) {
      if (a->fields[i].name != b->fields[i].name) return nullptr;
      elements.push_back(Join(a->fields[i].type, b->fields[i].type));
      if (elements.back() == nullptr) return nullptr;
    }
    return types().TupleLike(*a, elements);
  }
  return nullptr;
}

ExprPtr Checker::Coerce(ExprPtr expr, const Type* type, std::string_view what) {
  if (expr->type == type || expr->type->IsVague() || type->IsVague()) return expr;
  if (type->IsBuffer() && expr->type->IsBuffer()) return expr;
  if (type->IsString() && expr->type->IsString()) {
    auto* text = std::get_if<StringConstant>(&expr->node);
    if (text == nullptr) return expr;
    const bool is_too_long = text->value.size() >= type->size;
    if (is_too_long && !expr->is_literal) {
      text->value.resize(type->size - 1);  // what the command line says is cut as any other text
    } else if (is_too_long) {
      Report(kLiteralTooLarge, expr->span,
             fmt::format("this text has {} bytes, {} holds {}", text->value.size(), Name(*type), type->size - 1));
      return ErrorExpr(expr->span);
    }
    expr->type = type;
    return expr;
  }
  if (auto* tuple = std::get_if<Tuple>(&expr->node); tuple != nullptr && Join(type, expr->type) != nullptr) {
    for (size_t i = 0; i < tuple->elements.size(); ++i) {
      tuple->elements[i] = Coerce(std::move(tuple->elements[i]), type->fields[i].type, what);
    }
    expr->type = type;
    return expr;
  }
  if (expr->type->IsTuple() && Join(type, expr->type) == type) {
    return expr;  // converted when it is copied
  }
  if (ComparedInMemory(type, expr->type) == type) return expr;
  if (!expr->type->IsScalar() || !type->IsScalar()) {
    Report(kTypeMismatch, expr->span,
           fmt::format("{} is of type {}, but this is {}", what, Name(*type), Name(*expr->type)));
    return ErrorExpr(expr->span);
  }
  if (const Constant* constant = expr->AsConstant(); constant != nullptr && expr->is_literal && type->IsInteger()) {
    auto value = static_cast<int64_t>(constant->bits);
    bool above = !expr->type->is_signed && value < 0;
    if (!Fits(value, above, *type) && !(type->size == 8 && expr->type->is_signed)) {
      Report(kLiteralTooLarge, expr->span,
             fmt::format("{} does not fit in {}", sources_.Text(expr->span), Name(*type)));
      return ErrorExpr(expr->span);
    }
    return MakeInt(expr->span, constant->bits, type, expr->type->kind != TypeKind::kBool);
  }
  Span span = expr->span;
  return Make(span, type, Convert{std::move(expr)});
}

// What a map or variable becomes when it is given a value of this type.
const Type* Checker::StoredType(const Type* type) {
  if (type->is_c_int) return types().Uint64();
  if (!type->IsTuple()) return type;
  std::vector<const Type*> elements;
  for (const Field& field : type->fields) elements.push_back(StoredType(field.type));
  return types().TupleLike(*type, elements);
}

// --- maps

uint32_t Checker::MapIndex(std::string_view name, Span span) {
  if (std::optional<uint32_t> given = MacroMap(name, span)) return *given;
  auto known = map_by_name_.find(name);
  if (known != map_by_name_.end()) return known->second;
  auto index = static_cast<uint32_t>(program_.maps.size());
  program_.maps.push_back({.name = fmt::format("@{}", name), .span = span, .value = types().Unknown()});
  if (auto declared = declared_maps_.find(name); declared != declared_maps_.end()) {
    program_.maps.back().declared = declared->second;
  }
  map_by_name_.emplace(name, index);
  changed_ = true;
  return index;
}

const Type* Checker::OfferedType(const Expr& value, const Type* held) {
  const Constant* constant = value.AsConstant();
  bool is_literal = value.is_literal && constant != nullptr && value.type->IsInteger() && value.type->is_signed;
  if (!is_literal) return value.type;
  auto number = static_cast<int64_t>(constant->bits);
  if (number < 0) return types().Int64();
  bool adapts = held == nullptr || !held->IsInteger() || Fits(number, false, *held);
  return adapts ? types().LiteralInt() : types().Int(8, held->is_signed);
}

void Checker::WarnAboutSigns(const Type* held, const Type* offered, Span span) {
  bool mixed = held->IsInteger() && offered->IsInteger() && held->is_signed && !held->is_from_literal &&
               !offered->is_signed && offered->size == 8;
  if (!mixed) return;
  diagnostics_->Warning(kMixedSign, span, "a uint64 is kept as int64 here, since negative numbers are kept too");
}

bool Checker::JoinKey(uint32_t map, const Type* key, Span span) {
  MapInfo& info = program_.maps[map];
  if (key == nullptr) {
    if (info.is_keyless) return true;
    Report(kKeyMismatch, span, fmt::format("{} is used without a key here", info.name))
        .Note(info.span, "it has keys elsewhere");
    return false;
  }
  key = StoredType(key);
  if (info.key == nullptr) {
    if (info.is_keyless && !info.value->IsVague()) {
      Report(kKeyMismatch, span, fmt::format("{} is used with a key here", info.name))
          .Note(info.span, "it has none elsewhere");
      return false;
    }
    info.key = key;
    info.is_keyless = false;
    changed_ = true;
    return true;
  }
  const Type* joined = Join(info.key, key);
  if (joined == nullptr) {
    Report(kKeyMismatch, span,
           fmt::format("the key of {} is {}, but this is {}", info.name, Name(*info.key), Name(*key)))
        .Note(info.span, "first used here");
    return false;
  }
  WarnAboutSigns(joined, key, span);
  changed_ = changed_ || joined != info.key;
  info.key = joined;
  return true;
}

bool Checker::JoinMapValue(uint32_t map, const Type* type, Span span) {
  MapInfo& info = program_.maps[map];
  if (info.aggregation != image::Aggregation::kNone) {
    Report(kTypeMismatch, span, fmt::format("{} holds an aggregation, it cannot be assigned a plain value", info.name))
        .Note(info.span, "first used here");
    return false;
  }
  if (type->kind == TypeKind::kVoid || type->kind == TypeKind::kArgs) {
    Report(kTypeMismatch, span, fmt::format("a value of type {} cannot be kept in a map", Name(*type)));
    return false;
  }
  const Type* joined = Join(info.value, StoredType(type));
  if (joined == nullptr) {
    Report(kTypeMismatch, span,
           fmt::format("{} holds {}, it cannot be assigned {}", info.name, Name(*info.value), Name(*type)))
        .Note(info.span, "first used here");
    return false;
  }
  WarnAboutSigns(joined, type, span);
  changed_ = changed_ || joined != info.value;
  info.value = joined;
  return true;
}

bool Checker::WidenForCounting(uint32_t map, Span span) {
  const Type* type = program_.maps[map].value;
  if (!type->IsInteger() || type->size == 8) return true;
  return JoinMapValue(map, types().Int(8, type->is_signed), span);
}

bool Checker::RequireAssigned(uint32_t map, Span span) {
  const MapInfo& info = program_.maps[map];
  if (!info.value->IsVague() || info.aggregation != image::Aggregation::kNone) return true;
  Report(kUnknownMap, span, fmt::format("{} is never assigned", info.name));
  return false;
}

bool Checker::JoinAggregation(uint32_t map, const MapInfo& wanted, Span span) {
  MapInfo& info = program_.maps[map];
  bool is_fresh = info.aggregation == image::Aggregation::kNone && info.value->IsVague();
  if (is_fresh) {
    info.aggregation = wanted.aggregation;
    info.hist_bits = wanted.hist_bits;
    info.lhist_min = wanted.lhist_min;
    info.lhist_max = wanted.lhist_max;
    info.lhist_step = wanted.lhist_step;
    info.series_interval = wanted.series_interval;
    info.series_count = wanted.series_count;
    info.series_merge = wanted.series_merge;
    info.value = wanted.value;
    changed_ = true;
    return true;
  }
  bool same = info.aggregation == wanted.aggregation && info.hist_bits == wanted.hist_bits &&
              info.lhist_min == wanted.lhist_min && info.lhist_max == wanted.lhist_max &&
              info.lhist_step == wanted.lhist_step && info.series_interval == wanted.series_interval &&
              info.series_count == wanted.series_count && info.series_merge == wanted.series_merge;
  if (!same) {
    Report(kTypeMismatch, span, fmt::format("{} already holds something else", info.name))
        .Note(info.span, "first used here")
        .Hint("give each aggregation a map of its own");
    return false;
  }
  const Type* joined = Join(info.value, wanted.value);
  if (joined != nullptr && joined != info.value) {
    info.value = joined;
    changed_ = true;
  }
  return true;
}

std::optional<uint32_t> Checker::CheckWholeMap(const parser::Expr& expr, std::string_view what) {
  const auto* access = std::get_if<parser::MapAccess>(&expr.node);
  if (access == nullptr || access->has_brackets) {
    Report(kWrongArgument, expr.span, fmt::format("{} takes a map", what));
    return std::nullopt;
  }
  uint32_t map = MapIndex(access->name, expr.span);
  if (!RequireAssigned(map, expr.span)) return std::nullopt;
  return map;
}

namespace {

// What a map keeps of its key number `index` of `count`; null when that is not known or not alike.
const Type* HeldKey(const Type* key, size_t index, size_t count) {
  if (key == nullptr || count == 1) return key;
  return key->kind == TypeKind::kTuple && key->fields.size() == count ? key->fields[index].type : nullptr;
}

}  // namespace

std::optional<MapRef> Checker::CheckMapElement(const parser::MapAccess& access, Span span) {
  std::vector<const parser::Expr*> keys;
  for (const parser::ExprPtr& key : access.keys) keys.push_back(key.get());
  return CheckMapElement(access, keys, span);
}

std::optional<MapRef> Checker::CheckMapElement(const parser::MapAccess& access,
                                               const std::vector<const parser::Expr*>& keys, Span span) {
  uint32_t map = MapIndex(access.name, span);
  if (keys.empty()) {
    if (!JoinKey(map, nullptr, span)) return std::nullopt;
    return MapRef{map, nullptr};
  }
  std::vector<ExprPtr> parts;
  std::vector<const Type*> part_types;
  for (const parser::Expr* key : keys) {
    ExprPtr part = Check(*key);
    if (part->type->kind == TypeKind::kVoid || part->type->kind == TypeKind::kArgs ||
        part->type->kind == TypeKind::kAggregate) {
      Report(kKeyMismatch, part->span, fmt::format("a value of type {} cannot be a key", Name(*part->type)));
      return std::nullopt;
    }
    if (part->type->IsVague()) {
      if (program_.maps[map].value->IsVague()) program_.maps[map].is_keyless = false;
      return MapRef{map, std::move(part)};
    }
    part_types.push_back(OfferedType(*part, HeldKey(program_.maps[map].key, parts.size(), keys.size())));
    parts.push_back(std::move(part));
  }
  if (parts.size() == 1) {
    if (!JoinKey(map, part_types[0], span)) return std::nullopt;
    const Type* key_type = program_.maps[map].key;
    return MapRef{map, key_type == nullptr ? std::move(parts[0]) : Coerce(std::move(parts[0]), key_type, "the key")};
  }
  const Type* type = types().Tuple(part_types);
  ExprPtr tuple = Make(span, type, Tuple{std::move(parts)});
  if (!JoinKey(map, type, span)) return std::nullopt;
  const Type* key_type = program_.maps[map].key;
  return MapRef{map, key_type == nullptr ? std::move(tuple) : Coerce(std::move(tuple), key_type, "the key")};
}

// --- variables

std::optional<uint32_t> Checker::FindVariable(std::string_view name) const {
  for (auto scope = scope_.scopes.rbegin(); scope != scope_.scopes.rend(); ++scope) {
    auto found = scope->find(std::string(name));
    if (found != scope->end()) return found->second;
  }
  return std::nullopt;
}

uint32_t Checker::DeclareVariable(std::string_view name, const void* declaration, const Type* type) {
  auto index = static_cast<uint32_t>(scope_.body->variables.size());
  VariableKey key{scope_.instance, expansion(), declaration};
  VariableType fresh{type != nullptr ? type : types().Unknown(), type != nullptr};
  auto [known, inserted] = variable_types_.try_emplace(key, fresh);
  bool is_redeclared = !inserted && type != nullptr && known->second.type != type;  // by what has changed
  if (is_redeclared) known->second = fresh;
  if (inserted || is_redeclared) changed_ = true;
  variable_keys_.push_back(key);
  scope_.body->variables.push_back({std::string(name), known->second.type});
  scope_.scopes.back()[std::string(name)] = index;
  return index;
}

bool Checker::JoinVariable(uint32_t variable, const Type* type, Span span) {
  Variable& entry = scope_.body->variables[variable];
  if (type->kind == TypeKind::kVoid || type->kind == TypeKind::kArgs) {
    Report(kTypeMismatch, span, fmt::format("a value of type {} cannot be kept in a variable", Name(*type)));
    return false;
  }
  const Type* joined = Join(entry.type, StoredType(type));
  if (joined == nullptr) {
    Report(kTypeMismatch, span,
           fmt::format("${} holds {}, it cannot be assigned {}", entry.name, Name(*entry.type), Name(*type)));
    return false;
  }
  VariableType& known = variable_types_[variable_keys_[variable]];
  if (!known.is_declared) WarnAboutSigns(joined, type, span);
  if (known.is_declared || joined == entry.type) return true;
  entry.type = joined;
  known.type = joined;
  changed_ = true;
  return true;
}

bool Checker::SettleUnassigned() {
  bool any = false;
  for (uint32_t map : assigned_maps_) {
    MapInfo& info = program_.maps[map];
    if (!info.value->IsVague() || info.aggregation != image::Aggregation::kNone) continue;
    info.value = types().LiteralInt();
    any = true;
  }
  for (auto& [key, known] : variable_types_) {
    if (known.type->kind != TypeKind::kUnknown) continue;
    known.type = types().LiteralInt();
    any = true;
  }
  return any;
}

uint32_t Checker::AddEvent(Event event) {
  if (scope_.body != nullptr && event.kind != image::EventKind::kExit) scope_.body->prints = true;
  program_.events.push_back(std::move(event));
  return static_cast<uint32_t>(program_.events.size() - 1);
}

MapInfo Checker::AggregationOf(const Call& call) const {
  MapInfo info{.value = call.data.aggregate_value, .aggregation = call.data.aggregation};
  const std::vector<int64_t>& parameters = call.data.integers;
  if (info.aggregation == image::Aggregation::kHist) info.hist_bits = static_cast<uint32_t>(parameters.at(0));
  if (info.aggregation == image::Aggregation::kLhist) {
    info.lhist_min = parameters.at(0);
    info.lhist_max = parameters.at(1);
    info.lhist_step = parameters.at(2);
  }
  if (info.aggregation == image::Aggregation::kTseries) {
    info.series_interval = static_cast<uint64_t>(parameters.at(0));
    info.series_count = static_cast<uint32_t>(parameters.at(1));
    info.series_merge = static_cast<image::SeriesMerge>(parameters.at(2));
  }
  return info;
}

const Builtin* Checker::FindBuiltin(std::string_view name) const {
  for (const Builtin* builtin : tables_.builtins) {
    if (builtin->name == name) return builtin;
  }
  return nullptr;
}

std::vector<std::string> Checker::KnownNames() const {
  std::vector<std::string> names;
  for (const Builtin* builtin : tables_.builtins) names.emplace_back(builtin->name);
  for (std::string& name : macros_.Names()) names.push_back(std::move(name));
  for (const auto& [name, value] : c_.enumerators) names.push_back(name);
  for (const auto& [name, value] : c_.macros) names.push_back(name);
  return names;
}

}  // namespace sonde::sema
