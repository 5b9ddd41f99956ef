// The context that the functions of src/sema, and the check hooks of builtins, work on.
//
// Types of maps and variables are solved over the whole program first: all bodies are checked silently, again and
// again, until no type changes; then once more, with the diagnostics that the user sees.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sema/diagnostic_ids.h"
#include "sema/macro.h"
#include "sema/sema.h"

namespace sonde::sema {

// Where the body being checked runs.
struct BodyScope {
  const ProbeType* probe_type = nullptr;  // of the first spec; all specs of a body agree on what it offers
  const ArgsLayout* args = nullptr;
  std::string_view probe_name;  // one of those that it is checked for
  std::string_view program;     // the file that it is about; may be empty
  uint32_t instance = 0;        // number of the body, stable over all rounds
  Body* body = nullptr;
  uint32_t loops = 0;        // how many loops are around
  uint32_t breakable = 0;    // the same with unroll
  uint32_t unreachable = 0;  // branches around whose condition is known to be false
  Scopes scopes;
  MacroCall* macro = nullptr;  // whose body is being checked; null: the probe's own text
};

// An expression that the reader computes: kSlot steps name `operands`, which the kernel gathers.
struct FractionValue {
  Fraction steps;
  std::vector<ExprPtr> operands;
};

class Checker {
 public:
  Checker(Program& program, SourceManager& sources, const Tables& tables, World world, const Options& options);

  // --- what hooks of builtins use

  TypeTable& types() { return *program_.types; }
  const Options& options() const { return options_; }
  BodyScope& scope() { return scope_; }
  kernel::KernelView& kernel() { return world_.kernel; }
  Diagnostics& diagnostics() { return *diagnostics_; }
  Program& program() { return program_; }

  Diagnostic& Report(DiagnosticId id, Span span, std::string message) {
    return diagnostics_->Error(id, span, std::move(message));
  }
  // Reports and returns the error type.
  const Type* Fail(DiagnosticId id, Span span, std::string message) {
    Report(id, span, std::move(message));
    return types().Error();
  }

  // The return value of the function that the probe is in, by its declared type; null when none is declared.
  ExprPtr CheckReturnValue(Span span);
  // Whether a field of `args` has a place and a type that the language knows.
  bool CanReadField(const ArgsFieldInfo& field);
  // argN, where such are fields of the layout. Error after a report.
  ExprPtr CheckNumberedArgument(std::string_view name, Span span);
  // A checked expression; never null. Its type may be vague.
  ExprPtr Check(const parser::Expr& expr);
  // The same, where C's arrays of char are wanted as they lie, not as texts.
  ExprPtr CheckPlace(const parser::Expr& expr);
  ExprPtr AsText(ExprPtr value);
  // The same, and reports when it is no integer (bools and enums are taken).
  ExprPtr CheckInteger(const parser::Expr& expr, std::string_view what);
  // The same of a checked value.
  ExprPtr RequireInteger(ExprPtr value, Span span, std::string_view what);
  // A literal, or something that folds to one.
  std::optional<int64_t> CheckLiteral(const parser::Expr& expr, std::string_view what);
  std::optional<std::string> CheckStringLiteral(const parser::Expr& expr, std::string_view what);
  // `@m` without keys, as an argument of print(), clear() …
  std::optional<uint32_t> CheckWholeMap(const parser::Expr& expr, std::string_view what);
  // `@m[k]`, or `@m` for a keyless map.
  std::optional<MapRef> CheckMapElement(const parser::MapAccess& access, Span span);
  // A key given apart from its map, as in delete(@m, k).
  std::optional<MapRef> CheckMapElement(const parser::MapAccess& map, const std::vector<const parser::Expr*>& keys,
                                        Span span);

  // Whether a number with a fraction stands in it, so that the reader must compute it.
  bool HasFraction(const parser::Expr& expr) const;
  // What printf and print show of such an expression. False when that was reported, or a type is vague.
  bool CheckFraction(const parser::Expr& expr, FractionValue& out);

  // Converts a checked value; reports when a literal does not fit or the types have nothing in common.
  ExprPtr Coerce(ExprPtr expr, const Type* type, std::string_view what);
  // In a condition: integers, pointers and bools; strings are refused.
  ExprPtr CheckCondition(const parser::Expr& expr);

  uint32_t AddEvent(Event event);
  // What an aggregation's call makes of the map that it is assigned to; found out by its check hook.
  MapInfo AggregationOf(const Call& call) const;
  // Notes that the map was assigned this type, or aggregated so. False when that was reported as impossible.
  bool JoinMapValue(uint32_t map, const Type* type, Span span);
  bool JoinAggregation(uint32_t map, const MapInfo& wanted, Span span);
  // A map that is counted up and down holds 64-bit integers.
  bool WidenForCounting(uint32_t map, Span span);
  // Reports a map that has no value yet anywhere in the script; false then.
  bool RequireAssigned(uint32_t map, Span span);
  // The type that a map or variable is offered by this value: literals take the type of what they meet,
  // unless they do not fit in it.
  const Type* OfferedType(const Expr& value, const Type* held);

  // --- the parts of the checker, in files of their own

  ExprPtr Make(Span span, const Type* type, Expr::Node node, bool is_literal = false);
  ExprPtr MakeInt(Span span, uint64_t bits, const Type* type, bool is_literal = true);
  // The smallest signed type that holds it (uint64 above that).
  ExprPtr MakeLiteral(Span span, uint64_t value, bool is_negative);
  ExprPtr ErrorExpr(Span span);

  void CheckBlock(const parser::Block& block, Statements& out);
  void CheckBranch(const parser::Block& block, bool is_reachable, Statements& out);
  void CheckStatement(const parser::Stmt& stmt, Statements& out);
  void CheckUnroll(const parser::Unroll& node, Span span, Statements& out);
  void CheckWhile(const parser::While& node, Span span, Statements& out);
  void CheckForRange(const parser::ForRange& node, Span span, Statements& out);
  void CheckForMap(const parser::ForMap& node, Span span, Statements& out);
  // False, and reported, outside of loops.
  bool RequireLoop(std::string_view statement, Span span);
  ExprPtr CheckCall(const parser::Call& call, Span span);
  // A function that an imported .bpf.c file defines.
  ExprPtr CheckCFunction(const parser::Call& call, const cheaders::CFunction& function, Span span);
  ExprPtr CheckBuiltin(const Builtin& builtin, const parser::Call& call, Span span);
  ExprPtr CheckIdentifier(const parser::Identifier& id, Span span);
  ExprPtr CheckBinary(const parser::Binary& binary, Span span);
  ExprPtr BuildBinary(BinaryOp op, Span op_span, Span span, ExprPtr left, ExprPtr right);
  const Type* ComparedInMemory(const Type* left, const Type* right);
  ExprPtr CheckTuple(const parser::Tuple& tuple, Span span);
  ExprPtr CheckRecord(const parser::Record& record, Span span);
  // An element of a tuple or record; null after a report.
  ExprPtr CheckTupleElement(const parser::Expr& expr);
  ExprPtr CheckTupleField(ExprPtr base, const parser::FieldAccess& access, Span span);
  ExprPtr CheckFieldAccess(const parser::FieldAccess& access, Span span);
  ExprPtr CheckArgsField(std::string_view name, Span span, Span field_span);
  ExprPtr CheckIndex(const parser::Index& index, Span span);
  ExprPtr CheckElement(ExprPtr base, ExprPtr position, Span span);
  ExprPtr CheckCast(const parser::TypeName& type, const parser::Expr& operand, Span span);
  const Type* TypeInParentheses(const parser::Expr& expr);  // null when it is none
  ExprPtr CastTo(const Type* type, ExprPtr value, Span span);
  ExprPtr CastScalar(const Type* type, ExprPtr value, Span span);
  ExprPtr CheckSizeof(const parser::Call& call, Span span);
  ExprPtr CheckOffsetof(const parser::Call& call, Span span);
  ExprPtr CheckContainerOf(const parser::Call& call, Span span);
  // `typeof(a) == typeof(b)`; null when that is not what it is.
  ExprPtr CheckTypeComparison(const parser::Binary& node, Span span);
  ExprPtr CheckAddressOf(const parser::Expr& operand, Span span);
  ExprPtr BuildPointerArithmetic(BinaryOp op, Span span, ExprPtr left, ExprPtr right);
  ExprPtr CheckIncDec(const parser::IncDec& node, Span span);
  const Type* JoinBranches(const Expr& then_value, const Expr& else_value, Span span);
  ExprPtr CheckTernary(const parser::Ternary& node, Span span);
  ExprPtr CheckUnary(parser::UnaryOp op, const parser::Expr& operand, Span span);
  ExprPtr CheckPositional(const parser::Positional& node, Span span);
  ExprPtr NotSupported(Span span, std::string_view what);
  ExprPtr RefuseFraction(Span span);
  bool CheckFractionOperand(const parser::Expr& expr, FractionValue& out);

  // --- macros

  // The value of a call, when there is a macro of that name; `site` tells calls apart.
  std::optional<ExprPtr> TryMacro(std::string_view name, const std::vector<parser::ExprPtr>& arguments,
                                  const void* site, Span span);
  // The value of what the caller gave, when the name is a parameter of the macro being checked.
  std::optional<ExprPtr> TryParameter(std::string_view name, Span span);
  bool IsParameter(std::string_view name) const { return FindParameter(name) != nullptr; }
  ExprPtr CheckBlockValue(const parser::BlockExpr& node, Span span);
  // The macro call that is being checked, 0 in a probe's own text. What is kept from round to round by a node of the
  // tree is kept by this number too.
  uint32_t expansion() const { return scope_.macro == nullptr ? 0 : scope_.macro->expansion; }

  // Null after a report.
  const Type* ResolveType(const parser::TypeName& name, bool report = true);
  const Type* ResolveTypeName(std::string_view name, parser::TypeName::Tag tag);
  // Fills in the fields of a struct that the preamble or BTF declares; returns the type itself.
  const Type* CompleteStruct(const Type* type);
  // The same; null after a report when its fields are not known.
  const Type* RequireComplete(const Type* type, Span span);
  // The same for all that stands in a value of this type, as printing it needs.
  void CompleteDeeply(const Type* type);
  // What an argument of sizeof and its like stands for: a type, or the type of a value. Error after a report.
  const Type* CheckTypeOrValue(const parser::Expr& arg);
  // The type without what only literals and arguments of system calls know of theirs.
  const Type* PlainType(const Type* type);
  const Field* FindField(const Type* structure, std::string_view name, Span span);  // null after a report
  // A field of a checked struct, or of the struct that a checked pointer leads to.
  ExprPtr SelectField(ExprPtr base, const Field& field, Span span);
  // What a pointer leads to, `offset` bytes further.
  ExprPtr MakeLoad(Span span, const Type* type, ExprPtr pointer, const Field* field = nullptr);
  // The address that a Load reads from.
  ExprPtr AddressOfLoad(Span span, ExprPtr load, const Type* element);

  uint32_t MapIndex(std::string_view name, Span span);
  std::optional<uint32_t> FindVariable(std::string_view name) const;
  // With a type the variable has that, whatever it is assigned; without one it takes what it is assigned.
  uint32_t DeclareVariable(std::string_view name, const void* declaration, const Type* type = nullptr);
  bool JoinVariable(uint32_t variable, const Type* type, Span span);
  // Variables that nothing was assigned to, and maps that are made from themselves alone (`@x = @x + 1`), become
  // integers; true when there were any.
  bool SettleUnassigned();

  // What both can be stored as; null when there is nothing.
  const Type* Join(const Type* a, const Type* b);

  // Used by the driver.
  void LoadPreamble(const Script& script);
  Result<cheaders::COutput> ParsePreamble(cheaders::CInput& input, std::string& declared);
  void LoadMacros(const parser::Ast& ast, bool is_library);
  void LoadMapDeclarations(const parser::Ast& ast);
  void SettleDeclaredMaps();
  void CheckDeclaredMaps();
  void BeginRound(Diagnostics& diagnostics);
  // Checks one body against one layout; its variables keep their types from round to round by `instance`.
  Body CheckBody(const parser::Probe& probe, BodyScope scope);
  bool changed() const { return changed_; }
  // An assignment names this map, whatever is known of its value yet.
  void NoteAssignment(uint32_t map) { assigned_maps_.insert(map); }
  std::vector<std::string> KnownNames() const;
  const Builtin* FindBuiltin(std::string_view name) const;

 private:
  friend class CTypes;
  friend class BtfTypes;
  // A struct of BTF: its fields are read when they are asked for.
  struct BtfStruct {
    Type* type = nullptr;
    uint32_t id = 0;  // kernel::BtfId; 0: only declared so far
    bool is_complete = false;
    const kernel::Btf* btf = nullptr;  // a module's, the kernel's, or a program's
  };
  // A place below a struct: `a.b[2]`.
  struct Place {
    const Type* type = nullptr;
    uint64_t offset = 0;
  };
  const Type* JoinPointers(const Type* a, const Type* b);
  std::optional<Place> WalkPath(const parser::Expr& path, const Type* root);
  const Type* ResolveBaseType(const parser::TypeName& name, bool report);
  const Type* ResolvePointerType(const parser::TypeName& name, bool report = true);
  const Type* ResolveArrayOver(const parser::TypeName& name, const Type& value);
  // Null when it cannot be read; `btf_problem_` says why.
  const kernel::Btf* KernelBtf();
  // "struct x" as the preamble declares it with its fields; null otherwise.
  const Type* CStruct(std::string_view name);
  void CompleteFromBtf(const Type* type);
  // What the debug information of the probe's program knows; null when there is none.
  const kernel::Btf* ProgramTypes();
  const Type* BtfTypeNamed(std::string_view name, parser::TypeName::Tag tag);
  const Type* TypeNamedIn(const kernel::Btf* btf, std::string_view name, parser::TypeName::Tag tag);
  ExprPtr EnumeratorIn(const kernel::Btf* btf, std::string_view name, Span span);
  ExprPtr BtfEnumerator(std::string_view name, Span span);  // null when there is none
  // Null for what the language has no type for.
  const Type* TypeOfField(const ArgsFieldInfo& field);
  // The value of a field of the layout; null for a type that is not supported.
  ExprPtr ReadField(uint32_t index, Span span);
  const Type* EnumOfRecord(const ArgsFieldInfo& field);  // null when it is none that is known
  const Type* CEnum(uint32_t id);                        // a CTypeId
  const Type* CTypeOf(uint32_t id);                      // null for what the language has no type for
  // Enumerators become literals, other values of enums integers.
  ExprPtr EnumAsInteger(ExprPtr value);
  // What may have been meant by an unknown name; empty when nothing is near. Looked for once at each place, however often
  // the macro that it stands in is called.
  const std::string& NearestAt(Span span, std::string_view name, const std::function<std::vector<std::string>()>& known);
  bool JoinKey(uint32_t map, const Type* key, Span span);
  void WarnAboutSigns(const Type* held, const Type* offered, Span span);
  const Type* StoredType(const Type* type);
  const parser::Expr* FindParameter(std::string_view name) const;
  uint32_t ExpansionOf(const void* site, const parser::Macro& macro, Span span);
  bool EnterNesting(uint32_t depth, Span span);
  ExprPtr CheckMacroBody(MacroCall& call, const void* site, Span span);
  void DeclareMap(const parser::MapDeclaration& node, Span span);
  std::optional<uint32_t> MaxEntries(const parser::MapDeclaration& node, Span span);
  std::optional<uint32_t> MacroMap(std::string_view name, Span span);

  Program& program_;
  SourceManager& sources_;
  const Tables& tables_;
  World world_;
  const Options& options_;
  Diagnostics* diagnostics_ = nullptr;
  BodyScope scope_;
  bool changed_ = false;
  cheaders::CDeclarations c_;
  bool has_bpf_sources_ = false;
  std::map<uint32_t, const Type*> c_types_;  // by CTypeId
  std::optional<const kernel::Btf*> btf_;    // once it was asked for; null when it cannot be read
  std::string btf_problem_;
  std::map<const Type*, BtfStruct> btf_structs_;
  std::map<std::string, uint32_t, std::less<>> map_by_name_;
  std::map<std::string, MapDeclaration, std::less<>> declared_maps_;
  std::set<uint32_t> assigned_maps_;
  MacroTable macros_;
  std::map<std::pair<uint32_t, const void*>, uint32_t> expansions_;  // by the expansion around a call, and its site
  std::map<std::pair<FileId, uint32_t>, std::string> nearest_;       // by place
  uint32_t nesting_ = 0;                                             // of the macros and arguments being checked
  uint32_t expansion_count_ = 0;                                     // in this body
  bool expansion_refused_ = false;
  // Variables' types as known from earlier rounds, by body instance, macro call and declaration.
  using VariableKey = std::tuple<uint32_t, uint32_t, const void*>;
  struct VariableType {
    const Type* type = nullptr;
    bool is_declared = false;
  };
  std::map<VariableKey, VariableType> variable_types_;
  std::vector<VariableKey> variable_keys_;  // of the current body
};

StmtPtr MakeStmt(Span span, Stmt::Node node);

}  // namespace sonde::sema
