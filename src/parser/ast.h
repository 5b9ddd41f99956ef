// src/parser: script text → immutable Ast, and back to text.
//
// Enters: one file of a SourceManager. Leaves: an Ast whose every node knows its exact span. Names are still strings;
// src/sema resolves them. Nodes are closed variants: visit them, so that an omission does not compile.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/source.h"

namespace sonde::parser {

struct Expr;
struct Stmt;
struct Block;
using ExprPtr = std::unique_ptr<const Expr>;
using StmtPtr = std::unique_ptr<const Stmt>;
using BlockPtr = std::unique_ptr<const Block>;

// A type as written: `uint64`, `struct task_struct *`, `uint8[16]`, `string[64]`, `typeof(x)`.
struct TypeName {
  enum class Tag { kNone, kStruct, kUnion, kEnum };
  Span span;
  uint32_t depth = 1;  // nesting below this node, as Expr::depth
  Tag tag = Tag::kNone;
  // Without the tag and without `const`; several words of C are joined by one blank (`unsigned long`); empty for typeof
  // and for tuples.
  std::string name;
  bool is_const = false;  // qualifiers mean nothing; the formatter keeps them
  bool is_volatile = false;
  ExprPtr typeof_expr;                          // typeof(expression)
  std::unique_ptr<const TypeName> typeof_type;  // typeof(type)
  std::vector<TypeName> tuple;                  // (int32, string)
  bool is_tuple = false;
  int pointer_depth = 0;
  std::vector<std::optional<ExprPtr>> dimensions;  // `[N]` or `[]`, outermost first
};

enum class UnaryOp { kNot, kBitNot, kNegate, kPlus, kDereference, kAddressOf };
enum class BinaryOp {
  kMul,
  kDiv,
  kMod,
  kAdd,
  kSub,
  kShl,
  kShr,
  kLt,
  kLe,
  kGt,
  kGe,
  kEq,
  kNe,
  kBitAnd,
  kBitXor,
  kBitOr,
  kLogicalAnd,
  kLogicalOr,
};

// --- expressions

struct IntLiteral {
  uint64_t value = 0;    // a duration is in nanoseconds
  std::string spelling;  // as written: `0x1f`, `1_000`, `100ms`
};
struct FloatLiteral {
  double value = 0;
  std::string spelling;
};
struct BoolLiteral {
  bool value = false;
};
struct StringLiteral {
  std::string value;  // escapes resolved, adjacent literals joined
};
// A builtin, an enumerator, a C macro, a macro parameter: sema tells.
struct Identifier {
  std::string name;
};
struct Variable {
  std::string name;  // without `$`
};
// `@`, `@m`, `@m[k]`, `@m[k1, k2]`.
struct MapAccess {
  std::string name;  // without `@`; empty for the anonymous map
  std::vector<ExprPtr> keys;
  bool has_brackets = false;
};
struct Positional {
  uint32_t index = 0;  // `$1` is 1
};
struct PositionalCount {};  // `$#`
struct Unary {
  UnaryOp op;
  ExprPtr operand;
};
struct Binary {
  BinaryOp op;
  ExprPtr left;
  ExprPtr right;
  Span op_span;
};
// `x++`, `--x` as expressions.
struct IncDec {
  ExprPtr target;
  bool increment = true;
  bool prefix = false;
};
struct Ternary {
  ExprPtr condition;
  ExprPtr then_value;  // null for `a ?: b`
  ExprPtr else_value;
};
// `f(args)`. Arguments may be types for sizeof-like builtins: see TypeArgument.
struct Call {
  std::string name;
  Span name_span;
  std::vector<ExprPtr> args;
};
// A type in the place of an argument: `sizeof(struct x)`, `offsetof(struct x, a.b)`, `is_ptr(uint8*)`. A lone name is
// parsed as Identifier; sema decides.
struct TypeArgument {
  TypeName type;
};
struct FieldAccess {
  ExprPtr base;
  std::string field;  // a decimal number for tuples
  Span field_span;
  bool arrow = false;
};
struct Index {
  ExprPtr base;
  ExprPtr index;
};
struct Cast {
  TypeName type;
  ExprPtr operand;
};
// `(x)`, kept because `(T) - x` is a cast when sema finds that T is a type.
struct Paren {
  ExprPtr inner;
};
struct Tuple {
  std::vector<ExprPtr> elements;
};
struct Record {
  struct Field {
    std::string name;
    Span name_span;
    ExprPtr value;
  };
  std::vector<Field> fields;
};
// `{ statements; value }`
struct BlockExpr {
  std::vector<StmtPtr> statements;
  ExprPtr value;
};
// Stands where the parser has already reported an error.
struct ErrorExpr {};

struct Expr {
  using Node = std::variant<IntLiteral, FloatLiteral, BoolLiteral, StringLiteral, Identifier, Variable, MapAccess,
                            Positional, PositionalCount, Unary, Binary, IncDec, Ternary, Call, TypeArgument,
                            FieldAccess, Index, Cast, Paren, Tuple, Record, BlockExpr, ErrorExpr>;
  Span span;
  uint32_t depth = 1;  // nesting below this node, at most kMaxNesting
  Node node;
};

// How deep expressions and blocks may nest; deeper input is a diagnostic. Bounds every recursion over the tree.
inline constexpr uint32_t kMaxNesting = 500;

// --- statements

struct Block {
  Span span;           // with its braces
  uint32_t depth = 1;  // nesting below this node, as Expr::depth
  std::vector<StmtPtr> statements;
};

struct ExprStmt {
  ExprPtr expr;
};
// `target = value`, `target += value`.
struct Assign {
  ExprPtr target;
  std::optional<BinaryOp> op;
  ExprPtr value;
};
// `let $x`, `let $x: type = value`.
struct Let {
  std::string name;
  Span name_span;
  std::unique_ptr<const TypeName> type;  // may be null
  ExprPtr value;                         // may be null
};
// `_ = value`
struct Discard {
  ExprPtr value;
};
struct If {
  ExprPtr condition;
  BlockPtr then_block;
  BlockPtr else_block;  // null without else; `else if` is a block that holds one If
  bool else_is_if = false;
};
struct Unroll {
  ExprPtr count;
  BlockPtr body;
};
struct While {
  ExprPtr condition;
  BlockPtr body;
};
struct ForRange {
  std::string variable;
  Span variable_span;
  ExprPtr start;
  ExprPtr end;
  BlockPtr body;
};
struct ForMap {
  std::string variable;
  Span variable_span;
  ExprPtr map;
  BlockPtr body;
};
struct Break {};
struct Continue {};
struct Return {
  ExprPtr value;  // may be null
};
struct BlockStmt {
  BlockPtr block;
};

struct Stmt {
  using Node = std::variant<ExprStmt, Assign, Let, Discard, If, Unroll, While, ForRange, ForMap, Break, Continue,
                            Return, BlockStmt>;
  Span span;           // without its semicolon
  uint32_t depth = 1;  // nesting below this node, as Expr::depth
  Node node;
};

// --- top level

// C text taken whole: `#include`, `#define`, `struct x { … };`, `enum`, `union`, `typedef`. One item per construct.
struct CDefinition {
  std::string text;
};
struct ConfigEntry {
  Span span;
  std::string name;
  Span name_span;
  ExprPtr value;  // an Identifier for words such as `warn`
};
struct ConfigBlock {
  std::vector<ConfigEntry> entries;
};
struct Import {
  std::string path;
};
// `let @map = hash(N);`
struct MapDeclaration {
  std::string name;
  Span name_span;
  std::string map_type;
  Span type_span;
  ExprPtr max_entries;  // may be null
};
struct MacroParameter {
  enum class Kind { kVariable, kMap, kExpression };
  Span span;
  Kind kind;
  std::string name;  // without `$` or `@`
};
struct Macro {
  std::string name;
  Span name_span;
  std::vector<MacroParameter> parameters;
  bool has_parentheses = true;
  ExprPtr body;  // a BlockExpr, whose value is null when the macro is a statement; ErrorExpr where it nests too deep
};
// One attach point as written: `tracepoint:syscalls:sys_enter_*`. `$1` is left in.
struct ProbeSpec {
  Span span;
  std::string text;  // with its quotes and escapes, without blanks around `:`
  struct Part {
    Span span;         // with its quotes
    std::string text;  // without quotes and escapes
    bool quoted = false;
  };
  std::vector<Part> parts;  // split at `:` (also at `@` for uprobe:path@file:line: sema's descriptor does that)
};
struct Probe {
  std::string name;  // of `name=spec { … }`; may be empty
  Span name_span;
  std::vector<ProbeSpec> specs;
  ExprPtr predicate;  // may be null
  BlockPtr body;
};

struct Item {
  using Node = std::variant<CDefinition, ConfigBlock, Import, MapDeclaration, Macro, Probe>;
  Span span;
  Node node;
};

struct Comment {
  Span span;          // with its marks
  bool line = false;  // `//` (also the `#!` line)
};

struct Ast {
  FileId file = 0;
  std::vector<Item> items;        // in source order
  std::vector<Comment> comments;  // in source order
};

}  // namespace sonde::parser
