#include "parser/token_pass.h"

#include <string_view>
#include <unordered_set>
#include <vector>

namespace sonde::parser {
namespace {

// Bounds the look ahead over `typeof(…)`.
constexpr uint32_t kMaxTypeTokens = 1000;

// Names that are types wherever they stand, so that `(uint64) -1` is a cast.
const std::unordered_set<std::string_view> kTypeNames = {
    "int8",    "int16",   "int32",   "int64",    "uint8",    "uint16",    "uint32",   "uint64",  "int8_t", "int16_t",
    "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t",  "size_t",   "ssize_t", "bool",   "string",
    "void",    "char",    "short",   "int",      "long",     "signed",    "unsigned", "float",   "double", "u8",
    "u16",     "u32",     "u64",     "s8",       "s16",      "s32",       "s64",      "__u8",    "__u16",  "__u32",
    "__u64",   "__s8",    "__s16",   "__s32",    "__s64",    "uintptr_t", "intptr_t",
};

// Words of C that may stand beside another word in a type.
const std::unordered_set<std::string_view> kTypeWords = {"const", "volatile", "signed", "unsigned", "char",
                                                         "short", "int",      "long",   "double"};

struct TypeMatch {
  uint32_t end = kNoToken;  // index of the token after the type; kNoToken when there is none
  bool definite = false;    // can be nothing else: `struct x`, `T *`, `unsigned long`
  bool known = false;       // a name of kTypeNames
  bool dimensions = false;  // ends in `[…]`
};

struct Level {
  uint32_t index;  // of the open bracket
  TokenKind kind;
  bool is_call = false;    // `f(`
  uint32_t operators = 0;  // run of prefix operators before the operand that is being read
  uint32_t ternaries = 0;  // `?` of the expression that is being read
};

class TokenPass {
 public:
  TokenPass(TokenStream& stream, const SourceManager& sources, Diagnostics& diagnostics)
      : stream_(stream), tokens_(stream.tokens), sources_(sources), diagnostics_(diagnostics) {
    ClearLevels();
  }

  void Run() {
    auto count = static_cast<uint32_t>(tokens_.size());
    for (read_ = 0; read_ < count; ++read_) {
      Token token = tokens_[read_];
      token.enclosing = levels_.back().index;
      Classify(token);
      CountNesting(token);
      if (nesting_ > kMaxNesting) {
        CutItem(token);
      } else {
        tokens_[write_++] = token;
      }
    }
    tokens_.resize(write_);
  }

 private:
  TokenKind Kind(uint32_t index) const { return index < tokens_.size() ? tokens_[index].kind : TokenKind(Tk::END); }
  TokenKind Previous() const { return write_ > 0 ? tokens_[write_ - 1].kind : TokenKind(Tk::ITEM_END); }
  std::string_view Text(uint32_t index) const { return sources_.Text(stream_.SpanOf(tokens_[index])); }

  void ClearLevels() {
    levels_.assign(1, Level{kNoToken, Tk::ITEM_END});
    nesting_ = 0;
  }

  void Classify(Token& token) {
    TokenKind previous = Previous();
    switch (token.kind) {
      case Tk::LPAREN:
        if (OpensCast(previous)) token.kind = Tk::CAST_LPAREN;
        break;
      case Tk::LBRACKET:
        if (previous == Tk::MAP) token.kind = Tk::KEY_LBRACKET;
        break;
      case Tk::LBRACE:
        if (OpensBlockExpression(previous) || IsLastOfBlockExpression(previous)) token.kind = Tk::EXPR_LBRACE;
        break;
      default:
        break;
    }
    bool argument_starts = (previous == Tk::LPAREN || previous == Tk::COMMA) && levels_.back().is_call;
    if (argument_starts && IsTypeArgument()) token.type_follows = true;
  }

  // --- types

  TypeMatch MatchType(uint32_t index) const {
    TypeMatch match;
    TokenKind kind = Kind(index);
    while (kind == Tk::ID && kTypeWords.contains(Text(index)) && IsTypeWord(index + 1)) {
      match.definite = true;
      kind = Kind(++index);
    }
    if (kind == Tk::STRUCT || kind == Tk::UNION || kind == Tk::ENUM) {
      if (Kind(index + 1) != Tk::ID) return match;
      match.definite = true;
      index += 2;
    } else if (kind == Tk::TYPEOF) {
      index = SkipParentheses(index + 1);
      if (index == kNoToken) return match;
      match.known = true;
    } else if (kind == Tk::ID) {
      match.known = kTypeNames.contains(Text(index));
      ++index;
    } else {
      return match;
    }
    for (; Kind(index) == Tk::STAR; ++index) match.definite = true;
    while (Kind(index) == Tk::LBRACKET) {
      TokenKind inner = Kind(++index);
      if (inner == Tk::INT || inner == Tk::ID || inner == Tk::POSITIONAL) ++index;
      if (Kind(index) != Tk::RBRACKET) return match;
      ++index;
      match.dimensions = true;
    }
    match.end = index;
    return match;
  }

  bool IsTypeWord(uint32_t index) const {
    TokenKind kind = Kind(index);
    return kind == Tk::ID || kind == Tk::STRUCT || kind == Tk::UNION || kind == Tk::ENUM;
  }

  // From a `(` to past its `)`.
  uint32_t SkipParentheses(uint32_t index) const {
    if (Kind(index) != Tk::LPAREN) return kNoToken;
    uint32_t depth = 0;
    for (uint32_t end = index + kMaxTypeTokens; index < end; ++index) {
      TokenKind kind = Kind(index);
      if (kind == Tk::LPAREN) ++depth;
      if (kind == Tk::RPAREN && --depth == 0) return index + 1;
      if (kind == Tk::ITEM_END || kind == Tk::END) return kNoToken;
    }
    return kNoToken;
  }

  // `(T) operand`. A lone name that is no known type is one only before what cannot continue an expression; sema
  // decides about `(T) - x`.
  bool OpensCast(TokenKind previous) const {
    if (EndsOperand(previous) && previous != Tk::RBRACE && !after_cast_) return false;
    if (previous == Tk::TYPEOF || previous == Tk::FOR || previous == Tk::COLON) {
      // `for (`, `typeof(`, and the tuple type of `let $x: (…)`.
      if (previous != Tk::COLON || IsLetType()) return false;
    }
    TypeMatch match = MatchType(read_ + 1);
    if (match.end == kNoToken || Kind(match.end) != Tk::RPAREN) return false;
    if (match.definite) return true;
    TokenKind next = Kind(match.end + 1);
    if (match.known) return StartsPlainOperand(next) || StartsSignedOperand(next);
    bool is_condition = previous == Tk::IF || previous == Tk::WHILE || previous == Tk::UNROLL;
    return !is_condition && StartsPlainOperand(next);
  }

  bool IsLetType() const { return write_ >= 3 && tokens_[write_ - 3].kind == Tk::LET; }

  static bool StartsPlainOperand(TokenKind kind) {
    return kind == Tk::ID || kind == Tk::VARIABLE || kind == Tk::MAP || kind == Tk::POSITIONAL ||
           kind == Tk::POSITIONAL_COUNT || kind == Tk::INT || kind == Tk::FLOAT || kind == Tk::STRING ||
           kind == Tk::TRUE || kind == Tk::FALSE || kind == Tk::LPAREN || kind == Tk::NOT || kind == Tk::TILDE ||
           kind == Tk::TYPEOF;
  }

  static bool StartsSignedOperand(TokenKind kind) {
    return kind == Tk::MINUS || kind == Tk::PLUS || kind == Tk::STAR || kind == Tk::AMPERSAND || kind == Tk::INC ||
           kind == Tk::DEC;
  }

  // A whole argument that can only be a type. A lone name stays a name: sema knows.
  bool IsTypeArgument() const {
    TypeMatch match = MatchType(read_);
    if (match.end == kNoToken) return false;
    TokenKind next = Kind(match.end);
    if (next != Tk::COMMA && next != Tk::RPAREN) return false;
    return match.definite || Kind(read_) == Tk::TYPEOF || (match.known && match.dimensions);
  }

  // True where an operand is needed.
  bool OpensBlockExpression(TokenKind previous) const {
    if (after_cast_) return true;
    if (EndsOperand(previous)) return false;
    switch (previous) {
      case Tk::ITEM_END:
      case Tk::SPEC:
      case Tk::PRED_CLOSE:
      case Tk::SEMICOLON:
      case Tk::LBRACE:
      case Tk::EXPR_LBRACE:
      case Tk::ELSE:
      case Tk::FOR:
      case Tk::BREAK:
      case Tk::CONTINUE:
      case Tk::MACRO:
        return false;
      case Tk::ASSIGN:
        return write_ < 2 || tokens_[write_ - 2].kind != Tk::CONFIG;
      default:
        return true;
    }
  }

  // A block in the place of a statement that ends a block expression is that one's value.
  bool IsLastOfBlockExpression(TokenKind previous) const {
    if (levels_.back().kind != Tk::EXPR_LBRACE) return false;
    if (previous != Tk::SEMICOLON && previous != Tk::EXPR_LBRACE && previous != Tk::RBRACE) return false;
    uint32_t depth = 0;
    for (uint32_t index = read_; index < tokens_.size() && Kind(index) != Tk::ITEM_END; ++index) {
      if (Kind(index) == Tk::LBRACE) ++depth;
      if (Kind(index) == Tk::RBRACE && --depth == 0) return Kind(index + 1) == Tk::RBRACE;
    }
    return false;
  }

  // --- nesting

  static bool IsOpen(TokenKind kind) {
    return kind == Tk::LPAREN || kind == Tk::CAST_LPAREN || kind == Tk::LBRACKET || kind == Tk::KEY_LBRACKET ||
           kind == Tk::LBRACE || kind == Tk::EXPR_LBRACE;
  }

  static bool Matches(TokenKind open, TokenKind close) {
    switch (close) {
      case Tk::RPAREN:
        return open == Tk::LPAREN || open == Tk::CAST_LPAREN;
      case Tk::RBRACKET:
        return open == Tk::LBRACKET || open == Tk::KEY_LBRACKET;
      default:
        return open == Tk::LBRACE || open == Tk::EXPR_LBRACE;
    }
  }

  void CountNesting(const Token& token) {
    after_cast_ = false;
    if (IsOpen(token.kind)) {
      levels_.push_back({write_, token.kind, token.kind == Tk::LPAREN && IsCallee(Previous())});
      ++nesting_;
      return;
    }
    switch (token.kind) {
      case Tk::RPAREN:
      case Tk::RBRACKET:
        if (Matches(levels_.back().kind, token.kind)) PopLevel();
        break;
      case Tk::RBRACE:
        while (levels_.size() > 1 && !Matches(levels_.back().kind, token.kind)) PopLevel();
        if (levels_.size() > 1) PopLevel();
        if (levels_.back().kind == Tk::LBRACE) EndExpression();
        break;
      case Tk::ITEM_END:
        ClearLevels();
        break;
      case Tk::SEMICOLON:
        while (levels_.size() > 1 && !Matches(levels_.back().kind, Tk::RBRACE)) PopLevel();
        EndExpression();
        break;
      case Tk::COMMA:
        EndExpression();
        break;
      case Tk::QUESTION:
        ++levels_.back().ternaries;
        ++nesting_;
        EndOperators();
        break;
      case Tk::NOT:
      case Tk::TILDE:
      case Tk::MINUS:
      case Tk::PLUS:
      case Tk::STAR:
      case Tk::AMPERSAND:
      case Tk::ANDAND:
      case Tk::INC:
      case Tk::DEC:
        ++levels_.back().operators;
        ++nesting_;
        break;
      default:
        EndOperators();
        break;
    }
  }

  static bool IsCallee(TokenKind kind) { return kind == Tk::ID || kind == Tk::TYPEOF; }

  void PopLevel() {
    bool was_cast = levels_.back().kind == Tk::CAST_LPAREN;
    nesting_ -= 1 + levels_.back().operators + levels_.back().ternaries;
    levels_.pop_back();
    if (!was_cast) return EndOperators();
    // A cast is a prefix operator.
    after_cast_ = true;
    ++levels_.back().operators;
    ++nesting_;
  }

  void EndOperators() {
    nesting_ -= levels_.back().operators;
    levels_.back().operators = 0;
  }

  void EndExpression() {
    EndOperators();
    nesting_ -= levels_.back().ternaries;
    levels_.back().ternaries = 0;
  }

  // Replaces the rest of the item by TOO_DEEP and the braces that close what is open.
  void CutItem(Token token) {
    ReportNesting(stream_, diagnostics_, stream_.SpanOf(token));
    bool opened_brace = token.kind == Tk::LBRACE || token.kind == Tk::EXPR_LBRACE;
    token.kind = Tk::TOO_DEEP;
    token.type_follows = false;
    tokens_[write_++] = token;
    uint32_t open = opened_brace ? 1 : 0;
    if (opened_brace) levels_.pop_back();
    for (++read_; Kind(read_) != Tk::ITEM_END && Kind(read_) != Tk::END; ++read_) {
      Token next = tokens_[read_];
      if (next.kind == Tk::LBRACE) ++open;
      if (next.kind != Tk::RBRACE) continue;
      if (open > 0) {
        --open;
        continue;
      }
      while (levels_.size() > 1 && !Matches(levels_.back().kind, Tk::RBRACE)) levels_.pop_back();
      next.enclosing = levels_.back().index;
      next.synthetic = true;
      if (levels_.size() > 1) levels_.pop_back();
      tokens_[write_++] = next;
    }
    Token end = tokens_[read_];
    end.enclosing = kNoToken;
    tokens_[write_++] = end;
    ClearLevels();
  }

  TokenStream& stream_;
  std::vector<Token>& tokens_;
  const SourceManager& sources_;
  Diagnostics& diagnostics_;
  std::vector<Level> levels_;
  uint32_t nesting_ = 0;
  bool after_cast_ = false;  // the token before closed a cast
  uint32_t read_ = 0;
  uint32_t write_ = 0;  // never past read_
};

}  // namespace

void PrepareTokens(TokenStream& stream, const SourceManager& sources, Diagnostics& diagnostics) {
  TokenPass(stream, sources, diagnostics).Run();
}

}  // namespace sonde::parser
