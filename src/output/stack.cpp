// Stacks and symbols as text, in the shapes that people's scripts and eyes know: a frame a line, deeper ones below.
#include "output/value.h"

namespace sonde::output {

using image::Frame;
using image::ValueType;

namespace {

constexpr std::string_view kRaw = "raw";
constexpr std::string_view kPerf = "perf";
constexpr std::string_view kBuildId = "build_id";

void AppendBareHex(Buffer& out, uint64_t value) {
  Buffer text;
  AppendHex(text, value);
  out.Append(text.view().substr(2));
}

void AppendBuildId(Buffer& out, const image::BuildIdFrame& frame) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (frame.status != 1) return AppendHex(out, frame.offset);
  for (const uint8_t byte : frame.build_id) {
    out.Append(kDigits[byte >> 4]);
    out.Append(kDigits[byte & 15]);
  }
  out.Append(' ');
  AppendHex(out, frame.offset);
}

}  // namespace

void Values::AppendSymbol(Buffer& out, const Frame* frame, uint64_t address) {
  if (frame == nullptr || frame->name.empty()) return AppendHex(out, address);
  AppendText(out, frame->name, escape_);
}

void Values::AppendFrame(Buffer& out, const ValueType& type, const Frame& frame) {
  if (type.format == kRaw) return AppendBareHex(out, frame.address);
  const bool is_perf = type.format == kPerf;
  if (is_perf) {
    AppendBareHex(out, frame.address);
    out.Append(' ');
  }
  if (frame.name.empty()) {
    AppendHex(out, frame.address);
  } else {
    AppendText(out, frame.name, escape_);
    if (frame.is_inlined) {
      out.Append(is_perf ? " (inlined)" : " [inlined]");
    } else {
      out.Append('+');
      AppendUnsigned(out, frame.offset);
    }
  }
  if (!frame.place.empty() && !is_perf) {
    out.Append(" @ ");
    AppendText(out, frame.place, escape_);
  }
  if (!is_perf) return;
  const bool is_user = type.kind == image::ValueKind::kUserStack;
  if (frame.module.empty() && !is_user) return;
  out.Append(is_user ? " (" : " [");
  AppendText(out, frame.module.empty() ? "[unknown]" : std::string_view(frame.module), escape_);
  out.Append(is_user ? ')' : ']');
}

void Values::AppendStack(Buffer& out, const ValueType& type, image::StackId id) {
  if (id == image::kNoStack) return;
  out.Append('\n');
  const auto indent = [&] { type.format == kPerf ? out.Append('\t') : out.Fill(stack_indent_, ' '); };
  if (type.format == kBuildId && symbols_ != nullptr) {
    for (const image::BuildIdFrame& frame : symbols_->BuildIds(id)) {
      indent();
      AppendBuildId(out, frame);
      out.Append('\n');
    }
    return;
  }
  const std::span<const Frame> frames = symbols_ == nullptr ? std::span<const Frame>() : symbols_->Stack(id);
  for (const Frame& frame : frames) {
    indent();
    AppendFrame(out, type, frame);
    out.Append('\n');
  }
  if (!frames.empty()) return;
  indent();
  out.Append("[lost]\n");
}

}  // namespace sonde::output
