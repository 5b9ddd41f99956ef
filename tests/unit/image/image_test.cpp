#include "image/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "image/validate.h"

namespace sonde::image {
namespace {

using testing::HasSubstr;

std::vector<ValueType> SomeTypes() {
  return {
      {},
      {.kind = ValueKind::kInt, .size = 4, .is_signed = true},
      {.kind = ValueKind::kString, .size = 16},
      {.kind = ValueKind::kTuple, .size = 24, .fields = {{.type = 1}, {.type = 2, .offset = 8}}},
      {.kind = ValueKind::kEnum, .size = 4, .name = "color", .enumerators = {{1, "kRed"}, {-2, "kBlue"}}},
      {.kind = ValueKind::kStruct,
       .size = 8,
       .name = "task",
       .fields = {{.name = "flags", .type = 1, .bit_offset = 3, .bit_width = 5},
                  {.name = "id", .type = 1, .offset = 4}}},
      {.kind = ValueKind::kArray, .size = 12, .element = 1, .count = 3},
      {.kind = ValueKind::kTimestamp, .size = 8, .format = "%H:%M"},
      {.kind = ValueKind::kTailString, .size = 8},
  };
}

// Every member differs from its default, and every alternative of AttachPlan is there.
Image SomeImage() {
  Image image;
  for (int i = 0; i < 40; ++i) image.elf.push_back(static_cast<std::byte>(i * 7));
  image.types = SomeTypes();
  image.maps = {{.name = "@start",
                 .role = MapRole::kUser,
                 .bpf_type = 1,
                 .key_size = 24,
                 .value_size = 8,
                 .max_entries = 100,
                 .flags = 1,
                 .per_cpu = true,
                 .is_keyless = false,
                 .present_offset = 8,
                 .key_type = 3,
                 .value_type = 1,
                 .aggregation = Aggregation::kLhist,
                 .hist_bits = 2,
                 .lhist_min = -5,
                 .lhist_max = 500,
                 .lhist_step = 10,
                 .print_at_exit = false},
                {.name = "data", .role = MapRole::kDataRing, .bpf_type = 27, .max_entries = 1U << 20}};
  image.events = {
      {.kind = EventKind::kPrintf,
       .where = {"x.bt", 3, 5},
       .function = "printf",
       .slots = {{8, 1}, {16, 8}},
       .fixed_size = 24,
       .max_size = 88,
       .format = {{.literal = "a\n\x1b",
                   .conversion = 'd',
                   .flags = "-0",
                   .width = 5,
                   .precision = 2,
                   .length = "ll",
                   .slot = 0,
                   .width_slot = 0,
                   .precision_slot = 0},
                  {.conversion = 'f',
                   .fraction = {{.op = FractionOp::kSlot, .slot = 0}, {.number = 1.5}, {.op = FractionOp::kDivide}}},
                  {.literal = "\n"}},
       .text = "%H",
       .map = 0,
       .top = 3,
       .div = 1000}};
  image.loss_sites = {{.where = {"x.bt", 9, 1}, .reason = LossReason::kMapFull, .object = "@start"}};
  image.programs = {{.section = "s0",
                     .name = "sys_enter",
                     .type = ProgramType::kPerfEvent,
                     .attach_to = "sys_enter",
                     .covers = "tracepoint:syscalls:*",
                     .probe_count = 350}};
  image.groups = {
      {.ways = {{{.program = 0, .plan = AttachRawTracepoint{"sys_enter"}, .probe = "t:a", .probe_count = 2}},
                {{.program = 0, .plan = AttachPerfTracepoint{"syscalls", "sys_enter_open", 77, 5}}}}},
      {.ways = {{{.plan = RunAtBegin{}}, {.plan = RunAtEnd{}}, {.plan = AttachInterval{1'000'000}}}}}};
  image.probe_names = {"begin", "end"};
  image.constants = {std::byte{1}, std::byte{'"'}};
  image.options = {.max_map_keys = 7, .ring_bytes = 65536, .print_maps_on_exit = false};
  image.license = "Dual MIT/GPL";
  return image;
}

TEST(Image, ReadsBackWhatWasWritten) {
  const Image image = SomeImage();
  ASSERT_EQ(Inconsistency(image), "");
  const auto bytes = Write(image);
  const auto read = Read(bytes);
  ASSERT_TRUE(read) << read.error().Message();
  EXPECT_EQ(Write(*read), bytes);
  EXPECT_EQ(Dump(*read), Dump(image));
  EXPECT_EQ(read->elf, image.elf);
  EXPECT_EQ(read->maps[0].lhist_min, -5);
  EXPECT_EQ(read->maps[0].present_offset, 8u);
  EXPECT_FALSE(read->maps[0].print_at_exit);
  EXPECT_EQ(read->types[4].enumerators[1].value, -2);
  EXPECT_EQ(read->events[0].div, 1000u);
  EXPECT_EQ(std::get<AttachPerfTracepoint>(read->groups[0].ways[1][0].plan).cookie, 5u);
  EXPECT_EQ(read->options.ring_bytes, 65536u);
}

TEST(Image, FindsFractionsThatCannotBeComputed) {
  Image image = SomeImage();
  Fraction& fraction = image.events[0].format[1].fraction;
  for (const Fraction& bad : {Fraction{{.op = FractionOp::kAdd}}, Fraction{{.number = 1}, {.number = 2}},
                              Fraction{{.op = FractionOp::kSlot, .slot = 9}},
                              Fraction{{.number = 1}, {.number = 2}, {.op = FractionOp::kSelect}}}) {
    fraction = bad;
    EXPECT_THAT(Inconsistency(image), HasSubstr("cannot be computed"));
  }
}

TEST(Image, ReadsAnEmptyOne) { EXPECT_TRUE(Read(Write(Image{}))); }

TEST(Image, RefusesEveryTruncation) {
  const auto bytes = Write(SomeImage());
  for (size_t length = 0; length < bytes.size(); ++length) {
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length));
    const auto read = Read(cut);
    ASSERT_FALSE(read) << length;
    EXPECT_THAT(read.error().Message(), HasSubstr("cannot read compiled script: "));
  }
}

TEST(Image, RefusesWhatIsNoImageOrAnotherVersion) {
  auto bytes = Write(SomeImage());
  bytes.push_back(std::byte{0});
  EXPECT_EQ(Read(bytes).error().Message(), "cannot read compiled script: more follows after its end");
  bytes.pop_back();
  bytes[8] = std::byte{99};
  EXPECT_EQ(Read(bytes).error().Message(),
            "cannot read compiled script: it has format 99, this program reads format 4; build it again with this "
            "version");
  bytes[1] = std::byte{'X'};
  EXPECT_EQ(Read(bytes).error().Message(), "cannot read compiled script: it is no compiled script");
}

// Under the sanitizers: whatever the bytes, Read neither reads outside of them nor trusts a count, and what it accepts
// can be dumped.
TEST(Image, SurvivesFlippedBytes) {
  const auto bytes = Write(SomeImage());
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    auto damaged = bytes;
    const auto flips = 1 + random() % 4;
    for (size_t flip = 0; flip < flips; ++flip)
      damaged[8 + random() % (damaged.size() - 8)] = static_cast<std::byte>(random());
    if (const auto read = Read(damaged)) {
      EXPECT_FALSE(Dump(*read).empty());
    }
  }
}

TEST(Image, SurvivesHugeCounts) {
  const auto bytes = Write(SomeImage());
  for (size_t at = 12; at + 4 <= bytes.size(); ++at) {
    auto damaged = bytes;
    for (size_t i = 0; i < 4; ++i) damaged[at + i] = std::byte{0xff};
    if (const auto read = Read(damaged)) {
      EXPECT_FALSE(Dump(*read).empty());
    }
  }
}

struct Damage {
  const char* name;
  void (*apply)(Image&);
  const char* reason;
};

class InconsistencyTest : public testing::TestWithParam<Damage> {};

TEST_P(InconsistencyTest, IsFound) {
  Image image = SomeImage();
  GetParam().apply(image);
  EXPECT_THAT(Inconsistency(image), HasSubstr(GetParam().reason));
  EXPECT_FALSE(Read(Write(image)));
}

INSTANTIATE_TEST_SUITE_P(
    All, InconsistencyTest,
    testing::Values(
        Damage{"ElementOutside", [](Image& image) { image.types[6].element = 99; }, "type 99 is not in the table"},
        Damage{"Cycle", [](Image& image) { image.types[6].element = 6; }, "type 6 contains itself"},
        Damage{"LongCycle",
               [](Image& image) {
                 image.types[3].fields[0].type = 6;
                 image.types[6].element = 3;
               },
               "contains itself"},
        Damage{"IntSize", [](Image& image) { image.types[1].size = 3; }, "type 1 has a wrong size"},
        Damage{"FieldOutside", [](Image& image) { image.types[3].fields[1].offset = 9; }, "field '' of type 3"},
        Damage{"HugeOffset", [](Image& image) { image.types[3].fields[1].offset = UINT32_MAX; }, "field '' of type 3"},
        Damage{"WideBitfield", [](Image& image) { image.types[5].fields[0].bit_width = 65; }, "field 'flags'"},
        Damage{"TextBitfield", [](Image& image) { image.types[5].fields[0].type = 2; }, "field 'flags'"},
        Damage{"ArrayTooLong", [](Image& image) { image.types[6].count = 4; }, "elements of type 6 do not fit"},
        Damage{"EmptyElements",
               [](Image& image) {
                 image.types[6].element = 0;
                 image.types[6].count = UINT32_MAX;
               },
               "elements of type 6 have no size"},
        Damage{"SlotOutside", [](Image& image) { image.events[0].slots[1].offset = 17; }, "outside of its record"},
        Damage{"SlotType", [](Image& image) { image.events[0].slots[1].type = 50; }, "has no type"},
        Damage{"NoHeader", [](Image& image) { image.events[0].fixed_size = 4; }, "no header"},
        Damage{"StepSlot", [](Image& image) { image.events[0].format[0].width_slot = 2; }, "no such slot"},
        Damage{"NoSlot", [](Image& image) { image.events[0].format[0].slot = kNone; }, "has no slot"},
        Damage{"MapOfEvent", [](Image& image) { image.events[0].map = 9; }, "is unknown"},
        Damage{"KeyCut", [](Image& image) { image.maps[0].key_size = 4; }, "the key of @start is cut"},
        Damage{"Step", [](Image& image) { image.maps[0].lhist_step = 0; }, "no buckets"},
        Damage{"Wide",
               [](Image& image) {
                 image.maps[0].lhist_min = INT64_MIN;
                 image.maps[0].lhist_max = INT64_MAX;
               },
               "too many buckets"},
        Damage{"Program", [](Image& image) { image.groups[1].ways[0][2].program = 1; }, "has no program"}),
    [](const auto& test) { return test.param.name; });

TEST(Dump, TellsAllParts) {
  EXPECT_EQ(Dump(SomeImage()),
            R"(image: format 4, license "Dual MIT/GPL"
options: max_map_keys 7, ring_bytes 65536, print_maps_on_exit false
types:
  0: none
  1: int32
  2: string[16]
  3: tuple of 24 bytes
    +0 -: type 1
    +8 -: type 2
  4: enum color of 4 bytes
    kRed = 1
    kBlue = -2
  5: struct task of 8 bytes
    +0 flags: type 1, bits 3+5
    +4 id: type 1
  6: array[3] of type 1
  7: timestamp, format "%H:%M"
  8: tail string
maps:
  0: @start (user), bpf type 1, 100 entries, key 24 bytes, value 8 bytes, flags 0x1, per CPU
    key: tuple of 24 bytes
    value: int32
    present at +8
    lhist: -5 to 500 by 10
    not printed at exit
  1: data (data ring), bpf type 27, 1048576 entries, key 0 bytes, value 0 bytes, flags 0x0
events:
  0: printf (printf) at x.bt:3:5, 24 to 88 bytes
    slot 0: +8 int32
    slot 1: +16 tail string
    "a\n\x1b" %-0<slot 0>.<slot 0>lld slot 0
    "" %f computed: slot 0 1.5 /
    "\n"
    text "%H"
    map 0, top 3, div 1000
loss sites:
  0: @start at x.bt:9:1, map full
programs:
  0: sys_enter in section s0, perf event sys_enter, for tracepoint:syscalls:* (350 probes)
groups:
  0, way 0:
    program 0: raw tracepoint sys_enter, for t:a (2 probes)
  0, way 1:
    program 0: perf tracepoint syscalls:sys_enter_open (id 77), cookie 5, for  (1 probe)
  1, way 0:
    program 0: run at begin, for  (1 probe)
    program 0: run at end, for  (1 probe)
    program 0: every 1000000 ns, for  (1 probe)
probe names:
  0: begin
  1: end
constants: "\x01\""
)");
}

}  // namespace
}  // namespace sonde::image
