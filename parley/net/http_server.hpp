#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/http/message.hpp"
#include "parley/http/parser.hpp"
#include "parley/http/url.hpp"
#include "parley/net/dial.hpp"
#include "parley/net/socket_host.hpp"
#include "parley/net/task.hpp"
#include "parley/net/websocket.hpp"

namespace parley::net {

struct HttpServerOptions {
  HttpServerOptions() = default;
  std::string address = "127.0.0.1";  // an IP address to listen on
  std::uint16_t port = 0;             // 0: any free port
  std::optional<TlsIdentity> tls;     // empty: plain
  http::ParserLimits limits;
  std::chrono::milliseconds header_timeout{5'000};  // from a request's first byte to its empty line
  std::chrono::milliseconds body_timeout{30'000};   // from there to the end of its body
  std::chrono::milliseconds idle_timeout{60'000};   // between two requests
  std::chrono::milliseconds write_timeout{30'000};  // for one piece of an answer to be taken
  std::size_t max_connections = 10'000;             // more are closed at once
  // Gets "net.handler_failed" {what, target} where a handler threw, which is a bug.
  EventSink events;
};

namespace detail {
struct ServerState;
struct ExchangeState;
}  // namespace detail

// Puts another transport around a connection that is upgraded, for example one that counts or
// breaks its bytes.
using TransportWrap = std::function<std::shared_ptr<Transport>(std::shared_ptr<Transport>)>;

// One request and its answer, on the server's side. Used by one coroutine. Exactly one of
// respond(), begin()…finish(), upgrade() or abort() answers it; a handler that returns without one
// answers 500.
class Exchange {
 public:
  explicit Exchange(detail::ExchangeState& state) : state_(state) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const http::Request& request() const;
  const http::Target& target() const;  // decoded path and query
  std::string_view parameter(
      std::string_view name) const;  // of the route: "id" in "/sessions/{id}"
  const std::string& peer_address() const;
  Executor executor() const;
  bool secure() const;  // came over TLS

  // A whole answer. Content-Length, Date and Connection are added; no body goes out for HEAD.
  // Errors: the peer has gone (disconnected) or does not read (timeout).
  Task<Result<void>> respond(http::Response response);
  // An answer in pieces (chunked coding; until close for HTTP/1.0). Each piece goes out at once.
  Task<Result<void>> begin(http::Response head);
  Task<Result<void>> write(std::string piece);
  Task<Result<void>> finish();
  // Answers a WebSocket upgrade; a request that is not a correct one gets its refusal, and the
  // error says why (protocol_violation).
  Task<Result<WebSocket>> upgrade(ws::ServerPolicy policy, ws::Options options,
                                  TransportWrap wrap = {});
  // The same, and gives the connection to `host`, which calls its handler from now on: the exchange
  // and its coroutine may end. `host` must be on the same executor.
  Task<Result<void>> upgrade_to(SocketHost& host, ws::ServerPolicy policy,
                                std::unique_ptr<ServerSocket::Data> data);
  // Drops the connection without an answer.
  void abort();
  // The connection is dropped once `bytes` of the answer, head included, were sent: for fault
  // tests.
  void cut_after(std::size_t bytes);

  bool answered() const;
  // Waits until the peer leaves or sends something more. Only after begin(); abort() comes next.
  Task<void> wait_for_peer();

  detail::ExchangeState& state() { return state_; }  // for the router

 private:
  Task<Result<ws::Agreement>> accept_upgrade(ws::ServerPolicy policy);
  detail::ExchangeState& state_;
};

using Handler = std::function<Task<void>(Exchange&)>;

// Chooses a handler by method and path. Patterns are segments, "{name}" matches one segment, a last
// "{name...}" matches the rest, "{name}:verb" and "prefix{name}" match within one segment. HEAD
// goes to the GET handler, OPTIONS is answered with Allow; unknown paths get 404, other methods 405
// with Allow, each as {"detail": "…"} unless set_error_body() says otherwise.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  void add(std::string_view method, std::string_view pattern, Handler handler);
  // Makes the JSON body of the router's own 404 and 405.
  void set_error_body(std::function<std::string(int status, const std::string& message)> make);

  Task<void> handle(Exchange& exchange) const;

 private:
  struct Route;
  std::vector<Route> routes_;
  std::function<std::string(int, const std::string&)> error_body_;
};

// An HTTP/1.1 server: keep-alive, pipelining, Expect: 100-continue, upgrades. Belongs to one
// executor.
class HttpServer {
 public:
  // `handler` answers every request; it may run many times side by side on the executor.
  HttpServer(Executor executor, HttpServerOptions options, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and accepts from now on; returns the port. Errors (connect_failed) name address, port and
  // the system's reason.
  Result<std::uint16_t> listen();
  // Takes no more connections, closes idle ones, waits up to `grace` for running exchanges (their
  // WebSockets must be closed by the handlers), then drops what is left.
  Task<void> stop(std::chrono::milliseconds grace);
  std::size_t connections() const;

 private:
  std::shared_ptr<detail::ServerState> state_;
};

}  // namespace parley::net
