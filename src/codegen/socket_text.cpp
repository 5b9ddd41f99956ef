// A socket's addresses: "tcp 10.0.0.1:80->10.0.0.2:4321", "udp [fe80::1]:53", "unix /run/x.sock". Kernel: struct
// sock_common in include/net/sock.h, struct unix_address in include/net/af_unix.h.
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "codegen/fd_path.h"

namespace sonde::codegen {
namespace {

constexpr uint64_t kGroups = 8;  // of 16 bits, of an address of IPv6

class Writer : KernelText {
 public:
  Writer(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets)
      : KernelText(module, section, offsets) {}

  llvm::Function* Make() {
    const std::string name = "socket_" + section_;
    if (llvm::Function* made = module_.module.getFunction(name)) return made;
    MakeDigits();
    MakeIp4();
    MakeIp6();
    function_ = NewFunction(name, {Pointer(), I64Type()});
    work_ = function_->getArg(0);
    ir_.SetInsertPoint(NewBlock("entry"));
    nothing_ = NewBlock("nothing");
    // The inode stands beside the socket: SOCKET_I in include/net/sock.h.
    llvm::Value* allocated = ir_.CreateSub(function_->getArg(1), I64(Offset(kSocketInode)));
    llvm::Value* socket = ir_.CreateAdd(allocated, I64(Offset(kSocketOfInode)));
    llvm::Value* sock = Read(socket, kSocketSock);
    Go(ir_.CreateICmpNE(sock, I64(0)), "sock", nothing_);
    llvm::Value* family = Read(sock, kSockFamily, 2);
    On(family, AF_INET, [&] { Internet(sock, ip4_, kSockSource, kSockTarget); });
    if (offsets_[kSockSource6] != kNoFdPathField) {
      On(family, AF_INET6, [&] { Internet(sock, ip6_, kSockSource6, kSockTarget6); });
    }
    if (offsets_[kUnixAddress] != kNoFdPathField) {
      On(family, AF_UNIX, [&] { Unix(sock); });
    }
    ir_.CreateBr(nothing_);
    ir_.SetInsertPoint(nothing_);
    ir_.CreateRet(I64(0));
    return function_;
  }

 private:
  template <typename Write>
  void On(llvm::Value* family, uint64_t wanted, const Write& write) {
    llvm::BasicBlock* other = NewBlock("other_family");
    Go(ir_.CreateICmpEQ(family, I64(wanted)), "family", other);
    write();
    ir_.CreateRet(I64(1));
    ir_.SetInsertPoint(other);
  }

  void Begin(llvm::Function*& function, const char* name, size_t parameters) {
    std::vector<llvm::Type*> types(parameters, I64Type());
    types[0] = Pointer();
    function = function_ = NewFunction(name + section_, types);
    work_ = function_->getArg(0);
    ir_.SetInsertPoint(NewBlock("entry"));
  }

  llvm::Value* SwapBytes(llvm::Value* port) {
    llvm::Value* high = ir_.CreateShl(ir_.CreateAnd(port, I64(255)), I64(8));
    return ir_.CreateOr(high, ir_.CreateAnd(ir_.CreateLShr(port, I64(8)), I64(255)));
  }

  void Digits(llvm::Value* number, uint64_t base) { ir_.CreateCall(digits_, {work_, number, I64(base)}); }

  // i64 digits(work, number, base): of 16 bits.
  void MakeDigits() {
    constexpr uint64_t kDigits = 5;
    constexpr uint64_t kMade = kText + kTextEnd + 64;  // behind the text: where they are made
    Begin(digits_, "digits_", 3);
    llvm::Value* base = function_->getArg(2);
    llvm::Value* left = function_->getArg(1);
    llvm::Value* length = I64(1);
    for (uint64_t i = 0; i < kDigits; ++i) {
      llvm::Value* digit = ir_.CreateURem(left, base);
      llvm::Value* zero = ir_.CreateSelect(ir_.CreateICmpULT(digit, I64(10)), I64('0'), I64('a' - 10));
      ir_.CreateStore(ir_.CreateTrunc(ir_.CreateAdd(digit, zero), ir_.getInt8Ty()), Word(kMade - 1 - i));
      length = ir_.CreateSelect(ir_.CreateICmpNE(left, I64(0)), I64(i + 1), length);
      left = ir_.CreateUDiv(left, base);
    }
    // Five places, of which only so many count: the text begins behind what is too much.
    llvm::Value* start = ir_.CreateSub(Load(kStart), I64(kDigits));
    Helper(BPF_FUNC_probe_read_kernel,
           {Text(start), I64(kDigits), ir_.CreatePtrToInt(Word(kMade - kDigits), I64Type())});
    Store(kStart, ir_.CreateSub(Load(kStart), length));
    ir_.CreateRet(I64(0));
  }

  void DottedQuad(llvm::Value* address) {
    for (uint64_t i = 4; i-- > 0;) {
      Digits(ir_.CreateAnd(ir_.CreateLShr(address, I64(8 * i)), I64(255)), 10);
      if (i > 0) Prepend(".");
    }
  }

  // i64 ip4(work, where it is)
  void MakeIp4() {
    Begin(ip4_, "ip4_", 2);
    DottedQuad(ReadAt(function_->getArg(1), 4));
    ir_.CreateRet(I64(0));
  }

  // i64 ip6(work, where it is), as RFC 5952 has it: the longest run of zeros is "::".
  void MakeIp6() {
    Begin(ip6_, "ip6_", 2);
    llvm::Value* first = ReadAt(function_->getArg(1));
    llvm::Value* last = ReadAt(ir_.CreateAdd(function_->getArg(1), I64(8)));
    llvm::BasicBlock* native = NewBlock("native");
    Prepend("]");
    Go(ir_.CreateICmpEQ(first, I64(0)), "zeros", native);
    Go(ir_.CreateICmpEQ(ir_.CreateAnd(last, I64(UINT32_MAX)), I64(0xffff0000)), "mapped", native);
    DottedQuad(ir_.CreateLShr(last, I64(32)));
    Prepend("[::ffff:");
    ir_.CreateRet(I64(0));
    ir_.SetInsertPoint(native);
    std::array<llvm::Value*, kGroups> groups{};
    for (uint64_t i = 0; i < kGroups; ++i) {
      groups.at(i) = ir_.CreateAnd(ir_.CreateLShr(i < 4 ? first : last, I64(16 * (i % 4))), I64(0xffff));
    }
    FindZeros(groups);
    for (uint64_t i = kGroups; i-- > 0;) Group(groups.at(i), i);
    Prepend("[");
    ir_.CreateRet(I64(0));
  }

  // Goes past `write` where it does not hold.
  template <typename Write>
  void If(llvm::Value* holds, const Write& write) {
    llvm::BasicBlock* done = NewBlock("done");
    Go(holds, "if", done);
    write();
    ir_.CreateBr(done);
    ir_.SetInsertPoint(done);
  }

  // Leaves the groups of the longest run, the first of equals, as bits of kRun. In memory, where the verifier does not
  // tell its values apart.
  void FindZeros(const std::array<llvm::Value*, kGroups>& groups) {
    llvm::Value* zeros = I64(0);
    for (uint64_t i = 0; i < kGroups; ++i) {
      llvm::Value* is_zero = ir_.CreateZExt(ir_.CreateICmpEQ(groups.at(i), I64(0)), I64Type());
      zeros = ir_.CreateOr(zeros, ir_.CreateShl(is_zero, I64(i)));
    }
    Store(kCell, zeros);
    Store(kRun, I64(0));
    for (uint64_t length = 2; length <= kGroups; ++length) {
      for (uint64_t start = kGroups - length + 1; start-- > 0;) {
        const uint64_t run = ((uint64_t{1} << length) - 1) << start;
        If(ir_.CreateICmpEQ(ir_.CreateAnd(Load(kCell), I64(run)), I64(run)), [&] { Store(kRun, I64(run)); });
      }
    }
  }

  // A group brings the colon before it; the run one for itself, and another where no group follows.
  void Group(llvm::Value* group, uint64_t place) {
    llvm::BasicBlock* in_run = NewBlock("in_run");
    llvm::BasicBlock* done = NewBlock("group_done");
    auto is_in_run = [&](uint64_t i) {
      return ir_.CreateICmpNE(ir_.CreateAnd(Load(kRun), I64(uint64_t{1} << i)), I64(0));
    };
    Go(ir_.CreateNot(is_in_run(place)), "outside", in_run);
    Digits(SwapBytes(group), 16);
    if (place > 0) Prepend(":");
    ir_.CreateBr(done);
    ir_.SetInsertPoint(in_run);
    if (place == kGroups - 1) Prepend(":");
    if (place == 0) {
      Prepend(":");
    } else {
      If(ir_.CreateNot(is_in_run(place - 1)), [&] { Prepend(":"); });
    }
    ir_.CreateBr(done);
    ir_.SetInsertPoint(done);
  }

  void End(llvm::Function* write, llvm::Value* sock, FdPathField address, llvm::Value* port) {
    Digits(port, 10);
    Prepend(":");
    ir_.CreateCall(write, {work_, ir_.CreateAdd(sock, I64(Offset(address)))});
  }

  void Internet(llvm::Value* sock, llvm::Function* write, FdPathField source, FdPathField target) {
    llvm::Value* from = Read(sock, kSockSourcePort, 2);
    llvm::Value* to = SwapBytes(Read(sock, kSockTargetPort, 2));
    Go(ir_.CreateICmpNE(ir_.CreateOr(from, to), I64(0)), "bound", nothing_);
    llvm::BasicBlock* own = NewBlock("own");
    Go(ir_.CreateICmpNE(to, I64(0)), "connected", own);
    End(write, sock, target, to);
    Prepend("->");
    ir_.CreateBr(own);
    ir_.SetInsertPoint(own);
    End(write, sock, source, from);
    Protocol(Read(sock, kSockProtocol, 2));
  }

  void Protocol(llvm::Value* protocol) {
    struct Name {
      uint64_t number;
      const char* text;
    };
    constexpr auto kNames = std::to_array<Name>({{IPPROTO_TCP, "tcp "},
                                                 {IPPROTO_UDP, "udp "},
                                                 {IPPROTO_ICMP, "icmp "},
                                                 {IPPROTO_ICMPV6, "icmp6 "},
                                                 {IPPROTO_SCTP, "sctp "},
                                                 {IPPROTO_UDPLITE, "udplite "},
                                                 {IPPROTO_MPTCP, "mptcp "}});
    llvm::BasicBlock* done = NewBlock("protocol_done");
    for (const Name& name : kNames) {
      llvm::BasicBlock* other = NewBlock("other_protocol");
      Go(ir_.CreateICmpEQ(protocol, I64(name.number)), "protocol", other);
      Prepend(name.text);
      ir_.CreateBr(done);
      ir_.SetInsertPoint(other);
    }
    Prepend("inet ");
    ir_.CreateBr(done);
    ir_.SetInsertPoint(done);
  }

  // A path ends in a NUL; a name that is none begins with one.
  void Unix(llvm::Value* sock) {
    llvm::Value* address = Read(sock, kUnixAddress);
    Go(ir_.CreateICmpNE(address, I64(0)), "named", nothing_);
    llvm::Value* length = Read(address, kUnixLength, 4);
    Go(ir_.CreateICmpUGT(length, I64(3)), "long", nothing_);
    length = ir_.CreateAnd(ir_.CreateSub(length, I64(3)), I64(127));
    llvm::Value* name = ir_.CreateAdd(address, I64(Offset(kUnixName) + 2));
    llvm::BasicBlock* path = NewBlock("path");
    llvm::BasicBlock* done = NewBlock("unix_done");
    Go(ir_.CreateICmpEQ(ReadAt(name, 1), I64(0)), "abstract", path);
    PrependName(ir_.CreateAdd(name, I64(1)), length);
    Prepend("@");
    ir_.CreateBr(done);
    ir_.SetInsertPoint(path);
    PrependName(name, length);
    ir_.CreateBr(done);
    ir_.SetInsertPoint(done);
    Prepend("unix ");
  }

  llvm::Function* digits_ = nullptr;
  llvm::Function* ip4_ = nullptr;
  llvm::Function* ip6_ = nullptr;
  llvm::BasicBlock* nothing_ = nullptr;
};

}  // namespace

llvm::Function* SocketWriter(ModuleContext& module, const std::string& section, const std::vector<int64_t>& offsets) {
  return Writer(module, section, offsets).Make();
}

}  // namespace sonde::codegen
