// Calls of the functions that an imported .bpf.c file defines; Call::data.text is the name.
#include "builtins/common.h"
#include "codegen/c_module.h"

namespace sonde::builtins {
namespace {

llvm::Type* CType(BodyContext& body, const Type& type) {
  llvm::IRBuilder<>& ir = body.ir();
  if (type.kind == sema::TypeKind::kVoid) return ir.getVoidTy();
  if (type.kind == sema::TypeKind::kBool) return ir.getInt1Ty();
  if (!type.IsScalar() || type.IsPointer()) return ir.getPtrTy();
  return ir.getIntNTy(type.size * 8);
}

// The address of a variable or of a map's value, however it was cast, as the verifier knows it: C reads and writes there
// without a helper. Null for all other pointers.
llvm::Value* OwnPlace(BodyContext& body, const sema::Expr& expr) {
  if (const auto* cast = std::get_if<sema::Convert>(&expr.node)) {
    return cast->operand->type->IsPointer() ? OwnPlace(body, *cast->operand) : nullptr;
  }
  const auto* address = std::get_if<sema::AddressOf>(&expr.node);
  if (address == nullptr) return nullptr;
  if (const auto* variable = std::get_if<sema::VariableRef>(&address->target)) {
    return body.LowerAddress(sema::Expr{.span = expr.span, .type = expr.type->element, .node = *variable});
  }
  const auto& ref = std::get<sema::MapRef>(address->target);
  const bool is_keyless = body.module().program.maps[ref.map].key == nullptr;
  return is_keyless ? body.DirectValue(ref.map) : body.Lookup(ref, body.LowerKey(ref));
}

// A value in memory is handed over by its address.
llvm::Value* Argument(BodyContext& body, const sema::Expr& expr) {
  const Type& type = *expr.type;
  if (!type.IsScalar()) return body.LowerAddress(expr);
  if (llvm::Value* place = type.IsPointer() ? OwnPlace(body, expr) : nullptr) return place;
  llvm::Value* value = body.Lower(expr);
  if (type.IsPointer()) return body.ir().CreateIntToPtr(value, body.ir().getPtrTy());
  if (type.kind == sema::TypeKind::kBool) return body.ir().CreateICmpNE(value, body.I64(0));
  return body.ir().CreateTrunc(value, CType(body, type));
}

llvm::Value* Lower(BodyContext& body, const sema::Expr& expr, const Call& call) {
  llvm::IRBuilder<>& ir = body.ir();
  std::vector<llvm::Type*> types;
  std::vector<llvm::Value*> values;
  for (const sema::ExprPtr& argument : call.args) {
    values.push_back(Argument(body, *argument));
    types.push_back(values.back()->getType());
  }
  llvm::FunctionType* type = llvm::FunctionType::get(CType(body, *expr.type), types, false);
  llvm::Value* result = ir.CreateCall(codegen::DeclareCFunction(body.module().module, call.data.text, type), values);
  if (type->getReturnType()->isVoidTy()) return nullptr;
  if (type->getReturnType()->isPointerTy()) return ir.CreatePtrToInt(result, ir.getInt64Ty());
  return expr.type->is_signed ? ir.CreateSExt(result, ir.getInt64Ty()) : ir.CreateZExt(result, ir.getInt64Ty());
}

}  // namespace

const Builtin kCFunction{.name = "a C function", .has_effect = true, .lower = Lower};

}  // namespace sonde::builtins
