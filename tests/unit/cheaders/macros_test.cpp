// Macros as values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "c_test_base.h"

namespace sonde::cheaders {
namespace {

using Value = std::variant<int64_t, uint64_t, double, std::string>;

class MacrosTest : public CHeadersTest {
 protected:
  // What the macro X of a text is; an empty string when it has no value.
  static Value X(const std::string& text) {
    const COutput output = Parse(text, {"X"});
    const auto macro = output.declarations.macros.find("X");
    return macro == output.declarations.macros.end() ? Value(std::string()) : macro->second.value;
  }
  static Value Defined(const std::string& body) { return X("#define X " + body + "\n"); }
  static bool HasValue(const std::string& text) { return Parse(text, {"X"}).declarations.macros.contains("X"); }
};

Value Signed(int64_t value) { return value; }
Value Unsigned(uint64_t value) { return value; }

TEST_F(MacrosTest, IntegersKeepSignAndSize) {
  EXPECT_EQ(Defined("5"), Signed(5));
  EXPECT_EQ(Defined("-100"), Signed(-100));
  EXPECT_EQ(Defined("5u"), Unsigned(5));
  EXPECT_EQ(Defined("0xffffffff"), Unsigned(0xffffffff));
  EXPECT_EQ(Defined("0xffffffffffffffff"), Unsigned(UINT64_MAX));
  EXPECT_EQ(Defined("(-9223372036854775807L - 1)"), Signed(INT64_MIN));
  EXPECT_EQ(Defined("((unsigned)~0)"), Unsigned(UINT32_MAX));
  EXPECT_EQ(Defined("((signed char)0xff)"), Signed(-1));
  EXPECT_EQ(Defined("((unsigned short)-1)"), Unsigned(65535));
  EXPECT_EQ(Defined("'a'"), Signed('a'));
  EXPECT_EQ(Defined("((_Bool)7)"), Unsigned(1));
}

TEST_F(MacrosTest, ExpressionsAreEvaluated) {
  EXPECT_EQ(Defined("1 | 2 | 0x40"), Signed(67));
  EXPECT_EQ(Defined("(1 ? 3 : 4) << 2"), Signed(12));
  EXPECT_EQ(Defined("sizeof(long[3])"), Unsigned(24));
  EXPECT_EQ(Defined("((void *)-1)"), Unsigned(UINT64_MAX));
  EXPECT_EQ(Defined("((char *)0x10)"), Unsigned(16));
  EXPECT_EQ(Defined("__INT_MAX__"), Signed(INT32_MAX));
  EXPECT_EQ(X("#define A 2\n#define B(x) ((x) * A)\n#define X B(B(3))\n"), Signed(12));
  EXPECT_EQ(X("struct s { int a; long b; };\n#define X __builtin_offsetof(struct s, b)\n"), Unsigned(8));
  EXPECT_EQ(X("enum e { ONE = 1, TWO };\n#define X TWO\n"), Signed(2));
  EXPECT_EQ(X("enum e { ONE = 1, TWO };\n#define X ((enum e)TWO)\n"), Unsigned(2));
  EXPECT_EQ(X("enum e { MINUS = -3 };\n#define X ((enum e)MINUS)\n"), Signed(-3));
}

TEST_F(MacrosTest, FloatsAndStrings) {
  EXPECT_EQ(Defined("1.5"), Value(1.5));
  EXPECT_EQ(Defined("(-2.0f * 4)"), Value(-8.0));
  EXPECT_EQ(Defined("\"abc\""), Value(std::string("abc")));
  EXPECT_EQ(Defined("\"abc\" \"\\tdef\""), Value(std::string("abc\tdef")));
  EXPECT_EQ(X("#define V \"1.\"\n#define X V \"2\"\n"), Value(std::string("1.2")));
  EXPECT_EQ(Defined("(\"in parentheses\")"), Value(std::string("in parentheses")));
  EXPECT_EQ(Defined("\"q\\\"\\\\ \\001\\xff\\n\\0z\""), Value(std::string("q\"\\ \001\xff\n\0z", 9)));
  EXPECT_TRUE(HasValue("#define X \"\"\n"));
  EXPECT_FALSE(HasValue("#define X L\"wide\"\n"));
}

TEST_F(MacrosTest, WhatIsNoExpressionHasNoValue) {
  for (const char* text :
       {"#define X\n", "#define X(a) ((a) + 1)\n", "#define X struct\n", "#define X if (1)\n",
        "#define X unknown_name\n", "#define X 1 +\n", "#define X do { } while (0)\n", "#define X ;\n",
        "extern int v;\n#define X v\n", "int f(void);\n#define X f\n", "int f(void);\n#define X f()\n",
        "#define X 1 / 0\n", "#define X __attribute__((packed))\n", "#define X X\n", "#define Y 1\n",
        "#define X 1\n#undef X\n", "#define X @\n", "#define X 1,\n", "#define X _Pragma(\"GCC error \\\"x\\\"\")\n"}) {
    EXPECT_FALSE(HasValue(text)) << text;
  }
}

TEST_F(MacrosTest, NothingBehindABreakingMacroIsLost) {
  // Each of these swallows what follows it, in a compiler's eyes.
  for (const char* breaking : {"{", "}", "(", ")", "[", "struct x {", "int f(void) {", "({", "enum {", "\"", "'"}) {
    SCOPED_TRACE(breaking);
    const COutput output =
        Parse(std::string("#define A ") + breaking + "\n#define B 7\n#define C \"c\"\n", {"A", "B", "C"});
    EXPECT_FALSE(output.declarations.macros.contains("A"));
    ASSERT_TRUE(output.declarations.macros.contains("B"));
    EXPECT_EQ(output.declarations.macros.at("B").value, Signed(7));
    EXPECT_TRUE(output.declarations.macros.contains("C"));
    for (const CProblem& problem : output.problems) EXPECT_FALSE(problem.is_error) << problem.message;
  }
}

TEST_F(MacrosTest, TypeMacrosBecomeTypedefs) {
  const COutput output = ParseClean(
      "struct s { int a; };\n#define A unsigned long\n#define B struct s\n#define E\n"
      "#define D const\n#define F 5\n",
      {"A", "B", "D", "E", "F"});
  const CDeclarations& declarations = output.declarations;
  ASSERT_TRUE(declarations.typedefs.contains("A"));
  EXPECT_EQ(declarations.types[declarations.typedefs.at("A")].size, 8u);
  EXPECT_EQ(declarations.types[declarations.typedefs.at("B")].name, "s");
  EXPECT_EQ(declarations.typedefs.size(), 2u);
  EXPECT_EQ(declarations.macros.size(), 1u);
}

TEST_F(MacrosTest, OnlyNamesAskedForAreAnswered) {
  const COutput output = ParseClean(
      "#define A 1\n#define B 2\n",
      {"A", "", "1x", "a-b", "struct nothing", "defined", "__VA_ARGS__", "A", "linux", "unix", "int", "return"});
  EXPECT_EQ(output.declarations.macros.size(), 1u);
}

TEST_F(MacrosTest, HeadersOfTheSystem) {
  const COutput output = ParseClean(
      "#include <fcntl.h>\n#include <limits.h>\n#include <linux/sched.h>\n#include <stdint.h>\n#include <errno.h>\n"
      "#include <signal.h>\n#include <sys/mman.h>\n#include <netinet/in.h>\n",
      {"INT_MAX", "INT_MIN", "UINT_MAX", "LONG_MAX", "ULONG_MAX", "AT_FDCWD", "O_CREAT", "O_RDWR", "O_PATH", "PATH_MAX",
       "ENOENT", "SIGKILL", "MAP_FAILED", "IPPROTO_TCP", "CLONE_THREAD", "UINT64_MAX", "INT8_MIN", "CHAR_BIT"});
  const auto& macros = output.declarations.macros;
  const std::pair<const char*, Value> kExpected[] = {
      {"INT_MAX", Signed(INT32_MAX)},
      {"INT_MIN", Signed(INT32_MIN)},
      {"UINT_MAX", Unsigned(UINT32_MAX)},
      {"LONG_MAX", Signed(INT64_MAX)},
      {"ULONG_MAX", Unsigned(UINT64_MAX)},
      {"AT_FDCWD", Signed(-100)},
      {"O_CREAT", Signed(0100)},
      {"O_RDWR", Signed(2)},
      {"O_PATH", Signed(010000000)},
      {"PATH_MAX", Signed(4096)},
      {"ENOENT", Signed(2)},
      {"SIGKILL", Signed(9)},
      {"MAP_FAILED", Unsigned(UINT64_MAX)},
      {"CLONE_THREAD", Signed(0x10000)},
      {"UINT64_MAX", Unsigned(UINT64_MAX)},
      {"INT8_MIN", Signed(-128)},
      {"CHAR_BIT", Signed(8)},
  };
  for (const auto& [name, value] : kExpected) {
    ASSERT_TRUE(macros.contains(name)) << name;
    EXPECT_EQ(macros.at(name).value, value) << name;
  }
  EXPECT_EQ(output.declarations.enumerators.at("IPPROTO_TCP").value, 6);
}

}  // namespace
}  // namespace sonde::cheaders
