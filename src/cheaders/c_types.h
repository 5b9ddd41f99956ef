// Types of libclang → CDeclarations::types, each once.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cheaders/c_headers.h"
#include "cheaders/libclang_library.h"

namespace sonde::cheaders {

class TypeDescriber {
 public:
  TypeDescriber(const Libclang& clang, CDeclarations& out);

  // The id of a type, which may still be empty until Finish(): records are described later, since they may be cyclic
  // and nested to any depth.
  CTypeId Describe(CXType type);
  // Describes the fields of all records that were met, and of those met thereby.
  void Finish();

 private:
  CTypeId Add(CType type);
  uint64_t SizeOf(CXType type) const;  // 0 when incomplete
  CTypeId Scalar(CXType type, CKind kind, bool is_signed);
  // A function, or what has no kind of its own.
  CTypeId Opaque(CXType type, CKind kind);
  CTypeId Pointer(CXType type);
  CTypeId Array(CXType type);
  CTypeId Tagged(CXType type, CXCursor declaration);
  void AddField(CXCursor field);
  void DescribeRecord(CXCursor declaration, CTypeId id);
  void DescribeEnum(CXCursor declaration, CTypeId id);
  static CXVisitorResult VisitField(CXCursor field, CXClientData self);

  const Libclang& clang_;
  CDeclarations& out_;
  std::map<int, CTypeId> scalars_;                                          // by CXTypeKind
  std::map<std::string, CTypeId> opaque_;                                   // by spelling
  std::map<CTypeId, CTypeId> pointers_;                                     // by what they point to
  std::map<std::pair<CTypeId, uint64_t>, CTypeId> arrays_;                  // by element and count
  std::unordered_multimap<unsigned, std::pair<CXCursor, CTypeId>> tagged_;  // by clang_hashCursor
  std::deque<std::pair<CXCursor, CTypeId>> pending_;
  CTypeId current_record_ = 0;
};

}  // namespace sonde::cheaders
