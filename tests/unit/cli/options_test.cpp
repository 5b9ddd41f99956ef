#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

namespace sonde::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::expected<Options, std::string> Parse(std::initializer_list<const char*> arguments) {
  std::vector<const char*> argv = {"sonde"};
  argv.insert(argv.end(), arguments);
  return ParseOptions(static_cast<int>(argv.size()), argv.data());
}

TEST(Options, ProgramTakesAllWordsAsParameters) {
  const auto options = Parse({"-e", "BEGIN { }", "1", "two", "-3"});
  ASSERT_TRUE(options) << options.error();
  EXPECT_EQ(options->program, "BEGIN { }");
  EXPECT_FALSE(options->file);
  EXPECT_THAT(options->parameters, ElementsAre("1", "two", "-3"));
}

TEST(Options, FirstWordIsTheFile) {
  const auto options = Parse({"-q", "x.bt", "a", "-v", "b", "--", "--name=1"});
  ASSERT_TRUE(options) << options.error();
  EXPECT_EQ(options->file, "x.bt");
  EXPECT_TRUE(options->quiet);
  EXPECT_TRUE(options->verbose);
  EXPECT_THAT(options->parameters, ElementsAre("a", "b"));
  EXPECT_THAT(options->script_words, ElementsAre("--name=1"));  // the script's own options are read later
}

TEST(Options, StandardInputAndOddPrograms) {
  EXPECT_EQ(Parse({"-"})->file, "-");
  EXPECT_EQ(Parse({"-e", "-x"})->program, "-x");
  EXPECT_EQ(Parse({"-e", "[a,b]"})->program, "[a,b]");
  EXPECT_EQ(Parse({"-e", "a", "[1,2]"})->parameters[0], "[1,2]");
  EXPECT_EQ(Parse({"-e", ""})->program, "");
}

TEST(Options, ListTakesPatternOrScript) {
  const auto list = Parse({"-lv", "tracepoint:*"});
  ASSERT_TRUE(list) << list.error();
  EXPECT_EQ(list->command, Command::kList);
  EXPECT_TRUE(list->verbose);
  EXPECT_THAT(list->parameters, ElementsAre("tracepoint:*"));
  EXPECT_TRUE(Parse({"-l"})->parameters.empty());
  EXPECT_EQ(Parse({"-l", "-e", "x"})->program, "x");
}

TEST(Options, Values) {
  const auto options = Parse({"-f", "json", "-B", "full", "-p", "12", "-I", "a", "-I", "b", "--include", "c.h",
                              "--no-warnings", "--unsafe", "--dry-run", "-o", "out", "-e", "x"});
  ASSERT_TRUE(options) << options.error();
  EXPECT_EQ(options->format, "json");
  EXPECT_EQ(options->buffering, output::Buffering::kFull);
  EXPECT_EQ(options->pid, 12);
  EXPECT_THAT(options->include_dirs, ElementsAre("a", "b"));
  EXPECT_THAT(options->forced_includes, ElementsAre("c.h"));
  EXPECT_FALSE(options->warnings);
  EXPECT_TRUE(options->unsafe);
  EXPECT_TRUE(options->dry_run);
  EXPECT_EQ(options->output, "out");
}

TEST(Options, EmitStages) {
  const auto options = Parse({"--emit=ir", "-e", "x"});
  ASSERT_TRUE(options) << options.error();
  EXPECT_EQ(options->command, Command::kEmit);
  EXPECT_EQ(options->stage, Stage::kIr);
}

TEST(Options, Refusals) {
  const auto refusal = [](std::initializer_list<const char*> arguments) {
    const auto options = Parse(arguments);
    return options ? std::string("accepted") : options.error();
  };
  EXPECT_THAT(refusal({}), HasSubstr("no script"));
  EXPECT_THAT(refusal({"-e"}), HasSubstr("-e needs a PROGRAM"));
  EXPECT_THAT(refusal({"x.bt", "--emitt=ir"}), HasSubstr("did you mean --emit?"));
  EXPECT_THAT(refusal({"x.bt", "-z"}), HasSubstr("unknown option -z"));
  EXPECT_THAT(refusal({"-f", "xml", "x.bt"}), HasSubstr("-f xml: expected text, json, folded or svg"));
  EXPECT_THAT(refusal({"-p", "-4", "x.bt"}), HasSubstr("-p -4: expected a process id"));
  EXPECT_THAT(refusal({"-p", "1", "-c", "ls", "x.bt"}), HasSubstr("exclude each other"));
  EXPECT_THAT(refusal({"--emit=", "x.bt"}), HasSubstr("--emit : expected ast"));
  EXPECT_THAT(refusal({"--dry-run=x", "x.bt"}), HasSubstr("--dry-run takes no value"));
}

TEST(Options, HelpNamesEveryOptionOnce) {
  const std::string help = HelpText();
  for (const char* name : {"  -e PROGRAM", "  -V, --version", "  --emit STEP", "SONDE_MAX_MAP_KEYS"}) {
    EXPECT_NE(help.find(name), std::string::npos) << name;
  }
  EXPECT_EQ(help.find("SONDE_LOG_SIZE"), std::string::npos);
}

}  // namespace
}  // namespace sonde::cli
