// What the tests of C headers share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "cheaders/c_headers.h"

namespace sonde::cheaders {

// Opens libclang once for all tests of the program: that is most of the time of a parse.
class CHeadersTest : public testing::Test {
 protected:
  static COutput Parse(const std::string& text, std::vector<std::string> names = {}) {
    return ParseInput({.text = text, .include_dirs = {}, .forced_includes = {}, .names = std::move(names)});
  }
  static COutput ParseInput(const CInput& input) {
    static const std::unique_ptr<CHeaders> headers = MakeLibclangHeaders();
    Result<COutput> output = headers->Parse(input);
    EXPECT_TRUE(output) << (output ? "" : output.error().Message());
    return output ? std::move(*output) : COutput{};
  }
  // The output of a text that must have no problems.
  static COutput ParseClean(const std::string& text, std::vector<std::string> names) {
    COutput output = Parse(text, std::move(names));
    for (const CProblem& problem : output.problems) ADD_FAILURE() << problem.message;
    return output;
  }
};

// The field of a struct by name; an empty one and a failure when there is none.
inline CField FieldOf(const CType& type, const std::string& name) {
  for (const CField& field : type.fields) {
    if (field.name == name) return field;
  }
  ADD_FAILURE() << type.name << " has no field " << name;
  return {};
}

}  // namespace sonde::cheaders
