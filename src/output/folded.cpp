#include "output/folded.h"

#include "output/stack_rows.h"
#include "output/text.h"

namespace sonde::output {
namespace {

class FoldedSink final : public image::Sink {
 public:
  FoldedSink(const image::Image& image, Writer& writer, const SinkOptions& options)
      : writer_(writer),
        symbols_(options.symbols),
        values_(image, /*escape=*/false, options.realtime_offset, options.symbols),
        other_writer_(options.error_descriptor),
        other_(MakeTextSink(image, other_writer_, options)) {}

  void Emit(const image::Event& event) override {
    const auto* map = std::get_if<image::MapEvent>(&event);
    if (map == nullptr || !CountsStacks(values_, *map->map)) return other_->Emit(event);
    for (const StackRow& row : StackRows(values_, symbols_, *map)) Write(row);
  }
  void Flush() override {
    other_->Flush();
    writer_.Flush();
  }
  bool Healthy() const override { return writer_.healthy(); }

 private:
  void Write(const StackRow& row) {
    Buffer& out = writer_.buffer();
    for (size_t i = 0; i < row.frames.size(); ++i) {
      if (i > 0) out.Append(';');
      out.Append(row.frames[i]);
    }
    out.Append(' ');
    AppendUnsigned(out, row.count);
    out.Append('\n');
    writer_.EndEvent();
  }

  Writer& writer_;
  image::Symbols* symbols_;
  Values values_;
  Writer other_writer_;
  std::unique_ptr<image::Sink> other_;
};

}  // namespace

std::unique_ptr<image::Sink> MakeFoldedSink(const image::Image& image, Writer& writer, const SinkOptions& options) {
  return std::make_unique<FoldedSink>(image, writer, options);
}

}  // namespace sonde::output
