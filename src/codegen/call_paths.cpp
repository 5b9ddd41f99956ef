// Which arguments are descriptors is a bit each of a word, which a switch on the call's number gives; one callback serves
// them all, so that the verifier walks the search for a path once.
#include "codegen/call_paths.h"

#include <linux/bpf.h>

#include "codegen/call_capture.h"
#include "codegen/fd_path.h"
#include "image/syscall_shapes.h"

namespace sonde::codegen {
namespace {

constexpr uint64_t kArguments = offsetof(image::CallHeader, arguments);
constexpr uint64_t kResult = offsetof(image::CallHeader, result);
constexpr uint64_t kLastChunk = image::kCallBytes - image::kMaxText - sizeof(image::ChunkHeader) - 8;
constexpr uint64_t kReadOffset = 0;  // in the first word of CallCapture's work space, which is free again

uint64_t Descriptors(const image::SyscallShape& shape) {
  // What fcntl() returns may be one; the reader knows.
  const bool returns_one = shape.result == "fd" || shape.result == "fcntl";
  uint64_t bits = returns_one ? uint64_t{1} << image::kPathOfResult : 0;
  for (size_t i = 0; i < shape.arguments.size(); ++i) {
    const std::string_view kind = shape.arguments[i].kind;
    if (kind == "fd" || kind == "dirfd") bits |= uint64_t{1} << i;
    if (kind == "pipe") bits |= uint64_t{3} << image::kPathOfPair;
    if (kind == "pollfds") bits |= ((uint64_t{1} << image::kPathsOfPoll) - 1) << image::kPathOfPoll;
  }
  return bits;
}

uint64_t PairArgument(const image::SyscallShape& shape) {
  for (size_t i = 0; i < shape.arguments.size(); ++i) {
    if (shape.arguments[i].kind == "pipe") return i;
  }
  return 0;
}

class Maker : KernelText {
 public:
  Maker(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets)
      : KernelText(module, section, offsets) {}

  llvm::Function* Make() {
    const std::string name = "paths_" + section_;
    if (llvm::Function* made = module_.module.getFunction(name)) return made;
    llvm::Function* find = FdPathFinder(module_, section_, offsets_, SocketText::kInode);
    llvm::Function* one = MakeOne(find);
    llvm::Function* bits = MakeBits();
    function_ = NewFunction(name, {Pointer(), Pointer(), Pointer()});
    ir_.SetInsertPoint(NewBlock("entry"));
    llvm::AllocaInst* context = ir_.CreateAlloca(llvm::ArrayType::get(I64Type(), 4));
    context->setAlignment(llvm::Align(8));
    llvm::Value* call = function_->getArg(0);
    for (unsigned i = 0; i < 3; ++i) {
      ir_.CreateAlignedStore(function_->getArg(i), At(context, I64(8 * uint64_t{i})), llvm::Align(8));
    }
    llvm::Value* number = ir_.CreateAnd(LoadAt(call, 0), I64(UINT32_MAX));
    ir_.CreateAlignedStore(ir_.CreateCall(bits, {number}), At(context, I64(24)), llvm::Align(8));
    Helper(BPF_FUNC_loop, {I64(image::kPathsOfCall), one, context, I64(0)});
    ir_.CreateRet(I64(0));
    return function_;
  }

 private:
  llvm::Value* At(llvm::Value* base, llvm::Value* offset) { return ir_.CreateGEP(ir_.getInt8Ty(), base, offset); }
  llvm::Value* LoadAt(llvm::Value* base, uint64_t offset) {
    return ir_.CreateAlignedLoad(I64Type(), At(base, I64(offset)), llvm::Align(8), /*isVolatile=*/true);
  }

  // i64 bits(number): of the descriptors; from bit 16 on which argument is the pair.
  llvm::Function* MakeBits() {
    llvm::Function* bits = function_ = NewFunction("descriptors_" + section_, {I64Type()});
    ir_.SetInsertPoint(NewBlock("entry"));
    llvm::BasicBlock* none = NewBlock("none");
    llvm::SwitchInst* pick = ir_.CreateSwitch(bits->getArg(0), none);
    for (const image::SyscallShape& shape : image::SyscallShapes()) {
      const uint64_t word = Descriptors(shape) | PairArgument(shape) << 16;
      if (word == 0) continue;
      llvm::BasicBlock* block = NewBlock("call");
      pick->addCase(ir_.getInt64(static_cast<uint64_t>(shape.number)), block);
      ir_.SetInsertPoint(block);
      ir_.CreateRet(I64(word));
    }
    ir_.SetInsertPoint(none);
    ir_.CreateRet(I64(0));
    return bits;
  }

  // i64 one(place, context): place is that of the argument, kPathOfResult, one of kPathOfPair or of kPathOfPoll.
  llvm::Function* MakeOne(llvm::Function* find) {
    llvm::Function* one = function_ = NewFunction("path_" + section_, {I64Type(), Pointer()});
    ir_.SetInsertPoint(NewBlock("entry"));
    next_ = NewBlock("next");
    auto pointer = [&](uint64_t offset) {
      return ir_.CreateAlignedLoad(Pointer(), At(one->getArg(1), I64(offset)), llvm::Align(8));
    };
    llvm::Value* call = pointer(0);
    llvm::Value* capture = pointer(8);
    work_ = pointer(16);
    llvm::Value* bits = LoadAt(one->getArg(1), 24);
    llvm::Value* place = ir_.CreateAnd(one->getArg(0), I64(15));
    llvm::Value* bit = ir_.CreateAnd(ir_.CreateLShr(bits, place), I64(1));
    Go(ir_.CreateICmpNE(bit, I64(0)), "descriptor", next_);
    llvm::Value* fd = Descriptor(call, capture, place, bits);
    ir_.CreateCall(find, {work_, ir_.CreateAnd(fd, I64(UINT32_MAX)), Helper(BPF_FUNC_get_current_task, {})});
    Append(call, capture, place);
    ir_.CreateBr(next_);
    ir_.SetInsertPoint(next_);
    ir_.CreateRet(I64(0));
    return one;
  }

  llvm::Value* Descriptor(llvm::Value* call, llvm::Value* capture, llvm::Value* place, llvm::Value* bits) {
    llvm::BasicBlock* argument = NewBlock("argument");
    llvm::BasicBlock* other = NewBlock("other");
    llvm::BasicBlock* result = NewBlock("result");
    llvm::BasicBlock* pair = NewBlock("pair");
    llvm::BasicBlock* poll = NewBlock("poll");
    llvm::BasicBlock* known = NewBlock("known");
    auto load_argument = [&](llvm::Value* index) {
      llvm::Value* offset = ir_.CreateShl(ir_.CreateAnd(index, I64(7)), I64(3));
      return ir_.CreateAlignedLoad(I64Type(), At(At(call, I64(kArguments)), offset), llvm::Align(8), true);
    };
    ir_.CreateCondBr(ir_.CreateICmpULT(place, I64(6)), argument, other);
    ir_.SetInsertPoint(argument);
    llvm::Value* from_argument = load_argument(place);
    ir_.CreateBr(known);
    ir_.SetInsertPoint(other);
    llvm::Value* returned = LoadAt(call, kResult);
    llvm::BasicBlock* of_success = NewBlock("of_success");
    ir_.CreateCondBr(ir_.CreateICmpUGE(place, I64(image::kPathOfPoll)), poll, of_success);
    ir_.SetInsertPoint(of_success);
    Go(ir_.CreateICmpSGE(returned, I64(0)), "success", next_);
    ir_.CreateCondBr(ir_.CreateICmpEQ(place, I64(image::kPathOfResult)), result, pair);
    ir_.SetInsertPoint(result);
    ir_.CreateBr(known);
    ir_.SetInsertPoint(pair);
    llvm::Value* of_pair = load_argument(ir_.CreateLShr(bits, I64(16)));
    llvm::Value* place_in_pair = ir_.CreateSub(place, I64(image::kPathOfPair));
    llvm::Value* from_pair = ReadInt(capture, ir_.CreateAdd(of_pair, ir_.CreateShl(place_in_pair, I64(2))));
    ir_.CreateBr(known);
    ir_.SetInsertPoint(poll);
    llvm::Value* place_in_poll = ir_.CreateSub(place, I64(image::kPathOfPoll));
    Go(ir_.CreateICmpULT(place_in_poll, ir_.CreateAnd(load_argument(I64(1)), I64(UINT32_MAX))), "polled", next_);
    llvm::Value* of_poll = ir_.CreateAdd(load_argument(I64(0)), ir_.CreateShl(place_in_poll, I64(3)));
    llvm::Value* from_poll = ReadInt(capture, of_poll);
    llvm::BasicBlock* polled = ir_.GetInsertBlock();
    ir_.CreateBr(known);
    ir_.SetInsertPoint(known);
    llvm::PHINode* fd = ir_.CreatePHI(I64Type(), 4);
    fd->addIncoming(from_argument, argument);
    fd->addIncoming(returned, result);
    fd->addIncoming(from_pair, pair);
    fd->addIncoming(from_poll, polled);
    return fd;
  }

  // An int of the process's memory; where it cannot be read, no descriptor.
  llvm::Value* ReadInt(llvm::Value* capture, llvm::Value* address) {
    llvm::Value* cell = At(capture, I64(kReadOffset));
    ir_.CreateAlignedStore(I64(UINT32_MAX), cell, llvm::Align(8), true);
    Helper(BPF_FUNC_probe_read_user, {cell, I64(4), address});
    return LoadAt(capture, kReadOffset);
  }

  void Append(llvm::Value* call, llvm::Value* capture, llvm::Value* place) {
    llvm::Value* start = Load(kStart);
    llvm::Value* length = ir_.CreateSub(Load(kEnd), start);
    Go(ir_.CreateICmpSGT(length, I64(0)), "path", next_);
    llvm::Value* end = LoadAt(capture, kCaptureEnd);
    Go(ir_.CreateICmpULE(end, I64(kLastChunk)), "room", next_);
    // The verifier is shown bounds by masks, which change nothing of what is smaller.
    length = Masked(ir_.CreateSelect(ir_.CreateICmpULT(length, I64(image::kMaxText)), length, I64(image::kMaxText - 1)),
                    image::kMaxText - 1);
    end = Masked(end, image::kCallBytes - 1);
    llvm::BasicBlock* fits = NewBlock("fits");
    ir_.CreateCondBr(ir_.CreateICmpULE(end, I64(kLastChunk)), fits, next_);
    ir_.SetInsertPoint(fits);
    llvm::Value* header = ir_.CreateOr(ir_.CreateOr(place, I64(static_cast<uint64_t>(image::Fetch::kPath) << 8)),
                                       ir_.CreateShl(length, I64(16)));
    ir_.CreateAlignedStore(ir_.CreateTrunc(header, ir_.getInt32Ty()), At(call, end), llvm::Align(1));
    llvm::Value* target = At(call, ir_.CreateAdd(end, I64(sizeof(image::ChunkHeader))));
    Helper(BPF_FUNC_probe_read_kernel, {target, length, ir_.CreatePtrToInt(Text(start), I64Type())});
    llvm::Value* after = ir_.CreateAdd(end, ir_.CreateAdd(length, I64(sizeof(image::ChunkHeader))));
    ir_.CreateAlignedStore(after, At(capture, I64(kCaptureEnd)), llvm::Align(8), true);
  }

  llvm::BasicBlock* next_ = nullptr;
};

}  // namespace

llvm::Function* CallPaths(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets) {
  return Maker(module, section, offsets).Make();
}

}  // namespace sonde::codegen
