// Builds the image's tables: types, maps, records, loss sites. Layouts are computed here once; the lowering takes its
// offsets from what the decoder will read.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "base/source.h"
#include "image/image.h"
#include "sema/program.h"

namespace sonde::codegen {

// Strings and buffers up to this many bytes stand in a record whole; longer ones go to its tail at their real length.
inline constexpr uint32_t kInlineBytes = 64;

class Layout {
 public:
  Layout(const sema::Program& program, const image::Options& options, uint32_t possible_cpus);

  image::Image& image() { return image_; }
  const image::Image& image() const { return image_; }

  // Numbers of the internal maps; user maps have those of Program::maps.
  uint32_t data_ring() const { return data_ring_; }
  uint32_t control_ring() const { return control_ring_; }
  uint32_t control() const { return control_; }
  // Created at first use.
  uint32_t scratch();
  uint32_t zeros(uint32_t bytes);
  uint32_t calls();           // image::CallStart
  uint32_t function_calls();  // image::FunctionCalls
  uint32_t stack_ring();
  uint32_t stack_cache();
  // Where in the stack cache a program keeps what it knows of the functions that enter it.
  uint32_t EntryCells(const std::string& section);
  // Where among the constants a text stands, for helpers that take one that nobody can change.
  uint32_t Text(std::string_view text);

  // A slot of the scratch map must hold this much.
  void NeedScratch(uint32_t bytes);

  const image::EventSpec& event(uint32_t index) const { return image_.events[index]; }
  // Whether a value of a record stands in its tail.
  bool IsTail(uint32_t event, uint32_t slot) const;

  uint32_t LossSite(Span span, image::LossReason reason, std::string object);
  // A site for a helper that may fail; the counter behind its own is for the error's code.
  uint32_t HelperSite(Span span, std::string helper);
  image::SourcePlace Place(Span span) const;

 private:
  image::TypeIndex TypeOf(const sema::Type* type);
  image::ValueType Describe(const sema::Type& type);
  void AddUserMap(const sema::MapInfo& info, uint32_t possible_cpus);
  void AddEvent(const sema::Event& event);
  uint32_t AddMap(image::MapSpec spec);

  const sema::Program& program_;
  image::Image image_;
  std::map<const sema::Type*, image::TypeIndex> type_indices_;
  std::map<std::tuple<uint32_t, uint32_t, image::LossReason, std::string>, uint32_t> loss_sites_;
  image::TypeIndex tail_string_ = 0;
  image::TypeIndex tail_buffer_ = 0;
  image::TypeIndex tail_call_ = 0;
  uint32_t data_ring_ = 0;
  uint32_t control_ring_ = 0;
  uint32_t control_ = 0;
  uint32_t scratch_ = image::kNone;
  uint32_t constants_ = image::kNone;
  uint32_t calls_ = image::kNone;
  uint32_t function_calls_ = image::kNone;
  uint32_t stack_ring_ = image::kNone;
  uint32_t stack_cache_ = image::kNone;
  std::map<std::string, uint32_t> entry_cells_;
  std::map<std::string, uint32_t, std::less<>> texts_;
};

// Bytes that a map's value takes for one aggregation (per CPU).
uint32_t AggregationSize(const sema::MapInfo& info);

}  // namespace sonde::codegen
