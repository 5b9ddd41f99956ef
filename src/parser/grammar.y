// The grammar of a script, over the tokens that the token pass has prepared.
//
// What LALR(1) cannot decide is decided there and arrives as a token of its own: CAST_LPAREN, EXPR_LBRACE, KEY_LBRACKET,
// TYPE_MARK. Actions only call the TreeBuilder. After an error the TokenFeed skips to the end of the statement,
// predicate or item and hands out RECOVER, PRED_CLOSE or ITEM_END, so that recovery never loses the nesting.
%require "3.8"
%language "c++"
%skeleton "lalr1.cc"
%define api.namespace {sonde::parser}
%define api.parser.class {Grammar}
%define api.value.type variant
%define api.value.automove
%define api.location.type {::sonde::Span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0

%code requires {
#include "parser/ast.h"
#include "parser/tree_parts.h"

namespace sonde::parser {
class TokenFeed;
class TreeBuilder;
}  // namespace sonde::parser
}

%parse-param {::sonde::parser::TokenFeed& feed} {::sonde::parser::TreeBuilder& build}
%lex-param {::sonde::parser::TokenFeed& feed}

%code {
#include "parser/token_feed.h"
#include "parser/tree_builder.h"

// The smallest span over the parts that are not empty.
#define YYLLOC_DEFAULT(Current, Rhs, N)                                                        \
  do {                                                                                         \
    if (N) {                                                                                   \
      size_t first = 1, last = (N);                                                            \
      while (first < last && YYRHSLOC(Rhs, first).length == 0) ++first;                        \
      while (last > first && YYRHSLOC(Rhs, last).length == 0) --last;                          \
      (Current) = ::sonde::Cover(YYRHSLOC(Rhs, first), YYRHSLOC(Rhs, last));                   \
    } else {                                                                                   \
      (Current) = {YYRHSLOC(Rhs, 0).file, YYRHSLOC(Rhs, 0).end(), 0};                          \
    }                                                                                          \
  } while (false)

namespace sonde::parser {
static int yylex(Grammar::value_type* value, Span* location, TokenFeed& feed) {
  return feed.Next(value, location);
}
}  // namespace sonde::parser
}

%token END 0 "the end of the script"

// Punctuation; error messages name what they expect in this order.
%token <uint32_t>
  COMMA "','"
  SEMICOLON "';'"
  RPAREN "')'"
  RBRACKET "']'"
  RBRACE "'}'"
  LBRACE "'{'"
  LPAREN "'('"
  CAST_LPAREN "a cast"
  LBRACKET "'['"
  KEY_LBRACKET "a key"
  EXPR_LBRACE "a block"
  COLON "':'"
  DOT "'.'"
  ARROW "'->'"
  DOTDOT "'..'"
  QUESTION "'?'"
  ASSIGN "'='"
  MUL_ASSIGN "'*='"
  DIV_ASSIGN "'/='"
  MOD_ASSIGN "'%='"
  ADD_ASSIGN "'+='"
  SUB_ASSIGN "'-='"
  SHL_ASSIGN "'<<='"
  SHR_ASSIGN "'>>='"
  AND_ASSIGN "'&='"
  XOR_ASSIGN "'^='"
  OR_ASSIGN "'|='"
  OROR "'||'"
  ANDAND "'&&'"
  PIPE "'|'"
  CARET "'^'"
  AMPERSAND "'&'"
  EQ "'=='"
  NE "'!='"
  LT "'<'"
  LE "'<='"
  GT "'>'"
  GE "'>='"
  SHL "'<<'"
  SHR "'>>'"
  PLUS "'+'"
  MINUS "'-'"
  STAR "'*'"
  SLASH "'/'"
  PERCENT "'%'"
  NOT "'!'"
  TILDE "'~'"
  INC "'++'"
  DEC "'--'"

// Structure.
%token <uint32_t>
  ITEM_END "the end of the item"
  RECOVER "the end of the statement"
  TYPE_MARK "a type"
  TOO_DEEP "text nested too deeply"
  BAD "text that cannot be read"
  CONFIG "'config'"
  IMPORT "'import'"
  MACRO "'macro'"
  C_DEFINITION "a C definition"
  SPEC "a probe"
  PROBE_NAME "the name of a probe"
  PRED_OPEN "a predicate"
  PRED_CLOSE "the closing '/'"

// Words.
%token <uint32_t>
  IF "'if'"
  ELSE "'else'"
  WHILE "'while'"
  FOR "'for'"
  UNROLL "'unroll'"
  LET "'let'"
  RETURN "'return'"
  BREAK "'break'"
  CONTINUE "'continue'"
  TRUE "'true'"
  FALSE "'false'"
  STRUCT "'struct'"
  UNION "'union'"
  ENUM "'enum'"
  TYPEOF "'typeof'"
  ID "a name"
  VARIABLE "a variable"
  MAP "a map"
  POSITIONAL "a positional parameter"
  POSITIONAL_COUNT "'$#'"
  INT "a number"
  FLOAT "a fraction"
  STRING "a string"

%right QUESTION COLON
%left OROR
%left ANDAND
%left PIPE
%left CARET
%left AMPERSAND
%left EQ NE
%left LT LE GT GE
%left SHL SHR
%left PLUS MINUS
%left STAR SLASH PERCENT

%nterm <ConfigBlock> config_body config_entries
%nterm <PendingEntry> config_entry
%nterm <std::vector<MacroParameter>> macro_parameters macro_parameter_list
%nterm <MacroParameter> macro_parameter
%nterm <NameToken> probe_name
%nterm <std::vector<ProbeSpec>> specs
%nterm <ExprPtr> predicate condition expr unary postfix primary argument expr_opt
%nterm <std::vector<ExprPtr>> arguments argument_list exprs
%nterm <Record> record_fields
%nterm <std::string> strings
%nterm <BlockPtr> block
%nterm <StatementList> statements terminated
%nterm <PendingStmt> simple_statement block_statement
%nterm <IfChain> if_chain
%nterm <BinaryOp> assign_op
%nterm <ForSource> for_source
%nterm <PendingType> type type_base type_stars tagged_type
%nterm <std::string> type_words
%nterm <std::vector<TypeName>> type_list
%nterm <TypeName::Tag> tag
%nterm <NameToken> field_name

%%

script:
  items
;

items:
  %empty
| items item ITEM_END
| items error ITEM_END  { yyerrok; }
;

item:
  C_DEFINITION  { build.AddCDefinition($1); }
| CONFIG ASSIGN LBRACE config_body RBRACE  { build.AddItem(@$, $4); }
| IMPORT STRING SEMICOLON  { build.AddImport(@$, $2); }
| LET MAP ASSIGN ID LPAREN expr_opt RPAREN SEMICOLON  { build.AddMapDeclaration(@$, $2, $4, $6); }
| MACRO ID LPAREN macro_parameters RPAREN LBRACE statements RBRACE
    { build.AddMacro(@$, $2, $4, true, ::sonde::Cover(@6, @8), $7); }
| MACRO ID LBRACE statements RBRACE
    { build.AddMacro(@$, $2, {}, false, ::sonde::Cover(@3, @5), $4); }
| probe_name specs predicate block
    { build.AddProbe(@$, $1, $2, $3, $4); }
;

// --- items

config_body:
  config_entries  { $$ = $1; }
| config_entries config_entry  { $$ = $1; $$.entries.push_back(std::move(*$2)); }
;

config_entries:
  %empty  {}
| config_entries separator  { $$ = $1; }
| config_entries config_entry separator  { $$ = $1; $$.entries.push_back(std::move(*$2)); }
| config_entries error RECOVER  { $$ = $1; yyerrok; }
;

separator:
  SEMICOLON
| COMMA
;

config_entry:
  ID ASSIGN expr  { $$ = build.MakeConfigEntry(@$, $1, $3); }
;

macro_parameters:
  %empty  {}
| macro_parameter_list
;

macro_parameter_list:
  macro_parameter  { $$.push_back($1); }
| macro_parameter_list COMMA macro_parameter  { $$ = $1; $$.push_back($3); }
;

macro_parameter:
  VARIABLE  { $$ = build.MakeParameter(MacroParameter::Kind::kVariable, $1); }
| MAP  { $$ = build.MakeParameter(MacroParameter::Kind::kMap, $1); }
| ID  { $$ = build.MakeParameter(MacroParameter::Kind::kExpression, $1); }
;

probe_name:
  %empty  {}
| PROBE_NAME ASSIGN  { $$ = build.Name($1); }
;

specs:
  SPEC  { $$.push_back(build.TakeSpec($1)); }
| specs COMMA SPEC  { $$ = $1; $$.push_back(build.TakeSpec($3)); }
;

predicate:
  %empty  {}
| PRED_OPEN condition PRED_CLOSE  { $$ = $2; }
| PRED_OPEN error PRED_CLOSE  { $$ = build.MakeError(@$); yyerrok; }
| PRED_OPEN error RECOVER  { $$ = build.MakeError(@$); yyerrok; }
;

// --- statements

block:
  LBRACE statements RBRACE  { $$ = build.MakeBlock(@$, $2); }
;

statements:
  terminated
| terminated simple_statement  { $$ = $1; $$.Add($2, false); }
;

terminated:
  %empty  {}
| terminated SEMICOLON  { $$ = $1; }
| terminated simple_statement SEMICOLON  { $$ = $1; $$.Add($2, true); }
| terminated block_statement  { $$ = $1; $$.Add($2, true); }
| terminated error RECOVER  { $$ = $1; $$.has_error = true; yyerrok; }
;

simple_statement:
  expr  { $$ = build.MakeStmt(@$, ExprStmt{$1}); }
| expr ASSIGN expr  { $$ = build.MakeAssign(@$, $1, {}, $3); }
| expr assign_op expr  { $$ = build.MakeAssign(@$, $1, $2, $3); }
| LET VARIABLE  { $$ = build.MakeLet(@$, $2, nullptr, nullptr); }
| LET VARIABLE ASSIGN expr  { $$ = build.MakeLet(@$, $2, nullptr, $4); }
| LET VARIABLE COLON type  { $$ = build.MakeLet(@$, $2, $4, nullptr); }
| LET VARIABLE COLON type ASSIGN expr  { $$ = build.MakeLet(@$, $2, $4, $6); }
| BREAK  { $$ = build.MakeStmt(@$, Break{}); }
| CONTINUE  { $$ = build.MakeStmt(@$, Continue{}); }
| RETURN expr_opt  { $$ = build.MakeStmt(@$, Return{$2}); }
;

assign_op:
  MUL_ASSIGN  { $$ = BinaryOp::kMul; }
| DIV_ASSIGN  { $$ = BinaryOp::kDiv; }
| MOD_ASSIGN  { $$ = BinaryOp::kMod; }
| ADD_ASSIGN  { $$ = BinaryOp::kAdd; }
| SUB_ASSIGN  { $$ = BinaryOp::kSub; }
| SHL_ASSIGN  { $$ = BinaryOp::kShl; }
| SHR_ASSIGN  { $$ = BinaryOp::kShr; }
| AND_ASSIGN  { $$ = BinaryOp::kBitAnd; }
| XOR_ASSIGN  { $$ = BinaryOp::kBitXor; }
| OR_ASSIGN  { $$ = BinaryOp::kBitOr; }
;

block_statement:
  block  { $$ = build.MakeStmt(@$, BlockStmt{$1}); }
| if_chain  { $$ = build.MakeIf($1); }
| if_chain ELSE block  { $$ = build.MakeIfElse(@$, $1, $3); }
| UNROLL expr block  { $$ = build.MakeStmt(@$, Unroll{$2, $3}); }
| WHILE condition block  { $$ = build.MakeStmt(@$, While{$2, $3}); }
| FOR LPAREN VARIABLE COLON for_source RPAREN block  { $$ = build.MakeFor(@$, $3, $5, $7); }
| FOR VARIABLE COLON for_source block  { $$ = build.MakeFor(@$, $2, $4, $5); }
;

if_chain:
  IF condition block  { $$.Add(@$, $2, $3); }
| if_chain ELSE IF condition block  { $$ = $1; $$.Add(::sonde::Cover(@3, @5), $4, $5); }
;

condition:
  expr  { $$ = build.CheckCondition($1); }
;

for_source:
  expr  { $$ = {$1, nullptr}; }
| expr DOTDOT expr  { $$ = {$1, $3}; }
;

// --- expressions

expr_opt:
  %empty  {}
| expr
;

exprs:
  expr  { $$.push_back($1); }
| exprs COMMA expr  { $$ = $1; $$.push_back($3); }
;

expr:
  unary
| expr QUESTION expr COLON expr  { $$ = build.MakeExpr(@$, Ternary{$1, $3, $5}); }
| expr QUESTION COLON expr %prec QUESTION  { $$ = build.MakeExpr(@$, Ternary{$1, nullptr, $4}); }
| expr OROR expr  { $$ = build.MakeBinary(@$, BinaryOp::kLogicalOr, $1, @2, $3); }
| expr ANDAND expr  { $$ = build.MakeBinary(@$, BinaryOp::kLogicalAnd, $1, @2, $3); }
| expr PIPE expr  { $$ = build.MakeBinary(@$, BinaryOp::kBitOr, $1, @2, $3); }
| expr CARET expr  { $$ = build.MakeBinary(@$, BinaryOp::kBitXor, $1, @2, $3); }
| expr AMPERSAND expr  { $$ = build.MakeBinary(@$, BinaryOp::kBitAnd, $1, @2, $3); }
| expr EQ expr  { $$ = build.MakeBinary(@$, BinaryOp::kEq, $1, @2, $3); }
| expr NE expr  { $$ = build.MakeBinary(@$, BinaryOp::kNe, $1, @2, $3); }
| expr LT expr  { $$ = build.MakeBinary(@$, BinaryOp::kLt, $1, @2, $3); }
| expr LE expr  { $$ = build.MakeBinary(@$, BinaryOp::kLe, $1, @2, $3); }
| expr GT expr  { $$ = build.MakeBinary(@$, BinaryOp::kGt, $1, @2, $3); }
| expr GE expr  { $$ = build.MakeBinary(@$, BinaryOp::kGe, $1, @2, $3); }
| expr SHL expr  { $$ = build.MakeBinary(@$, BinaryOp::kShl, $1, @2, $3); }
| expr SHR expr  { $$ = build.MakeBinary(@$, BinaryOp::kShr, $1, @2, $3); }
| expr PLUS expr  { $$ = build.MakeBinary(@$, BinaryOp::kAdd, $1, @2, $3); }
| expr MINUS expr  { $$ = build.MakeBinary(@$, BinaryOp::kSub, $1, @2, $3); }
| expr STAR expr  { $$ = build.MakeBinary(@$, BinaryOp::kMul, $1, @2, $3); }
| expr SLASH expr  { $$ = build.MakeBinary(@$, BinaryOp::kDiv, $1, @2, $3); }
| expr PERCENT expr  { $$ = build.MakeBinary(@$, BinaryOp::kMod, $1, @2, $3); }
;

unary:
  postfix
| NOT unary  { $$ = build.MakeExpr(@$, Unary{UnaryOp::kNot, $2}); }
| TILDE unary  { $$ = build.MakeExpr(@$, Unary{UnaryOp::kBitNot, $2}); }
| MINUS unary  { $$ = build.MakeExpr(@$, Unary{UnaryOp::kNegate, $2}); }
| PLUS unary  { $$ = build.MakeExpr(@$, Unary{UnaryOp::kPlus, $2}); }
| STAR unary  { $$ = build.MakeExpr(@$, Unary{UnaryOp::kDereference, $2}); }
| AMPERSAND unary  { $$ = build.MakeExpr(@$, Unary{UnaryOp::kAddressOf, $2}); }
| INC unary  { $$ = build.MakeIncDec(@$, $2, true, true); }
| DEC unary  { $$ = build.MakeIncDec(@$, $2, false, true); }
| CAST_LPAREN type RPAREN unary  { $$ = build.MakeExpr(@$, Cast{std::move(*$2), $4}); }
;

postfix:
  primary
| postfix INC  { $$ = build.MakeIncDec(@$, $1, true, false); }
| postfix DEC  { $$ = build.MakeIncDec(@$, $1, false, false); }
| postfix LBRACKET expr RBRACKET  { $$ = build.MakeExpr(@$, Index{$1, $3}); }
| postfix DOT field_name  { $$ = build.MakeField(@$, $1, $3, false); }
| postfix ARROW field_name  { $$ = build.MakeField(@$, $1, $3, true); }
;

field_name:
  ID  { $$ = build.Name($1); }
| INT  { $$ = build.FieldNumber($1); }
;

primary:
  INT  { $$ = build.MakeInteger($1); }
| FLOAT  { $$ = build.MakeFloat($1); }
| TRUE  { $$ = build.MakeExpr(@$, BoolLiteral{true}); }
| FALSE  { $$ = build.MakeExpr(@$, BoolLiteral{false}); }
| strings  { $$ = build.MakeExpr(@$, StringLiteral{$1}); }
| ID  { $$ = build.MakeIdentifier($1); }
| ID LPAREN arguments RPAREN  { $$ = build.MakeCall(@$, $1, $3); }
| TYPEOF LPAREN arguments RPAREN  { $$ = build.MakeCall(@$, $1, $3); }
| VARIABLE  { $$ = build.MakeVariable($1); }
| MAP  { $$ = build.MakeMap(@$, $1, {}, false); }
| MAP KEY_LBRACKET exprs RBRACKET  { $$ = build.MakeMap(@$, $1, $3, true); }
| POSITIONAL  { $$ = build.MakePositional($1); }
| POSITIONAL_COUNT  { $$ = build.MakeExpr(@$, PositionalCount{}); }
| LPAREN expr RPAREN  { $$ = build.MakeExpr(@$, Paren{$2}); }
| LPAREN RPAREN  { $$ = build.MakeExpr(@$, Tuple{}); }
| LPAREN expr COMMA RPAREN  { $$ = build.MakeTuple(@$, $2, {}); }
| LPAREN expr COMMA exprs RPAREN  { $$ = build.MakeTuple(@$, $2, $4); }
| LPAREN expr COMMA exprs COMMA RPAREN  { $$ = build.MakeTuple(@$, $2, $4); }
| LPAREN record_fields RPAREN  { $$ = build.MakeExpr(@$, $2); }
| LPAREN record_fields COMMA RPAREN  { $$ = build.MakeExpr(@$, $2); }
| EXPR_LBRACE statements RBRACE  { $$ = build.MakeBlockExpr(@$, $2, true); }
| BAD  { $$ = build.MakeError(@$); }
;

strings:
  STRING  { $$ = build.TakeString($1); }
| strings STRING  { $$ = $1; $$ += build.TakeString($2); }
;

record_fields:
  ID ASSIGN expr  { $$.fields.push_back(build.MakeRecordField($1, $3)); }
| record_fields COMMA ID ASSIGN expr  { $$ = $1; $$.fields.push_back(build.MakeRecordField($3, $5)); }
;

arguments:
  %empty  {}
| argument_list
;

argument_list:
  argument  { $$.push_back($1); }
| argument_list COMMA argument  { $$ = $1; $$.push_back($3); }
;

argument:
  expr
| TYPE_MARK type  { $$ = build.MakeExpr(@$, TypeArgument{std::move(*$2)}); }
;

// --- types

type:
  type_stars
| type LBRACKET expr RBRACKET  { $$ = build.AddDimension(@$, $1, $3); }
| type LBRACKET RBRACKET  { $$ = build.AddDimension(@$, $1, std::nullopt); }
;

type_stars:
  type_base
| type_stars STAR  { $$ = $1; ++$$->pointer_depth; $$->span = @$; }
;

type_base:
  tagged_type
| type_words  { $$ = build.MakeNamedType(@$, $1); }
| type_words tagged_type  { $$ = build.MakeQualifiedType(@$, $1, $2); }
| TYPEOF LPAREN argument RPAREN  { $$ = build.MakeTypeof(@$, $3); }
| LPAREN type_list RPAREN  { $$ = build.MakeTupleType(@$, $2); }
| LPAREN type_list COMMA RPAREN  { $$ = build.MakeTupleType(@$, $2); }
;

tagged_type:
  tag ID  { $$ = build.MakeTaggedType(@$, $1, $2); }
;

tag:
  STRUCT  { $$ = TypeName::Tag::kStruct; }
| UNION  { $$ = TypeName::Tag::kUnion; }
| ENUM  { $$ = TypeName::Tag::kEnum; }
;

type_words:
  ID  { $$ = build.Text($1); }
| type_words ID  { $$ = $1; $$ += " " + build.Text($2); }
;

type_list:
  type  { $$.push_back(std::move(*$1)); }
| type_list COMMA type  { $$ = $1; $$.push_back(std::move(*$3)); }
;

%%

namespace sonde::parser {

// Errors come through report_syntax_error alone; bison asks for this one for its own exceptions, which we never throw.
void Grammar::error(const Span&, const std::string&) {}

void Grammar::report_syntax_error(const context& state) const {
  constexpr int kMaxExpected = YYNTOKENS;
  symbol_kind_type kinds[kMaxExpected];
  int count = state.expected_tokens(kinds, kMaxExpected);
  feed.OnSyntaxError(kinds, count);
}

}  // namespace sonde::parser
