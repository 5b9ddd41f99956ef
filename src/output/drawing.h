// SVG: shapes and text, from the top of a page down.
#pragma once

#include <string>
#include <string_view>

namespace sonde::output {

inline constexpr double kPageWidth = 1200;
inline constexpr double kPageMargin = 12;

// For text and attributes; what is no XML character is left out.
std::string XmlEscaped(std::string_view text);

struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

// What is drawn so far and how far down it reaches.
struct Drawing {
  std::string shapes;
  double height = kPageMargin;

  void Text(double x, double y, std::string_view text, std::string_view style = "");
  // With what is shown of it when somebody points at it; may be empty.
  void Rectangle(const Box& box, std::string_view color, std::string_view title);
  void Line(double x1, double y1, double x2, double y2, std::string_view color);
  // A headline, and room for what follows.
  void Heading(std::string_view text);
};

// The page as a file.
std::string Page(const Drawing& drawing);

}  // namespace sonde::output
