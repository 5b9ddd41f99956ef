// Statements.
#include <utility>

#include "codegen/body_context.h"
#include "codegen/reads.h"
#include "sema/builtin.h"

namespace sonde::codegen {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace

void BodyContext::LowerStatements(const sema::Statements& statements) {
  for (const sema::StmtPtr& statement : statements) {
    size_t mark = in_use_.size();
    LowerStatement(*statement);
    ReleaseTemporaries(mark);
  }
}

void BodyContext::LowerStatement(const sema::Stmt& stmt) {
  const Within within(span_, stmt.span);
  std::visit(Overloaded{
                 [&](const sema::Evaluate& node) {
                   if (node.expr->type->kind == sema::TypeKind::kVoid || node.expr->type->IsScalar()) {
                     Lower(*node.expr);
                   } else {
                     LowerAddress(*node.expr);
                   }
                 },
                 [&](const sema::AssignVariable& node) { LowerAssignVariable(node); },
                 [&](const sema::Declare& node) { ZeroVariable(node.variable); },
                 [&](const sema::AssignMap& node) { LowerAssignMap(node, stmt.span); },
                 [&](const sema::AddToMap& node) { LowerAddToMap(node, stmt.span); },
                 [&](const sema::UpdateAggregate& node) { LowerUpdateAggregate(node, stmt.span); },
                 [&](const sema::If& node) { LowerIf(node); },
                 [&](const sema::Unroll& node) { LowerUnroll(node); },
                 [&](const sema::While& node) { LowerWhile(node, stmt.span); },
                 [&](const sema::ForRange& node) { LowerForRange(node, stmt.span); },
                 [&](const sema::ForMap& node) { LowerForMap(node); },
                 [&](const sema::Break&) { Jump(frame_.break_to); },
                 [&](const sema::Continue&) { Jump(frame_.continue_to); },
                 [&](const sema::Return& node) {
                   if (node.value != nullptr) {
                     ir_.CreateStore(Lower(*node.value), ControlField(offsetof(image::Control, returned)), true);
                   }
                   Leave();
                 },
                 [&](const sema::Nested& node) { LowerStatements(node.statements); },
             },
             stmt.node);
}

void BodyContext::LowerAssignVariable(const sema::AssignVariable& node) {
  const sema::Type& type = *body_.variables[node.variable].type;
  llvm::Value* place = VariableAddress(node.variable);
  if (type.IsScalar()) {
    ir_.CreateStore(Lower(*node.value), place);
  } else if (!std::holds_alternative<sema::VariableRef>(node.value->node) && Reads(*node.value, node.variable)) {
    // `$t = ($t.1, $t.0)`: written as a whole, when all of it has been read.
    llvm::Value* made = Temporary(type.size);
    LowerInto(*node.value, type, made);
    CopyValue(place, type, made, type);
  } else {
    LowerInto(*node.value, type, place);
  }
}

void BodyContext::LowerIf(const sema::If& node) {
  llvm::BasicBlock* then_block = NewBlock("then");
  llvm::BasicBlock* else_block = NewBlock("else");
  llvm::BasicBlock* done = NewBlock("done");
  ir_.CreateCondBr(LowerCondition(*node.condition), then_block, else_block);
  ir_.SetInsertPoint(then_block);
  LowerStatements(node.then_statements);
  ir_.CreateBr(done);
  ir_.SetInsertPoint(else_block);
  LowerStatements(node.else_statements);
  ir_.CreateBr(done);
  ir_.SetInsertPoint(done);
}

void BodyContext::LowerUnroll(const sema::Unroll& node) {
  llvm::BasicBlock* break_to = std::exchange(frame_.break_to, NewBlock("unrolled"));
  llvm::BasicBlock* continue_to = frame_.continue_to;
  for (uint64_t i = 0; i < node.count; ++i) {
    frame_.continue_to = NewBlock("repetition");
    LowerStatements(node.body);
    ir_.CreateBr(frame_.continue_to);
    ir_.SetInsertPoint(frame_.continue_to);
  }
  ir_.CreateBr(frame_.break_to);
  ir_.SetInsertPoint(frame_.break_to);
  frame_.break_to = break_to;
  frame_.continue_to = continue_to;
}

}  // namespace sonde::codegen
