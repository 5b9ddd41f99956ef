// A parsed translation unit → the declarations and macro values that a script names.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cheaders/c_headers.h"
#include "cheaders/c_types.h"
#include "cheaders/libclang_library.h"

namespace sonde::cheaders {

class DeclarationReader {
 public:
  // `names` as CleanNames made them; `error_lines` are those of the main file that hold an error.
  DeclarationReader(const Libclang& clang, const std::vector<std::string>& names, std::set<unsigned> error_lines);

  void Read(CXTranslationUnit unit);

  const CDeclarations& declarations() const { return declarations_; }
  CDeclarations TakeDeclarations() { return std::move(declarations_); }
  // Whether the line behind the preamble was read as such; else the preamble ends in the middle of something.
  bool saw_sentinel() const { return saw_sentinel_; }
  // The first name whose macro swallowed what follows it (an opening brace, say); empty when there is none.
  std::string_view FirstBreakingName() const;

 private:
  bool IsWanted(std::string_view name) const { return names_.contains(name); }
  void Visit(CXCursor cursor, CXCursor parent);
  void VisitVariable(CXCursor cursor, std::string_view name);
  void VisitTypedef(CXCursor cursor, const std::string& name);
  void VisitFunction(CXCursor cursor, const std::string& name);
  // The text of the string literal that is a variable's whole value.
  std::optional<std::string> StringOf(CXCursor variable) const;
  void ReadInteger(CXCursor cursor, const std::string& name);
  void ReadValue(CXCursor cursor, const std::string& name);
  static CXChildVisitResult VisitCursor(CXCursor cursor, CXCursor parent, CXClientData self);

  const Libclang& clang_;
  const std::vector<std::string>& name_list_;
  std::set<std::string, std::less<>> names_;
  std::set<unsigned> error_lines_;
  CDeclarations declarations_;
  TypeDescriber types_;
  std::map<std::string, CTypeId, std::less<>> macro_types_;
  std::set<std::string, std::less<>> survived_;  // names whose `after` line was read
  bool saw_sentinel_ = false;
};

}  // namespace sonde::cheaders
