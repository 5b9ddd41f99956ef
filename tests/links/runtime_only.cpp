// Runs a compiled script from a file with the rooms of the runtime alone: the link check looks at what this brings
// along.
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "image/image.h"
#include "kernel/kernel_view.h"
#include "output/sinks.h"
#include "output/writer.h"
#include "runtime/session.h"

int main(int argc, char** argv) {
  using namespace sonde;
  if (argc != 2) return 1;
  std::ifstream file(argv[1], std::ios::binary);
  const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::byte> bytes(text.size());
  for (size_t i = 0; i < text.size(); ++i) bytes[i] = static_cast<std::byte>(text[i]);
  const Result<image::Image> image = image::Read(bytes);
  if (!image) {
    std::fprintf(stderr, "%s\n", image.error().Message().c_str());
    return 1;
  }
  output::Writer writer(STDOUT_FILENO);
  const auto sink = output::FindSinkKind("text")->make(*image, writer, {});
  const auto kernel = kernel::KernelView::Live();
  const Result<int> status = runtime::Run(*image, {}, *kernel, *sink);
  if (!status) std::fprintf(stderr, "%s\n", status.error().Message().c_str());
  return status.value_or(1);
}
