// uaddr("name"): where a symbol of the traced program stands in the process.
//
// Nothing but the place of the probe is known of where the file was loaded: the symbol is as far from it in memory as it
// is in the file.
#include <map>

#include "builtins/common.h"
#include "kernel/elf_file.h"
#include "kernel/pt_regs.h"

namespace sonde::builtins {
namespace {

using kernel::ElfFile;
using kernel::ElfSymbol;

// Beyond that the choice by probe would be a program of its own.
constexpr size_t kMaxProbes = 256;

struct Found {
  int64_t distance = 0;  // from the probe to the symbol
  uint64_t size = 0;     // of the symbol
};

// Reports what cannot be found; empty then.
std::optional<Found> Find(Checker& checker, const sema::HookUprobe& hook, const std::string& name, Span span) {
  Result<ElfFile> file = ElfFile::Open(hook.path);
  if (!file) {
    checker.Report(sema::kSystem, span, file.error().Message());
    return std::nullopt;
  }
  const std::optional<ElfSymbol> symbol = file->Symbol(name);
  const std::optional<uint64_t> place = file->AddressAt(hook.offset);
  if (!symbol || !place) {
    Diagnostic& error =
        checker.Report(sema::kWrongArgument, span, fmt::format("{} has no symbol '{}'", hook.path, name));
    if (!file->HasSection(".symtab") && kernel::FindDebugFile(*file).empty()) {
      error.Hint("it is stripped, only what it exports has a name; its debug symbols are not installed");
    }
    return std::nullopt;
  }
  return Found{.distance = static_cast<int64_t>(symbol->address - *place), .size = symbol->size};
}

// A check hook runs several times, and the probes of a wildcard are in one file.
using Key = std::pair<std::pair<std::string, uint64_t>, std::string>;
std::map<Key, Found>& Known() {
  static std::map<Key, Found> known;
  return known;
}

std::optional<Found> FindOnce(Checker& checker, const sema::HookUprobe& hook, const std::string& name, Span span) {
  const Key key{{hook.path, hook.offset}, name};
  if (const auto known = Known().find(key); known != Known().end()) return known->second;
  const std::optional<Found> found = Find(checker, hook, name, span);
  if (found) Known().emplace(key, *found);
  return found;
}

const Type* CheckUaddr(Checker& checker, const parser::Call& syntax, Call& call) {
  const std::optional<std::string> name = checker.CheckStringLiteral(*syntax.args[0], "the symbol");
  if (!name) return checker.types().Error();
  uint64_t size = 0;
  const std::vector<sema::ProbeInstance>& probes = checker.program().probes;
  for (size_t id = 0; id < probes.size(); ++id) {
    if (probes[id].body != checker.scope().instance) continue;
    const auto* hook = std::get_if<sema::HookUprobe>(&probes[id].hook);
    if (hook == nullptr) {
      checker
          .Report(sema::kNotAvailable, syntax.name_span,
                  fmt::format("uaddr() is not available in {} probes", checker.scope().probe_type->name))
          .Hint("it looks into the file that a uprobe, uretprobe or usdt probe is in");
      return checker.types().Error();
    }
    const std::optional<Found> found = FindOnce(checker, *hook, *name, syntax.args[0]->span);
    if (!found) return checker.types().Error();
    size = found->size;
    call.data.integers.insert(call.data.integers.end(), {static_cast<int64_t>(id), found->distance, hook->is_return});
  }
  if (call.data.integers.size() / 3 > kMaxProbes) {
    return checker.Fail(sema::kWrongArgument, syntax.name_span,
                        fmt::format("uaddr() serves {} probes of one body at most", kMaxProbes));
  }
  const bool is_number = size == 1 || size == 2 || size == 4;
  const Type* element = checker.types().Int(is_number ? static_cast<uint32_t>(size) : 8, false);
  return checker.types().Pointer(element, sema::AddressSpace::kUser);
}

llvm::Value* LowerUaddr(BodyContext& body, const sema::Expr&, const Call& call) {
  llvm::IRBuilder<>& ir = body.ir();
  const std::vector<int64_t>& rows = call.data.integers;
  llvm::Value* distance = body.I64(static_cast<uint64_t>(rows.at(1)));
  for (size_t i = 3; i < rows.size(); i += 3) {
    if (rows[i + 1] == rows[1]) continue;
    llvm::Value* is_it = ir.CreateICmpEQ(body.probe_id(), body.I64(static_cast<uint64_t>(rows[i])));
    distance = ir.CreateSelect(is_it, body.I64(static_cast<uint64_t>(rows[i + 1])), distance);
  }
  const bool is_return = rows.at(2) != 0;
  if (!is_return) return ir.CreateAdd(body.Register(*kernel::RegisterByName("ip")), distance);
  // Where the function returns to tells nothing; the kernel remembers what it has left, since 6.6.
  llvm::Value* entry = ir.CreatePtrToInt(body.Helper(BPF_FUNC_get_func_ip, {body.ctx()}), ir.getInt64Ty());
  return ir.CreateSelect(ir.CreateICmpEQ(entry, body.I64(0)), body.I64(0), ir.CreateAdd(entry, distance));
}

}  // namespace

const Builtin kUaddr{.name = "uaddr",
                     .signature = "uint64 *uaddr(const string name)",
                     .summary =
                         "The address of a symbol of the file that the probe is in, as the process has it; a pointer to "
                         "an unsigned integer of the symbol's size, else to uint64. In uretprobe null before Linux 6.6.",
                     .example = "uprobe:libc:malloc { print(*uaddr(\"stdout\")); exit(); }",
                     .min_args = 1,
                     .max_args = 1,
                     .check = CheckUaddr,
                     .lower = LowerUaddr};

}  // namespace sonde::builtins
