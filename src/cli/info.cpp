// --info: what the doctor says, and what this program brings along.
#include "cheaders/libclang_headers.h"
#include "cli/commands.h"
#include "doctor/doctor.h"

namespace sonde::cli {
namespace {

doctor::Finding Libclang() {
  Result<std::string> library = cheaders::FindLibclang();
  return library ? doctor::Yes(*library) : doctor::No(library.error().Message());
}

}  // namespace

int ShowInfo(const Options& options) {
  const auto kernel = kernel::KernelView::Live();
  std::vector<doctor::Group> groups = doctor::Examine(*kernel);
  groups.insert(groups.begin(), {.name = "sonde",
                                 .rows = {{"version", doctor::Fact(SONDE_VERSION)},
                                          {"libclang, for scripts with C in them", Libclang()}}});
  return Print(options, options.format == "json" ? doctor::AsJson(groups) : doctor::AsText(groups));
}

}  // namespace sonde::cli
