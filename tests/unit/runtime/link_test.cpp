// The room's link line is its rule: what runs a compiled script needs neither the compiler nor its libraries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace sonde::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Link, LoadsNoCompilerLibrary) {
  const std::string maps = ReadAll("/proc/self/maps");
  EXPECT_THAT(maps, HasSubstr("libelf"));
  EXPECT_THAT(maps, Not(HasSubstr("libLLVM")));
  EXPECT_THAT(maps, Not(HasSubstr("libclang")));
}

TEST(Link, HasNoneOfItLinkedIn) {
  const std::string program = ReadAll("/proc/self/exe");
  const auto mangled = [](const std::string& name) { return "N" + std::to_string(name.size()) + name; };
  EXPECT_EQ(program.find("_Z" + mangled("llvm")), std::string::npos);
  for (const std::string room : {"parser", "sema", "codegen"}) {
    EXPECT_EQ(program.find("_Z" + mangled("sonde") + std::to_string(room.size()) + room), std::string::npos) << room;
  }
}

}  // namespace
}  // namespace sonde::runtime
