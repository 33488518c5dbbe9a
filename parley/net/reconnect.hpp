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
#include "parley/net/websocket.hpp"

namespace parley::net {

// True where a new attempt may end better: failures of the network and timeouts; the statuses 408,
// 425, 429, 500, 502, 503 and 504 of a refused upgrade; the close codes 1001, 1005, 1006, 1011,
// 1012, 1013 and 1014. Never: bad certificates, credentials, arguments, a broken protocol, 1000,
// 1002, 1003, 1007 to 1010, 1015, and the codes from 3000 on, which only the application knows.
bool may_reconnect(const Error& why);

// When and how often a connection is tried again. Off by default.
struct ReconnectPolicy {
  ReconnectPolicy() = default;
  // After a failure; 0: never. The count starts anew once a connection has held for `stable`.
  int max_attempts = 0;
  std::chrono::milliseconds first_delay{100};
  double factor = 2;
  std::chrono::milliseconds max_delay{10'000};
  double jitter = 0.5;                      // each delay is longer by a random share up to this one
  std::chrono::milliseconds total{60'000};  // from the failure to the start of the last attempt
  std::chrono::milliseconds stable{10'000};
  // Which failures are tried again; the error's own retry_after() is waited for where it is longer.
  std::function<bool(const Error&)> may_retry = may_reconnect;
};

// The policy's state, without clock or network.
class Reconnector {
 public:
  Reconnector(ReconnectPolicy policy, Random& random)
      : policy_(std::move(policy)), random_(&random) {}

  // How long to wait before the next attempt; empty: there is none.
  std::optional<std::chrono::milliseconds> next_delay(const Error& why, TimePoint now);
  void connected(TimePoint now) { connected_at_ = now; }
  int attempts() const { return attempts_; }

 private:
  ReconnectPolicy policy_;
  Random* random_;
  int attempts_ = 0;
  std::optional<TimePoint> failing_since_;
  std::optional<TimePoint> connected_at_;
};

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
// "net.reconnect_start" {attempt, delay_ms, why} and "net.reconnect_stop" {attempt, result}. What
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
