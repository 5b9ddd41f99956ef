// Any text that parses: the checker ends with a program or a diagnostic. Against the fixture host, without C headers.
#include <cstdint>
#include <memory>
#include <string>

#include "builtins/builtins.h"
#include "kernel/kernel_view.h"
#include "parser/parser.h"
#include "probes/probes.h"
#include "sema/sema.h"

namespace {

class NoHeaders final : public sonde::cheaders::CHeaders {
 public:
  sonde::Result<sonde::cheaders::COutput> Parse(const sonde::cheaders::CInput& /*input*/) override {
    return sonde::cheaders::COutput{};
  }
};

// A pattern of paths makes the checker read as many files of this machine as it finds: their time, not the checker's.
bool NamesManyFiles(const sonde::parser::Ast& ast) {
  for (const sonde::parser::Item& item : ast.items) {
    const auto* probe = std::get_if<sonde::parser::Probe>(&item.node);
    if (probe == nullptr) continue;
    for (const sonde::parser::ProbeSpec& spec : probe->specs) {
      const bool is_user = spec.parts.size() > 1 && spec.parts[0].text.find_first_of("uU") == 0;
      if (is_user && spec.parts[1].text.find_first_of("*?[") != std::string::npos) return true;
    }
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Reads each file of the fixture once.
  static const std::unique_ptr<sonde::kernel::KernelView> kernel =
      sonde::kernel::KernelView::Fixture(SONDE_TEST_DIR "/fixtures/host");
  sonde::SourceManager sources;
  sonde::Diagnostics diagnostics;
  const sonde::FileId file = sources.Add("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  const std::unique_ptr<const sonde::parser::Ast> ast = sonde::parser::Parse(sources, file, diagnostics);
  if (ast == nullptr || diagnostics.HasErrors() || NamesManyFiles(*ast)) return 0;
  NoHeaders headers;
  sonde::sema::Options options;
  options.parameters = {"7", "word"};
  options.max_probes = 50;  // bodies under a wildcard are checked for each layout
  const sonde::sema::Tables tables{.builtins = sonde::builtins::Table(), .probe_types = sonde::probes::Table()};
  const sonde::sema::Script script{.files = {ast.get()}, .library = {}, .headers = {}};
  const auto program = sonde::sema::Check(script, sources, tables, {*kernel, headers}, options, diagnostics);
  if (program != nullptr) sonde::sema::Dump(*program);
  sonde::RenderAll(diagnostics, sources, true);
  return 0;
}
