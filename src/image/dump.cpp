#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>

#include "image/image.h"
#include "image/names.h"

namespace sonde::image {

namespace {

// One line a thing, two blanks a level, numbers as later parts refer to them.
class Dumper {
 public:
  explicit Dumper(const Image& image) : image_(image) {}

  std::string Run() {
    Line(0, "image: format {}, license {}", image_.version, Quoted(image_.license));
    DumpOptions();
    DumpTypes();
    DumpMaps();
    DumpEvents();
    DumpLossSites();
    DumpPrograms();
    DumpGroups();
    DumpRest();
    return std::move(out_);
  }

 private:
  template <typename... T>
  void Line(int level, fmt::format_string<T...> format, T&&... arguments) {
    out_.append(static_cast<size_t>(level) * 2, ' ');
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(arguments)...);
    out_ += '\n';
  }

  static std::string Quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '\n') {
        out += "\\n";
      } else if (c == '\t') {
        out += "\\t";
      } else if (c == '"' || c == '\\') {
        out += {'\\', c};
      } else if (byte < 0x20 || byte == 0x7f) {
        out += fmt::format("\\x{:02x}", byte);
      } else {
        out += c;
      }
    }
    return out + '"';
  }

  static std::string Place(const SourcePlace& place) {
    return fmt::format("{}:{}:{}", place.file, place.line, place.column);
  }

  std::string TypeName(TypeIndex index) const {
    if (index >= image_.types.size()) return fmt::format("type {}?", index);
    const ValueType& type = image_.types[index];
    switch (type.kind) {
      case ValueKind::kInt:
        return fmt::format("{}int{}", type.is_signed ? "" : "u", type.size * 8);
      case ValueKind::kFloat:
        return type.size == 4 ? "float" : "double";
      case ValueKind::kString:
      case ValueKind::kBuffer:
        return fmt::format("{}[{}]", Name(type.kind), type.size);
      case ValueKind::kArray:
        return fmt::format("array[{}] of type {}", type.count, type.element);
      case ValueKind::kTuple:
      case ValueKind::kRecord:
        return fmt::format("{} of {} bytes", Name(type.kind), type.size);
      case ValueKind::kFlags:
      case ValueKind::kCgroupPath:
        return fmt::format("{} in '{}'", Name(type.kind), type.format);
      case ValueKind::kStruct:
      case ValueKind::kEnum:
        return fmt::format("{} {} of {} bytes", Name(type.kind), type.name, type.size);
      case ValueKind::kNone:
      case ValueKind::kBool:
      case ValueKind::kPointer:
      case ValueKind::kTailString:
      case ValueKind::kTailBuffer:
      case ValueKind::kCall:
      case ValueKind::kTailCall:
      case ValueKind::kProbe:
      case ValueKind::kTimestamp:
      case ValueKind::kUsername:
      case ValueKind::kProcessName:
      case ValueKind::kMacAddress:
      case ValueKind::kInet:
      case ValueKind::kKernelStack:
      case ValueKind::kUserStack:
      case ValueKind::kKernelSymbol:
      case ValueKind::kUserSymbol:
        return std::string(Name(type.kind));
    }
    return "?";
  }

  void DumpOptions() {
    const Options& options = image_.options;
    Line(0, "options: max_map_keys {}, ring_bytes {}, print_maps_on_exit {}", options.max_map_keys, options.ring_bytes,
         options.print_maps_on_exit);
  }

  void DumpTypes() {
    Line(0, "types:");
    for (TypeIndex index = 0; index < image_.types.size(); ++index) {
      const ValueType& type = image_.types[index];
      Line(1, "{}: {}{}", index, TypeName(index), type.format.empty() ? "" : ", format " + Quoted(type.format));
      for (const ValueField& field : type.fields) {
        const std::string bits =
            field.bit_width == 0 ? "" : fmt::format(", bits {}+{}", field.bit_offset, field.bit_width);
        Line(2, "+{} {}: type {}{}", field.offset, field.name.empty() ? "-" : field.name, field.type, bits);
      }
      for (const Enumerator& enumerator : type.enumerators) Line(2, "{} = {}", enumerator.name, enumerator.value);
    }
  }

  void DumpMaps() {
    Line(0, "maps:");
    for (size_t index = 0; index < image_.maps.size(); ++index) {
      const MapSpec& map = image_.maps[index];
      Line(1, "{}: {} ({}), bpf type {}, {} entries, key {} bytes, value {} bytes, flags {:#x}{}{}", index, map.name,
           Name(map.role), map.bpf_type, map.max_entries, map.key_size, map.value_size, map.flags,
           map.per_cpu ? ", per CPU" : "", map.is_keyless ? ", keyless" : "");
      if (map.role == MapRole::kUser) DumpUserMap(map);
    }
  }

  void DumpUserMap(const MapSpec& map) {
    if (!map.is_keyless) Line(2, "key: {}", TypeName(map.key_type));
    Line(2, "value: {}", TypeName(map.value_type));
    if (map.present_offset != kNone) Line(2, "present at +{}", map.present_offset);
    if (map.aggregation == Aggregation::kHist) {
      Line(2, "hist: {} bits", map.hist_bits);
    } else if (map.aggregation == Aggregation::kLhist) {
      Line(2, "lhist: {} to {} by {}", map.lhist_min, map.lhist_max, map.lhist_step);
    } else if (map.aggregation == Aggregation::kTseries) {
      Line(2, "tseries of {} times {} ns, {}", map.series_count, map.series_interval, Name(map.series_merge));
    } else if (map.aggregation != Aggregation::kNone) {
      Line(2, "{}", Name(map.aggregation));
    }
    if (!map.print_at_exit) Line(2, "not printed at exit");
  }

  void DumpEvents() {
    Line(0, "events:");
    for (size_t index = 0; index < image_.events.size(); ++index) {
      const EventSpec& event = image_.events[index];
      Line(1, "{}: {} ({}) at {}, {} to {} bytes", index, event.function, Name(event.kind), Place(event.where),
           event.fixed_size, event.max_size);
      for (size_t slot = 0; slot < event.slots.size(); ++slot) {
        Line(2, "slot {}: +{} {}", slot, event.slots[slot].offset, TypeName(event.slots[slot].type));
      }
      for (const FormatStep& step : event.format) DumpStep(step);
      if (!event.text.empty()) Line(2, "text {}", Quoted(event.text));
      if (event.map != kNone) Line(2, "map {}, top {}, div {}", event.map, event.top, event.div);
    }
  }

  // A slot, or a fraction in postfix order.
  static std::string Source(const FormatStep& step) {
    if (step.fraction.empty()) return fmt::format("slot {}", step.slot);
    std::string text = "computed:";
    for (const FractionStep& part : step.fraction) {
      if (part.op == FractionOp::kNumber) {
        text += fmt::format(" {}", part.number);
      } else if (part.op == FractionOp::kSlot) {
        text += fmt::format(" slot {}", part.slot);
      } else {
        text += fmt::format(" {}", Name(part.op));
      }
    }
    return text;
  }

  void DumpStep(const FormatStep& step) {
    if (step.conversion == 0) return Line(2, "{}", Quoted(step.literal));
    const auto number = [](int32_t fixed, uint32_t slot, std::string_view before) {
      if (slot != kNone) return fmt::format("{}<slot {}>", before, slot);
      return fixed < 0 ? std::string() : fmt::format("{}{}", before, fixed);
    };
    Line(2, "{} %{}{}{}{}{} {}", Quoted(step.literal), step.flags, number(step.width, step.width_slot, ""),
         number(step.precision, step.precision_slot, "."), step.length, step.conversion, Source(step));
  }

  void DumpLossSites() {
    Line(0, "loss sites:");
    for (size_t index = 0; index < image_.loss_sites.size(); ++index) {
      const LossSite& site = image_.loss_sites[index];
      Line(1, "{}: {} at {}, {}", index, site.object, Place(site.where), Name(site.reason));
    }
  }

  void DumpPrograms() {
    Line(0, "programs:");
    for (size_t index = 0; index < image_.programs.size(); ++index) {
      const ProgramSpec& program = image_.programs[index];
      Line(1, "{}: {} in section {}, {}{}{}, for {} ({} probe{})", index, program.name, program.section,
           Name(program.type), program.attach_to.empty() ? "" : " ", program.attach_to, program.covers,
           program.probe_count, program.probe_count == 1 ? "" : "s");
    }
  }

  static std::string Describe(const RunAtBegin& /*plan*/) { return "run at begin"; }
  static std::string Describe(const RunAtEnd& /*plan*/) { return "run at end"; }
  static std::string Describe(const RunAtSignal& plan) { return fmt::format("run at signal {}", plan.signal); }
  static std::string Describe(const RunTest& plan) {
    return fmt::format("{} {}", plan.is_bench ? "benchmark" : "test", plan.name);
  }
  static std::string Describe(const AttachRawTracepoint& plan) { return "raw tracepoint " + plan.event; }
  static std::string Describe(const AttachPerfTracepoint& plan) {
    return fmt::format("perf tracepoint {}:{} (id {}), cookie {}", plan.category, plan.event, plan.id, plan.cookie);
  }
  static std::string Describe(const AttachSampling& plan) {
    return fmt::format("every {} of perf event {}:{} on every CPU", plan.period, plan.perf_type, plan.config);
  }
  static std::string Describe(const AttachUprobes& plan) {
    return fmt::format("{} place{} in {}, {}{}", plan.places.size(), plan.places.size() == 1 ? "" : "s", plan.path,
                       plan.is_return ? "at return" : "at entry",
                       plan.pid == 0 ? "" : fmt::format(", pid {}", plan.pid));
  }
  static std::string Describe(const AttachKprobe& plan) {
    return fmt::format("kprobe {}+{:#x}{}, cookie {}", plan.function, plan.offset, plan.is_return ? " at return" : "",
                       plan.cookie);
  }
  static std::string Describe(const AttachKprobeMulti& plan) {
    return fmt::format("{} kprobes{}", plan.functions.size(), plan.is_return ? " at return" : "");
  }
  static std::string Describe(const AttachWatchpoint& plan) {
    return fmt::format("breakpoint at {:#x}, {} bytes, mode {}{}", plan.address, plan.length, plan.mode,
                       plan.is_kernel ? ", on every CPU" : "");
  }
  static std::string Describe(const AttachFunction& plan) { return "function " + plan.function; }
  static std::string Describe(const AttachIterator& plan) {
    return fmt::format("iterator {}{}", plan.target, plan.pin.empty() ? "" : ", pinned at " + plan.pin);
  }
  static std::string Describe(const AttachInterval& plan) { return fmt::format("every {} ns", plan.period_ns); }

  void DumpGroups() {
    Line(0, "groups:");
    for (size_t index = 0; index < image_.groups.size(); ++index) {
      const AttachGroup& group = image_.groups[index];
      for (size_t way = 0; way < group.ways.size(); ++way) {
        Line(1, "{}, way {}:", index, way);
        for (const Attachment& attachment : group.ways[way]) {
          const std::string plan = std::visit([](const auto& any) { return Describe(any); }, attachment.plan);
          Line(2, "program {}: {}, for {} ({} probe{})", attachment.program, plan, attachment.probe,
               attachment.probe_count, attachment.probe_count == 1 ? "" : "s");
        }
      }
    }
  }

  void DumpRest() {
    Line(0, "probe names:");
    for (size_t index = 0; index < image_.probe_names.size(); ++index) {
      Line(1, "{}: {}", index, image_.probe_names[index]);
    }
    if (image_.constants.empty()) return;
    const std::string_view constants(reinterpret_cast<const char*>(image_.constants.data()), image_.constants.size());
    Line(0, "constants: {}", Quoted(constants));
  }

  const Image& image_;
  std::string out_;
};

}  // namespace

std::string Dump(const Image& image) { return Dumper(image).Run(); }

}  // namespace sonde::image
