// Addresses of networks: macaddr(p), ntop([af,] address), pton(text).
#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

constexpr uint32_t kMacBytes = 6;
constexpr uint32_t kIpv4Bytes = 4;
constexpr uint32_t kIpv6Bytes = 16;

// Bytes that lie in memory. An array of char is a text to the language.
bool HasBytes(const Type& type) { return type.IsArray() || type.IsStruct() || type.IsString(); }

const Type* CheckMac(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr source = CheckBytes(checker, *syntax.args[0]);
  const Type* type = source->type;
  if (type->IsVague()) return type;
  const sema::StringConstant* text = source->AsString();
  const bool has_six = text != nullptr      ? text->value.size() == kMacBytes
                       : type->IsBuffer() ? type->size == kMacBytes + image::kBufferLengthBytes
                                          : HasBytes(*type) && type->size == kMacBytes;
  if (!type->IsPointer() && !has_six) {
    return checker.Fail(
        sema::kWrongArgument, syntax.args[0]->span,
        fmt::format("macaddr() takes an array of 6 bytes or a pointer to them, but this is {}", sema::Name(*type)));
  }
  call.args.push_back(std::move(source));
  return checker.types().Rendered(image::ValueKind::kMacAddress, 8);
}

llvm::Value* LowerMac(BodyContext& body, const sema::Expr&, const Call& call) {
  const sema::Expr& source = *call.args[0];
  llvm::Value* copy = body.Temporary(8);
  bool points = source.type->IsPointer();
  llvm::Value* address = points ? body.Lower(source) : body.LowerAddress(source);
  if (source.type->IsBuffer()) address = body.At(address, uint64_t{image::kBufferLengthBytes});
  body.ir().CreateAlignedStore(body.I64(0), copy, llvm::Align(8));
  body.ReadMemory(copy, kMacBytes, address, points ? source.type->space : sema::AddressSpace::kKernel);
  return body.ir().CreateAlignedLoad(body.ir().getInt64Ty(), copy, llvm::Align(8));
}

// --- ntop

// Bytes of the address that `type` is, 0 where it says nothing of that.
uint32_t AddressBytes(const Type& type) {
  if (type.IsInteger()) return kIpv4Bytes;
  const Type* held = type.IsPointer() ? type.element : &type;
  if (held == nullptr || !HasBytes(*held)) return 0;
  return held->size == kIpv4Bytes || held->size == kIpv6Bytes ? held->size : 0;
}

const Type* RefuseAddress(Checker& checker, Span span, const Type& type) {
  checker
      .Report(sema::kWrongArgument, span,
              fmt::format("ntop() takes an integer or 4 or 16 bytes, but this is {}", sema::Name(type)))
      .Hint(type.IsPointer() ? "say which family it is: ntop(AF_INET6, p)" : "");
  return checker.types().Error();
}

// `integers`: the family that is known now, 0 when it is an argument of the call, and the bytes to be read.
const Type* CheckNtop(Checker& checker, const parser::Call& syntax, Call& call) {
  bool has_family = syntax.args.size() > 1;
  const parser::Expr& address_syntax = *syntax.args[has_family ? 1 : 0];
  sema::ExprPtr family = has_family ? checker.CheckInteger(*syntax.args[0], "the address family") : nullptr;
  sema::ExprPtr address = CheckBytes(checker, address_syntax);
  if (address->type->IsVague() || (family != nullptr && family->type->IsVague())) return checker.types().Error();
  checker.CompleteDeeply(address->type->IsPointer() && address->type->element != nullptr ? address->type->element
                                                                                         : address->type);
  uint32_t bytes = AddressBytes(*address->type);
  const sema::Constant* known = family == nullptr ? nullptr : family->AsConstant();
  int64_t known_family = known != nullptr      ? static_cast<int64_t>(known->bits)
                         : bytes == kIpv6Bytes ? AF_INET6
                                               : AF_INET;
  if (known_family != AF_INET && known_family != AF_INET6) {
    return checker.Fail(sema::kOutOfRange, syntax.args[0]->span, "the address family is AF_INET (2) or AF_INET6 (10)");
  }
  bool takes_any = family != nullptr && address->type->IsPointer();
  if (bytes == 0 && !takes_any) return RefuseAddress(checker, address_syntax.span, *address->type);
  uint32_t needed = known_family == AF_INET6 ? kIpv6Bytes : kIpv4Bytes;
  if (bytes == 0) bytes = known != nullptr ? needed : kIpv6Bytes;
  if (known != nullptr && bytes < needed) {
    return checker.Fail(sema::kWrongArgument, address_syntax.span,
                        fmt::format("an IPv6 address has 16 bytes, but this is {}", sema::Name(*address->type)));
  }
  bool family_is_argument = family != nullptr && known == nullptr;
  call.data.integers = {family_is_argument ? 0 : known_family, known != nullptr ? needed : bytes};
  call.args.push_back(std::move(address));
  if (family_is_argument) call.args.push_back(std::move(family));
  return checker.types().Rendered(image::ValueKind::kInet, image::kInetBytes);
}

llvm::Value* WriteInet(BodyContext& body, const sema::Expr&, const Call& call, llvm::Value* target) {
  llvm::IRBuilder<>& ir = body.ir();
  const sema::Expr& source = *call.args[0];
  llvm::Value* family = body.I64(static_cast<uint64_t>(call.data.integers[0]));
  if (call.args.size() > 1) family = body.Lower(*call.args[1]);
  auto bytes = static_cast<uint32_t>(call.data.integers[1]);
  llvm::Value* address = nullptr;
  llvm::Value* number = nullptr;
  bool points = source.type->IsPointer();
  if (source.type->IsInteger()) {
    number = ir.CreateTrunc(body.Lower(source), ir.getInt32Ty());
  } else {
    address = points ? body.Lower(source) : body.LowerAddress(source);
  }
  llvm::Align align(std::min(body.AlignmentOf(target), 4U));
  body.Zero(target, image::kInetBytes);
  ir.CreateAlignedStore(ir.CreateTrunc(family, ir.getInt32Ty()), target, align);
  llvm::Value* place = body.At(target, uint64_t{image::kInetAddressOffset});
  if (number != nullptr) {
    ir.CreateAlignedStore(number, place, align);
    return nullptr;
  }
  sema::AddressSpace space = points ? source.type->space : sema::AddressSpace::kKernel;
  llvm::Value* length = body.I64(bytes);
  if (points && call.args.size() > 1 && bytes == kIpv6Bytes) {
    // Behind an IPv4 address there may be nothing to read.
    llvm::Value* is_v4 = ir.CreateICmpEQ(family, body.I64(AF_INET));
    length = body.AtMost(ir.CreateSelect(is_v4, body.I64(kIpv4Bytes), body.I64(kIpv6Bytes)), kIpv6Bytes);
  }
  body.ReadMemory(place, length, address, space);
  return nullptr;
}

// --- pton

const Type* CheckPton(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> text = checker.CheckStringLiteral(*syntax.args[0], "the address");
  if (!text) return checker.types().Error();
  std::string bytes(kIpv6Bytes, '\0');
  bool is_v6 = text->find(':') != std::string::npos;
  if (inet_pton(is_v6 ? AF_INET6 : AF_INET, text->c_str(), bytes.data()) != 1) {
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span, fmt::format("'{}' is no IP address", *text));
  }
  bytes.resize(is_v6 ? kIpv6Bytes : kIpv4Bytes);
  call.data.text = bytes;
  return checker.types().Array(checker.types().Int(1, false), static_cast<uint32_t>(bytes.size()));
}

}  // namespace

const Builtin kMacaddr{.name = "macaddr",
                       .signature = "macaddr_t macaddr(char mac[6])",
                       .summary = "A hardware address of 6 bytes, printed as 18:C0:4D:08:2E:BB.",
                       .example =
                           "struct frame { char to[6]; char from[6]; };\n"
                           "BEGIN { $f = (struct frame *)0; printf(\"%s\\n\", macaddr($f->from)); exit(); }",
                       .min_args = 1,
                       .max_args = 1,
                       .check = CheckMac,
                       .lower = LowerMac};

const Builtin kNtop{.name = "ntop",
                    .signature = "inet ntop([int64 af,] int address) or inet ntop([int64 af,] char address[4 or 16])",
                    .summary = "An IPv4 or IPv6 address as text; which one is told by its size, or by the family.",
                    .example = "tracepoint:sock:inet_sock_set_state { @[ntop(args.family, args.daddr_v6)] = count(); }",
                    .min_args = 1,
                    .max_args = 2,
                    .check = CheckNtop,
                    .lower_into = WriteInet};

const Builtin kPton{
    .name = "pton",
    .signature = "uint8[4 or 16] pton(const string address)",
    .summary = "The bytes of an IP address that is written as text, known when the script is compiled.",
    .example = "tracepoint:sock:inet_sock_set_state /args.daddr == pton(\"127.0.0.1\")/ { print(comm); }",
    .min_args = 1,
    .max_args = 1,
    .fills_target = true,
    .check = CheckPton,
    .lower_into = [](BodyContext& body, const sema::Expr&, const Call& call, llvm::Value* target) -> llvm::Value* {
      body.StoreBytes(target, call.data.text);
      return nullptr;
    }};

}  // namespace sonde::builtins
