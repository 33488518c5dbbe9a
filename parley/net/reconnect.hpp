#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/steady_timer.hpp>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/base/random.hpp"
#include "parley/base/time.hpp"
#include "parley/net/reconnect_policy.hpp"
#include "parley/net/websocket.hpp"

namespace parley::net {

// Where a session that may have several connections stands.
enum class SessionState { initializing, active, paused, reconnecting, terminated, error };
std::string_view to_string(SessionState state);

// What has gone over all connections of a session.
struct SessionCounters {
  SessionCounters() = default;
  std::uint64_t connects = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t errors = 0;  // connections lost, attempts that failed
  TrafficCounters traffic;
  std::chrono::milliseconds uptime{0};  // of the connection that is open
};

// A client's WebSocket that is opened again by a policy. Each attempt is told:
// "net.reconnect_start" {attempt, attempts_left, delay_ms, why}, and "net.reconnect_stop" or
// "net.reconnect_exception" {attempt}; ConnectOptions::events tells of each connection. What
// was sent and not answered when a connection ended is the caller's to repeat: `on_reconnect` is
// called on each new connection before next() goes on. Belongs to one thread.
class ReconnectingWebSocket {
 public:
  using OnReconnect = std::function<void(WebSocket&)>;

  // The first connection follows the policy as well.
  static Task<Result<ReconnectingWebSocket>> connect(http::Url url, ConnectOptions options,
                                                     ReconnectPolicy policy, EventSink events,
                                                     OnReconnect on_reconnect = nullptr);

  // The next message, of this connection or a later one; empty: the end, see outcome().
  Task<std::optional<Message>> next();
  Result<void> outcome() const;
  // Errors: invalid_state while no connection is open; nothing is kept for later.
  Task<Result<void>> send_text(std::string text);
  Task<Result<void>> send(Message message);
  // Until resume() nothing is read: next() waits, and the peer is held up by its own full queue.
  // Pausing twice, or resuming what is not paused, changes nothing.
  void pause();
  void resume();
  SessionState state() const;
  SessionCounters counters() const;
  // Begins the close handshake; no attempt follows.
  void close(std::uint16_t code = ws::close_code::normal, std::string_view reason = {});

  WebSocket& socket() { return *socket_; }

 private:
  ReconnectingWebSocket(http::Url url, ConnectOptions options, ReconnectPolicy policy,
                        EventSink events, OnReconnect on_reconnect);
  Task<Result<void>> open(std::optional<Error> why);
  Task<void> while_paused();
  void retire();  // takes over the counters of a connection that has ended

  http::Url url_;
  ConnectOptions options_;
  Reconnector reconnector_;
  EventSink events_;
  OnReconnect on_reconnect_;
  std::optional<WebSocket> socket_;
  SessionCounters counters_;  // without the connection that is open
  TimePoint opened_{};
  std::unique_ptr<boost::asio::steady_timer> gate_;  // waits while the session is paused
  bool opening_ = true;
  bool paused_ = false;
  bool closing_ = false;
  bool over_ = false;
  std::optional<Error> failure_;
};

}  // namespace parley::net
