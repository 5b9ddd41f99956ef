#include "symbols/rust_v0.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace sonde::symbols {
namespace {

// What no name of a real program exceeds; back references can make short texts long.
constexpr size_t kMaxOutput = 8192;
constexpr uint32_t kMaxDepth = 200;

struct BasicType {
  char letter;
  std::string_view name;
};
constexpr BasicType kBasicTypes[] = {
    {'a', "i8"},    {'b', "bool"},  {'c', "char"}, {'d', "f64"}, {'e', "str"}, {'f', "f32"}, {'h', "u8"},
    {'i', "isize"}, {'j', "usize"}, {'l', "i32"},  {'m', "u32"}, {'n', "i128"}, {'o', "u128"}, {'p', "_"},
    {'s', "i16"},   {'t', "u16"},   {'u', "()"},   {'v', "..."}, {'x', "i64"}, {'y', "u64"}, {'z', "!"}};

// One pass over the name: each function takes a rule of the grammar from the front and writes it. After a failure
// nothing is written any more, and the whole is given up.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<std::string> Symbol() {
    if (!failed_ && std::isdigit(static_cast<unsigned char>(Peek())) != 0) failed_ = true;  // a version to come
    Path(/*is_value=*/true);
    if (!failed_ && std::isupper(static_cast<unsigned char>(Peek())) != 0) {
      const std::string shown = out_;
      Path(/*is_value=*/false);  // the crate that it was made in
      out_ = shown;
    }
    const std::string_view suffix = text_.substr(std::min(at_, text_.size()));
    if (failed_ || (!suffix.empty() && suffix[0] != '.' && suffix[0] != '$')) return std::nullopt;
    if (!suffix.starts_with(".llvm.")) out_ += suffix;
    return out_;
  }

 private:
  struct Identifier {
    uint64_t number = 0;
    std::string name;
  };

  // Counts how deep rules are in rules.
  class Nested {
   public:
    explicit Nested(Reader& reader) : reader_(reader) {
      if (++reader_.depth_ > kMaxDepth) reader_.failed_ = true;
    }
    ~Nested() { --reader_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Reader& reader_;
  };

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char Next() {
    if (at_ >= text_.size()) {
      failed_ = true;
      return '\0';
    }
    return text_[at_++];
  }
  bool Eat(char c) {
    if (failed_ || Peek() != c) return false;
    ++at_;
    return true;
  }
  void Write(std::string_view text) {
    if (out_.size() + text.size() > kMaxOutput) failed_ = true;
    if (!failed_) out_ += text;
  }

  uint64_t Base62() {
    if (Eat('_')) return 0;
    uint64_t value = 0;
    while (!failed_ && !Eat('_')) {
      const char c = Next();
      uint64_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = c - '0';
      } else if (c >= 'a' && c <= 'z') {
        digit = c - 'a' + 10;
      } else if (c >= 'A' && c <= 'Z') {
        digit = c - 'A' + 36;
      } else {
        failed_ = true;
      }
      if (value > (UINT64_MAX - digit) / 62 - 1) failed_ = true;
      value = value * 62 + digit;
    }
    return value + 1;
  }
  uint64_t OptionalBase62(char mark) { return Eat(mark) ? Base62() + 1 : 0; }

  std::string PlainIdentifier() {
    const bool is_punycode = Eat('u');
    size_t length = 0;
    const char* end = text_.data() + text_.size();
    const auto [rest, error] = std::from_chars(text_.data() + std::min(at_, text_.size()), end, length);
    if (failed_ || error != std::errc()) {
      failed_ = true;
      return "";
    }
    at_ = static_cast<size_t>(rest - text_.data());
    Eat('_');
    if (length > text_.size() - at_) {
      failed_ = true;
      return "";
    }
    const std::string_view name = text_.substr(at_, length);
    at_ += length;
    if (!is_punycode) return std::string(name);
    std::optional<std::string> decoded = DecodePunycode(name);
    if (!decoded) failed_ = true;
    return decoded.value_or("");
  }
  Identifier Named() {
    const uint64_t number = OptionalBase62('s');
    return {.number = number, .name = PlainIdentifier()};
  }

  // Reads a rule that stands further to the front once more.
  template <typename Rule>
  void Back(size_t mark, Rule rule) {
    const uint64_t target = Base62();
    if (failed_ || target >= mark) {
      failed_ = true;
      return;
    }
    const size_t after = at_;
    at_ = target;
    rule();
    at_ = after;
  }

  void Path(bool is_value) {
    if (OpenPath(is_value)) Write(">");
  }

  // Leaves out the `>` of generic arguments, and tells so.
  bool OpenPath(bool is_value) {
    const Nested nested(*this);
    if (failed_) return false;
    const size_t mark = at_;
    switch (Next()) {
      case 'C':
        Write(Named().name);
        return false;
      case 'N':
        NestedPath(is_value);
        return false;
      case 'M':
        SkipImplementation();
        Qualified(/*has_trait=*/false);
        return false;
      case 'X':
        SkipImplementation();
        Qualified(/*has_trait=*/true);
        return false;
      case 'Y':
        Qualified(/*has_trait=*/true);
        return false;
      case 'I':
        Path(is_value);
        Write(is_value ? "::<" : "<");
        List('E', [this] { GenericArgument(); });
        return true;
      case 'B': {
        bool is_open = false;
        Back(mark, [&] { is_open = OpenPath(is_value); });
        return is_open;
      }
      default:
        failed_ = true;
        return false;
    }
  }

  void NestedPath(bool is_value) {
    const char kind = Next();
    Path(is_value);
    const Identifier id = Named();
    if (std::isupper(static_cast<unsigned char>(kind)) != 0) {
      const std::string what = kind == 'C' ? "closure" : kind == 'S' ? "shim" : std::string(1, kind);
      Write(fmt::format("::{{{}{}{}#{}}}", what, id.name.empty() ? "" : ":", id.name, id.number));
    } else if (!id.name.empty()) {
      Write("::");
      Write(id.name);
    }
  }

  // Where an implementation stands, which its type and trait tell better.
  void SkipImplementation() {
    OptionalBase62('s');
    const std::string shown = out_;
    Path(/*is_value=*/false);
    if (!failed_) out_ = shown;
  }

  void Qualified(bool has_trait) {
    Write("<");
    Type();
    if (has_trait) {
      Write(" as ");
      Path(/*is_value=*/false);
    }
    Write(">");
  }

  template <typename Rule>
  size_t List(char end, Rule rule, std::string_view separator = ", ") {
    size_t count = 0;
    while (!failed_ && !Eat(end)) {
      if (count++ > 0) Write(separator);
      rule();
    }
    return count;
  }

  void GenericArgument() {
    if (Eat('L')) {
      Lifetime(Base62());
    } else if (Eat('K')) {
      Constant();
    } else {
      Type();
    }
  }

  void Lifetime(uint64_t index) {
    if (index == 0) {
      Write("'_");
      return;
    }
    if (index > lifetimes_ || lifetimes_ - index >= 26) {
      failed_ = true;
      return;
    }
    Write(fmt::format("'{}", static_cast<char>('a' + (lifetimes_ - index))));
  }

  // for<'a, 'b>; the lifetimes are known until the rule's end.
  template <typename Rule>
  void Bound(Rule rule) {
    const uint64_t count = OptionalBase62('G');
    const uint64_t before = lifetimes_;
    if (count > 26) failed_ = true;
    if (count > 0) Write("for<");
    for (uint64_t i = 0; i < count && !failed_; ++i) {
      if (i > 0) Write(", ");
      ++lifetimes_;
      Lifetime(1);
    }
    if (count > 0) Write("> ");
    rule();
    lifetimes_ = before;
  }

  void Type() {
    const Nested nested(*this);
    if (failed_) return;
    const size_t mark = at_;
    const char letter = Next();
    const auto* const basic = std::ranges::find(kBasicTypes, letter, &BasicType::letter);
    if (basic != std::end(kBasicTypes)) {
      Write(basic->name);
      return;
    }
    switch (letter) {
      case 'A':
      case 'S':
        Write("[");
        Type();
        if (letter == 'A') {
          Write("; ");
          Constant();
        }
        Write("]");
        return;
      case 'T':
        Write("(");
        if (List('E', [this] { Type(); }) == 1) Write(",");
        Write(")");
        return;
      case 'R':
      case 'Q':
        Reference(letter == 'Q');
        return;
      case 'P':
      case 'O':
        Write(letter == 'P' ? "*const " : "*mut ");
        Type();
        return;
      case 'F':
        Bound([this] { FunctionType(); });
        return;
      case 'D':
        DynamicType();
        return;
      case 'B':
        Back(mark, [this] { Type(); });
        return;
      default:
        at_ = mark;
        Path(/*is_value=*/false);
    }
  }

  void Reference(bool is_mutable) {
    Write("&");
    if (Eat('L')) {
      if (const uint64_t lifetime = Base62(); lifetime != 0) {
        Lifetime(lifetime);
        Write(" ");
      }
    }
    if (is_mutable) Write("mut ");
    Type();
  }

  void FunctionType() {
    if (Eat('U')) Write("unsafe ");
    if (Eat('K')) {
      std::string abi = Eat('C') ? "C" : PlainIdentifier();
      std::ranges::replace(abi, '_', '-');
      Write(fmt::format("extern \"{}\" ", abi));
    }
    Write("fn(");
    List('E', [this] { Type(); });
    Write(")");
    if (Eat('u')) return;
    Write(" -> ");
    Type();
  }

  void DynamicType() {
    Write("dyn ");
    Bound([this] { List('E', [this] { DynamicTrait(); }, " + "); });
    if (!Eat('L')) failed_ = true;
    if (const uint64_t lifetime = Base62(); lifetime != 0 && !failed_) {
      Write(" + ");
      Lifetime(lifetime);
    }
  }

  void DynamicTrait() {
    bool is_open = OpenPath(/*is_value=*/false);
    while (Eat('p')) {
      Write(is_open ? ", " : "<");
      is_open = true;
      Write(PlainIdentifier());
      Write(" = ");
      Type();
    }
    if (is_open) Write(">");
  }

  void Constant() {
    const Nested nested(*this);
    if (failed_) return;
    const size_t mark = at_;
    if (Eat('B')) {
      Back(mark, [this] { Constant(); });
      return;
    }
    const char type = Next();
    if (type == 'p') {
      Write("_");
      return;
    }
    const bool is_negative = Eat('n');
    std::string digits;
    while (!failed_ && !Eat('_')) digits += Next();
    if (digits.empty()) digits = "0";
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    const bool is_number = error == std::errc() && end == digits.data() + digits.size();
    if (type == 'b' && is_number && value < 2) {
      Write(value == 1 ? "true" : "false");
    } else if (type == 'c' && is_number) {
      Write(value >= ' ' && value < 127 ? fmt::format("'{}'", static_cast<char>(value))
                                        : fmt::format("'\\u{{{:x}}}'", value));
    } else if (std::string_view("ahijlmnostxy").find(type) != std::string_view::npos) {
      Write(is_negative ? "-" : "");
      Write(is_number ? fmt::format("{}", value) : "0x" + digits);
    } else {
      failed_ = true;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
  uint32_t depth_ = 0;
  uint64_t lifetimes_ = 0;  // that are bound around
  bool failed_ = false;
};

}  // namespace

std::optional<std::string> DemangleRustV0(std::string_view name) {
  constexpr std::string_view kMark = "_R";
  if (!name.starts_with(kMark)) return std::nullopt;
  return Reader(name.substr(kMark.size())).Symbol();
}

}  // namespace sonde::symbols
