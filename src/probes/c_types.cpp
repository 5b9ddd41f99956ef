#include "probes/c_types.h"

namespace sonde::probes {

PointerShape ShapeOf(std::string_view type) {
  PointerShape shape;
  std::string word;
  auto finish = [&] {
    if (!word.empty() && word != "const" && word != "volatile" && word != "__user") {
      shape.pointee += (shape.pointee.empty() ? "" : " ") + word;
    }
    word.clear();
  };
  for (char c : type) {
    if (c == '*') ++shape.depth;
    if (c == '*' || c == ' ') {
      finish();
    } else {
      word += c;
    }
  }
  finish();
  return shape;
}

const sema::Type* PointerType(sema::TypeTable& types, const PointerShape& shape, sema::AddressSpace space) {
  const sema::Type* type = nullptr;
  if (shape.pointee.starts_with("struct ") || shape.pointee.starts_with("union ")) {
    type = types.Struct(shape.pointee);
  } else {
    type = types.FromName(shape.pointee, 0);
  }
  if (type != nullptr && (type->kind == sema::TypeKind::kVoid || type->IsString())) type = nullptr;
  for (int i = 0; i < shape.depth; ++i) type = types.Pointer(type, space);
  return type;
}

}  // namespace sonde::probes
