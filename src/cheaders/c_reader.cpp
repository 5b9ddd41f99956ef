#include "cheaders/c_reader.h"

#include <memory>

#include "cheaders/c_source.h"

namespace sonde::cheaders {
namespace {

// The rest of `text` behind `prefix`; empty when it does not start with it.
std::string_view Behind(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view();
}

// The character behind a backslash; nothing for digits.
std::optional<char> Unescape(char c) {
  constexpr std::string_view kNames = "abfnrtv\\\"'?";
  constexpr std::string_view kCharacters = "\a\b\f\n\r\t\v\\\"'?";
  const size_t at = kNames.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return kCharacters[at];
}

// The spelling of a string literal as libclang prints it (one literal, octal escapes of three digits) → its bytes.
// Nothing for literals of wide characters.
std::optional<std::string> Unquote(std::string_view spelling) {
  if (spelling.size() < 2 || spelling.front() != '"' || spelling.back() != '"') return std::nullopt;
  spelling = spelling.substr(1, spelling.size() - 2);
  std::string text;
  for (size_t i = 0; i < spelling.size(); ++i) {
    if (spelling[i] != '\\' || i + 1 == spelling.size()) {
      text += spelling[i];
    } else if (std::optional<char> plain = Unescape(spelling[i + 1])) {
      text += *plain;
      ++i;
    } else {
      unsigned value = 0;
      size_t digits = 0;
      while (digits < 3 && i + 1 < spelling.size() && spelling[i + 1] >= '0' && spelling[i + 1] <= '7') {
        value = value * 8 + static_cast<unsigned>(spelling[++i] - '0');
        ++digits;
      }
      text += static_cast<char>(value);
    }
  }
  return text;
}

unsigned LineOf(const Libclang& clang, CXCursor cursor) {
  unsigned line = 0;
  clang.clang_getExpansionLocation(clang.clang_getCursorLocation(cursor), nullptr, &line, nullptr, nullptr);
  return line;
}

}  // namespace

DeclarationReader::DeclarationReader(const Libclang& clang, const std::vector<std::string>& names,
                                     std::set<unsigned> error_lines)
    : clang_(clang),
      name_list_(names),
      names_(names.begin(), names.end()),
      error_lines_(std::move(error_lines)),
      types_(clang, declarations_) {}

CXChildVisitResult DeclarationReader::VisitCursor(CXCursor cursor, CXCursor parent, CXClientData self) {
  auto& reader = *static_cast<DeclarationReader*>(self);
  reader.Visit(cursor, parent);
  // C gives the enumerators and tags inside a struct to the file, too.
  const CXCursorKind kind = reader.clang_.clang_getCursorKind(cursor);
  const bool may_nest = kind == CXCursor_StructDecl || kind == CXCursor_UnionDecl || kind == CXCursor_EnumDecl;
  return may_nest ? CXChildVisit_Recurse : CXChildVisit_Continue;
}

void DeclarationReader::Read(CXTranslationUnit unit) {
  clang_.clang_visitChildren(clang_.clang_getTranslationUnitCursor(unit), VisitCursor, this);
  types_.Finish();
}

void DeclarationReader::Visit(CXCursor cursor, CXCursor parent) {
  const CXCursorKind kind = clang_.clang_getCursorKind(cursor);
  const bool is_tagged = kind == CXCursor_StructDecl || kind == CXCursor_UnionDecl || kind == CXCursor_EnumDecl;
  const bool is_wanted = is_tagged || kind == CXCursor_TypedefDecl || kind == CXCursor_EnumConstantDecl ||
                         kind == CXCursor_VarDecl || kind == CXCursor_FunctionDecl;
  if (!is_wanted) return;
  if (clang_.clang_isInvalidDeclaration(cursor) != 0) return;
  const std::string name = clang_.Text(clang_.clang_getCursorSpelling(cursor));
  if (kind == CXCursor_VarDecl) {
    VisitVariable(cursor, name);
  } else if (kind == CXCursor_FunctionDecl) {
    if (IsWanted(name)) VisitFunction(cursor, name);
  } else if (kind == CXCursor_TypedefDecl) {
    VisitTypedef(cursor, name);
  } else if (kind == CXCursor_EnumConstantDecl) {
    if (IsWanted(name)) types_.Describe(clang_.clang_getCursorType(parent));  // the whole enum, with its enumerators
  } else if (IsWanted(name)) {
    types_.Describe(clang_.clang_getCursorType(cursor));
  }
}

void DeclarationReader::VisitTypedef(CXCursor cursor, const std::string& name) {
  const std::string alias(Behind(name, kAliasPrefix));
  if (alias.empty() && !IsWanted(name)) return;
  // A macro that is empty or `const` alone leaves a typedef of int behind, and an error.
  if (!alias.empty() && error_lines_.contains(LineOf(clang_, cursor))) return;
  const CTypeId type = types_.Describe(clang_.clang_getTypedefDeclUnderlyingType(cursor));
  declarations_.typedefs.insert_or_assign(alias.empty() ? name : alias, type);
}

void DeclarationReader::VisitFunction(CXCursor cursor, const std::string& name) {
  const CXType type = clang_.clang_getCursorType(cursor);
  CFunction function{.result = types_.Describe(clang_.clang_getResultType(type))};
  function.is_static = clang_.clang_getCursorLinkage(cursor) == CXLinkage_Internal;
  function.is_variadic = clang_.clang_isFunctionTypeVariadic(type) != 0;
  const int count = clang_.clang_Cursor_getNumArguments(cursor);
  for (int i = 0; i < count; ++i) {
    const CXCursor parameter = clang_.clang_Cursor_getArgument(cursor, static_cast<unsigned>(i));
    function.parameters.push_back(types_.Describe(clang_.clang_getCursorType(parameter)));
  }
  declarations_.functions.insert_or_assign(name, std::move(function));
}

void DeclarationReader::VisitVariable(CXCursor cursor, std::string_view name) {
  if (name == kSentinel) {
    saw_sentinel_ = true;
  } else if (std::string_view after = Behind(name, kAfterPrefix); !after.empty()) {
    survived_.emplace(after);
  } else if (std::string_view typed = Behind(name, kTypePrefix); !typed.empty()) {
    macro_types_.emplace(typed, types_.Describe(clang_.clang_getCursorType(cursor)));
  } else if (std::string_view integer = Behind(name, kIntegerPrefix); !integer.empty()) {
    ReadInteger(cursor, std::string(integer));
  } else if (std::string_view value = Behind(name, kValuePrefix); !value.empty()) {
    ReadValue(cursor, std::string(value));
  }
}

namespace {

struct DisposeResult {
  const Libclang* clang;
  void operator()(void* result) const { clang->clang_EvalResult_dispose(result); }
};
using EvalResult = std::unique_ptr<void, DisposeResult>;

}  // namespace

void DeclarationReader::ReadInteger(CXCursor cursor, const std::string& name) {
  const auto type = macro_types_.find(name);
  if (type == macro_types_.end()) return;
  const CType& described = declarations_.types[type->second];
  const bool is_integer = described.kind == CKind::kInt || described.kind == CKind::kBool ||
                          described.kind == CKind::kEnum || described.kind == CKind::kPointer;
  if (!is_integer || described.size == 0 || described.size > 8) return;
  const EvalResult result(clang_.clang_Cursor_Evaluate(cursor), DisposeResult{&clang_});
  if (!result || clang_.clang_EvalResult_getKind(result.get()) != CXEval_Int) return;
  // The variable is unsigned long long, whatever the macro's own type; that says how the bits are meant.
  const unsigned long long bits =
      clang_.clang_EvalResult_isUnsignedInt(result.get()) != 0
          ? clang_.clang_EvalResult_getAsUnsigned(result.get())
          : static_cast<unsigned long long>(clang_.clang_EvalResult_getAsLongLong(result.get()));
  CMacroValue value;
  if (described.is_signed) {
    value.value = static_cast<int64_t>(bits);
  } else {
    value.value = static_cast<uint64_t>(bits);
  }
  declarations_.macros.insert_or_assign(name, std::move(value));
}

std::optional<std::string> DeclarationReader::StringOf(CXCursor variable) const {
  struct Search {
    const Libclang& clang;
    CXCursor literal;
    bool found = false;
  } search{clang_, variable};
  // libclang's evaluation knows a bare literal but not one in parentheses: so look for it.
  clang_.clang_visitChildren(
      variable,
      [](CXCursor cursor, CXCursor, CXClientData data) {
        auto& [clang, literal, found] = *static_cast<Search*>(data);
        const CXCursorKind kind = clang.clang_getCursorKind(cursor);
        if (kind == CXCursor_ParenExpr || kind == CXCursor_UnexposedExpr) return CXChildVisit_Recurse;
        found = kind == CXCursor_StringLiteral;
        if (found) literal = cursor;
        return CXChildVisit_Break;
      },
      &search);
  if (!search.found) return std::nullopt;
  return Unquote(clang_.Text(clang_.clang_getCursorSpelling(search.literal)));
}

void DeclarationReader::ReadValue(CXCursor cursor, const std::string& name) {
  const auto type = macro_types_.find(name);
  if (type == macro_types_.end() || declarations_.macros.contains(name)) return;
  const CKind kind = declarations_.types[type->second].kind;
  if (kind == CKind::kArray) {
    std::optional<std::string> text = StringOf(cursor);
    if (text) declarations_.macros.insert_or_assign(name, CMacroValue{std::move(*text)});
  } else if (kind == CKind::kFloat) {
    const EvalResult result(clang_.clang_Cursor_Evaluate(cursor), DisposeResult{&clang_});
    if (!result || clang_.clang_EvalResult_getKind(result.get()) != CXEval_Float) return;
    declarations_.macros.insert_or_assign(name, CMacroValue{clang_.clang_EvalResult_getAsDouble(result.get())});
  }
}

std::string_view DeclarationReader::FirstBreakingName() const {
  for (const std::string& name : name_list_) {
    if (!survived_.contains(name)) return name;
  }
  return {};
}

}  // namespace sonde::cheaders
