// What an argument is, is told by one word for each, which a switch on the call's number stores: so one subprogram
// serves all calls, and the verifier walks it once. See image/syscall_shapes.h and image::CallHeader.
#include "codegen/call_capture.h"

#include <linux/bpf.h>
#include <llvm/IR/InlineAsm.h>

#include "image/syscall_shapes.h"

namespace sonde::codegen {
namespace {

using image::Fetch;

// The work space: a word for each argument, then these.
constexpr uint64_t kCell = 56;  // two words that are read to
constexpr uint64_t kCount = 72;
constexpr uint64_t kLeft = 80;
constexpr uint64_t kArgument = 88;  // what a callback appends to
constexpr uint64_t kFetch = 96;
constexpr uint64_t kOffset = 104;

constexpr uint32_t kChunkBytes = sizeof(image::ChunkHeader);
constexpr uint32_t kVectorBytes = 16;  // struct iovec
constexpr uint32_t kShortText = 256;   // of an array of them
constexpr uint64_t kMaxCount = 4096;
constexpr uint64_t kEntryLength = 16;  // offset of d_reclen, a uint16, in struct linux_dirent and linux_dirent64
constexpr uint64_t kResult = offsetof(image::CallHeader, result);
constexpr uint64_t kArguments = offsetof(image::CallHeader, arguments);
// A chunk begins at most here.
constexpr uint64_t kLastChunk = image::kCallBytes - image::kMaxText - kChunkBytes - kVectorBytes;

class Maker {
 public:
  Maker(ModuleContext& module, std::string section) : module_(module), section_(std::move(section)), ir_(module.llvm) {}

  llvm::Function* Make() {
    const std::string name = "capture_" + section_;
    if (llvm::Function* made = module_.module.getFunction(name)) return made;
    llvm::Function* shapes = MakeShapes();
    llvm::Function* argument = MakeArgument();
    llvm::Function* capture = Begin(name, {Pointer(), Pointer()});
    call_ = capture->getArg(0);
    work_ = capture->getArg(1);
    llvm::Value* number = ir_.CreateAnd(Load(call_, 0), I64(UINT32_MAX));
    ir_.CreateCall(shapes, {number, work_});
    Store(I64(sizeof(image::CallHeader)), work_, kCaptureEnd);
    for (uint64_t i = 0; i < 6; ++i) {
      llvm::BasicBlock* next = NewBlock("next");
      llvm::Value* shape = Load(work_, 8 * i);
      Go(ir_.CreateICmpNE(shape, I64(0)), "wanted", next);
      llvm::Value* address = Load(call_, kArguments + 8 * i);
      Go(ir_.CreateICmpNE(address, I64(0)), "given", next);
      ir_.CreateCall(argument, {call_, work_, I64(i), shape, address});
      ir_.CreateBr(next);
      ir_.SetInsertPoint(next);
    }
    ir_.CreateRet(I64(0));
    return capture;
  }

 private:
  llvm::Type* Pointer() { return ir_.getPtrTy(); }
  llvm::Type* I64Type() { return ir_.getInt64Ty(); }
  llvm::ConstantInt* I64(uint64_t value) { return ir_.getInt64(value); }
  llvm::ConstantInt* Kind(Fetch fetch) { return I64(static_cast<uint64_t>(fetch)); }

  llvm::Function* Begin(const std::string& name, const std::vector<llvm::Type*>& parameters) {
    llvm::FunctionType* type = llvm::FunctionType::get(I64Type(), parameters, false);
    function_ = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, name, module_.module);
    function_->setSection(section_);
    function_->addFnAttr(llvm::Attribute::NoInline);
    function_->addFnAttr(llvm::Attribute::NoUnwind);
    ir_.SetInsertPoint(NewBlock("entry"));
    return function_;
  }

  llvm::BasicBlock* NewBlock(const char* name) { return llvm::BasicBlock::Create(module_.llvm, name, function_); }

  void Go(llvm::Value* holds, const char* name, llvm::BasicBlock* otherwise) {
    llvm::BasicBlock* block = NewBlock(name);
    ir_.CreateCondBr(holds, block, otherwise);
    ir_.SetInsertPoint(block);
  }

  llvm::Value* Helper(int number, const std::vector<llvm::Value*>& args) {
    std::vector<llvm::Type*> types;
    for (llvm::Value* arg : args) types.push_back(arg->getType());
    llvm::Value* helper = llvm::ConstantExpr::getIntToPtr(I64(static_cast<uint64_t>(number)), Pointer());
    return ir_.CreateCall(llvm::FunctionType::get(I64Type(), types, false), helper, args);
  }

  llvm::Value* At(llvm::Value* base, llvm::Value* offset) { return ir_.CreateGEP(ir_.getInt8Ty(), base, offset); }
  llvm::Value* At(llvm::Value* base, uint64_t offset) { return At(base, I64(offset)); }
  llvm::Value* Load(llvm::Value* base, uint64_t offset) {
    return ir_.CreateAlignedLoad(I64Type(), At(base, offset), llvm::Align(8), /*isVolatile=*/true);
  }
  void Store(llvm::Value* value, llvm::Value* base, uint64_t offset) {
    ir_.CreateAlignedStore(value, At(base, offset), llvm::Align(8), /*isVolatile=*/true);
  }

  llvm::Value* Hide(llvm::Value* value) {
    llvm::FunctionType* type = llvm::FunctionType::get(I64Type(), {I64Type()}, false);
    llvm::InlineAsm* hide = llvm::InlineAsm::get(type, "", "=r,0", /*hasSideEffects=*/true);
    return ir_.CreateCall(type, hide, {value});
  }
  llvm::Value* AtMost(llvm::Value* value, uint64_t limit) {
    llvm::Value* hidden = Hide(value);
    return Hide(ir_.CreateSelect(ir_.CreateICmpULT(hidden, I64(limit)), hidden, I64(limit)));
  }
  llvm::Value* Less(llvm::Value* a, llvm::Value* b) { return ir_.CreateSelect(ir_.CreateICmpULT(a, b), a, b); }

  // Where the next chunk begins; leaves the function, with this, when there is no room for it.
  llvm::Value* NextChunk(llvm::BasicBlock* full) {
    llvm::Value* end = Load(work_, kCaptureEnd);
    Go(ir_.CreateICmpULE(end, I64(kLastChunk)), "room", full);
    return AtMost(end, kLastChunk);
  }

  void EndChunk(llvm::Value* start, llvm::Value* argument, llvm::Value* fetch, llvm::Value* length) {
    llvm::Value* header =
        ir_.CreateOr(ir_.CreateOr(argument, ir_.CreateShl(fetch, I64(8))), ir_.CreateShl(length, I64(16)));
    ir_.CreateAlignedStore(ir_.CreateTrunc(header, ir_.getInt32Ty()), At(call_, start), llvm::Align(4));
    Store(ir_.CreateAdd(start, ir_.CreateAdd(length, I64(kChunkBytes))), work_, kCaptureEnd);
  }

  // i64 shapes(number, work): stores the word of each argument.
  llvm::Function* MakeShapes() {
    llvm::Function* function = Begin("shapes_" + section_, {I64Type(), Pointer()});
    llvm::Value* work = function->getArg(1);
    for (uint64_t i = 0; i < 6; ++i) Store(I64(0), work, 8 * i);
    llvm::BasicBlock* done = NewBlock("done");
    llvm::SwitchInst* pick = ir_.CreateSwitch(function->getArg(0), done);
    for (const image::SyscallShape& shape : image::SyscallShapes()) {
      llvm::BasicBlock* block = nullptr;
      for (size_t i = 0; i < shape.arguments.size(); ++i) {
        const image::ArgumentShape& argument = shape.arguments[i];
        if (argument.fetch == Fetch::kNothing) continue;
        if (block == nullptr) {
          block = NewBlock("shape");
          pick->addCase(ir_.getInt64(static_cast<uint64_t>(shape.number)), block);
          ir_.SetInsertPoint(block);
        }
        uint64_t word =
            static_cast<uint64_t>(argument.fetch) | uint64_t{argument.other} << 8 | uint64_t{argument.size} << 16;
        Store(I64(word), work, 8 * i);
      }
      if (block != nullptr) ir_.CreateBr(done);
    }
    ir_.SetInsertPoint(done);
    ir_.CreateRet(I64(0));
    return function;
  }

  // i64 argument(call, work, index, shape, address)
  llvm::Function* MakeArgument() {
    llvm::Function* texts = MakeTexts();
    llvm::Function* vectors = MakeVectors();
    llvm::Function* entries = MakeEntries();
    llvm::Function* function = Begin("argument_" + section_, {Pointer(), Pointer(), I64Type(), I64Type(), I64Type()});
    call_ = function->getArg(0);
    work_ = function->getArg(1);
    index_ = function->getArg(2);
    llvm::Value* shape = function->getArg(3);
    address_ = function->getArg(4);
    context_ = ir_.CreateAlloca(llvm::ArrayType::get(I64Type(), 3));
    context_->setAlignment(llvm::Align(8));
    done_ = NewBlock("done");
    fetch_ = ir_.CreateAnd(shape, I64(255));
    llvm::Value* other = ir_.CreateAnd(ir_.CreateLShr(shape, I64(8)), I64(7));
    llvm::Value* size = ir_.CreateAnd(ir_.CreateLShr(shape, I64(16)), I64(1023));
    llvm::Value* result = Load(call_, kResult);
    // Another argument, of which there are six; the verifier sees eight, which lie in the capture as well.
    llvm::Value* amount =
        ir_.CreateAlignedLoad(I64Type(), At(At(call_, kArguments), ir_.CreateShl(other, I64(3))), llvm::Align(8));
    llvm::SwitchInst* pick = ir_.CreateSwitch(fetch_, done_);
    auto on = [&](Fetch fetch, const char* name) {
      llvm::BasicBlock* block = NewBlock(name);
      pick->addCase(Kind(fetch), block);
      ir_.SetInsertPoint(block);
    };
    auto when_good = [&] { Go(ir_.CreateICmpSGE(result, I64(0)), "good", done_); };
    on(Fetch::kText, "text");
    FetchText();
    on(Fetch::kBytesIn, "bytes_in");
    FetchBytes(Less(amount, I64(image::kMaxBytes)));
    on(Fetch::kBytesOut, "bytes_out");
    when_good();
    FetchBytes(Less(result, I64(image::kMaxBytes)));
    on(Fetch::kIn, "in");
    FetchBytes(size);
    on(Fetch::kOut, "out");
    when_good();
    FetchBytes(size);
    on(Fetch::kArrayIn, "array_in");
    FetchBytes(ir_.CreateMul(AtMost(amount, image::kMaxStructure), size));
    on(Fetch::kArrayOut, "array_out");
    when_good();
    FetchBytes(ir_.CreateMul(AtMost(result, image::kMaxStructure), size));
    on(Fetch::kTexts, "texts");
    Loop(texts, I64(image::kMaxTexts));
    ir_.CreateBr(done_);
    on(Fetch::kCount, "count");
    FetchCount(texts);
    on(Fetch::kEntries, "entries");
    when_good();
    Store(result, work_, kLeft);
    Store(I64(0), work_, kOffset);
    FetchCount(entries);
    on(Fetch::kVectorIn, "vector_in");
    Store(I64(UINT64_MAX), work_, kLeft);
    Loop(vectors, Less(amount, I64(image::kMaxVectors)));
    ir_.CreateBr(done_);
    on(Fetch::kVectorOut, "vector_out");
    when_good();
    Store(result, work_, kLeft);
    Loop(vectors, Less(amount, I64(image::kMaxVectors)));
    ir_.CreateBr(done_);
    ir_.SetInsertPoint(done_);
    ir_.CreateRet(I64(0));
    return function;
  }

  void FetchText() {
    llvm::Value* start = NextChunk(done_);
    llvm::Value* read = Helper(BPF_FUNC_probe_read_user_str,
                               {At(call_, ir_.CreateAdd(start, I64(kChunkBytes))), I64(image::kMaxText), address_});
    Go(ir_.CreateICmpSGT(read, I64(0)), "read", done_);
    EndChunk(start, index_, fetch_, AtMost(ir_.CreateSub(read, I64(1)), image::kMaxText - 1));
    ir_.CreateBr(done_);
  }

  void FetchBytes(llvm::Value* wanted) {
    llvm::Value* start = NextChunk(done_);
    llvm::Value* length = AtMost(wanted, image::kMaxStructure);
    llvm::Value* failed =
        Helper(BPF_FUNC_probe_read_user, {At(call_, ir_.CreateAdd(start, I64(kChunkBytes))), length, address_});
    Go(ir_.CreateICmpEQ(failed, I64(0)), "read", done_);
    EndChunk(start, index_, fetch_, length);
    ir_.CreateBr(done_);
  }

  void Loop(llvm::Function* callback, llvm::Value* rounds) {
    Store(index_, work_, kArgument);
    Store(fetch_, work_, kFetch);
    ir_.CreateAlignedStore(call_, context_, llvm::Align(8));
    ir_.CreateAlignedStore(work_, At(context_, uint64_t{8}), llvm::Align(8));
    ir_.CreateAlignedStore(address_, At(context_, uint64_t{16}), llvm::Align(8));
    Helper(BPF_FUNC_loop, {Hide(rounds), callback, context_, I64(0)});
  }

  void FetchCount(llvm::Function* callback) {
    Store(I64(0), work_, kCount);
    Loop(callback, I64(kMaxCount));
    llvm::Value* start = NextChunk(done_);
    llvm::Value* count = ir_.CreateTrunc(Load(work_, kCount), ir_.getInt32Ty());
    ir_.CreateAlignedStore(count, At(call_, ir_.CreateAdd(start, I64(kChunkBytes))), llvm::Align(4));
    EndChunk(start, index_, fetch_, I64(4));
    ir_.CreateBr(done_);
  }

  // i64 callback(round, context): 1 ends the loop.
  llvm::Function* BeginCallback(const char* name) {
    llvm::Function* function = Begin(name + section_, {I64Type(), Pointer()});
    llvm::Value* context = function->getArg(1);
    call_ = ir_.CreateAlignedLoad(Pointer(), context, llvm::Align(8));
    work_ = ir_.CreateAlignedLoad(Pointer(), At(context, uint64_t{8}), llvm::Align(8));
    address_ = ir_.CreateAlignedLoad(I64Type(), At(context, uint64_t{16}), llvm::Align(8));
    done_ = NewBlock("done");
    return function;
  }
  void EndCallback() {
    ir_.CreateRet(I64(0));
    ir_.SetInsertPoint(done_);
    ir_.CreateRet(I64(1));
  }

  llvm::Function* MakeTexts() {
    llvm::Function* function = BeginCallback("texts_");
    Store(I64(0), work_, kCell);
    llvm::Value* place = ir_.CreateAdd(address_, ir_.CreateShl(function->getArg(0), I64(3)));
    Helper(BPF_FUNC_probe_read_user, {At(work_, kCell), I64(8), place});
    llvm::Value* text = Load(work_, kCell);
    Go(ir_.CreateICmpNE(text, I64(0)), "text", done_);
    llvm::BasicBlock* fetch = NewBlock("fetch");
    Go(ir_.CreateICmpEQ(Load(work_, kFetch), Kind(Fetch::kCount)), "count", fetch);
    Store(ir_.CreateAdd(Load(work_, kCount), I64(1)), work_, kCount);
    ir_.CreateRet(I64(0));
    ir_.SetInsertPoint(fetch);
    llvm::Value* start = NextChunk(done_);
    llvm::Value* read = Helper(BPF_FUNC_probe_read_user_str,
                               {At(call_, ir_.CreateAdd(start, I64(kChunkBytes))), I64(kShortText), text});
    llvm::Value* length = ir_.CreateSelect(ir_.CreateICmpSGT(read, I64(0)), ir_.CreateSub(read, I64(1)), I64(0));
    EndChunk(start, Load(work_, kArgument), Load(work_, kFetch), AtMost(length, kShortText - 1));
    EndCallback();
    return function;
  }

  llvm::Function* MakeEntries() {
    llvm::Function* function = BeginCallback("entries_");
    llvm::Value* offset = Load(work_, kOffset);
    Go(ir_.CreateICmpULT(offset, Load(work_, kLeft)), "entry", done_);
    Store(I64(0), work_, kCell);
    llvm::Value* place = ir_.CreateAdd(address_, ir_.CreateAdd(offset, I64(kEntryLength)));
    Helper(BPF_FUNC_probe_read_user, {At(work_, kCell), I64(2), place});
    llvm::Value* length = Load(work_, kCell);
    Go(ir_.CreateICmpNE(length, I64(0)), "whole", done_);
    Store(ir_.CreateAdd(offset, length), work_, kOffset);
    Store(ir_.CreateAdd(Load(work_, kCount), I64(1)), work_, kCount);
    EndCallback();
    return function;
  }

  // A chunk of a vector: the struct iovec, then bytes.
  llvm::Function* MakeVectors() {
    llvm::Function* function = BeginCallback("vectors_");
    llvm::Value* place = ir_.CreateAdd(address_, ir_.CreateShl(function->getArg(0), I64(4)));
    llvm::Value* start = NextChunk(done_);
    llvm::Value* vector = At(call_, ir_.CreateAdd(start, I64(kChunkBytes)));
    llvm::Value* failed = Helper(BPF_FUNC_probe_read_user, {vector, I64(kVectorBytes), place});
    Go(ir_.CreateICmpEQ(failed, I64(0)), "vector", done_);
    llvm::Value* base = ir_.CreateAlignedLoad(I64Type(), vector, llvm::Align(8));
    llvm::Value* wanted = ir_.CreateAlignedLoad(I64Type(), At(vector, uint64_t{8}), llvm::Align(8));
    llvm::Value* left = Load(work_, kLeft);
    llvm::Value* present = Less(wanted, left);
    Store(ir_.CreateSub(left, present), work_, kLeft);
    llvm::Value* length = AtMost(present, image::kMaxBytes);
    Helper(BPF_FUNC_probe_read_user, {At(vector, uint64_t{kVectorBytes}), length, base});
    EndChunk(start, Load(work_, kArgument), Load(work_, kFetch), ir_.CreateAdd(length, I64(kVectorBytes)));
    EndCallback();
    return function;
  }

  ModuleContext& module_;
  std::string section_;
  llvm::IRBuilder<> ir_;
  llvm::Function* function_ = nullptr;
  llvm::BasicBlock* done_ = nullptr;
  llvm::Value* call_ = nullptr;
  llvm::Value* work_ = nullptr;
  llvm::Value* index_ = nullptr;
  llvm::Value* fetch_ = nullptr;
  llvm::Value* address_ = nullptr;
  llvm::AllocaInst* context_ = nullptr;
};

}  // namespace

llvm::Function* CallCapture(ModuleContext& module, const std::string& section) { return Maker(module, section).Make(); }

}  // namespace sonde::codegen
