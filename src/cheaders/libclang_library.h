// libclang, opened at run time: a script without C must not pay for it, and a machine without it must run the rest.
#pragma once

#include <clang-c/Index.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace sonde::cheaders {

// Every function that this room calls, all there since clang 11. One row each: declared, loaded and called by its name.
#define SONDE_LIBCLANG_FUNCTIONS(X)         \
  X(clang_createIndex)                      \
  X(clang_disposeIndex)                     \
  X(clang_parseTranslationUnit2)            \
  X(clang_disposeTranslationUnit)           \
  X(clang_getTranslationUnitCursor)         \
  X(clang_getClangVersion)                  \
  X(clang_getCString)                       \
  X(clang_disposeString)                    \
  X(clang_getNumDiagnostics)                \
  X(clang_getDiagnostic)                    \
  X(clang_disposeDiagnostic)                \
  X(clang_getDiagnosticSeverity)            \
  X(clang_getDiagnosticLocation)            \
  X(clang_getDiagnosticSpelling)            \
  X(clang_getFileLocation)                  \
  X(clang_getExpansionLocation)             \
  X(clang_getFileName)                      \
  X(clang_getInclusions)                    \
  X(clang_visitChildren)                    \
  X(clang_getCursorKind)                    \
  X(clang_getCursorSpelling)                \
  X(clang_getCursorType)                    \
  X(clang_getCursorDefinition)              \
  X(clang_getCanonicalCursor)               \
  X(clang_hashCursor)                       \
  X(clang_isInvalidDeclaration)             \
  X(clang_equalCursors)                     \
  X(clang_Cursor_isNull)                    \
  X(clang_Cursor_isBitField)                \
  X(clang_getFieldDeclBitWidth)             \
  X(clang_Cursor_getOffsetOfField)          \
  X(clang_Cursor_Evaluate)                  \
  X(clang_EvalResult_getKind)               \
  X(clang_EvalResult_getAsLongLong)         \
  X(clang_EvalResult_isUnsignedInt)         \
  X(clang_EvalResult_getAsUnsigned)         \
  X(clang_EvalResult_getAsDouble)           \
  X(clang_EvalResult_getAsStr)              \
  X(clang_EvalResult_dispose)               \
  X(clang_getEnumConstantDeclValue)         \
  X(clang_getEnumConstantDeclUnsignedValue) \
  X(clang_getCursorLocation)                \
  X(clang_getEnumDeclIntegerType)           \
  X(clang_getTypedefDeclUnderlyingType)     \
  X(clang_getCanonicalType)                 \
  X(clang_getTypeDeclaration)               \
  X(clang_getTypeSpelling)                  \
  X(clang_getPointeeType)                   \
  X(clang_getResultType)                    \
  X(clang_getCursorLinkage)                 \
  X(clang_isFunctionTypeVariadic)           \
  X(clang_Cursor_getNumArguments)           \
  X(clang_Cursor_getArgument)               \
  X(clang_getArrayElementType)              \
  X(clang_getArraySize)                     \
  X(clang_Type_getSizeOf)                   \
  X(clang_Type_getValueType)                \
  X(clang_Type_visitFields)

struct Libclang {
// NOLINTNEXTLINE(bugprone-macro-parentheses): the argument is the name that is declared
#define SONDE_DECLARE(function) decltype(&::function) function = nullptr;
  SONDE_LIBCLANG_FUNCTIONS(SONDE_DECLARE)
#undef SONDE_DECLARE

  std::string path;       // what was opened
  int major_version = 0;  // 19

  // Takes the string over.
  std::string Text(CXString string) const;
};

// Opens the first that is there and has every function; it stays open. The error lists the packages to install.
Result<Libclang> OpenLibclang(const std::vector<std::string>& candidates);

}  // namespace sonde::cheaders
