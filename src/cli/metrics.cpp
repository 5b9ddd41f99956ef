#include "cli/metrics.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <utility>

#include "output/exposition.h"
#include "output/writer.h"

namespace sonde::cli {
namespace {

constexpr int kBacklog = 16;
constexpr size_t kLongestRequest = 8192;
constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};  // with a client that says nothing, or takes nothing

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Error BadAddress(const std::string& address, std::string reason) {
  return Error{.operation = "serve metrics at", .object = address, .reason = std::move(reason)};
}

// "[::1]:9435", "localhost:9435", ":9435".
Result<Addresses> Resolve(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size()) {
    return std::unexpected(BadAddress(address, "expected [ADDRESS]:PORT"));
  }
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int problem = getaddrinfo(host.empty() ? nullptr : host.c_str(), address.c_str() + colon + 1, &hints, &found);
  if (problem != 0) return std::unexpected(BadAddress(address, gai_strerror(problem)));
  return Addresses(found, freeaddrinfo);
}

Result<UniqueFd> ListenAt(const std::string& address) {
  auto addresses = Resolve(address);
  if (!addresses) return std::unexpected(addresses.error());
  for (const addrinfo* at = addresses->get(); at != nullptr; at = at->ai_next) {
    UniqueFd socket(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol));
    const int yes = 1;
    if (!socket.valid()) continue;
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(socket.get(), at->ai_addr, at->ai_addrlen) == 0 && listen(socket.get(), kBacklog) == 0) return socket;
  }
  return SystemError("serve metrics at", address);
}

std::string ReadRequest(int connection) {
  std::string request;
  std::array<char, 1024> buffer;
  while (request.size() < kLongestRequest && request.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = recv(connection, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    request.append(buffer.data(), static_cast<size_t>(got));
  }
  return request;
}

std::string Response(std::string_view status, std::string_view body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nConnection: "
      "close\r\n\r\n{}",
      status, body.size(), body);
}

void Send(int connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<size_t>(sent));
  }
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::Listen(const std::string& address, const image::Image& image) {
  auto socket = ListenAt(address);
  if (!socket) return std::unexpected(socket.error());
  UniqueFd stop(eventfd(0, EFD_CLOEXEC));
  if (!stop.valid()) return SystemError("serve metrics at", address);
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(*socket), std::move(stop), image));
}

MetricsServer::MetricsServer(UniqueFd socket, UniqueFd stop, const image::Image& image)
    : socket_(std::move(socket)),
      stop_(std::move(stop)),
      values_(image, /*escape=*/false, output::RealtimeOffset),
      thread_([this] { Serve(); }) {}

MetricsServer::~MetricsServer() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void MetricsServer::SetSource(runtime::TakeSnapshot source) {
  const std::scoped_lock lock(mutex_);
  source_ = std::move(source);
}

void MetricsServer::Serve() {
  while (true) {
    std::array<pollfd, 2> waited{{{.fd = socket_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = stop_.get(), .events = POLLIN, .revents = 0}}};
    poll(waited.data(), waited.size(), -1);
    if (waited[1].revents != 0) return;
    if (waited[0].revents == 0) continue;
    const UniqueFd connection(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.valid()) Answer(connection.get());
  }
}

void MetricsServer::Answer(int connection) {
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  const std::string request = ReadRequest(connection);
  if (request.empty()) return;
  const bool is_head = request.starts_with("HEAD ");
  std::string answer;
  if (!is_head && !request.starts_with("GET ")) {
    answer = Response("405 Method Not Allowed", "only GET\n");
  } else {
    const size_t start = request.find(' ') + 1;
    const std::string path = request.substr(start, request.find_first_of(" ?\r\n", start) - start);
    answer = path == "/metrics" ? Response("200 OK", Page()) : Response("404 Not Found", "the page is /metrics\n");
  }
  if (is_head) answer.resize(answer.find("\r\n\r\n") + 4);
  Send(connection, answer);
}

std::string MetricsServer::Page() {
  output::Buffer out;
  const std::scoped_lock lock(mutex_);
  if (!source_) return "";
  const runtime::Snapshot snapshot = source_();
  for (const image::MapEvent& map : snapshot.maps) {
    if (output::IsMetric(values_, *map.map)) output::AppendMetric(out, values_, map);
  }
  output::AppendLosses(out, snapshot.losses);
  return std::string(out.view());
}

}  // namespace sonde::cli
