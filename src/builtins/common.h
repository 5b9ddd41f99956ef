// Includes and names that most descriptors need.
#pragma once

#include <fmt/format.h>
#include <linux/bpf.h>

#include "builtins/builtins.h"
#include "codegen/body_context.h"
#include "sema/checker.h"

namespace sonde::builtins {

using codegen::BodyContext;
using sema::Builtin;
using sema::BuiltinForm;
using sema::Call;
using sema::Checker;
using sema::Type;

}  // namespace sonde::builtins
