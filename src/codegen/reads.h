// What an expression reads.
#pragma once

#include "sema/program.h"

namespace sonde::codegen {

// Whether evaluating the expression may read the variable (of its body).
bool Reads(const sema::Expr& expr, uint32_t variable);

}  // namespace sonde::codegen
