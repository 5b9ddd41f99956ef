#include "base/glob.h"

#include <cstddef>

namespace sonde {
namespace {

// Matches one pattern element at `p` against `c`; sets `next` behind the element.
bool MatchOne(std::string_view pattern, size_t p, char c, size_t& next) {
  next = p + 1;
  if (pattern[p] == '?') return true;
  if (pattern[p] != '[') return pattern[p] == c;
  size_t close = pattern.find(']', p + 2);
  if (close == std::string_view::npos) return c == '[';
  next = close + 1;
  bool negated = pattern[p + 1] == '!' || pattern[p + 1] == '^';
  bool hit = false;
  for (size_t i = p + 1 + (negated ? 1 : 0); i < close; ++i) {
    if (i + 2 < close && pattern[i + 1] == '-') {
      hit = hit || (pattern[i] <= c && c <= pattern[i + 2]);
      i += 2;
    } else {
      hit = hit || pattern[i] == c;
    }
  }
  return hit != negated;
}

}  // namespace

bool HasWildcard(std::string_view pattern) { return pattern.find_first_of("*?[") != std::string_view::npos; }

bool GlobMatch(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t retry = 0;
  while (t < text.size()) {
    size_t next = 0;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && MatchOne(pattern, p, text[t], next)) {
      p = next;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace sonde
