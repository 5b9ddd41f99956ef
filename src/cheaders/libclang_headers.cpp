#include "cheaders/c_headers.h"
namespace sonde::cheaders {
std::unique_ptr<CHeaders> MakeLibclangHeaders() {
  class Stub : public CHeaders {
    Result<COutput> Parse(const CInput&) override {
      return std::unexpected(Error{.operation = "open", .object = "libclang", .reason = "not built yet"});
    }
  };
  return std::make_unique<Stub>();
}
}  // namespace sonde::cheaders
