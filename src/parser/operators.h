// How operators and tags are written.
#pragma once

#include <string_view>

#include "parser/ast.h"

namespace sonde::parser {

std::string_view Spelling(UnaryOp op);
std::string_view Spelling(BinaryOp op);
std::string_view Spelling(TypeName::Tag tag);  // empty for none

}  // namespace sonde::parser
