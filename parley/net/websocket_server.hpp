#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "parley/base/event.hpp"
#include "parley/http/message.hpp"
#include "parley/http/parser.hpp"
#include "parley/net/server_socket.hpp"
#include "parley/net/socket_host.hpp"
#include "parley/net/task.hpp"
#include "parley/net/tls.hpp"
#include "parley/ws/handshake.hpp"

namespace parley::net {

struct WebSocketServerOptions {
  WebSocketServerOptions() = default;
  std::string address = "127.0.0.1";  // an IP address to listen on
  std::uint16_t port = 0;             // 0: any free port
  bool reuse_port = false;            // several servers, one a thread, share the port
  std::optional<TlsIdentity> tls;     // empty: plain

  // Subprotocols, origins and compression; and what holds for each connection.
  ws::ServerPolicy policy;
  SocketHostOptions sockets;

  // The opening handshake: its header's size, and the time from accept (TLS included) to its end.
  http::ParserLimits header;
  std::chrono::milliseconds handshake_timeout{10'000};
  // Connections, handshakes included; more are answered with 503 and closed.
  std::size_t max_connections = 100'000;
  // The same for one IP address, answered with 429; 0: no limit.
  std::size_t max_connections_per_address = 0;

  // Called for each correct upgrade request; an answer refuses it (401, 403, 404 …). It may put
  // data on the socket before on_open().
  using Admit = std::function<std::optional<http::Response>(
      const http::Request& request, const std::string& address,
      std::unique_ptr<ServerSocket::Data>& data)>;
  Admit admit;
  // Gets "net.handshake_refused" {address, status, why} and "net.accept_failed" {why}.
  EventSink events;
};

namespace detail {
struct AcceptorState;
}

// A server for WebSockets alone, without a coroutine for each connection: sockets, handshakes and
// messages are all driven from one epoll set. Other HTTP requests are answered with 426. Belongs to
// one io_context, run by one thread; for several threads make one server each, with reuse_port.
class WebSocketServer {
 public:
  // `handler` must outlive the server.
  WebSocketServer(Executor executor, WebSocketServerOptions options, SocketHandler& handler);
  ~WebSocketServer();
  WebSocketServer(const WebSocketServer&) = delete;
  WebSocketServer& operator=(const WebSocketServer&) = delete;

  // Binds and accepts from now on; returns the port. Errors (connect_failed) name address, port and
  // the system's reason.
  Result<std::uint16_t> listen();
  // The open connections: to count them, and to send to all.
  SocketHost& sockets();
  // Takes no more connections, closes the open ones with 1001 and waits up to `grace` for them.
  Task<void> stop(std::chrono::milliseconds grace);

 private:
  std::shared_ptr<detail::AcceptorState> state_;
};

}  // namespace parley::net
