// src/cheaders: C preambles, headers and macros through libclang, which is opened (dlopen) only when a script has C in
// it.
//
// Enters: the C text of a script and the names that the script uses. Leaves: CDeclarations, plain data.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace sonde::cheaders {

using CTypeId = uint32_t;  // index into CDeclarations::types

enum class CKind { kVoid, kBool, kInt, kFloat, kPointer, kArray, kStruct, kUnion, kEnum, kFunction, kUnknown };

struct CField {
  std::string name;  // empty for an anonymous struct or union member
  CTypeId type = 0;
  uint32_t bit_offset = 0;  // from the start of the struct
  uint32_t bit_width = 0;   // 0 unless a bitfield
};

struct CType {
  CKind kind = CKind::kUnknown;
  std::string name;            // tag of struct, union, enum; spelling otherwise
  uint64_t size = 0;           // bytes; 0 when incomplete
  bool is_signed = false;      // int, enum
  CTypeId element = 0;         // pointer, array
  uint64_t count = 0;          // array
  std::vector<CField> fields;  // struct, union
};

struct CEnumerator {
  int64_t value = 0;
  CTypeId type = 0;  // its enum
};

struct CFunction {
  CTypeId result = 0;
  std::vector<CTypeId> parameters;
  bool is_static = false;
  bool is_variadic = false;
};

// The value of a macro that clang could evaluate.
struct CMacroValue {
  std::variant<int64_t, uint64_t, double, std::string> value;
};

struct CDeclarations {
  std::vector<CType> types;                             // the first is void
  std::map<std::string, CTypeId, std::less<>> structs;  // by tag
  std::map<std::string, CTypeId, std::less<>> unions;
  std::map<std::string, CTypeId, std::less<>> enums;
  // Resolved to the named type; macros that stand for a type are here as well.
  std::map<std::string, CTypeId, std::less<>> typedefs;
  std::map<std::string, CEnumerator, std::less<>> enumerators;
  std::map<std::string, CMacroValue, std::less<>> macros;
  std::map<std::string, CFunction, std::less<>> functions;
};

// An error or warning of the C text: offset in bytes into CInput::text, which is at most its size. For a place inside a
// header, `offset` is that of the `#include` through which the header came.
struct CProblem {
  bool in_preamble = false;
  uint32_t offset = 0;
  std::string header;  // "path:line:column" when not in the preamble
  std::string message;
  bool is_error = true;
  // The type that the C text uses and nothing declares: "uint32_t", "struct list_head".
  std::string missing_type;
};

struct CInput {
  std::string text;                          // the preamble, `#!` line and script text removed
  std::vector<std::string> include_dirs;     // -I
  std::vector<std::string> forced_includes;  // --include
  // Every identifier and type name that the script uses: a macro of that name is evaluated, a type of that name
  // described. Others are left out, so that a large header costs no more than what is used of it.
  std::vector<std::string> names;
};

struct COutput {
  CDeclarations declarations;
  std::vector<CProblem> problems;
};

class CHeaders {
 public:
  virtual ~CHeaders() = default;
  // Errors: libclang cannot be opened (remedy: the Debian package).
  virtual Result<COutput> Parse(const CInput& input) = 0;
};

// Through libclang 19 (then 14…18, 20+, whichever is installed); opened at the first Parse.
std::unique_ptr<CHeaders> MakeLibclangHeaders();

}  // namespace sonde::cheaders
