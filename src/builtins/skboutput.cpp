// skboutput(path, skb, length, offset): a packet into a capture file.
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

// skb->name, for an skb that is evaluated again for each field.
sema::ExprPtr Field(Checker& checker, const parser::Expr& skb, std::string_view name) {
  sema::ExprPtr pointer = checker.Check(skb);
  const sema::Field* field = checker.FindField(pointer->type->element, name, skb.span);
  return field == nullptr ? checker.ErrorExpr(skb.span) : checker.SelectField(std::move(pointer), *field, skb.span);
}

// Arguments: data, len, data_len, the wanted length; `integers`: the offset. What one read gets is the packet's linear
// part.
llvm::Value* WriteBytes(BodyContext& body, const sema::Expr& expr, const Call& call, llvm::Value* target) {
  llvm::IRBuilder<>& ir = body.ir();
  llvm::Value* offset = body.I64(static_cast<uint64_t>(call.data.integers[0]));
  llvm::Value* data = ir.CreateAdd(body.Lower(*call.args[0]), offset);
  llvm::Value* linear = ir.CreateSub(body.Lower(*call.args[1]), body.Lower(*call.args[2]));
  llvm::Value* rest = ir.CreateSub(linear, offset);
  rest = ir.CreateSelect(ir.CreateICmpSGT(rest, body.I64(0)), rest, body.I64(0));
  llvm::Value* wanted = body.Lower(*call.args[3]);
  llvm::Value* length = ir.CreateSelect(ir.CreateICmpULT(wanted, rest), wanted, rest);
  length = body.AtMost(length, expr.type->size - image::kBufferLengthBytes);
  body.StoreLength(length, target);
  body.ReadMemory(body.At(target, uint64_t{image::kBufferLengthBytes}), length, data, sema::AddressSpace::kKernel);
  return length;
}

const Builtin kPacketBytes{.name = "skboutput", .lower_into = WriteBytes};

const Type* Check(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> path = checker.CheckStringLiteral(*syntax.args[0], "the path");
  const parser::Expr& skb = *syntax.args[1];
  sema::ExprPtr pointer = checker.Check(skb);
  sema::ExprPtr length = checker.CheckInteger(*syntax.args[2], "the length");
  std::optional<int64_t> offset = checker.CheckLiteral(*syntax.args[3], "the offset");
  if (!path || !offset || pointer->type->IsVague() || length->type->IsVague()) return checker.types().Error();
  const Type* structure = pointer->type->IsPointer() ? pointer->type->element : nullptr;
  if (structure == nullptr || structure->name != "struct sk_buff") {
    return checker.Fail(
        sema::kWrongArgument, skb.span,
        fmt::format("skboutput() takes a struct sk_buff *, but this is {}", sema::Name(*pointer->type)));
  }
  if (checker.RequireComplete(structure, skb.span) == nullptr) return checker.types().Error();
  Call bytes{.builtin = &kPacketBytes};
  bytes.data.integers = {*offset};
  for (std::string_view name : {"data", "len", "data_len"}) {
    bytes.args.push_back(Field(checker, skb, name));
    if (bytes.args.back()->type->IsVague()) return checker.types().Error();
  }
  sema::ExprPtr wanted = checker.Coerce(std::move(length), checker.types().Uint64(), "the length");
  bytes.args.push_back(std::move(wanted));
  const Type* buffer = checker.types().Buffer(checker.options().max_strlen);
  const Type* time = checker.types().Uint64();
  call.data.event = checker.AddEvent({.kind = image::EventKind::kPacket,
                                      .span = syntax.name_span,
                                      .function = "skboutput",
                                      .values = {time, checker.types().Uint64(), buffer},
                                      .text = *path});
  call.args.push_back(checker.Make(syntax.name_span, time, Call{.builtin = &kNsecs}));
  call.args.push_back(
      checker.Coerce(checker.CheckInteger(*syntax.args[2], "the length"), checker.types().Uint64(), "the length"));
  call.args.push_back(checker.Make(syntax.name_span, buffer, std::move(bytes)));
  return checker.types().Int(4, false);
}

}  // namespace

const Builtin kSkboutput{
    .name = "skboutput",
    .signature = "uint32 skboutput(const string path, struct sk_buff *skb, uint64 length, const uint64 offset)",
    .summary =
        "Writes a packet, from `offset` on, to a pcap file of raw IP: at most max_strlen bytes of its linear "
        "part. Packets that find no room on their way are counted as lost.",
    .example = "rawtracepoint:net_dev_queue { skboutput(\"out.pcap\", (struct sk_buff *)arg0, 1024, 14); }",
    .min_args = 4,
    .max_args = 4,
    .has_effect = true,
    .check = Check,
    .lower = [](BodyContext& body, const sema::Expr& expr, const Call& call) -> llvm::Value* {
      std::vector<const sema::Expr*> values;
      for (const sema::ExprPtr& arg : call.args) values.push_back(arg.get());
      body.SendRecord(call.data.event, values, expr.span);
      return body.I64(0);
    }};

}  // namespace sonde::builtins
