#include "parse_helpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sonde::parser {
namespace {

std::vector<std::string> SortedComments(const Parsed& parsed) {
  std::vector<std::string> texts;
  for (const Comment& comment : parsed.ast->comments) {
    std::string text(parsed.sources.Text(comment.span));
    while (comment.line && (text.ends_with(' ') || text.ends_with('\t'))) text.pop_back();
    texts.push_back(text);
  }
  std::ranges::sort(texts);
  return texts;
}

}  // namespace

void ExpectFormatKeepsMeaning(const Parsed& parsed) {
  std::string once = parsed.Formatted();
  Parsed again(once);
  EXPECT_EQ(again.Errors(), "") << once;
  EXPECT_EQ(again.Tree(), parsed.Tree()) << once;
  EXPECT_EQ(again.Formatted(), once);
  EXPECT_EQ(SortedComments(again), SortedComments(parsed)) << once;
}

}  // namespace sonde::parser
