#include "output/drawing.h"

#include <fmt/format.h>

#include <iterator>

namespace sonde::output {
namespace {

constexpr double kHeadingHeight = 24;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Bytes of the UTF-8 character that begins at `at`; 0 where there is none.
size_t CharacterAt(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[at + i])) return 0;
  }
  return length;
}

}  // namespace

std::string XmlEscaped(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharacterAt(text, at);
    const char c = text[at];
    if (length == 0) {
      out += "\xef\xbf\xbd";  // U+FFFD
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (length > 1 || static_cast<unsigned char>(c) >= ' ' || c == '\t') {
      out += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  return out;
}

void Drawing::Text(double x, double y, std::string_view text, std::string_view style) {
  fmt::format_to(std::back_inserter(shapes), "<text x=\"{:.1f}\" y=\"{:.1f}\"{}{}>{}</text>\n", x, y,
                 style.empty() ? "" : " ", style, XmlEscaped(text));
}

void Drawing::Rectangle(const Box& box, std::string_view color, std::string_view title) {
  fmt::format_to(std::back_inserter(shapes),
                 "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"", box.x, box.y, box.width,
                 box.height, color);
  shapes += title.empty() ? "/>\n" : fmt::format("><title>{}</title></rect>\n", XmlEscaped(title));
}

void Drawing::Line(double x1, double y1, double x2, double y2, std::string_view color) {
  fmt::format_to(std::back_inserter(shapes),
                 "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1, y1, x2, y2, color);
}

void Drawing::Heading(std::string_view text) {
  Text(kPageMargin, height + kHeadingHeight - 8, text, "font-weight=\"bold\"");
  height += kHeadingHeight;
}

std::string Page(const Drawing& drawing) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"monospace\" font-size=\"12\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{2}</svg>\n",
      kPageWidth, drawing.height + kPageMargin, drawing.shapes);
}

}  // namespace sonde::output
