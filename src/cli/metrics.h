// `--metrics [ADDRESS]:PORT`: a page of the script's maps for Prometheus to read, over HTTP.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/unique_fd.h"
#include "image/image.h"
#include "output/value.h"
#include "runtime/session.h"

namespace sonde::cli {

class MetricsServer {
 public:
  // Listens; answers in a thread of its own. The image must outlive the server.
  static Result<std::unique_ptr<MetricsServer>> Listen(const std::string& address, const image::Image& image);
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;
  ~MetricsServer();

  // Where the numbers come from, from now on; null: nowhere, and nobody is asked any more when this returns.
  void SetSource(runtime::TakeSnapshot source);

 private:
  MetricsServer(UniqueFd socket, UniqueFd stop, const image::Image& image);
  void Serve();
  void Answer(int connection);
  std::string Page();

  UniqueFd socket_;
  UniqueFd stop_;  // an eventfd
  output::Values values_;
  std::mutex mutex_;  // of the source
  runtime::TakeSnapshot source_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sonde::cli
