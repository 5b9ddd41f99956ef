// How deep a node would nest: one more than the deepest of its children.
#pragma once

#include <cstdint>
#include <vector>

#include "parser/ast.h"

namespace sonde::parser {

uint32_t DepthOf(const Expr::Node& node);
uint32_t DepthOf(const Stmt::Node& node);
uint32_t DepthOf(const TypeName& type);
uint32_t DepthOfBlock(const std::vector<StmtPtr>& statements);

}  // namespace sonde::parser
