#include "codegen/layout.h"

#include <linux/bpf.h>

#include <algorithm>

namespace sonde::codegen {
namespace {

using image::Aggregation;
using sema::TypeKind;

constexpr uint32_t kControlRingBytes = 64U << 10;
constexpr uint32_t kStackRingBytes = 1U << 20;
constexpr uint32_t kEntryCellBytes = 16;
// Texts stand behind as many zeros as anybody asks for.
constexpr uint32_t kTextsOffset = 64U << 10;
// Hash tables are allocated ahead, so that no update fails for lack of memory, unless large entries make that more than
// this many bytes.
constexpr uint64_t kPreallocatedBytes = 256U << 20;
constexpr uint64_t kAlwaysPreallocated = 256;

uint32_t AlignUp(uint32_t value, uint32_t align) { return (value + align - 1) / align * align; }

uint32_t HashType(bool is_lru, bool is_per_cpu) {
  if (is_lru) return is_per_cpu ? BPF_MAP_TYPE_LRU_PERCPU_HASH : BPF_MAP_TYPE_LRU_HASH;
  return is_per_cpu ? BPF_MAP_TYPE_PERCPU_HASH : BPF_MAP_TYPE_HASH;
}

}  // namespace

uint32_t AggregationSize(const sema::MapInfo& info) {
  switch (info.aggregation) {
    case Aggregation::kNone:
      return AlignUp(std::max(info.value->size, 1U), 8);  // an empty tuple has no bytes, a map's value has some
    case Aggregation::kCount:
    case Aggregation::kSum:
      return 8;
    case Aggregation::kAvg:
    case Aggregation::kMin:
    case Aggregation::kMax:
    case Aggregation::kStats:
      return 16;
    case Aggregation::kHist:
      return 8 * image::HistBucketCount(info.hist_bits);
    case Aggregation::kLhist:
      return 8 * image::LhistBucketCount(info.lhist_min, info.lhist_max, info.lhist_step);
    case Aggregation::kTseries:
      return static_cast<uint32_t>(sizeof(image::SeriesSlot)) * info.series_count;
  }
  return 8;
}

Layout::Layout(const sema::Program& program, const image::Options& options, uint32_t possible_cpus)
    : program_(program) {
  image_.options = options;
  image_.types.push_back({.kind = image::ValueKind::kNone});
  tail_string_ = static_cast<image::TypeIndex>(image_.types.size());
  image_.types.push_back({.kind = image::ValueKind::kTailString, .size = sizeof(image::TailRef)});
  tail_buffer_ = static_cast<image::TypeIndex>(image_.types.size());
  image_.types.push_back({.kind = image::ValueKind::kTailBuffer, .size = sizeof(image::TailRef)});
  tail_call_ = static_cast<image::TypeIndex>(image_.types.size());
  image_.types.push_back({.kind = image::ValueKind::kTailCall, .size = sizeof(image::TailRef)});
  for (const sema::ProbeInstance& probe : program.probes) image_.probe_names.push_back(probe.name);
  // `func` is the number of a name behind those: see src/builtins/function.cpp.
  if (std::ranges::any_of(program.bodies, &sema::Body::uses_function_name)) {
    for (const sema::ProbeInstance& probe : program.probes) image_.probe_names.push_back(probe.function);
  }
  for (const sema::MapInfo& map : program.maps) AddUserMap(map, possible_cpus);
  data_ring_ = AddMap({.name = "data_ring",
                       .role = image::MapRole::kDataRing,
                       .bpf_type = BPF_MAP_TYPE_RINGBUF,
                       .max_entries = options.ring_bytes});
  control_ring_ = AddMap({.name = "control_ring",
                          .role = image::MapRole::kControlRing,
                          .bpf_type = BPF_MAP_TYPE_RINGBUF,
                          .max_entries = kControlRingBytes});
  control_ = AddMap({.name = "control",
                     .role = image::MapRole::kControl,
                     .bpf_type = BPF_MAP_TYPE_ARRAY,
                     .key_size = 4,
                     .value_size = sizeof(image::Control),
                     .max_entries = 1,
                     .flags = BPF_F_MMAPABLE});
  for (const sema::Event& event : program.events) AddEvent(event);
}

uint32_t Layout::AddMap(image::MapSpec spec) {
  image_.maps.push_back(std::move(spec));
  return static_cast<uint32_t>(image_.maps.size() - 1);
}

void Layout::AddUserMap(const sema::MapInfo& info, uint32_t possible_cpus) {
  bool aggregated = info.aggregation != Aggregation::kNone;
  image::MapSpec spec{.name = info.name,
                      .role = image::MapRole::kUser,
                      .value_size = AggregationSize(info),
                      .per_cpu = aggregated,
                      .is_keyless = info.key == nullptr,
                      .key_type = info.key == nullptr ? 0 : TypeOf(info.key),
                      .value_type = TypeOf(info.value),
                      .aggregation = info.aggregation,
                      .hist_bits = info.hist_bits,
                      .lhist_min = info.lhist_min,
                      .lhist_max = info.lhist_max,
                      .lhist_step = info.lhist_step,
                      .series_interval = info.series_interval,
                      .series_count = info.series_count,
                      .series_merge = info.series_merge};
  if (spec.is_keyless) {
    spec.key_size = 4;
    spec.max_entries = 1;
    spec.bpf_type = aggregated ? BPF_MAP_TYPE_PERCPU_ARRAY : BPF_MAP_TYPE_ARRAY;
    // A sum may be 0 and yet have been assigned; so may a plain value.
    if (!aggregated || info.aggregation == Aggregation::kSum) {
      spec.present_offset = spec.value_size;
      spec.value_size += 8;
    }
  } else {
    spec.key_size = std::max(info.key->size, 1U);
    spec.max_entries = static_cast<uint32_t>(std::min<uint64_t>(image_.options.max_map_keys, UINT32_MAX));
    if (info.declared) spec.max_entries = info.declared->max_entries;
    spec.per_cpu = aggregated || (info.declared && info.declared->is_per_cpu);
    bool is_lru = info.declared && info.declared->is_lru;
    spec.bpf_type = HashType(is_lru, spec.per_cpu);
    // Plain numbers that each CPU has of its own are shown as their sum.
    if (spec.per_cpu && !aggregated && info.value->IsInteger()) spec.aggregation = Aggregation::kSum;
    uint64_t entry = spec.key_size + uint64_t{spec.value_size} * (spec.per_cpu ? possible_cpus : 1);
    bool is_large = entry > kAlwaysPreallocated && entry * spec.max_entries > kPreallocatedBytes;
    if (is_large && !is_lru) spec.flags = BPF_F_NO_PREALLOC;
  }
  AddMap(std::move(spec));
}

uint32_t Layout::scratch() {
  if (scratch_ == image::kNone) {
    scratch_ = AddMap({.name = "scratch",
                       .role = image::MapRole::kScratch,
                       .bpf_type = BPF_MAP_TYPE_PERCPU_ARRAY,
                       .key_size = 4,
                       .value_size = image::kScratchHeaderSize,
                       .max_entries = image::kScratchSlots,
                       .per_cpu = true});
  }
  return scratch_;
}

uint32_t Layout::calls() {
  if (calls_ == image::kNone) {
    calls_ = AddMap({.name = "calls",
                     .role = image::MapRole::kCalls,
                     .bpf_type = BPF_MAP_TYPE_TASK_STORAGE,
                     .key_size = 4,
                     .value_size = sizeof(image::CallStart),
                     .flags = BPF_F_NO_PREALLOC});
  }
  return calls_;
}

uint32_t Layout::function_calls() {
  if (function_calls_ == image::kNone) {
    function_calls_ = AddMap({.name = "function_calls",
                              .role = image::MapRole::kCalls,
                              .bpf_type = BPF_MAP_TYPE_TASK_STORAGE,
                              .key_size = 4,
                              .value_size = sizeof(image::FunctionCalls),
                              .flags = BPF_F_NO_PREALLOC});
  }
  return function_calls_;
}

void Layout::NeedScratch(uint32_t bytes) {
  image::MapSpec& spec = image_.maps[scratch()];
  spec.value_size = std::max(spec.value_size, AlignUp(image::kScratchHeaderSize + bytes, 8));
}

uint32_t Layout::zeros(uint32_t bytes) {
  if (constants_ == image::kNone) {
    constants_ = AddMap({.name = "constants",
                         .role = image::MapRole::kConstants,
                         .bpf_type = BPF_MAP_TYPE_ARRAY,
                         .key_size = 4,
                         .max_entries = 1,
                         .flags = BPF_F_RDONLY_PROG});
  }
  SONDE_CHECK(bytes <= kTextsOffset);
  if (image_.constants.size() < bytes) image_.constants.resize(AlignUp(bytes, 8));
  image_.maps[constants_].value_size = static_cast<uint32_t>(image_.constants.size());
  return constants_;
}

uint32_t Layout::stack_ring() {
  if (stack_ring_ == image::kNone) {
    stack_ring_ = AddMap({.name = "stack_ring",
                          .role = image::MapRole::kStackRing,
                          .bpf_type = BPF_MAP_TYPE_RINGBUF,
                          .max_entries = kStackRingBytes});
  }
  return stack_ring_;
}

uint32_t Layout::stack_cache() {
  if (stack_cache_ == image::kNone) {
    stack_cache_ = AddMap({.name = "stack_cache",
                           .role = image::MapRole::kStackCache,
                           .bpf_type = BPF_MAP_TYPE_ARRAY,
                           .key_size = 4,
                           .value_size = image::kStackCacheSets * 2 * sizeof(image::StackId),
                           .max_entries = 1});
  }
  return stack_cache_;
}

uint32_t Layout::EntryCells(const std::string& section) {
  image::MapSpec& cache = image_.maps[stack_cache()];
  const auto [known, inserted] = entry_cells_.try_emplace(section, cache.value_size);
  if (inserted) cache.value_size += kEntryCellBytes;
  return known->second;
}

uint32_t Layout::Text(std::string_view text) {
  zeros(0);
  if (const auto known = texts_.find(text); known != texts_.end()) return known->second;
  std::vector<std::byte>& constants = image_.constants;
  if (constants.size() < kTextsOffset) constants.resize(kTextsOffset);
  const auto at = static_cast<uint32_t>(constants.size());
  for (char c : text) constants.push_back(static_cast<std::byte>(c));
  constants.resize(AlignUp(static_cast<uint32_t>(constants.size()) + 1, 8));
  image_.maps[constants_].value_size = static_cast<uint32_t>(constants.size());
  texts_.emplace(text, at);
  return at;
}

image::TypeIndex Layout::TypeOf(const sema::Type* type) {
  auto known = type_indices_.find(type);
  if (known != type_indices_.end()) return known->second;
  image::ValueType described = Describe(*type);
  auto index = static_cast<image::TypeIndex>(image_.types.size());
  image_.types.push_back(std::move(described));
  type_indices_[type] = index;
  return index;
}

image::ValueType Layout::Describe(const sema::Type& type) {
  image::ValueType value{.size = type.size, .is_signed = type.is_signed, .name = type.name};
  switch (type.kind) {
    case TypeKind::kUnknown:
    case TypeKind::kError:
    case TypeKind::kVoid:
    case TypeKind::kArgs:
    case TypeKind::kAggregate:
      value.kind = image::ValueKind::kNone;
      break;
    case TypeKind::kBool:
      value.kind = image::ValueKind::kBool;
      break;
    case TypeKind::kInt:
      value.kind = image::ValueKind::kInt;
      if (type.is_c_int) value.format = "int";
      break;
    case TypeKind::kFloat:
      value.kind = image::ValueKind::kFloat;
      break;
    case TypeKind::kEnum:
      value.kind = image::ValueKind::kEnum;
      for (const auto& [number, name] : type.enumerators) value.enumerators.push_back({number, name});
      break;
    case TypeKind::kPointer:
      value.kind = image::ValueKind::kPointer;
      break;
    case TypeKind::kString:
      value.kind = image::ValueKind::kString;
      break;
    case TypeKind::kBuffer:
      value.kind = type.rendering == image::ValueKind::kCall ? type.rendering : image::ValueKind::kBuffer;
      break;
    case TypeKind::kProbe:
      value.kind = image::ValueKind::kProbe;
      break;
    case TypeKind::kTimestamp:
      value.kind = image::ValueKind::kTimestamp;
      value.format = type.format;
      break;
    case TypeKind::kRendered:
      value.kind = type.rendering;
      value.format = type.format;
      break;
    case TypeKind::kArray:
      value.kind = image::ValueKind::kArray;
      value.element = TypeOf(type.element);
      value.count = type.count;
      break;
    case TypeKind::kStruct:
    case TypeKind::kTuple:
    case TypeKind::kRecord:
      value.kind = type.kind == TypeKind::kStruct  ? image::ValueKind::kStruct
                   : type.kind == TypeKind::kTuple ? image::ValueKind::kTuple
                                                   : image::ValueKind::kRecord;
      for (const sema::Field& field : type.fields) {
        if (field.type->size == 0 && !field.type->IsTuple()) continue;  // behind the value, or of no type that there is
        value.fields.push_back({field.name, TypeOf(field.type), field.offset, field.bit_offset, field.bit_width});
      }
      break;
  }
  return value;
}

bool Layout::IsTail(uint32_t event, uint32_t slot) const {
  image::TypeIndex type = image_.events[event].slots[slot].type;
  return type == tail_string_ || type == tail_buffer_ || type == tail_call_;
}

void Layout::AddEvent(const sema::Event& event) {
  image::EventSpec spec{.kind = event.kind,
                        .where = Place(event.span),
                        .function = event.function,
                        .format = event.format,
                        .text = event.text,
                        .map = event.map == sema::kNone ? image::kNone : event.map,
                        .top = event.top,
                        .div = event.div};
  uint32_t tail = 0;
  for (const sema::Type* type : event.values) {
    bool to_tail = (type->IsString() || type->IsBuffer()) && type->size > kInlineBytes;
    image::TypeIndex tail_type = type->rendering == image::ValueKind::kCall ? tail_call_
                                 : type->IsBuffer()                         ? tail_buffer_
                                                                            : tail_string_;
    uint32_t align = to_tail ? 4 : std::min(type->align, 8U);
    uint32_t offset = AlignUp(spec.fixed_size, align);
    spec.slots.push_back({offset, to_tail ? tail_type : TypeOf(type)});
    spec.fixed_size = offset + (to_tail ? static_cast<uint32_t>(sizeof(image::TailRef)) : type->size);
    if (to_tail) tail += type->size;
  }
  spec.fixed_size = AlignUp(spec.fixed_size, 8);
  spec.max_size = spec.fixed_size + tail;
  image_.events.push_back(std::move(spec));
}

image::SourcePlace Layout::Place(Span span) const {
  Position at = program_.sources->Locate(span);
  return {std::string(program_.sources->Name(span.file)), at.line, at.column};
}

uint32_t Layout::LossSite(Span span, image::LossReason reason, std::string object) {
  // Where several may stand at one place they are told apart by name.
  bool is_helper = reason == image::LossReason::kHelperFailed;
  auto [known, inserted] = loss_sites_.try_emplace({span.file, span.offset, reason, is_helper ? object : ""},
                                                   static_cast<uint32_t>(image_.loss_sites.size()));
  if (inserted) {
    image_.loss_sites.push_back({Place(span), reason, std::move(object)});
    if (is_helper) image_.loss_sites.push_back({Place(span), image::LossReason::kHelperCode, ""});
    image_.maps[control_].value_size = static_cast<uint32_t>(image::kLossCountersOffset + 8 * image_.loss_sites.size());
  }
  return known->second;
}

uint32_t Layout::HelperSite(Span span, std::string helper) {
  return LossSite(span, image::LossReason::kHelperFailed, std::move(helper));
}

}  // namespace sonde::codegen
