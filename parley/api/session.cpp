#include "parley/api/session.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/api/detail/session_state.hpp"
#include "parley/net/system.hpp"

namespace parley::api {

namespace asio = boost::asio;
using detail::SessionState;

// The last handle ends the session.
struct SessionCore::Handle {
  explicit Handle(std::shared_ptr<SessionState> shared) : state(std::move(shared)) {}
  ~Handle() { state->abandon(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  std::shared_ptr<SessionState> state;
};

SessionCore::SessionCore(std::shared_ptr<SessionState> state)
    : handle_(std::make_shared<Handle>(std::move(state))) {}
SessionCore::SessionCore(SessionCore&&) noexcept = default;
SessionCore& SessionCore::operator=(SessionCore&&) noexcept = default;
SessionCore::~SessionCore() = default;

namespace {

net::ReconnectPolicy by_close_codes(const EndpointRules& rules, net::ReconnectPolicy policy,
                                    std::function<void(const Error&)> refused) {
  policy.may_retry = [&rules, refused, otherwise = policy.may_retry](const Error& why) {
    if (refused) refused(why);
    for (const auto& rule : rules.close_codes)
      if (why.close_code() == rule.code && rule.code != 0)
        return rule.close_class == CloseClass::retryable;
    return otherwise(why);
  };
  return policy;
}

}  // namespace

Task<Result<SessionCore>> SessionCore::open(const EndpointRules& rules, Target target,
                                            SessionOptions options) {
  auto prepared = detail::prepare(rules, target, options);
  if (!prepared) co_return fail(std::move(prepared.error()));
  const auto executor = co_await asio::this_coro::executor;
  const auto state = std::make_shared<SessionState>(rules, std::move(options), executor);
  state->told = EventScope::begin(state->options.events, "api.session", [&](Event& event) {
    event.with("api", std::string(rules.api->name)).with("endpoint", std::string(rules.id));
  });
  const std::weak_ptr<SessionState> weak = state;
  net::ReconnectingWebSocket::OnReconnect hook = [weak](net::WebSocket& fresh) {
    if (const auto self = weak.lock()) self->reconnected(fresh);
  };
  auto socket = co_await net::ReconnectingWebSocket::connect(
      prepared->url, prepared->options,
      by_close_codes(rules, state->options.reconnect, prepared->refused), state->options.events,
      std::move(hook));
  if (!socket) {
    if (prepared->refused) prepared->refused(socket.error());
    state->told.fail_with(socket.error());
    co_return fail(std::move(socket.error()));
  }
  state->subprotocol = socket->socket().agreement().subprotocol;
  if (rules.subprotocol_required && state->subprotocol.empty()) {
    socket->close(ws::close_code::policy_violation, "");
    auto error =
        Error(ErrorKind::protocol_violation,
              fmt::format("{} chose no subprotocol, and {} needs one", rules.api->name, rules.id))
            .with_stage(Stage::upgrade);
    state->told.fail_with(error);
    co_return fail(std::move(error));
  }
  state->socket.emplace(std::move(*socket));
  state->message_key = std::move(prepared->message_key);
  state->tell("open");
  if (rules.greeting >= 0) state->expect(rules.greeting);
  state->start();
  SessionCore core(state);
  if (rules.greeting >= 0) {
    auto greeted = co_await state->await_message(
        rules.greeting, rules.server[static_cast<std::size_t>(rules.greeting)].id);
    if (!greeted) co_return fail(std::move(greeted.error()));
  }
  co_return core;
}

Task<Result<void>> SessionCore::send(std::size_t message, std::string text) {
  const auto state = handle_->state;
  if (auto may = state->before_send(message, text.size()); !may) co_return may;
  if (state->rules->client[message].role == MessageRole::initialize) state->initialize_text = text;
  auto sent = co_await state->socket->send_text(std::move(text));
  state->tick();
  co_return sent;
}

Task<Result<void>> SessionCore::send_bytes(std::size_t message, Bytes data) {
  const auto state = handle_->state;
  if (auto may = state->before_send(message, data.size()); !may) co_return may;
  net::Message binary(true, std::string(as_text(data)));
  auto sent = co_await state->socket->send(std::move(binary));
  state->tick();
  co_return sent;
}

Task<Result<void>> SessionCore::ready() {
  const auto state = handle_->state;
  const int message = state->rules->ready_after;
  if (message < 0) co_return Result<void>();
  co_return co_await state->await_message(
      message, state->rules->server[static_cast<std::size_t>(message)].id);
}

Task<Result<net::Message>> SessionCore::request(std::size_t message, std::string text,
                                                std::string id) {
  const auto state = handle_->state;
  struct Entry {
    std::shared_ptr<SessionState> of;
    std::string key;
    ~Entry() { of->pending.erase(key); }
  };
  const auto waiting = std::make_shared<SessionState::Pending>(state->executor);
  if (!state->pending.emplace(id, waiting).second)
    co_return fail(ErrorKind::invalid_argument, fmt::format("a request with the id {} waits", id));
  const Entry entry{state, id};
  auto sent = co_await send(message, std::move(text));
  if (!sent) co_return fail(std::move(sent.error()));
  if (!waiting->answer && !state->ended) {
    waiting->timer.expires_after(state->rules->request_timeout);
    boost::system::error_code ignored;
    co_await waiting->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (waiting->answer) co_return std::move(*waiting->answer);
  if (state->ended)
    co_return fail(ErrorKind::disconnected, "the session ended before the answer came");
  co_return fail(Error(ErrorKind::timeout, fmt::format("no answer to request {} within {} ms", id,
                                                       state->rules->request_timeout.count()))
                     .with_stage(Stage::receive));
}

Task<std::optional<net::Message>> SessionCore::next() {
  const auto state = handle_->state;
  for (;;) {
    if (state->flow.terminal_seen() || state->failure) co_return std::nullopt;
    if (!state->inbox.empty()) {
      auto message = std::move(state->inbox.front());
      state->inbox.pop_front();
      state->inbox_bytes -= message.data.size();
      if (state->has_room()) state->room.cancel();
      co_return message;
    }
    if (state->ended) co_return std::nullopt;
    boost::system::error_code ignored;
    co_await state->arrived.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

Task<bool> SessionCore::wait(std::chrono::milliseconds limit) {
  const auto state = handle_->state;
  const auto until = net::SystemClock().now() + limit;
  const auto there = [&] {
    return !state->inbox.empty() || state->ended || state->failure || state->flow.terminal_seen();
  };
  while (!there() && net::SystemClock().now() < until) {
    state->arrived.expires_at(until);
    boost::system::error_code ignored;
    co_await state->arrived.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  state->arrived.expires_at(asio::steady_timer::time_point::max());
  co_return there();
}

void SessionCore::refuse(Error error) {
  handle_->state->end_with(std::move(error));
}

bool SessionCore::note_received(std::size_t message) {
  auto& state = *handle_->state;
  if (auto allowed = state.flow.received(message); !allowed) {
    state.end_with(std::move(allowed.error()));
    return false;
  }
  if (state.flow.terminal_seen() && !state.ended) {
    state.flow.closing();
    state.socket->close();
    state.tick();
  }
  return true;
}

void SessionCore::note_unknown() {
  ++handle_->state->counters.unknown;
}
bool SessionCore::skips_unknown() const {
  return handle_->state->options.skip_unknown;
}

bool SessionCore::note_unreadable(const Error& why) {
  auto& state = *handle_->state;
  if (!state.options.on_unreadable || !state.options.on_unreadable(why)) return false;
  ++state.counters.unknown;
  return true;
}

void SessionCore::begin_close() {
  auto& state = *handle_->state;
  if (state.ended) return;
  state.flow.closing();
  state.socket->close();
  state.tick();
}

Result<void> SessionCore::outcome() const {
  const auto& state = *handle_->state;
  if (state.failure) return fail(*state.failure);
  if (!state.ended && state.flow.terminal_seen()) return {};
  return state.result;
}

Phase SessionCore::phase() const {
  return handle_->state->flow.phase();
}
const SessionCounters& SessionCore::counters() const {
  return handle_->state->counters;
}
std::uint64_t SessionCore::new_request_id() {
  return ++handle_->state->last_request;
}
const Secret& SessionCore::message_key() const {
  return handle_->state->message_key;
}
const std::string& SessionCore::subprotocol() const {
  return handle_->state->subprotocol;
}

SessionCore SessionCore::share() const {
  SessionCore other(*this, 0);
  return other;
}

}  // namespace parley::api
