#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/http/message.hpp"
#include "parley/http/url.hpp"
#include "parley/net/dial.hpp"
#include "parley/net/task.hpp"

namespace parley::net {

struct HttpClientOptions {
  HttpClientOptions() = default;
  DialOptions dial;
  std::chrono::milliseconds response_timeout{60'000};  // from the request's last byte to the header
  std::chrono::milliseconds read_timeout{60'000};      // between two pieces of a body
  std::size_t max_body = 256 * 1024 * 1024;            // bytes of one answer
  std::size_t max_idle_per_origin = 8;                 // connections kept open
  std::chrono::milliseconds idle_timeout{60'000};      // an older idle connection is not used again
  // Asks for bodies in gzip, deflate or brotli, and unpacks what comes so: max_body counts unpacked
  // bytes, and no more than 64 KiB of them are held. Without it a body is given as it comes.
  bool accept_packed = false;
  // "net.http_request_start" {method, host, path}, then "_stop" {status, duration_ms} or
  // "_exception"; for open() it ends with the answer's header, and "net.http_stream_start"
  // {parent}, "_chunk" {bytes} and "_stop" {bytes, chunks, duration_ms} or "_exception" follow.
  // See docs/telemetry.md.
  EventSink events;
};

namespace detail {
struct HttpPool;
struct HttpStreamState;
}  // namespace detail

// An answer whose header has come and whose body is read piece by piece. Destroying it before the
// end closes the connection; after the end the connection goes back to the pool.
class HttpStream {
 public:
  explicit HttpStream(std::unique_ptr<detail::HttpStreamState> state);
  HttpStream(HttpStream&&) noexcept;
  HttpStream& operator=(HttpStream&&) noexcept;
  ~HttpStream();

  const http::Response& head() const;
  // The next bytes as they come, chunked coding removed (and the content coding, where the client
  // asked for it); empty: the end, see outcome(). One at a
  // time.
  Task<std::optional<std::string>> next();
  // Success where the body came whole; else disconnected, timeout, too_large, protocol_violation.
  Result<void> outcome() const;
  // The rest of the body at once.
  Task<Result<std::string>> read_all();

 private:
  std::unique_ptr<detail::HttpStreamState> state_;
};

// HTTP/1.1 with a pool of kept-alive connections per origin. Follows no redirect, retries nothing.
// Belongs to one executor; requests may run side by side. Destroying it
// leaves running streams alone.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = HttpClientOptions());
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends the request to the URL's origin. `request.target` is used as it is; Host, Content-Length
  // and User-Agent are added where missing. Returns when the answer's header is there, whatever its
  // status.
  Task<Result<HttpStream>> open(http::Url origin, http::Request request);
  // The same with the whole body.
  Task<Result<http::Response>> send(http::Url origin, http::Request request);

  // Connections that wait in the pool.
  std::size_t idle_connections() const;

 private:
  std::shared_ptr<detail::HttpPool> pool_;
};

}  // namespace parley::net
