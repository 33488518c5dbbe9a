#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/base/secret.hpp"
#include "parley/http/url.hpp"
#include "parley/net/dial.hpp"
#include "parley/net/task.hpp"
#include "parley/net/transport.hpp"
#include "parley/ws/connection.hpp"
#include "parley/ws/handshake.hpp"

namespace parley::net {

struct Message {
  Message() = default;
  Message(bool is_binary, std::string bytes) : binary(is_binary), data(std::move(bytes)) {}
  bool binary = false;
  // With ws::Options::stream_messages a message may come in parts.
  bool first = true, last = true;
  std::string data;  // valid UTF-8 where not binary; the parts of a text are so together
};

// What has gone over a connection.
struct TrafficCounters {
  TrafficCounters() = default;
  std::uint64_t messages_in = 0, messages_out = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;  // payloads
  TimePoint last_activity{};                  // the last message, either way
};

namespace detail {
struct WebSocketState;
}

// A WebSocket connection of either role. Belongs to its executor's thread: all members are called
// there. Pings are answered, and keepalive runs, while next() is pending or data is written.
// Destroying it drops the connection; call close() and read to the end for an orderly one.
class WebSocket {
 public:
  // Takes over a connection whose handshake is done; `early` are bytes that came behind it.
  WebSocket(std::shared_ptr<Transport> transport, ws::Role role, const ws::Options& options,
            ws::Agreement agreement, std::string_view early = {});
  WebSocket(WebSocket&&) noexcept;
  WebSocket& operator=(WebSocket&&) noexcept;
  ~WebSocket();

  // The next message; empty: the connection has ended, see outcome(). One at a time.
  Task<std::optional<Message>> next();
  // After the end: success for an orderly close (1000, 1001 or no code), else an Error with close
  // code and reason (disconnected), or what the transport said.
  Result<void> outcome() const;

  // Sends and waits while more than a quarter of max_output is queued: the way for streams that
  // must not outrun the reader. Errors: invalid_state, disconnected, too_large.
  Task<Result<void>> send_text(std::string text, ws::Compress compress = ws::Compress::automatic);
  Task<Result<void>> send_binary(Bytes data, ws::Compress compress = ws::Compress::automatic);
  Task<Result<void>> send(Message message);
  // A message in parts, each a frame of its own, without holding it whole (ws::Connection).
  Task<Result<void>> send_part(ws::MessageKind kind, Bytes part, bool last,
                               ws::Compress compress = ws::Compress::automatic);
  // The same without waiting: too_large where ws::Options::max_output would be passed; the caller
  // decides what becomes of a reader that slow.
  Result<void> post_text(std::string_view text);
  Result<void> ping(BytesView payload = {});

  // Begins the close handshake; next() then ends when the peer has answered, or after
  // ws::Options::close_timeout.
  void close(std::uint16_t code = ws::close_code::normal, std::string_view reason = {});
  // Drops the connection without a handshake.
  void abort();

  // Takes what has come without waiting. False: the connection has ended, or a message waits. Not
  // while next() is pending.
  Task<bool> is_quiet();
  // Sends a ping and waits for its pong; messages that come meanwhile are kept for next(). False
  // after `limit`, or where the connection has ended. Not while next() is pending.
  Task<bool> probe(std::chrono::milliseconds limit);

  // Tells from now on: "net.ws_session_start" {host}, "_send" and "_receive" {bytes, type}, "_stop"
  // {code, how} or "_exception"; "net.ws_close_start" {parent, code} and "_stop" {how: graceful,
  // forced, already_closed}. `parent` is the id of the operation that it belongs to. Once.
  void observe(const EventSink& events, std::string_view host = {}, std::string_view parent = {});

  bool open() const;  // messages may be sent
  const TrafficCounters& traffic() const;
  // Bytes that the peer has not taken yet (beyond the kernel's buffer).
  std::size_t queued_bytes() const;
  std::uint16_t close_code() const;
  const std::string& close_reason() const;
  const ws::Agreement& agreement() const;
  const std::string& peer_address() const;

 private:
  std::shared_ptr<detail::WebSocketState> state_;
};

struct ConnectOptions {
  ConnectOptions() = default;
  DialOptions dial;
  ws::ClientOffer offer;
  ws::Options protocol;
  std::chrono::milliseconds upgrade_timeout{10'000};  // from the request to the answer's header
  // "net.ws_connect_start" {host, path} and "_stop" {subprotocol, duration_ms} or "_exception",
  // then those of WebSocket::observe(). See docs/telemetry.md.
  EventSink events;
  // Asked before each connection, also a repeated one; its token goes as Authorization: Bearer. Its
  // error is the connection's. Empty: none.
  std::function<Task<Result<Secret>>()> bearer;
};

// Dials a ws or wss URL and opens a WebSocket. Errors: those of dial(), timeout at stage upgrade,
// upgrade_refused with status, protocol_violation. Redirects are refusals.
Task<Result<WebSocket>> connect_websocket(http::Url url, ConnectOptions options);

}  // namespace parley::net
