#include "kernel/btf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <random>

namespace sonde::kernel {
namespace {

using testing::ElementsAre;

constexpr char kFixture[] = SONDE_TEST_DIR "/fixtures/host/btf";
constexpr char kLive[] = "/sys/kernel/btf/vmlinux";

std::vector<std::byte> ReadBytes(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> chars(std::istreambuf_iterator<char>(file), {});
  std::vector<std::byte> bytes(chars.size());
  std::memcpy(bytes.data(), chars.data(), chars.size());
  return bytes;
}

std::unique_ptr<Btf> Fixture() { return std::move(Btf::Open(kFixture).value()); }

TEST(Btf, FindsTypesByKindAndName) {
  auto btf = Fixture();
  const std::optional<BtfId> task = btf->Find(BtfKind::kStruct, "task_struct");
  ASSERT_TRUE(task);
  EXPECT_EQ(btf->Type(*task).kind, BtfKind::kStruct);
  EXPECT_EQ(btf->Type(*task).name, "task_struct");
  EXPECT_EQ(btf->Find(BtfKind::kStruct, "task_struct"), task);
  EXPECT_FALSE(btf->Find(BtfKind::kUnion, "task_struct"));
  EXPECT_FALSE(btf->Find(BtfKind::kStruct, "task_struc"));
  EXPECT_FALSE(btf->Find(BtfKind::kStruct, "task_struct2"));
  EXPECT_TRUE(btf->Find(BtfKind::kTypedef, "btf_trace_sys_enter"));
}

TEST(Btf, FindsFields) {
  auto btf = Fixture();
  const BtfId task = *btf->Find(BtfKind::kStruct, "task_struct");
  EXPECT_EQ(btf->FindField(task, "thread_info.status")->bit_offset, 16u * 8);
  EXPECT_EQ(btf->FindField(task, "tasks.prev")->bit_offset, btf->FindField(task, "tasks")->bit_offset + 64);
  // Through anonymous members, and through a typedef of the whole.
  EXPECT_EQ(btf->FindField(task, "second")->bit_offset, btf->FindField(task, "both")->bit_offset + 32);
  const BtfId regs = *btf->Find(BtfKind::kStruct, "pt_regs");
  EXPECT_EQ(btf->FindField(regs, "di")->bit_offset, 112u * 8);
  EXPECT_EQ(btf->FindField(regs, "cs")->bit_offset, 136u * 8);
  for (const char* path : {"", ".", "nothing", "pid.", "pid.x", ".pid", "thread_info..status", "comm.x"}) {
    EXPECT_FALSE(btf->FindField(task, path)) << path;
  }
  EXPECT_FALSE(btf->FindField(0, "pid"));
  EXPECT_FALSE(btf->FindField(1'000'000, "pid"));
}

TEST(Btf, ReadsBitfields) {
  auto btf = Fixture();
  const BtfId task = *btf->Find(BtfKind::kStruct, "task_struct");
  const auto in_iowait = btf->FindField(task, "in_iowait");
  const auto in_execve = btf->FindField(task, "in_execve");
  ASSERT_TRUE(in_iowait && in_execve);
  EXPECT_EQ(in_iowait->bit_size, 1u);
  EXPECT_EQ(in_iowait->bit_offset, in_execve->bit_offset + 1);
  EXPECT_EQ(btf->FindField(task, "pid")->bit_size, 0u);
  EXPECT_EQ(btf->FindField(task, "pid")->bit_offset % 32, 0u);
}

TEST(Btf, DescribesTypes) {
  auto btf = Fixture();
  const BtfId task = *btf->Find(BtfKind::kStruct, "task_struct");
  const BtfType pid = btf->Type(btf->Strip(btf->FindField(task, "pid")->type));
  EXPECT_EQ(pid.kind, BtfKind::kInt);
  EXPECT_EQ(pid.size, 4u);
  EXPECT_TRUE(pid.is_signed);
  EXPECT_FALSE(btf->Type(btf->Strip(btf->FindField(task, "flags")->type)).is_signed);
  const BtfType comm = btf->Type(btf->FindField(task, "comm")->type);
  EXPECT_EQ(comm.kind, BtfKind::kArray);
  EXPECT_EQ(comm.count, 16u);
  EXPECT_EQ(btf->Type(comm.target).name, "char");
  EXPECT_EQ(btf->SizeOf(btf->FindField(task, "comm")->type), 16u);
  EXPECT_EQ(btf->SizeOf(btf->FindField(task, "trailing")->type), 0u);
  EXPECT_EQ(btf->SizeOf(btf->FindField(task, "mm")->type), 8u);
  EXPECT_EQ(btf->SizeOf(*btf->Find(BtfKind::kStruct, "pt_regs")), 168u);
  EXPECT_TRUE(btf->Type(*btf->Find(BtfKind::kInt, "_Bool")).is_bool);
  EXPECT_EQ(btf->Type(0).kind, BtfKind::kVoid);
}

TEST(Btf, FollowsTracepointPrototypes) {
  auto btf = Fixture();
  const BtfId tracepoint = *btf->Find(BtfKind::kTypedef, "btf_trace_sched_switch");
  const BtfType pointer = btf->Type(btf->Strip(tracepoint));
  ASSERT_EQ(pointer.kind, BtfKind::kPtr);
  const std::vector<BtfParameter> parameters = btf->Parameters(pointer.target);
  ASSERT_EQ(parameters.size(), 5u);
  EXPECT_EQ(btf->Type(btf->Type(parameters[2].type).target).name, "task_struct");
  EXPECT_EQ(btf->ReturnType(pointer.target), 0u);
  EXPECT_TRUE(btf->Parameters(tracepoint).empty());
}

TEST(Btf, ReadsEnumerators) {
  auto btf = Fixture();
  auto values = [&](BtfKind kind, const char* name) {
    std::vector<int64_t> out;
    for (const BtfEnumerator& e : btf->Enumerators(btf->Find(kind, name).value_or(0))) out.push_back(e.value);
    return out;
  };
  EXPECT_THAT(values(BtfKind::kEnum, "negative"), ElementsAre(-1, -2, 1));
  EXPECT_THAT(values(BtfKind::kEnum64, "wide"), ElementsAre(1, 0x1234567890));
  EXPECT_THAT(values(BtfKind::kEnum, "pid_type"), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(values(BtfKind::kEnum, "nothing"), ElementsAre());
}

TEST(Btf, FindsEnumsByTheirEnumerators) {
  auto btf = Fixture();
  EXPECT_EQ(btf->FindEnumerator("PIDTYPE_SID"), btf->Find(BtfKind::kEnum, "pid_type"));
  EXPECT_EQ(btf->FindEnumerator("WIDE_HIGH"), btf->Find(BtfKind::kEnum64, "wide"));
  EXPECT_EQ(btf->FindEnumerator("PIDTYPE"), std::nullopt);
}

// Asks everything of every type; what matters is that nothing is read outside and that it ends.
uint64_t AskEverything(const Btf& btf) {
  uint64_t sum = 0;
  const uint32_t count = std::min(btf.type_count() + 3, 4096u);
  for (BtfId id = 0; id < count; ++id) {
    const BtfType type = btf.Type(id);
    sum += type.name.size() + type.size + btf.Strip(id) + btf.SizeOf(id) + btf.ReturnType(id);
    for (const BtfMember& member : btf.Members(id)) sum += member.name.size() + member.bit_offset;
    for (const BtfEnumerator& enumerator : btf.Enumerators(id)) sum += enumerator.name.size();
    for (const BtfParameter& parameter : btf.Parameters(id)) sum += parameter.name.size();
  }
  if (auto task = btf.Find(BtfKind::kStruct, "task_struct")) {
    for (const char* path : {"second", "mm.arg_start", "nothing", "real_parent.pid"}) {
      sum += btf.FindField(*task, path).has_value() ? 1 : 0;
    }
  }
  return sum;
}

TEST(Btf, SurvivesTruncation) {
  const std::vector<std::byte> whole = ReadBytes(kFixture);
  ASSERT_FALSE(whole.empty());
  for (size_t length = 0; length < whole.size(); length += length < 64 ? 1 : 37) {
    auto btf = Btf::FromBytes({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)});
    EXPECT_FALSE(btf) << length;
    EXPECT_THAT(btf.error().Message(), testing::HasSubstr("cannot read BTF of memory: "));
  }
}

TEST(Btf, SurvivesDamage) {
  const std::vector<std::byte> whole = ReadBytes(kFixture);
  std::mt19937 random(1);  // the same damage every time
  int opened = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::byte> bytes = whole;
    const int damages = 1 + static_cast<int>(random() % 8);
    for (int i = 0; i < damages; ++i) {
      const size_t at = random() % bytes.size();
      bytes[at] = static_cast<std::byte>(random() % 3 == 0 ? 0xff : random());
    }
    auto btf = Btf::FromBytes(std::move(bytes));
    if (!btf) continue;
    ++opened;
    (void)AskEverything(**btf);
  }
  EXPECT_GT(opened, 500);
}

// A section of hand-made words, for the shapes that a compiler does not write.
class Builder {
 public:
  Builder& Type(uint32_t name, BtfKind kind, uint32_t count, uint32_t size_or_type, std::vector<uint32_t> extra = {}) {
    words_.push_back(name);
    words_.push_back(static_cast<uint32_t>(kind) << 24 | count);
    words_.push_back(size_or_type);
    words_.insert(words_.end(), extra.begin(), extra.end());
    return *this;
  }
  std::vector<std::byte> Build() const {
    const std::string strings("\0int\0f\0g\0", 9);
    const auto types = static_cast<uint32_t>(words_.size() * 4);
    const uint32_t header[] = {0x0001eb9f, 24, 0, types, types, static_cast<uint32_t>(strings.size())};
    std::vector<std::byte> bytes(sizeof(header) + types + strings.size());
    std::memcpy(bytes.data(), header, sizeof(header));
    std::memcpy(bytes.data() + sizeof(header), words_.data(), types);
    std::memcpy(bytes.data() + sizeof(header) + types, strings.data(), strings.size());
    return bytes;
  }

 private:
  std::vector<uint32_t> words_;
};

TEST(Btf, EndsOnCircles) {
  // 1: typedef of 2, 2: const 1; 3: struct with two anonymous members of itself; 4: array of itself.
  auto btf = Btf::FromBytes(Builder()
                                .Type(5, BtfKind::kTypedef, 0, 2)
                                .Type(0, BtfKind::kConst, 0, 1)
                                .Type(7, BtfKind::kStruct, 2, 8, {0, 3, 0, 0, 3, 32})
                                .Type(0, BtfKind::kArray, 0, 0, {4, 1, 0xffffffff})
                                .Build());
  ASSERT_TRUE(btf);
  EXPECT_EQ((*btf)->Strip(1), 0u);
  EXPECT_FALSE((*btf)->FindField(3, "nothing"));
  EXPECT_EQ((*btf)->SizeOf(4), 0u);
}

TEST(Btf, ReadsBitfieldsOfOldCompilers) {
  // The integer itself says 3 bits from bit 5 on.
  auto btf = Btf::FromBytes(Builder()
                                .Type(1, BtfKind::kInt, 0, 4, {5 << 16 | 3})
                                .Type(1, BtfKind::kInt, 0, 4, {32})
                                .Type(7, BtfKind::kStruct, 2, 8, {5, 1, 32, 7, 2, 0})
                                .Build());
  ASSERT_TRUE(btf);
  EXPECT_EQ((*btf)->FindField(3, "f")->bit_offset, 37u);
  EXPECT_EQ((*btf)->FindField(3, "f")->bit_size, 3u);
  EXPECT_EQ((*btf)->FindField(3, "g")->bit_size, 0u);
}

TEST(Btf, RefusesUnknownKinds) {
  auto btf = Btf::FromBytes(Builder().Type(0, static_cast<BtfKind>(30), 0, 0).Build());
  ASSERT_FALSE(btf);
  EXPECT_THAT(btf.error().Message(), testing::HasSubstr("a kind of type that this program does not know"));
}

// --- this machine

TEST(BtfLive, OpensAndFindsFast) {
  if (access(kLive, R_OK) != 0) GTEST_SKIP() << kLive << " cannot be read here";
  const auto start = std::chrono::steady_clock::now();
  auto btf = Btf::Open(kLive);
  ASSERT_TRUE(btf) << btf.error().Message();
  EXPECT_TRUE((*btf)->Find(BtfKind::kTypedef, "btf_trace_sys_enter"));
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
  std::cout << (*btf)->type_count() << " types opened and searched in " << spent.count() << " ms\n";
  EXPECT_LT(spent.count(), 200);  // 2 ms unless the machine is busy or this is a sanitizer's build
}

struct MemberPlace {
  uint32_t bit_offset = 0;
  uint32_t bit_size = 0;
};
using Structs = std::map<std::string, std::map<std::string, MemberPlace>>;

// Members of the first struct of each name, from the raw dump:
//   [1] STRUCT 'thread_info' size=24 vlen=4
//   	'flags' type_id=1 bits_offset=0 bitfield_size=3
Structs BpftoolStructs() {
  const std::string command = "bpftool btf dump file " + std::string(kLive) + " format raw 2>/dev/null";
  Structs structs;
  std::map<std::string, MemberPlace> unwanted;
  std::map<std::string, MemberPlace>* current = &unwanted;
  FILE* pipe = popen(command.c_str(), "r");
  char line[512];
  while (pipe != nullptr && fgets(line, sizeof(line), pipe) != nullptr) {
    char name[256];
    MemberPlace place;
    if (line[0] == '[') {
      const bool is_first = sscanf(line, "[%*u] STRUCT '%255[^']'", name) == 1 && !structs.contains(name);
      current = is_first ? &structs[name] : &unwanted;
    } else if (sscanf(line, " '%255[^']' type_id=%*u bits_offset=%u bitfield_size=%u", name, &place.bit_offset,
                      &place.bit_size) >= 2 &&
               name[0] != '(') {
      (*current)[name] = place;
    }
  }
  if (pipe != nullptr) pclose(pipe);
  return structs;
}

TEST(BtfLive, AgreesWithBpftool) {
  if (access(kLive, R_OK) != 0) GTEST_SKIP() << kLive << " cannot be read here";
  if (system("bpftool version >/dev/null 2>&1") != 0) GTEST_SKIP() << "bpftool is not installed";
  auto btf = Btf::Open(kLive);
  ASSERT_TRUE(btf);
  Structs structs = BpftoolStructs();
  for (const char* name : {"task_struct", "pt_regs", "thread_info", "linux_binprm", "mm_struct", "request"}) {
    SCOPED_TRACE(name);
    const std::optional<BtfId> id = (*btf)->Find(BtfKind::kStruct, name);
    ASSERT_TRUE(id);
    const std::map<std::string, MemberPlace>& members = structs[name];
    size_t compared = 0;
    for (const BtfMember& member : (*btf)->Members(*id)) {
      if (member.name.empty()) continue;
      auto expected = members.find(std::string(member.name));
      ASSERT_NE(expected, members.end()) << member.name;
      EXPECT_EQ(member.bit_offset, expected->second.bit_offset) << member.name;
      EXPECT_EQ(member.bit_size, expected->second.bit_size) << member.name;
      ++compared;
    }
    EXPECT_EQ(compared, members.size());
  }
  const BtfId task = *(*btf)->Find(BtfKind::kStruct, "task_struct");
  EXPECT_EQ((*btf)->FindField(task, "thread_info.status")->bit_offset,
            structs["task_struct"]["thread_info"].bit_offset + structs["thread_info"]["status"].bit_offset);
}

}  // namespace
}  // namespace sonde::kernel
