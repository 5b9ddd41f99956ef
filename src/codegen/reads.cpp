#include "codegen/reads.h"

#include <algorithm>

namespace sonde::codegen {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace

bool Reads(const sema::Expr& expr, uint32_t variable) {
  auto reads = [&](const sema::ExprPtr& part) { return part != nullptr && Reads(*part, variable); };
  auto any_reads = [&](const std::vector<sema::ExprPtr>& parts) { return std::ranges::any_of(parts, reads); };
  return std::visit(
      Overloaded{
          [&](const sema::Constant&) { return false; },
          [&](const sema::StringConstant&) { return false; },
          [&](const sema::VariableRef& node) { return node.variable == variable; },
          [&](const sema::MapRead& node) { return reads(node.ref.key); },
          [&](const sema::Unary& node) { return reads(node.operand); },
          [&](const sema::Binary& node) { return reads(node.left) || reads(node.right); },
          [&](const sema::StringCompare& node) { return reads(node.left) || reads(node.right); },
          [&](const sema::MemoryCompare& node) { return reads(node.left) || reads(node.right); },
          [&](const sema::Logical& node) { return reads(node.left) || reads(node.right); },
          [&](const sema::Convert& node) { return reads(node.operand); },
          [&](const sema::Ternary& node) {
            return reads(node.condition) || reads(node.then_value) || reads(node.else_value);
          },
          [&](const sema::IncDec& node) {
            const auto* target = std::get_if<sema::VariableRef>(&node.target);
            return target != nullptr ? target->variable == variable : reads(std::get<sema::MapRef>(node.target).key);
          },
          [&](const sema::Call& node) { return any_reads(node.args); },
          [&](const sema::ArgsField&) { return false; },
          [&](const sema::Load& node) { return reads(node.pointer) || reads(node.index); },
          [&](const sema::AddressOf& node) {
            const auto* target = std::get_if<sema::VariableRef>(&node.target);
            return target != nullptr ? target->variable == variable : reads(std::get<sema::MapRef>(node.target).key);
          },
          [&](const sema::Member& node) { return reads(node.base) || reads(node.index); },
          [&](const sema::Tuple& node) { return any_reads(node.elements); },
          [&](const sema::BlockValue&) { return true; },  // its statements are not looked into
      },
      expr.node);
}

}  // namespace sonde::codegen
