#include "parley/api/detail/session_state.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/net/system.hpp"

namespace parley::api::detail {

namespace asio = boost::asio;

namespace {

Task<void> wait(asio::steady_timer& timer) {
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace

SessionState::SessionState(const EndpointRules& endpoint, SessionOptions session_options,
                           Executor on)
    : rules(&endpoint),
      options(std::move(session_options)),
      executor(std::move(on)),
      flow(endpoint, net::now()),
      arrived(executor, asio::steady_timer::time_point::max()),
      room(executor, asio::steady_timer::time_point::max()),
      timer(executor, asio::steady_timer::time_point::max()) {
  options.inbox_messages = std::max<std::size_t>(options.inbox_messages, 1);
}

void SessionState::start() {
  last_received = net::now();
  asio::co_spawn(executor, read(shared_from_this()), asio::detached);
  asio::co_spawn(executor, keep_time(shared_from_this()), asio::detached);
}

void SessionState::wake() {
  arrived.cancel();
}
void SessionState::tick() {
  timer.cancel();
}

bool SessionState::has_room() const {
  return inbox.size() < options.inbox_messages && inbox_bytes < options.inbox_bytes;
}

Task<void> SessionState::read(std::shared_ptr<SessionState> self) {
  for (;;) {
    while (!self->abandoned && self->options.overflow == Overflow::block && !self->has_room())
      co_await wait(self->room);
    auto message = co_await self->socket->next();
    if (!message) break;
    self->take(std::move(*message));
  }
  self->finish();
}

void SessionState::take(net::Message message) {
  last_received = net::now();
  ++counters.messages_in;
  counters.bytes_in += message.data.size();
  if (abandoned) return;
  const bool is_json = !message.binary || rules->binary_json;
  if (is_json && rules->auto_reply) {
    if (const auto reply = rules->auto_reply(message.data)) {
      if (socket->socket().post_text(*reply)) ++counters.auto_replies;
      flow.sent_other(net::now());
    }
  }
  if (is_json && !pending.empty() && rules->answered_request) {
    const auto found = pending.find(rules->answered_request(message.data));
    if (found != pending.end()) {
      found->second->answer = std::move(message);
      found->second->timer.cancel();
      return;
    }
  }
  if (awaited >= 0 && is_json && rules->classify) {
    const int which = rules->classify(message.data);
    awaited_came = awaited_came || which == awaited;
    if (which >= 0 && rules->server[static_cast<std::size_t>(which)].fatal && !awaited_came)
      awaited_failure =
          Error(ErrorKind::service, fmt::format("{} answered with {}", rules->api->name,
                                                rules->server[static_cast<std::size_t>(which)].id))
              .with_stage(Stage::setup)
              .with_detail("body", redact(first_scalars(std::string_view(message.data), 1024)));
  }
  push(std::move(message));
}

void SessionState::push(net::Message message) {
  inbox_bytes += message.data.size();
  inbox.push_back(std::move(message));
  const bool full = inbox.size() > options.inbox_messages || inbox_bytes > options.inbox_bytes;
  if (full && options.overflow == Overflow::drop_oldest) {
    while (inbox.size() > 1 &&
           (inbox.size() > options.inbox_messages || inbox_bytes > options.inbox_bytes)) {
      inbox_bytes -= inbox.front().data.size();
      inbox.pop_front();
      ++counters.dropped;
    }
  } else if (full && options.overflow == Overflow::fail) {
    end_with(Error(ErrorKind::too_large, fmt::format("{} messages wait unread", inbox.size()))
                 .with_stage(Stage::receive));
  }
  wake();
}

void SessionState::end_with(Error error) {
  if (!failure) failure = std::move(error);
  inbox.clear();
  inbox_bytes = 0;
  if (socket) socket->close(ws::close_code::policy_violation, "");
  room.cancel();
  wake();
}

void SessionState::abandon() {
  abandoned = true;
  inbox.clear();
  inbox_bytes = 0;
  if (!ended && socket) {
    socket->close(ws::close_code::going_away, "");
    tell_closed();  // whoever listens may not be there when the handshake has ended
  }
  room.cancel();
  tick();
}

void SessionState::tell_closed() {
  const auto fill = [this](Event& event) {
    event.with("messages_in", std::to_string(counters.messages_in));
    event.with("messages_out", std::to_string(counters.messages_out));
  };
  if (!result) return told.fail_with(result.error(), fill);
  told.stop([&](Event& event) {
    event.with("code", std::to_string(socket->socket().close_code()));
    fill(event);
  });
}

void SessionState::tell(std::string_view what) const {
  told.note(what, [](Event&) {});
}

void SessionState::finish() {
  ended = true;
  flow.ended();
  auto& last = socket->socket();
  result = close_result(*rules, last.close_code(), last.close_reason(), socket->outcome());
  for (const auto& [id, one] : pending) one->timer.cancel();
  tell_closed();
  wake();
  tick();
}

std::optional<TimePoint> SessionState::next_deadline() const {
  if (flow.phase() == Phase::closing) return last_received + options.drain_timeout;
  if (options.keepalive_every && options.keepalive_every->count() == 0) return std::nullopt;
  auto due = flow.keepalive_at();
  if (due && options.keepalive_every) *due += *options.keepalive_every - rules->keepalive_every;
  return due;
}

void SessionState::keep_alive(TimePoint at) {
  if (socket->state() == net::SessionState::active && socket->socket().post_text(rules->keepalive))
    ++counters.keepalives;
  flow.sent_other(at);
}

Task<void> SessionState::keep_time(std::shared_ptr<SessionState> self) {
  while (!self->ended) {
    const auto due = self->next_deadline();
    if (due && net::now() >= *due) {
      if (self->flow.phase() == Phase::closing) {
        self->socket->close();
        break;
      }
      self->keep_alive(net::now());
      continue;
    }
    self->timer.expires_at(due.value_or(TimePoint::max()));
    co_await wait(self->timer);
  }
}

void SessionState::reconnected(net::WebSocket& fresh) {
  ++counters.reconnects;
  flow.reconnected(net::now());
  if (!initialize_text.empty()) (void)fresh.post_text(initialize_text);
  Reconnected what;
  what.times = counters.reconnects;
  if (options.on_reconnect) options.on_reconnect(what);
}

void SessionState::expect(int message) {
  if (awaited == message) return;
  awaited = message;
  awaited_came = false;
  // What waits already counts: it came between two calls.
  for (const auto& one : inbox)
    if (rules->classify && rules->classify(one.data) == message) awaited_came = true;
}

Task<Result<void>> SessionState::await_message(int message, std::string_view what) {
  const auto self = shared_from_this();
  expect(message);
  const auto limit = options.greeting_timeout.value_or(rules->greeting_timeout);
  const auto until = net::now() + limit;
  while (!awaited_came && !awaited_failure && !ended && net::now() < until) {
    arrived.expires_at(until);
    co_await wait(arrived);
  }
  arrived.expires_at(TimePoint::max());
  awaited = -1;
  if (awaited_came) co_return Result<void>();
  if (awaited_failure) co_return fail(*awaited_failure);
  if (ended) {
    auto why = result ? Error(ErrorKind::disconnected, "the server closed the connection")
                            .with_close(socket->socket().close_code(), "")
                      : result.error();
    co_return fail(std::move(why).with_stage(Stage::setup));
  }
  co_return fail(Error(ErrorKind::timeout, fmt::format("{} sent no {} within {} ms",
                                                       rules->api->name, what, limit.count()))
                     .with_stage(Stage::setup));
}

Result<void> SessionState::before_send(std::size_t message, std::size_t size) {
  if (ended) {
    if (failure) return fail(*failure);
    return fail(ErrorKind::disconnected, "the session has ended");
  }
  if (auto may = flow.may_send(message); !may) return may;
  flow.sent(message, net::now());
  ++counters.messages_out;
  counters.bytes_out += size;
  return {};
}

}  // namespace parley::api::detail
