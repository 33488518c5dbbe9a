#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "parley/api/session.hpp"
#include "parley/base/event_scope.hpp"
#include "parley/net/reconnect.hpp"

namespace parley::api::detail {

// The connection request that an endpoint's rules, parameters and credentials make.
struct PreparedConnection {
  PreparedConnection() = default;
  http::Url url;
  net::ConnectOptions options;
  Secret message_key;
  std::function<void(const Error&)> refused;  // forgets a token that was answered with 401
};
Result<PreparedConnection> prepare(const EndpointRules& rules, const Target& target,
                                   const SessionOptions& options);

// The error that a close code stands for by the definition; success for a normal one.
Result<void> close_result(const EndpointRules& rules, std::uint16_t code, const std::string& reason,
                          Result<void> otherwise);

// Kept alive by its handles, its reader and its clock. Belongs to one thread.
struct SessionState : std::enable_shared_from_this<SessionState> {
  struct Pending {
    explicit Pending(const Executor& executor) : timer(executor) {}
    boost::asio::steady_timer timer;
    std::optional<net::Message> answer;
  };

  SessionState(const EndpointRules& endpoint, SessionOptions session_options, Executor on);

  void start();
  static Task<void> read(std::shared_ptr<SessionState> self);
  static Task<void> keep_time(std::shared_ptr<SessionState> self);
  void take(net::Message message);
  bool has_room() const;
  void push(net::Message message);
  void finish();
  void end_with(Error error);
  void abandon();
  void wake();
  void tick();  // the clock looks again
  void reconnected(net::WebSocket& socket);
  void expect(int message);  // from now on
  Task<Result<void>> await_message(int message, std::string_view what);
  std::optional<TimePoint> next_deadline() const;
  void keep_alive(TimePoint now);
  Result<void> before_send(std::size_t message, std::size_t size);
  void tell_closed();
  void tell(std::string_view what) const;  // between start and stop

  const EndpointRules* rules;
  SessionOptions options;
  Executor executor;
  SessionFlow flow;
  std::optional<net::ReconnectingWebSocket> socket;
  Secret message_key;
  std::string subprotocol;

  std::deque<net::Message> inbox;
  std::size_t inbox_bytes = 0;
  boost::asio::steady_timer arrived, room, timer;
  std::map<std::string, std::shared_ptr<Pending>> pending;
  std::uint64_t last_request = 0;

  int awaited = -1;  // a server message that ready() or open() waits for
  bool awaited_came = false;
  std::optional<Error> awaited_failure;

  std::string initialize_text;
  TimePoint last_received{};
  SessionCounters counters;
  bool ended = false, abandoned = false;
  std::optional<Error> failure;
  Result<void> result;
  EventScope told;
};

}  // namespace parley::api::detail
