#include "runtime/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Words, SplitsAsAShellDoes) {
  const auto split = [](std::string_view text) { return SplitWords(text).value(); };
  EXPECT_THAT(split("ls -R  /usr\t/tmp "), ElementsAre("ls", "-R", "/usr", "/tmp"));
  EXPECT_THAT(split("sh -c 'echo \"a b\"; exit'"), ElementsAre("sh", "-c", "echo \"a b\"; exit"));
  EXPECT_THAT(split(R"(a\ b "c\"d" "e\f" '\')"), ElementsAre("a b", "c\"d", "e\\f", "\\"));
  EXPECT_THAT(split("a'b'\"c\" ''"), ElementsAre("abc", ""));
}

TEST(Words, RefusesWhatIsNoCommand) {
  EXPECT_FALSE(SplitWords("").has_value());
  EXPECT_FALSE(SplitWords("  ").has_value());
  EXPECT_THAT(SplitWords("echo 'a").error().Message(), HasSubstr("the quote ' is not closed"));
}

TEST(Words, FindsProgramsAsExecvpDoes) {
  EXPECT_THAT(FindExecutable("sh").value(), HasSubstr("/sh"));
  EXPECT_EQ(FindExecutable("/bin/sh").value(), "/bin/sh");
  EXPECT_EQ(FindExecutable("no-such-program-here").error().Message(),
            "cannot run no-such-program-here: command not found");
  EXPECT_THAT(FindExecutable("/no/such").error().Message(), HasSubstr("No such file"));
  EXPECT_THAT(FindExecutable("/etc/passwd").error().Message(), HasSubstr("not an executable file"));
  EXPECT_FALSE(FindExecutable("").has_value());
}

}  // namespace
}  // namespace sonde::runtime
