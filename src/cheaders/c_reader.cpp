#include "cheaders/c_reader.h"

#include <memory>

#include "cheaders/c_source.h"

namespace sonde::cheaders {
namespace {

// The rest of `text` behind `prefix`; empty when it does not start with it.
std::string_view Behind(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view();
}

}  // namespace

DeclarationReader::DeclarationReader(const Libclang& clang, const std::vector<std::string>& names)
    : clang_(clang), name_list_(names), names_(names.begin(), names.end()), types_(clang, declarations_) {}

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
  if (!is_tagged && kind != CXCursor_TypedefDecl && kind != CXCursor_EnumConstantDecl && kind != CXCursor_VarDecl) {
    return;
  }
  if (clang_.clang_isInvalidDeclaration(cursor) != 0) return;
  const std::string name = clang_.Text(clang_.clang_getCursorSpelling(cursor));
  if (kind == CXCursor_VarDecl) {
    VisitVariable(cursor, name);
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
  const CTypeId type = types_.Describe(clang_.clang_getTypedefDeclUnderlyingType(cursor));
  declarations_.typedefs.insert_or_assign(alias.empty() ? name : alias, type);
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

void DeclarationReader::ReadValue(CXCursor cursor, const std::string& name) {
  const auto type = macro_types_.find(name);
  if (type == macro_types_.end() || declarations_.macros.contains(name)) return;
  const CKind kind = declarations_.types[type->second].kind;
  if (kind != CKind::kFloat && kind != CKind::kArray) return;
  const EvalResult result(clang_.clang_Cursor_Evaluate(cursor), DisposeResult{&clang_});
  if (!result) return;
  const CXEvalResultKind got = clang_.clang_EvalResult_getKind(result.get());
  if (kind == CKind::kFloat && got == CXEval_Float) {
    declarations_.macros.insert_or_assign(name, CMacroValue{clang_.clang_EvalResult_getAsDouble(result.get())});
  } else if (kind == CKind::kArray && got == CXEval_StrLiteral) {
    const char* text = clang_.clang_EvalResult_getAsStr(result.get());
    declarations_.macros.insert_or_assign(name, CMacroValue{std::string(text == nullptr ? "" : text)});
  }
}

std::string_view DeclarationReader::FirstBreakingName() const {
  for (const std::string& name : name_list_) {
    if (!survived_.contains(name)) return name;
  }
  return {};
}

}  // namespace sonde::cheaders
