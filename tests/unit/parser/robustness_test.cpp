// Whatever the bytes, the parser ends soon, with a diagnostic, and the tree it leaves can be printed.
#include <gtest/gtest.h>

#include <ctime>
#include <random>

#include "parse_helpers.h"

namespace sonde::parser {
namespace {

constexpr size_t kLarge = 5 << 20;
constexpr size_t kSlice = 1 << 20;  // enough to see what is not linear

std::string Repeat(std::string_view text, size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::string Fill(std::string_view text, size_t size) { return Repeat(text, size / text.size() + 1); }

void ExpectOneNestingError(const std::string& script) {
  Parsed parsed(script);
  ASSERT_EQ(parsed.diagnostics.error_count(), 1u) << script.substr(0, 60) << "\n" << parsed.Errors();
  EXPECT_EQ(parsed.diagnostics.all()[0].id.name, "nesting-too-deep");
  parsed.Tree(true);
  parsed.Formatted();
}

struct Nesting {
  std::string name;
  std::string before, open, middle, close, after;
};

class Deep : public testing::TestWithParam<Nesting> {};

std::string Nested(const Nesting& shape, size_t count) {
  return shape.before + Repeat(shape.open, count) + shape.middle + Repeat(shape.close, count) + shape.after;
}

TEST_P(Deep, IsOneDiagnostic) {
  ExpectOneNestingError(Nested(GetParam(), 10'000));
  ExpectOneNestingError(Nested(GetParam(), 600));
}

TEST_P(Deep, IsTakenUpToAFifthOfTheLimit) {
  Parsed parsed(Nested(GetParam(), 100));
  EXPECT_EQ(parsed.Errors(), "");
  ExpectFormatKeepsMeaning(parsed);
}

TEST_P(Deep, LeavesTheNextProbeAlone) {
  Parsed parsed(Nested(GetParam(), 1'000) + "\nend { $last = ; }\n");
  ASSERT_EQ(parsed.diagnostics.error_count(), 2u) << parsed.Errors();
  EXPECT_EQ(parsed.diagnostics.all()[1].message, "expected an expression before ';'");
}

INSTANTIATE_TEST_SUITE_P(Shapes, Deep,
                         testing::Values(Nesting{"parentheses", "begin { $x = ", "(", "1", ")", "; }"},
                                         Nesting{"blocks", "begin { ", "{ ", "a;", " }", " }"},
                                         Nesting{"block_expressions", "begin { $x = ", "{ a; 1 + ", "1", " }", "; }"},
                                         Nesting{"conditions", "begin { ", "if (a) { ", "b;", " }", " }"},
                                         Nesting{"negations", "begin { $x = ", "!", "1", "", "; }"},
                                         Nesting{"casts", "begin { $x = ", "(uint8)", "1", "", "; }"},
                                         Nesting{"ternaries", "begin { $x = ", "1 ? ", "2", " : 3", "; }"},
                                         Nesting{"ternary_chain", "begin { $x = ", "1 ? 2 : ", "3", "", "; }"},
                                         Nesting{"left_deep", "begin { $x = 1", " || 1", "", "", "; }"},
                                         Nesting{"sums", "begin { $x = 1", " + 1", "", "", "; }"},
                                         Nesting{"fields", "begin { $x = y", ".z", "", "", "; }"},
                                         Nesting{"indices", "begin { $x = y", "[0]", "", "", "; }"},
                                         Nesting{"inner_indices", "begin { $x = ", "y[", "0", "]", "; }"},
                                         Nesting{"map_keys", "begin { $x = ", "@m[", "0", "]", "; }"},
                                         Nesting{"calls", "begin { $x = ", "f(", "0", ")", "; }"},
                                         Nesting{"tuples", "begin { $x = ", "(1, ", "0", ")", "; }"},
                                         Nesting{"records", "begin { $x = ", "(a=", "0", ")", "; }"},
                                         Nesting{"else_if", "begin { if a { } ", "else if b { } ", "", "", "}"},
                                         Nesting{"predicate", "kprobe:f /", "(", "1", ")", "/ { a; }"},
                                         Nesting{"types", "begin { let $x: ", "(", "int8", ",)", "; }"},
                                         Nesting{"typeof_types", "begin { let $x: ", "typeof(", "1", ")", "; }"},
                                         Nesting{"macro", "macro m(e) { ", "(", "e", ")", " }"}),
                         [](const auto& shape) { return shape.param.name; });

// --- size

// Processor time: the machine may be busy with other things.
void ExpectEndsSoon(const std::string& script) {
  std::clock_t start = std::clock();
  Parsed parsed(script);
  double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_LE(parsed.diagnostics.error_count(), 60u);
#if defined(__SANITIZE_ADDRESS__)
  constexpr double kLimit = 60;
#else
  constexpr double kLimit = 8;  // a release build needs less than 2
#endif
  EXPECT_LT(seconds, kLimit);
  EXPECT_LT(parsed.Errors().size(), 100'000u);
}

// `fill` again and again, up to 1 MB.
struct Large {
  std::string name;
  std::string before, fill, after;
};

class LargeInput : public testing::TestWithParam<Large> {};

TEST_P(LargeInput, EndsSoon) {
  const Large& shape = GetParam();
  ExpectEndsSoon(shape.before + Fill(shape.fill, kSlice) + shape.after);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, LargeInput,
    testing::Values(
        Large{"zeros", "", std::string(1, '\0')}, Large{"zeros_in_body", "begin { ", std::string(1, '\0')},
        Large{"open_parens", "begin { ", "("}, Large{"open_braces", "begin ", "{"}, Large{"close_braces", "", "}"},
        Large{"brackets", "begin { ", "["}, Large{"bangs", "begin { ", "!"}, Large{"slashes", "kprobe:f /1", "/ "},
        Large{"quotes", "begin { ", "\""}, Large{"quote_lines", "begin { ", "\"\n"},
        Large{"single_quotes", "begin { ", "'"}, Large{"letters", "", "a"}, Large{"letters_in_body", "begin { ", "a"},
        Large{"digits", "begin { ", "1"}, Large{"underscores", "begin { 1", "_"}, Large{"dots", "begin { 1", ".1"},
        Large{"words", "", "a "}, Large{"words_in_body", "begin { ", "a "},
        Large{"statements", "begin { ", "$x = 1; ", "}"}, Large{"semicolons", "begin { ", ";", "}"},
        Large{"short_statements", "begin { ", "a;", "}"}, Large{"probes", "", "kprobe:f { } "},
        Large{"unclosed_probes", "", "kprobe:f {\n"}, Large{"colons", "", ":"}, Large{"commas", "", ","},
        Large{"types", "begin { ", "(int "}, Large{"typeofs", "begin { ", "(typeof("},
        Large{"stars", "begin { (a", "*"}, Large{"ternaries", "begin { $x = ", "1?"},
        Large{"else_ifs", "begin { if 1 {} ", "else if 1 {} "}, Large{"structs", "", "struct s { } "},
        Large{"open_struct", "struct s ", "{"}, Large{"directives", "", "#define A\n"},
        Large{"continued", "#define A ", "\\\n"}, Large{"comment", "/*", "*"}, Large{"comments", "", "/**/"},
        Large{"open_comments", "", "/*"}, Large{"lines", "", "// c\n"}, Large{"string", "begin { f(\"", "s", "\"); }"},
        Large{"backslashes", "begin { f(\"", "\\", "\"); }"}, Large{"escapes", "begin { f(\"", "\\q", "\"); }"},
        Large{"strings", "begin { f(", "\"s\" ", "); }"}, Large{"spec_quotes", "kprobe:", "\"a\""},
        Large{"spec_parts", "kprobe", ":a"}, Large{"arguments", "begin { f(1", ", 1", "); }"},
        Large{"type_arguments", "begin { f(a *", ", a *", "); }"}, Large{"targets", "begin { ", "1 = 1; ", "}"},
        Large{"lets", "", "let @a\n"}, Large{"imports", "", "import \"a\" "}, Large{"macros", "", "macro a "},
        Large{"begins", "begin {\n", "begin\n"}),
    [](const auto& shape) { return shape.param.name; });

TEST(HugeInput, OfStatementsEndsSoon) { ExpectEndsSoon("begin { " + Fill("$x = 1; ", kLarge) + "}"); }

TEST(HugeInput, OfParenthesesEndsSoon) { ExpectEndsSoon("begin { " + Fill("(", kLarge)); }

TEST(HugeInput, OfNoiseEndsSoon) {
  std::mt19937 random(1);
  std::string noise(kLarge, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  ExpectEndsSoon(noise);
  ExpectEndsSoon("begin { " + noise);
}

TEST(HugeInput, PastTheLimitIsRefused) {
  Parsed parsed(std::string((16 << 20) + 1, 'a'));
  ASSERT_EQ(parsed.diagnostics.error_count(), 1u);
  EXPECT_EQ(parsed.diagnostics.all()[0].id.name, "script-too-large");
}

TEST(Input, MayBeEmptyOrOddAtItsEnds) {
  EXPECT_EQ(Parsed("").Errors(), "");
  EXPECT_EQ(Parsed("\n").Errors(), "");
  EXPECT_EQ(Parsed("\xef\xbb\xbf"
                   "begin { a; }")
                .Errors(),
            "");
  EXPECT_EQ(Parsed("#!/usr/bin/sonde").Errors(), "");
  EXPECT_EQ(Parsed("// c").Errors(), "");
  EXPECT_EQ(Parsed("#define A \\").Errors(), "");
  EXPECT_EQ(Parsed("begin\r\n{\r\n  a; // c\r\n}\r\n").Errors(), "");
  for (const char* text : {"/",
                           "\\",
                           "\"",
                           "'",
                           "@",
                           "$",
                           "#",
                           "{",
                           "}",
                           "begin",
                           "begin {",
                           "begin { \"",
                           "begin { '",
                           "begin { /",
                           "begin { /*",
                           "/*",
                           "kprobe:f /",
                           "kprobe:f / a",
                           "kprobe:",
                           "a=",
                           "let @",
                           "import \"",
                           "macro m",
                           "config={",
                           "struct {",
                           "typedef int",
                           "begin { 1.",
                           "begin { 0x",
                           "\xff",
                           "begin { \xff",
                           "begin { $",
                           "begin { \"\\",
                           "begin { \"\\x"}) {
    Parsed parsed(text);
    parsed.Errors();
    parsed.Tree(true);
    parsed.Formatted();
  }
}

TEST(Errors, StopAfterFifty) {
  Parsed parsed("begin {\n" + Repeat("$x = ;\n", 1'000) + "}\n");
  EXPECT_EQ(parsed.diagnostics.error_count(), 50u);
}

// --- damage

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  std::string folder = std::string(SONDE_TEST_DIR) + "/seeds/";
  for (const char* name : {"fatrace.bt", "slowprocs.bt", "procs-new.bt", "opens-failed.bt", "one-liners.txt"}) {
    seeds.push_back(ReadFile(folder + name));
  }
  folder = std::string(SONDE_TEST_DIR) + "/cases/parser/";
  for (const char* name : {"structure.bt", "probes.bt", "predicates.bt", "expressions.bt", "statements.bt", "casts.bt",
                           "macros.bt", "literals.bt", "type_arguments.bt", "fmt_comments.bt"}) {
    std::string text = ReadFile(folder + name);
    seeds.push_back(text.substr(0, text.find("// EXPECT:")));
  }
  return seeds;
}

// Where the words, numbers, runs of blanks and single characters of a text begin.
std::vector<size_t> PieceStarts(std::string_view text) {
  auto kind = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ? 1 : std::isspace(static_cast<unsigned char>(c)) ? 2 : 0;
  };
  std::vector<size_t> starts;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 0 || kind(text[i]) == 0 || kind(text[i]) != kind(text[i - 1])) starts.push_back(i);
  }
  starts.push_back(text.size());
  return starts;
}

std::string Damaged(std::string text, std::mt19937& random) {
  size_t hits = 1 + random() % 4;
  for (size_t hit = 0; hit < hits && !text.empty(); ++hit) {
    std::vector<size_t> starts = PieceStarts(text);
    size_t piece = random() % (starts.size() - 1);
    size_t length = starts[piece + 1] - starts[piece];
    size_t other = random() % (starts.size() - 1);
    switch (random() % 6) {
      case 0:
        text.erase(starts[piece], length);
        break;
      case 1:
        text.insert(starts[piece], text.substr(starts[piece], length));
        break;
      case 2:
        text.insert(starts[other], text.substr(starts[piece], length));
        break;
      case 3:
        text[random() % text.size()] = static_cast<char>(random());
        break;
      case 4:
        text.erase(random() % text.size(), 1 + random() % 20);
        break;
      default:
        text.insert(random() % text.size(), 1, "(){}[]/\"';:,=@$#\\\n*&-+.?!<>|"[random() % 28]);
        break;
    }
  }
  return text;
}

TEST(DamagedSeeds, NeverCrashAndKeepTheirMeaningWhenTheyParse) {
  std::mt19937 random(20240607);
  std::vector<std::string> seeds = Seeds();
  size_t parsed_count = 0;
  for (int i = 0; i < 6'000; ++i) {
    std::string text = Damaged(seeds[random() % seeds.size()], random);
    Parsed parsed(text);
    parsed.Errors();
    parsed.Tree(true);
    parsed.Formatted();
    EXPECT_LE(parsed.diagnostics.error_count(), 60u);
    if (parsed.diagnostics.HasErrors()) continue;
    ++parsed_count;
    ExpectFormatKeepsMeaning(parsed);
    if (testing::Test::HasFailure()) FAIL() << "round " << i << ":\n" << text;
  }
  EXPECT_GT(parsed_count, 500u);
}

}  // namespace
}  // namespace sonde::parser
