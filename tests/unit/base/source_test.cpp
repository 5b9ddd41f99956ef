#include "base/source.h"

#include <gtest/gtest.h>

#include "base/diagnostics.h"
#include "base/glob.h"
#include "base/suggest.h"

namespace sonde {
namespace {

TEST(SourceManager, LocatesLinesAndColumnsFromOne) {
  SourceManager sources;
  FileId file = sources.Add("x.bt", "ab\ncd\n\nef");
  EXPECT_EQ(sources.Locate({file, 0, 1}).line, 1u);
  EXPECT_EQ(sources.Locate({file, 4, 1}).line, 2u);
  EXPECT_EQ(sources.Locate({file, 4, 1}).column, 2u);
  EXPECT_EQ(sources.Locate({file, 9, 0}).line, 4u);
  EXPECT_EQ(sources.Line(file, 4), "ef");
  EXPECT_EQ(sources.Line(file, 5), "");
}

TEST(Diagnostics, QuotesTheLineWithACaretUnderTheRange) {
  SourceManager sources;
  FileId file = sources.Add("x.bt", "begin { foo }\n");
  Diagnostics diagnostics;
  diagnostics.Error({"unknown-name"}, {file, 8, 3}, "unknown name 'foo'").Hint("did you mean 'for'?");
  EXPECT_EQ(RenderAll(diagnostics, sources, true),
            "x.bt:1:9: error: unknown name 'foo' [unknown-name]\n"
            "    1 | begin { foo }\n"
            "      |         ^~~\n"
            "hint: did you mean 'for'?\n");
}

TEST(Diagnostics, SurvivesARangePastTheEndAndControlBytes) {
  SourceManager sources;
  FileId file = sources.Add("-e", std::string("\x1b[31m\xff", 6));
  Diagnostics diagnostics;
  diagnostics.Error({"x"}, {file, 6, 9}, "unexpected end");
  std::string text = RenderAll(diagnostics, sources, true);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("?[31m?"), std::string::npos);
}

TEST(Diagnostics, ShowsTheMacroCallBehindAnExpansion) {
  SourceManager sources;
  FileId file = sources.Add("x.bt", "macro m() { bad }\nbegin { m() }\n");
  Diagnostics diagnostics;
  uint32_t expansion = sources.AddExpansion({file, 26, 3}, "in this call of macro 'm'");
  diagnostics.Error({"x"}, {file, 12, 3, expansion}, "bad");
  EXPECT_NE(RenderAll(diagnostics, sources, true).find("x.bt:2:9: note: in this call of macro 'm'"), std::string::npos);
}

TEST(GlobMatch, MatchesStarsQuestionMarksAndSets) {
  EXPECT_TRUE(GlobMatch("sys_*_open*", "sys_enter_openat"));
  EXPECT_FALSE(GlobMatch("sys_*_open", "sys_enter_openat"));
  EXPECT_TRUE(GlobMatch("a?c", "abc"));
  EXPECT_TRUE(GlobMatch("[a-c]x", "bx"));
  EXPECT_FALSE(GlobMatch("[!a-c]x", "bx"));
  EXPECT_TRUE(GlobMatch("*", ""));
  EXPECT_FALSE(GlobMatch("*a*a*a*a*a*a*a*b", std::string(64, 'a')));
}

TEST(NearestName, OffersOnlyWhatIsNear) {
  EXPECT_EQ(NearestName("filname", {"flags", "filename", "mode"}), "filename");
  EXPECT_EQ(NearestName("zzz", {"flags", "filename"}), "");
}

}  // namespace
}  // namespace sonde
