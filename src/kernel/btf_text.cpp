#include "kernel/btf_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/glob.h"

namespace sonde::kernel {
namespace {

struct TypeWord {
  std::string_view word;
  std::array<BtfKind, 2> kinds;
};
constexpr TypeWord kTypeWords[] = {
    {"struct", {BtfKind::kStruct, BtfKind::kStruct}},
    {"union", {BtfKind::kUnion, BtfKind::kUnion}},
    {"enum", {BtfKind::kEnum, BtfKind::kEnum64}},
};

bool IsAggregate(BtfKind kind) { return kind == BtfKind::kStruct || kind == BtfKind::kUnion; }
bool IsEnum(BtfKind kind) { return kind == BtfKind::kEnum || kind == BtfKind::kEnum64; }

std::string_view WordOf(BtfKind kind) {
  if (kind == BtfKind::kUnion) return "union";
  return IsEnum(kind) ? "enum" : "struct";
}

class Writer {
 public:
  explicit Writer(const Btf& btf) : btf_(btf) {}

  std::string Write(BtfId id) {
    const BtfType type = btf_.Type(id);
    text_ = fmt::format("{} {} ", WordOf(type.kind), type.name);
    Body(id, type, 0);
    return text_ + ";\n";
  }

 private:
  void Indent(int depth) { text_.append(static_cast<size_t>(depth) * 4, ' '); }

  void Body(BtfId id, const BtfType& type, int depth) {
    text_ += "{\n";
    if (IsEnum(type.kind)) {
      for (const BtfEnumerator& enumerator : btf_.Enumerators(id)) {
        Indent(depth + 1);
        text_ += fmt::format("{} = {},\n", enumerator.name, enumerator.value);
      }
    } else {
      for (const BtfMember& member : btf_.Members(id)) Member(member, depth + 1);
    }
    Indent(depth);
    text_ += "}";
  }

  void Member(const BtfMember& member, int depth) {
    Indent(depth);
    const BtfType type = btf_.Type(member.type);
    // Damaged BTF could nest without end.
    const bool is_unnamed = (IsAggregate(type.kind) || IsEnum(type.kind)) && type.name.empty() && depth < kMaxDepth;
    if (is_unnamed) {
      text_ += fmt::format("{} ", WordOf(type.kind));
      Body(member.type, type, depth);
      if (!member.name.empty()) text_ += fmt::format(" {}", member.name);
    } else {
      text_ += Declarator(member);
    }
    if (member.bit_size != 0) text_ += fmt::format(" : {}", member.bit_size);
    text_ += ";\n";
  }

  // `char comm[16]`: the brackets of an array stand behind the name.
  std::string Declarator(const BtfMember& member) const {
    std::string type = btf_.CName(member.type);
    const size_t bracket = type.ends_with(']') ? type.find('[') : std::string::npos;
    if (bracket == std::string::npos) return fmt::format("{} {}", type, member.name);
    return fmt::format("{} {}{}", type.substr(0, bracket), member.name, type.substr(bracket));
  }

  static constexpr int kMaxDepth = 16;
  const Btf& btf_;
  std::string text_;
};

struct TypePattern {
  const TypeWord* word = nullptr;
  std::string_view name;
};

std::optional<TypePattern> ReadPattern(std::string_view pattern) {
  for (const TypeWord& word : kTypeWords) {
    if (!pattern.starts_with(word.word)) continue;
    std::string_view rest = pattern.substr(word.word.size());
    const size_t name = rest.find_first_not_of(' ');
    if (name == 0 || name == std::string_view::npos) continue;
    return TypePattern{&word, rest.substr(name)};
  }
  return std::nullopt;
}

}  // namespace

std::string Declaration(const Btf& btf, BtfId id) { return Writer(btf).Write(id); }

std::vector<BtfId> MatchTypes(const Btf& btf, std::string_view pattern) {
  const std::optional<TypePattern> read = ReadPattern(pattern);
  if (!read) return {};
  const std::string_view prefix = read->name.substr(0, read->name.find_first_of("*?["));
  std::map<std::string_view, BtfId> found;
  for (const BtfKind kind : read->word->kinds) {
    for (const Btf::Named& named : btf.FindAll(kind, prefix)) {
      if (!named.name.empty() && GlobMatch(read->name, named.name)) found.emplace(named.name, named.id);
    }
  }
  std::vector<BtfId> ids;
  ids.reserve(found.size());
  for (const auto& [name, id] : found) ids.push_back(id);
  return ids;
}

bool AsksForTypes(std::string_view pattern) { return ReadPattern(pattern).has_value(); }

}  // namespace sonde::kernel
