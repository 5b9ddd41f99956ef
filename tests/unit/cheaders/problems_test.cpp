// What is wrong with C text, and where; and opening libclang.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "c_test_base.h"
#include "cheaders/libclang_headers.h"

namespace sonde::cheaders {
namespace {

using testing::HasSubstr;

class ProblemsTest : public CHeadersTest {
 protected:
  ProblemsTest() {
    char pattern[] = "/tmp/sonde-headers-XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  ~ProblemsTest() override {
    for (const std::string& file : files_) unlink(file.c_str());
    rmdir(folder_.c_str());
  }
  std::string Write(const std::string& name, const std::string& text) {
    files_.push_back(folder_ + "/" + name);
    std::ofstream(files_.back()) << text;
    return files_.back();
  }
  static std::vector<CProblem> Errors(const COutput& output) {
    std::vector<CProblem> errors;
    for (const CProblem& problem : output.problems) {
      if (problem.is_error) errors.push_back(problem);
    }
    return errors;
  }
  std::string folder_;
  std::vector<std::string> files_;
};

TEST_F(ProblemsTest, MissingHeadersAreAllNamed) {
  const std::string text = "#include <nothing/here.h>\n#include <fcntl.h>\n#include \"neither.h\"\n";
  const COutput output = Parse(text, {"AT_FDCWD"});
  const std::vector<CProblem> errors = Errors(output);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_TRUE(errors[0].in_preamble);
  EXPECT_EQ(errors[0].offset, text.find("<nothing"));
  EXPECT_EQ(errors[0].message, "'nothing/here.h' file not found");
  EXPECT_EQ(errors[1].offset, text.find("\"neither"));
  EXPECT_TRUE(output.declarations.macros.contains("AT_FDCWD"));
}

TEST_F(ProblemsTest, ErrorsHaveTheirPlace) {
  const std::string text = "struct a { int x; };\nstruct b { unknown y; };\n#define M nothing\nint z[M];\n";
  const std::vector<CProblem> errors = Errors(Parse(text, {"a", "b"}));
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].offset, text.find("unknown"));
  EXPECT_EQ(errors[0].message, "unknown type name 'unknown'");
  EXPECT_EQ(errors[1].offset, text.find("M];"));
}

TEST_F(ProblemsTest, ErrorsInsideHeadersPointAtTheInclude) {
  const std::string inner = Write("inner.h", "\nint broken(\n;\n");
  Write("outer.h", "#include \"inner.h\"\n");
  const std::string text = "int fine;\n#include <outer.h>\n";
  const std::vector<CProblem> errors =
      Errors(ParseInput({.text = text, .include_dirs = {folder_}, .forced_includes = {}, .names = {}}));
  ASSERT_FALSE(errors.empty());
  EXPECT_FALSE(errors[0].in_preamble);
  EXPECT_THAT(errors[0].header, HasSubstr(inner + ":3:1"));
  EXPECT_GE(errors[0].offset, text.find("#include"));
  EXPECT_LT(errors[0].offset, text.size());
}

TEST_F(ProblemsTest, UnfinishedTextIsOneError) {
  for (const char* text : {"struct s { int a;", "struct s { int a; }", "int f(void) {", "int a = (", "/* never closed",
                           "#if 1\n", "#define A \"x\nchar *s = \"abc", "typedef struct {", "enum e { A,", "int x"}) {
    const COutput output = Parse(text, {"s", "A", "e"});
    const std::vector<CProblem> errors = Errors(output);
    ASSERT_FALSE(errors.empty()) << text;
    EXPECT_TRUE(errors[0].in_preamble);
    EXPECT_LE(errors[0].offset, std::string_view(text).size()) << text;
    EXPECT_THAT(errors[0].message, testing::Not(HasSubstr("__sonde"))) << text;
  }
  EXPECT_TRUE(Parse("#define A 5\\", {"A"}).declarations.macros.contains("A"));
}

TEST_F(ProblemsTest, WarningsAreOfThePreambleAlone) {
  Write("w.h", "#define A 1\n#define A 2\n");
  const std::string text = "#include <w.h>\n#define B 1\n#define B 2\n";
  const COutput output =
      ParseInput({.text = text, .include_dirs = {folder_}, .forced_includes = {}, .names = {"A", "B"}});
  ASSERT_EQ(output.problems.size(), 1u);
  EXPECT_FALSE(output.problems[0].is_error);
  EXPECT_EQ(output.problems[0].message, "'B' macro redefined");
  EXPECT_EQ(output.declarations.macros.at("B").value,
            (std::variant<int64_t, uint64_t, double, std::string>(int64_t{2})));
}

TEST_F(ProblemsTest, ForcedIncludes) {
  const std::string header = Write("forced.h", "#define FORCED 3\nstruct forced { int a; };\n");
  const CInput input{.text = "", .include_dirs = {}, .forced_includes = {header}, .names = {"FORCED", "forced"}};
  const COutput output = ParseInput(input);
  EXPECT_TRUE(output.problems.empty());
  EXPECT_TRUE(output.declarations.macros.contains("FORCED"));
  EXPECT_TRUE(output.declarations.structs.contains("forced"));
  const std::vector<CProblem> errors =
      Errors(ParseInput({.text = "", .include_dirs = {}, .forced_includes = {"/nonexistent.h"}, .names = {}}));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_FALSE(errors[0].in_preamble);
  EXPECT_EQ(errors[0].message, "'/nonexistent.h' file not found");
}

TEST_F(ProblemsTest, NonsenseNeverCrashes) {
  const std::string seed =
      "#include <limits.h>\nstruct s { int a : 3; union { char b[4]; }; struct s *n; };\nenum e { A = -1, B };\n"
      "#define M (1 << 3)\n#define S \"text\"\ntypedef struct s *p;\nstatic inline int f(int x) { return x + M; }\n";
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    std::string text = seed;
    for (int i = 0; i < 1 + round / 6; ++i) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 9);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 30));
      }
      if (text.empty()) text = " x";
    }
    (void)Parse(text, {"s", "e", "A", "M", "S", "p", "f", "INT_MAX"});
  }
  for (const std::string& text : {std::string(10'000, '('), std::string(10'000, '{'), std::string(1000, '\xff'),
                                  std::string("int x\0;int y;", 13), "int a" + std::string(20'000, '*') + ";"}) {
    (void)Parse(text, {"x", "y", "a"});
  }
}

TEST(OpenLibclang, IsNotNeededWithoutC) {
  auto headers = MakeLibclangHeaders(LibclangOptions{.candidates = {}});
  for (const char* text : {"", " \n\t\r\n"}) {
    Result<COutput> output = headers->Parse({.text = text, .include_dirs = {}, .forced_includes = {}, .names = {"x"}});
    ASSERT_TRUE(output);
    EXPECT_EQ(output->declarations.types.size(), 1u);
  }
}

TEST(OpenLibclang, SaysWhatToInstall) {
  for (const std::vector<std::string>& candidates : {std::vector<std::string>{}, {"libnothing.so.1"}}) {
    auto headers = MakeLibclangHeaders(LibclangOptions{.candidates = candidates});
    Result<COutput> output = headers->Parse({.text = "int x;", .include_dirs = {}, .forced_includes = {}, .names = {}});
    ASSERT_FALSE(output);
    EXPECT_THAT(output.error().Message(), HasSubstr("cannot open libclang: it is not installed"));
    EXPECT_THAT(output.error().remedy, HasSubstr("libclang1-19"));
  }
  auto wrong = MakeLibclangHeaders(LibclangOptions{.candidates = {"libc.so.6"}});
  EXPECT_THAT(
      wrong->Parse({.text = "int x;", .include_dirs = {}, .forced_includes = {}, .names = {}}).error().Message(),
      HasSubstr("libc.so.6 lacks functions"));
}

// Every libclang that this machine has must read the same.
class EachLibclang : public testing::TestWithParam<int> {};

TEST_P(EachLibclang, ReadsWithAndWithoutItsHeaders) {
  std::vector<std::string> candidates;
  const std::string wanted = std::to_string(GetParam());
  for (const std::string& name : LibclangCandidates()) {
    if (name.find(wanted) != std::string::npos) candidates.push_back(name);
  }
  auto probe = MakeLibclangHeaders(LibclangOptions{.candidates = candidates});
  if (!probe->Parse({.text = "int x;", .include_dirs = {}, .forced_includes = {}, .names = {}})) {
    GTEST_SKIP() << "libclang " << wanted << " is not installed";
  }
  for (const bool use_resource_folder : {true, false}) {
    SCOPED_TRACE(use_resource_folder);
    auto headers =
        MakeLibclangHeaders(LibclangOptions{.candidates = candidates, .use_resource_folder = use_resource_folder});
    Result<COutput> output = headers->Parse(
        {.text =
             "#include <fcntl.h>\n#include <limits.h>\n#include <linux/sched.h>\n#include <stdint.h>\n"
             "#include <stddef.h>\n#include <stdbool.h>\n#include <stdarg.h>\n#include <stdio.h>\n#include <float.h>\n"
             "#include <sys/types.h>\n#include <stdalign.h>\n"
             "struct s { size_t a; bool b; uint16_t c; va_list d; max_align_t e; };\n"
             "typedef struct { int x; } anonymous;\n#define PI 3.5\n#define TEXT \"t\"\n",
         .include_dirs = {},
         .forced_includes = {},
         .names = {"INT_MAX", "INT_MIN", "PATH_MAX", "SSIZE_MAX", "AT_FDCWD", "UINT32_MAX", "s", "anonymous", "PI",
                   "TEXT", "clone_args", "true", "ULLONG_MAX", "DBL_DIG", "LONG_BIT"}});
    ASSERT_TRUE(output) << output.error().Message();
    for (const CProblem& problem : output->problems) ADD_FAILURE() << problem.header << " " << problem.message;
    const CDeclarations& declarations = output->declarations;
    for (const char* name : {"INT_MAX", "INT_MIN", "PATH_MAX", "SSIZE_MAX", "AT_FDCWD", "UINT32_MAX", "PI", "TEXT",
                             "true", "ULLONG_MAX", "DBL_DIG"}) {
      EXPECT_TRUE(declarations.macros.contains(name)) << name;
    }
    ASSERT_TRUE(declarations.structs.contains("s"));
    EXPECT_EQ(FieldOf(declarations.types[declarations.structs.at("s")], "c").bit_offset, 80u);
    EXPECT_EQ(declarations.types[declarations.typedefs.at("anonymous")].fields.size(), 1u);
    EXPECT_EQ(declarations.types[declarations.structs.at("clone_args")].size, 88u);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, EachLibclang, testing::Values(19, 18, 17, 16, 15, 14, 20));

}  // namespace
}  // namespace sonde::cheaders
