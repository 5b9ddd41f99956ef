// Visits every expression of a tree.
#pragma once

#include <functional>

#include "parser/ast.h"

namespace sonde::parser {

using ExprVisitor = std::function<void(const Expr&)>;

// Each expression before those in it, in source order: of probes, macros, map declarations and config blocks.
void ForEachExpr(const Ast& ast, const ExprVisitor& visit);
void ForEachExpr(const Item& item, const ExprVisitor& visit);

}  // namespace sonde::parser
