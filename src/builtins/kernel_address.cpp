// kaddr("name"), percpu_kaddr("name"[, cpu]): where a symbol of the kernel stands.
#include <map>

#include "builtins/common.h"
#include "kernel/btf.h"
#include "base/consulted.h"
#include "kernel/kallsyms.h"
#include "kernel/kernel_view.h"

namespace sonde::builtins {
namespace {

using kernel::BtfKind;
using kernel::Kallsyms;

// Read at the first call, and kept: a check hook runs several times.
const Result<Kallsyms>& SymbolsOf(kernel::KernelView& kernel) {
  NoteMomentary();
  static std::map<std::string, Result<Kallsyms>> read;
  const std::string path = kernel::KallsymsPath(kernel);
  auto known = read.find(path);
  if (known == read.end()) known = read.emplace(path, Kallsyms::Read(path)).first;
  return known->second;
}

std::optional<uint64_t> AddressOf(Checker& checker, const parser::Call& syntax, std::string_view name, Span span) {
  const Result<Kallsyms>& symbols = SymbolsOf(checker.kernel());
  if (!symbols) {
    checker.Report(sema::kNotSupported, syntax.name_span, symbols.error().Message());
    return std::nullopt;
  }
  std::optional<uint64_t> address = symbols->AddressOf(name);
  if (address) return address;
  Diagnostic& error = checker.Report(sema::kWrongArgument, span, fmt::format("the kernel has no symbol '{}'", name));
  if (!symbols->AddressOf("init_task")) error.Hint("this kernel lists its functions alone: CONFIG_KALLSYMS_ALL is off");
  return std::nullopt;
}

const Type* CheckKaddr(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> name = checker.CheckStringLiteral(*syntax.args[0], "the symbol");
  if (!name) return checker.types().Error();
  call.data.constant = AddressOf(checker, syntax, *name, syntax.args[0]->span);
  return call.data.constant ? checker.types().Uint64() : checker.types().Error();
}

// What BTF says of a variable; void where the language has no name for it.
const Type* TypeOfVariable(Checker& checker, std::string_view name) {
  const auto btf = checker.kernel().KernelBtf();
  if (!btf) return nullptr;
  const auto variable = (*btf)->Find(BtfKind::kVar, name);
  if (!variable) return nullptr;
  const kernel::BtfType type = (*btf)->Type((*btf)->Strip((*btf)->Type(*variable).target));
  if (type.kind == BtfKind::kStruct) return checker.types().Struct(fmt::format("struct {}", type.name));
  if (type.kind == BtfKind::kUnion) return checker.types().Struct(fmt::format("union {}", type.name));
  if (type.kind == BtfKind::kPtr) return checker.types().Pointer(nullptr, sema::AddressSpace::kKernel);
  const bool is_number = type.kind == BtfKind::kInt && type.size <= 8;
  return is_number ? checker.types().Int(type.size, type.is_signed) : nullptr;
}

// The addresses of the symbol, and of the kernel's table of where each CPU's variables begin, become constants.
const Type* CheckPercpu(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> name = checker.CheckStringLiteral(*syntax.args[0], "the symbol");
  if (!name) return checker.types().Error();
  auto address = AddressOf(checker, syntax, *name, syntax.args[0]->span);
  auto table = AddressOf(checker, syntax, "__per_cpu_offset", syntax.args[0]->span);
  if (!address || !table) return checker.types().Error();
  call.data.integers = {static_cast<int64_t>(*address), static_cast<int64_t>(*table)};
  if (syntax.args.size() > 1) {
    sema::ExprPtr cpu = checker.CheckInteger(*syntax.args[1], "the CPU");
    if (cpu->type->IsVague()) return cpu->type;
    call.args.push_back(checker.Coerce(std::move(cpu), checker.types().Uint64(), "the CPU"));
  }
  return checker.types().Pointer(TypeOfVariable(checker, *name), sema::AddressSpace::kKernel);
}

// 0 for a CPU that there is not.
llvm::Value* LowerPercpu(BodyContext& body, const sema::Expr&, const Call& call) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* cpu = call.args.empty() ? body.Helper(BPF_FUNC_get_smp_processor_id, {}) : body.Lower(*call.args[0]);
  const auto address = static_cast<uint64_t>(call.data.integers.at(0));
  const auto table = static_cast<uint64_t>(call.data.integers.at(1));
  llvm::Value* offset = body.Temporary(8);
  ir.CreateAlignedStore(body.I64(0), offset, llvm::Align(8));
  body.ReadMemory(offset, 8, ir.CreateAdd(body.I64(table), ir.CreateShl(cpu, 3)), sema::AddressSpace::kKernel);
  llvm::Value* sum = ir.CreateAdd(ir.CreateAlignedLoad(ir.getInt64Ty(), offset, llvm::Align(8)), body.I64(address));
  llvm::Value* is_there = ir.CreateICmpULT(cpu, body.I64(body.module().facts.possible_cpus));
  return ir.CreateSelect(is_there, sum, body.I64(0));
}

}  // namespace

const Builtin kKaddr{.name = "kaddr",
                     .signature = "uint64 kaddr(const string name)",
                     .summary = "The address of a symbol of the kernel, as it is when the script is compiled.",
                     .example = "begin { print(ksym(kaddr(\"schedule\"))); exit(); }",
                     .min_args = 1,
                     .max_args = 1,
                     .check = CheckKaddr};

const Builtin kPercpuKaddr{.name = "percpu_kaddr",
                           .signature = "T *percpu_kaddr(const string name[, uint64 cpu])",
                           .summary =
                               "The address of a variable that each CPU has of its own, on this CPU or another; "
                               "null for a CPU that there is not.",
                           .example = "begin { print(percpu_kaddr(\"runqueues\", 0) != 0); exit(); }",
                           .min_args = 1,
                           .max_args = 2,
                           .check = CheckPercpu,
                           .lower = LowerPercpu};

}  // namespace sonde::builtins
