#include "parley/net/reconnect.hpp"

#include <algorithm>
#include <cmath>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/base/event_scope.hpp"
#include "parley/net/system.hpp"

namespace parley::net {
namespace {

bool is_passing_status(int status) {
  constexpr int passing[] = {408, 425, 429, 500, 502, 503, 504};
  return std::ranges::find(passing, status) != std::end(passing);
}

bool is_passing_code(std::uint16_t code) {
  constexpr std::uint16_t passing[] = {1001, 1005, 1006, 1011, 1012, 1013, 1014};
  return std::ranges::find(passing, code) != std::end(passing);
}

}  // namespace

bool may_reconnect(const Error& why) {
  switch (why.kind()) {
    case ErrorKind::resolve_failed:
    case ErrorKind::connect_failed:
    case ErrorKind::timeout:
    case ErrorKind::unavailable:
    case ErrorKind::rate_limited:
      return true;
    case ErrorKind::upgrade_refused:
      return is_passing_status(why.http_status());
    case ErrorKind::disconnected:
      return why.close_code() == 0 || is_passing_code(why.close_code());
    default:
      return false;
  }
}

std::string_view to_string(SessionState state) {
  constexpr std::string_view names[] = {"initializing", "active",     "paused",
                                        "reconnecting", "terminated", "error"};
  return names[static_cast<std::size_t>(state)];
}

std::optional<std::chrono::milliseconds> Reconnector::next_delay(const Error& why, TimePoint now) {
  if (connected_at_ && now - *connected_at_ >= policy_.stable) {
    attempts_ = 0;
    failing_since_.reset();
  }
  connected_at_.reset();
  if (!failing_since_) failing_since_ = now;
  if (attempts_ >= policy_.max_attempts || !policy_.may_retry(why)) return std::nullopt;
  const double plain =
      static_cast<double>(policy_.first_delay.count()) * std::pow(policy_.factor, attempts_);
  const double limited = std::min(plain, static_cast<double>(policy_.max_delay.count()));
  const double share = static_cast<double>(random_->below(1'000'001)) / 1e6;
  auto delay =
      std::chrono::milliseconds(static_cast<std::int64_t>(limited * (1 + policy_.jitter * share)));
  delay = std::max(delay, why.retry_after().value_or(delay));
  if (now + delay - *failing_since_ > policy_.total) return std::nullopt;
  ++attempts_;
  return delay;
}

ReconnectingWebSocket::ReconnectingWebSocket(http::Url url, ConnectOptions options,
                                             ReconnectPolicy policy, EventSink events,
                                             OnReconnect on_reconnect)
    : url_(std::move(url)),
      options_(std::move(options)),
      reconnector_(std::move(policy), system_random()),
      events_(std::move(events)),
      on_reconnect_(std::move(on_reconnect)) {}

Task<Result<ReconnectingWebSocket>> ReconnectingWebSocket::connect(http::Url url,
                                                                   ConnectOptions options,
                                                                   ReconnectPolicy policy,
                                                                   EventSink events,
                                                                   OnReconnect on_reconnect) {
  ReconnectingWebSocket made(std::move(url), std::move(options), std::move(policy),
                             std::move(events), std::move(on_reconnect));
  auto opened = co_await made.open(std::nullopt);
  if (!opened) co_return fail(std::move(opened.error()));
  co_return made;
}

// Without a reason the first attempt is made at once, and is none of the policy's.
Task<Result<void>> ReconnectingWebSocket::open(std::optional<Error> why) {
  const bool again = why.has_value();
  opening_ = true;
  for (;;) {
    EventScope told;
    if (why) {
      const auto delay = reconnector_.next_delay(*why, SystemClock().now());
      if (!delay) co_return fail(std::move(*why));
      told = EventScope::begin(events_, "net.reconnect", [&](Event& event) {
        event.with("attempt", std::to_string(reconnector_.attempts()));
        event.with("attempts_left", std::to_string(reconnector_.attempts_left()));
        event.with("delay_ms", std::to_string(delay->count())).with("why", why->describe());
      });
      co_await sleep_for(*delay);
      if (closing_) co_return fail(ErrorKind::cancelled, "closed while it was reconnecting");
    }
    auto socket = co_await connect_websocket(url_, options_);
    const auto attempt = [this](Event& event) {
      event.with("attempt", std::to_string(reconnector_.attempts()));
    };
    if (socket)
      told.stop(attempt);
    else
      told.fail_with(socket.error(), attempt);
    if (socket) {
      opened_ = SystemClock().now();
      reconnector_.connected(opened_);
      socket_.emplace(std::move(*socket));
      ++counters_.connects;
      counters_.reconnects += again ? 1 : 0;
      opening_ = false;
      if (again && on_reconnect_) on_reconnect_(*socket_);
      co_return Result<void>();
    }
    ++counters_.errors;
    why = std::move(socket.error());
  }
}

void ReconnectingWebSocket::retire() {
  const auto& last = socket_->traffic();
  counters_.traffic.messages_in += last.messages_in;
  counters_.traffic.messages_out += last.messages_out;
  counters_.traffic.bytes_in += last.bytes_in;
  counters_.traffic.bytes_out += last.bytes_out;
  counters_.traffic.last_activity = last.last_activity;
}

SessionCounters ReconnectingWebSocket::counters() const {
  SessionCounters all = counters_;
  if (!socket_ || opening_ || over_) return all;
  const auto& now = socket_->traffic();
  all.traffic.messages_in += now.messages_in;
  all.traffic.messages_out += now.messages_out;
  all.traffic.bytes_in += now.bytes_in;
  all.traffic.bytes_out += now.bytes_out;
  if (now.last_activity != TimePoint()) all.traffic.last_activity = now.last_activity;
  all.uptime = std::chrono::duration_cast<std::chrono::milliseconds>(SystemClock().now() - opened_);
  return all;
}

SessionState ReconnectingWebSocket::state() const {
  if (failure_) return SessionState::error;
  if (over_) return SessionState::terminated;
  if (opening_)
    return counters_.connects == 0 ? SessionState::initializing : SessionState::reconnecting;
  return paused_ ? SessionState::paused : SessionState::active;
}

void ReconnectingWebSocket::pause() {
  paused_ = true;
}

void ReconnectingWebSocket::resume() {
  paused_ = false;
  if (gate_) gate_->cancel();
}

Task<void> ReconnectingWebSocket::while_paused() {
  while (paused_ && !closing_) {
    if (!gate_)
      gate_ =
          std::make_unique<boost::asio::steady_timer>(co_await boost::asio::this_coro::executor);
    gate_->expires_at(boost::asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    co_await gate_->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

Task<std::optional<Message>> ReconnectingWebSocket::next() {
  while (!failure_ && !over_) {
    co_await while_paused();
    auto message = co_await socket_->next();
    if (message) co_return message;
    retire();
    const auto outcome = socket_->outcome();
    over_ = closing_ || (outcome && socket_->close_code() != ws::close_code::going_away);
    if (over_) break;
    ++counters_.errors;
    std::optional<Error> why;
    if (outcome)
      why = Error(ErrorKind::disconnected, "the server goes away")
                .with_close(socket_->close_code(), socket_->close_reason());
    else
      why = outcome.error();
    auto opened = co_await open(std::move(why));
    if (!opened) failure_ = std::move(opened.error());
  }
  co_return std::nullopt;
}

Result<void> ReconnectingWebSocket::outcome() const {
  if (failure_) return fail(*failure_);
  return socket_->outcome();
}

Task<Result<void>> ReconnectingWebSocket::send_text(std::string text) {
  return socket_->send_text(std::move(text));
}
Task<Result<void>> ReconnectingWebSocket::send(Message message) {
  return socket_->send(std::move(message));
}

void ReconnectingWebSocket::close(std::uint16_t code, std::string_view reason) {
  closing_ = true;
  if (gate_) gate_->cancel();
  socket_->close(code, reason);
}

}  // namespace parley::net
