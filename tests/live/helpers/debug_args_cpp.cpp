// Classes, namespaces, references and templates with known values: what typed arguments of C++ are tested on.
#include <cstdint>
#include <string>

#define KEEP __attribute__((noinline, noclone))
#define USED(x) ({ __asm__ volatile("" : : "g"(x) : "memory"); })

namespace geo {

enum class Kind : uint8_t { kRound = 3, kFlat };

struct Point {
  int x = 0;
  int y = 0;
  static int count;
};
int Point::count = 0;

class Shape {
 public:
  explicit Shape(int id) : id_(id) {}
  virtual ~Shape() = default;
  virtual int Area(int scale) const = 0;

 protected:
  int id_;
};

class Circle : public Shape {
 public:
  Circle(int id, int radius) : Shape(id), radius_(radius) {}
  KEEP int Area(int scale) const override { return radius_ * scale + center_.x; }
  KEEP static int Count(Kind kind) {
    USED(kind);
    return 5;
  }

 private:
  int radius_;
  Point center_{7, 8};
};

// Not copied as bytes: passed by its address.
struct Owner {
  explicit Owner(int v) : value(v) {}
  Owner(const Owner& other) : value(other.value) {}
  ~Owner() { value = 0; }
  int value;
};

KEEP long Distance(const Point& from, Point&& to, Point copy) {
  USED(copy.x);
  return to.x - from.x;
}
KEEP int Own(int before, Owner owner, int after) {
  USED(before), USED(after);
  return owner.value;
}
KEEP Owner Make(int value) { return Owner(value); }
template <typename T>
KEEP T Twice(T value) {
  return value + value;
}
KEEP bool Same(const char* a, std::nullptr_t, const std::string& text) {
  USED(a);
  return text.empty();
}

}  // namespace geo

int main() {
  geo::Circle circle(11, 10);
  const geo::Shape& shape = circle;
  USED(shape.Area(3));
  USED(geo::Circle::Count(geo::Kind::kFlat));
  geo::Point from{1, 2};
  USED(geo::Distance(from, geo::Point{5, 6}, geo::Point{-1, -2}));
  USED(geo::Own(1, geo::Owner(42), 2));
  USED(geo::Make(43).value);
  USED(geo::Twice(21));
  USED(geo::Twice<int64_t>(-21));
  USED(geo::Same("text", nullptr, ""));
  return 0;
}
