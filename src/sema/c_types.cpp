// Types that come from C: the script's preamble and its headers.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/consulted.h"
#include "kernel/btf.h"
#include "sema/c_from_btf.h"
#include "sema/checker.h"

namespace sonde::sema {

// Turns cheaders' descriptions into types, each once; structs refer to themselves through pointers.
class CTypes {
 public:
  explicit CTypes(Checker& checker) : checker_(checker) {}

  const Type* Convert(cheaders::CTypeId id) {
    auto known = checker_.c_types_.find(id);
    if (known != checker_.c_types_.end()) return known->second;
    const cheaders::CType& c = checker_.c_.types.at(id);
    if (c.kind == cheaders::CKind::kStruct || c.kind == cheaders::CKind::kUnion) return ConvertStruct(id, c);
    const Type* type = ConvertPlain(id, c);
    checker_.c_types_[id] = type;
    return type;
  }

 private:
  const Type* ConvertPlain(cheaders::CTypeId id, const cheaders::CType& c) {
    TypeTable& types = checker_.types();
    using cheaders::CKind;
    switch (c.kind) {
      case CKind::kBool:
        return types.Bool();
      case CKind::kInt:
        return c.size > 8 ? nullptr : types.Int(static_cast<uint32_t>(c.size), c.is_signed);
      case CKind::kFloat:
        return c.size == 4 || c.size == 8 ? types.Float(static_cast<uint32_t>(c.size)) : nullptr;
      case CKind::kEnum:
        return Enumeration(id, c);
      case CKind::kPointer: {
        const Type* element = Convert(c.element);
        bool untyped = element == nullptr || element->kind == TypeKind::kVoid;
        return types.Pointer(untyped ? nullptr : element, AddressSpace::kKernel);
      }
      case CKind::kArray: {
        const Type* element = Convert(c.element);
        if (element == nullptr || element->size == 0) return nullptr;
        auto count = static_cast<uint32_t>(c.count);
        // Arrays of `char` are text; other bytes are numbers.
        bool is_text = checker_.c_.types.at(c.element).name == "char" && count > 0;
        return is_text ? types.CharArray(count) : types.Array(element, count);
      }
      case CKind::kVoid:
        return types.Void();
      case CKind::kStruct:
      case CKind::kUnion:
      case CKind::kFunction:
      case CKind::kUnknown:
        return nullptr;
    }
    return nullptr;
  }

  const Type* Enumeration(cheaders::CTypeId id, const cheaders::CType& c) {
    if (c.size == 0 || c.size > 8) return nullptr;
    std::string variant = c.name.empty() ? fmt::format("c {}", id) : "";
    Type* type = checker_.types().Enum(c.name, static_cast<uint32_t>(c.size), c.is_signed, variant);
    if (!type->enumerators.empty()) return type;
    for (const auto& [name, enumerator] : checker_.c_.enumerators) {
      if (enumerator.type == id) type->enumerators.emplace_back(enumerator.value, name);
    }
    std::ranges::stable_sort(type->enumerators, {}, &std::pair<int64_t, std::string>::first);
    return type;
  }

  const Type* ConvertStruct(cheaders::CTypeId id, const cheaders::CType& c) {
    const char* tag = c.kind == cheaders::CKind::kUnion ? "union" : "struct";
    std::string name = c.name.empty() ? tag : fmt::format("{} {}", tag, c.name);
    Type* type = checker_.types().Struct(name, c.name.empty() ? fmt::format("c {}", id) : "");
    checker_.c_types_[id] = type;
    if (c.fields.empty()) return type;  // only declared: BTF may know more
    type->size = static_cast<uint32_t>(c.size);
    type->fields.clear();
    AddFields(*type, c, 0);
    return type;
  }

  // Members of anonymous members count as the struct's own.
  void AddFields(Type& type, const cheaders::CType& c, uint32_t base_bits) {
    for (const cheaders::CField& field : c.fields) {
      const cheaders::CType& member = checker_.c_.types.at(field.type);
      uint32_t bits = base_bits + field.bit_offset;
      bool composite = member.kind == cheaders::CKind::kStruct || member.kind == cheaders::CKind::kUnion;
      if (field.name.empty() && composite) {
        AddFields(type, member, bits);
        continue;
      }
      const Type* field_type = Convert(field.type);
      if (field_type == nullptr)
        field_type = checker_.types().Void();  // known by its name, but of no type that there is
      type.fields.push_back({field.name, field_type, bits / 8, bits % 8, field.bit_width});
    }
  }

  Checker& checker_;
};

namespace {

bool IsWordStart(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsWord(char c) { return IsWordStart(c) || (c >= '0' && c <= '9'); }

// Every identifier-like word of a text; more than the script uses, never less.
std::vector<std::string> Words(std::string_view text) {
  std::set<std::string> words;
  for (size_t i = 0; i < text.size();) {
    if (!IsWordStart(text[i])) {
      ++i;
      continue;
    }
    size_t start = i;
    while (i < text.size() && IsWord(text[i])) ++i;
    words.emplace(text.substr(start, i - start));
  }
  return {words.begin(), words.end()};
}

}  // namespace

namespace {

// "net/sock.h" of a problem that says that this header of the kernel is missing; empty for all others.
std::string_view MissingKernelHeader(std::string_view message) {
  constexpr std::string_view kEnd = "' file not found";
  if (!message.starts_with('\'') || !message.ends_with(kEnd)) return {};
  const std::string_view header = message.substr(1, message.size() - 1 - kEnd.size());
  constexpr std::string_view kFolders[] = {"linux/", "net/",   "asm/",  "asm-generic/", "uapi/", "trace/",
                                           "scsi/",  "block/", "rdma/", "target/",      "drm/",  "vdso/"};
  const bool is_kernel = std::ranges::any_of(kFolders, [&](std::string_view folder) { return header.starts_with(folder); });
  return is_kernel ? header : std::string_view();
}

// Asked by scripts that include headers of the kernel only where its types are not known otherwise.
constexpr std::string_view kHaveBtf = "BPFTRACE_HAVE_BTF";

}  // namespace

// Parses the C text; a type that nothing declares is taken from the kernel's BTF, if that has it.
Result<cheaders::COutput> Checker::ParsePreamble(cheaders::CInput& input, std::string& declared) {
  constexpr int kMaxRounds = 8;  // a declaration from BTF needs no other, so that the second round nearly always does
  const std::string text = input.text;
  std::set<std::string> asked;
  if (text.find(kHaveBtf) != std::string::npos && KernelBtf() != nullptr) {
    declared = fmt::format("#define {} 1\n", kHaveBtf);
  }
  for (int round = 0;; ++round) {
    input.text = declared + text;
    Result<cheaders::COutput> output = world_.headers.Parse(input);
    if (!output || round == kMaxRounds) return output;
    std::string found;
    for (const cheaders::CProblem& problem : output->problems) {
      if (problem.missing_type.empty() || !asked.insert(problem.missing_type).second) continue;
      Result<const kernel::Btf*> btf = world_.kernel.KernelBtf();
      if (btf) found += DeclareFromBtf(**btf, problem.missing_type);
    }
    if (found.empty()) return output;
    declared += found;
  }
}

void Checker::LoadPreamble(const Script& script) {
  cheaders::CInput input;
  std::vector<std::pair<size_t, Span>> places;  // start in input.text → item
  auto add = [&](Span span, const std::string& text) {
    places.emplace_back(input.text.size(), span);
    input.text += text + "\n";
  };
  for (const ImportedHeader& header : script.headers) add(header.site, fmt::format("#include \"{}\"", header.path));
  for (const ImportedHeader& source : script.bpf_sources) add(source.site, fmt::format("#include \"{}\"", source.path));
  has_bpf_sources_ = !script.bpf_sources.empty();
  for (const parser::Ast* file : script.files) {
    for (const parser::Item& item : file->items) {
      const auto* definition = std::get_if<parser::CDefinition>(&item.node);
      if (definition == nullptr) continue;
      // The script may leave out the last semicolon of a definition; C may not.
      const bool is_complete = definition->text.starts_with('#') || definition->text.ends_with(';');
      add(item.span, definition->text + (is_complete ? "" : ";"));
    }
  }
  if (places.empty() && options_.forced_includes.empty()) return;
  std::string text;
  for (const parser::Ast* file : script.files) text += fmt::format("{}\n", sources_.Text(file->file));
  input.names = Words(text);
  input.include_dirs = options_.include_dirs;
  input.forced_includes = options_.forced_includes;
  Span where = places.empty() ? Span{script.files.back()->file, 0, 0} : places.front().second;
  std::string declared;
  Result<cheaders::COutput> output = ParsePreamble(input, declared);
  if (!output) {
    Report(kBadC, where, output.error().Message());
    return;
  }
  for (const cheaders::CProblem& problem : output->problems) {
    if (!problem.is_error) continue;
    Span span = where;
    for (const auto& [start, item_span] : places) {
      if (problem.in_preamble && declared.size() + start <= problem.offset) {
        uint32_t inside = problem.offset - static_cast<uint32_t>(declared.size() + start);
        span = {item_span.file, item_span.offset + std::min(inside, item_span.length), 1};
      }
    }
    if (const std::string_view header = MissingKernelHeader(problem.message);
        problem.in_preamble && !header.empty() && KernelBtf() != nullptr) {
      NoteConsulted(fmt::format("/usr/include/{}", header));
      diagnostics_->Warning(kBadC, span, fmt::format("{} is not on this machine: the kernel's BTF takes its place", header))
          .Hint("types need no header; a macro of it does, and would have to be defined here");
      continue;
    }
    std::string place = problem.header.empty() ? "" : problem.header + ": ";
    Report(kBadC, span, place + problem.message);
  }
  c_ = std::move(output->declarations);
  for (cheaders::CType& type : c_.types) {
    if (!type.fields.empty() && type.fields.front().name == kHiddenField) type.fields.clear();
  }
}

const Type* Checker::ResolveTypeName(std::string_view name, parser::TypeName::Tag tag) {
  using Tag = parser::TypeName::Tag;
  if (tag == Tag::kNone) {
    if (const Type* type = types().FromName(name, options_.max_strlen)) return type;
    if (name == "float" || name == "double") return types().Float(name == "float" ? 4 : 8);
  }
  auto find = [&](const auto& table) -> const Type* {
    auto found = table.find(name);
    return found == table.end() ? nullptr : CTypes(*this).Convert(found->second);
  };
  switch (tag) {
    case Tag::kNone:
      if (const Type* type = find(c_.typedefs)) return type;
      if (const Type* type = find(c_.structs)) return type;
      if (const Type* type = find(c_.unions)) return type;
      if (const Type* type = find(c_.enums)) return type;
      return BtfTypeNamed(name, tag);
    // Named only, until its fields or its size are asked for: see CompleteStruct.
    case Tag::kStruct:
    case Tag::kUnion: {
      const std::string whole = fmt::format("{} {}", tag == Tag::kStruct ? "struct" : "union", name);
      const Type* of_program = CStruct(whole) == nullptr ? TypeNamedIn(ProgramTypes(), name, tag) : nullptr;
      return of_program != nullptr ? of_program : types().Struct(whole);
    }
    case Tag::kEnum:
      if (const Type* type = find(c_.enums)) return type;
      return BtfTypeNamed(name, tag);
  }
  return nullptr;
}

const Type* Checker::CTypeOf(uint32_t id) { return CTypes(*this).Convert(id); }

const Type* Checker::CEnum(uint32_t id) {
  const Type* type = CTypes(*this).Convert(id);
  return type != nullptr ? type : types().Int64();
}

const Type* Checker::CStruct(std::string_view name) {
  bool is_union = name.starts_with("union ");
  const auto& table = is_union ? c_.unions : c_.structs;
  size_t blank = name.find(' ');
  auto found = blank == std::string_view::npos ? table.end() : table.find(name.substr(blank + 1));
  if (found == table.end() || c_.types.at(found->second).fields.empty()) return nullptr;
  return CTypes(*this).Convert(found->second);
}

const Type* Checker::CompleteStruct(const Type* type) {
  if (!type->IsStruct() || !type->fields.empty()) return type;
  if (CStruct(type->name) == nullptr) CompleteFromBtf(type);
  return type;
}

const Type* Checker::RequireComplete(const Type* type, Span span) {
  CompleteStruct(type);
  if (!type->IsStruct() || !type->fields.empty()) return type;
  Diagnostic& error = Report(kUnknownType, span, fmt::format("the fields of {} are not known", type->name));
  if (btf_problem_.empty()) {
    error.Hint("neither the script's C nor the kernel's BTF has them: declare it, or #include the header that does");
  } else {
    error.Hint(fmt::format("declare it, or #include the header that does: there is no BTF ({})", btf_problem_));
  }
  return nullptr;
}

void Checker::CompleteDeeply(const Type* type) {
  if (type == nullptr) return;
  CompleteStruct(type);
  if (type->IsArray()) CompleteDeeply(type->element);
  for (const Field& field : type->fields) CompleteDeeply(field.type);
}

}  // namespace sonde::sema
