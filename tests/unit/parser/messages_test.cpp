// What a user reads when a script is wrong: the whole text, with notes and hints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parse_helpers.h"

namespace sonde::parser {
namespace {

using testing::HasSubstr;

TEST(Messages, PointAtWhereASemicolonIsMissing) {
  EXPECT_EQ(Parsed("begin {\n  $x = 1\n  $y = 2\n}\n").Errors(),
            "test.bt:2:9: error: expected ';' or '}' before '$y' [syntax-error]\n"
            "    2 |   $x = 1\n"
            "      |         ^\n");
}

TEST(Messages, ShowTheBracketThatIsNotClosed) {
  EXPECT_EQ(Parsed("begin {\n  f(1,\n    2;\n}\n").Errors(),
            "test.bt:3:6: error: expected ',' or ')' before ';' [syntax-error]\n"
            "    3 |     2;\n"
            "      |      ^\n"
            "test.bt:2:4: note: this '(' is not closed\n"
            "    2 |   f(1,\n"
            "      |    ^\n");
}

TEST(Messages, ShowTheBodyThatIsNotClosed) {
  EXPECT_EQ(Parsed("begin { a }\n\nend {\n  b;\n").Errors(),
            "test.bt:4:5: error: unexpected end of the script in the body that begins at line 3 [unexpected-end]\n"
            "    4 |   b;\n"
            "      |     ^\n"
            "test.bt:3:5: note: this '{' is not closed\n"
            "    3 | end {\n"
            "      |     ^\n");
  EXPECT_EQ(Parsed("begin {\n  a;\nkprobe:f { b; }\n").Errors(),
            "test.bt:3:1: error: missing '}' before this probe [missing-brace]\n"
            "    3 | kprobe:f { b; }\n"
            "      | ^~~~~~~~\n"
            "test.bt:1:7: note: this '{' is not closed\n"
            "    1 | begin {\n"
            "      |       ^\n");
}

TEST(Messages, HintAtWhatWasMeant) {
  EXPECT_THAT(Parsed("kprobe:f /pid = 1/ { }").Errors(), HasSubstr("hint: to compare, write '=='"));
  EXPECT_THAT(Parsed("begin { if ($x = 1) { } }").Errors(), HasSubstr("hint: to compare, write '=='"));
  EXPECT_THAT(Parsed("begin { if (x = 1) { } }").Errors(), HasSubstr("hint: to compare, write '=='"));
  EXPECT_THAT(Parsed("begin { if (pid) f(); }").Errors(), HasSubstr("hint: a body always stands in braces: '{ … }'"));
  EXPECT_THAT(Parsed("begin { f('x'); }").Errors(), HasSubstr("hint: write \"…\""));
  EXPECT_THAT(Parsed("begin { x = 1; }").Errors(), HasSubstr("hint: a variable is written '$x', a map '@x'"));
  EXPECT_THAT(Parsed("begin { let @m; }").Errors(), HasSubstr("hint: maps are declared outside of probes"));
  EXPECT_THAT(Parsed("begin { uint8 $x; }").Errors(), HasSubstr("declared as 'let $x: type'"));
  EXPECT_THAT(Parsed("begin { printf \"x\"; }").Errors(), HasSubstr("arguments of a call stand in parentheses"));
  EXPECT_THAT(Parsed("begin { if (a) { }; else { } }").Errors(), HasSubstr("no ';' between '}' and 'else'"));
  EXPECT_THAT(Parsed("begin { # note\n }").Errors(), HasSubstr("comments begin with '//'"));
  EXPECT_THAT(Parsed("begin { \xe2\x80\x9cx\xe2\x80\x9d }").Errors(), HasSubstr("plain quotes"));
  EXPECT_THAT(Parsed("uprobe:/bin/x:f/pid == 1/ { }").Errors(), HasSubstr("a blank sets a predicate off from a path"));
  EXPECT_THAT(Parsed("kprobe:f g { }").Errors(), HasSubstr("attach points are separated by ','"));
  EXPECT_THAT(Parsed("printf(\"x\");").Errors(), HasSubstr("'begin { … }'"));
}

TEST(Messages, NeverShowControlBytes) {
  std::string errors = Parsed("begin { f \x1b[31m \x01\x02; kprobe:\x07 }\n\x1b[0m").Errors();
  EXPECT_EQ(errors.find('\x1b'), std::string::npos) << errors;
  EXPECT_EQ(errors.find('\x07'), std::string::npos) << errors;
}

TEST(Messages, AreSeveralInOneRun) {
  Parsed parsed("begin { $a = ; f(; }\nkprobe:f { $b = ; if (1) { $c = ; } $d = 1 }\nend / 1 { g(] }\n");
  EXPECT_EQ(parsed.diagnostics.error_count(), 6u) << parsed.Errors();
}

}  // namespace
}  // namespace sonde::parser
