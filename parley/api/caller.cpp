#include "parley/api/caller.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/api/detail/call.hpp"
#include "parley/api/rest.hpp"
#include "parley/net/system.hpp"

namespace parley::api {

using detail::Call;
using detail::CallAnswer;
using detail::CallerState;

CallOptions::CallOptions() : retry(limit::no_retries()) {
  error_of = [](const http::Response& response) { return api::error_of(response); };
}

bool CallOptions::off() const {
  const auto retries = std::ranges::any_of(
      retry.rules, [](const limit::RetryRule& rule) { return rule.retries > 0; });
  return !retries && breaker.failures == 0 && fallbacks.empty() && !health && !cache && !rate &&
         packing.coding == http::Coding::identity && !permit && !events;
}

struct detail::CallStreamState {
  std::shared_ptr<Call> call;  // null: a plain stream
  CallAnswer answer;
  bool read = false;  // the whole answer was given
  bool ended = false;
  CallReport plain;

  ~CallStreamState() {
    if (call && !ended)
      call->finished(fail(ErrorKind::cancelled, "the answer was dropped before its end"));
  }
  void end() {
    if (call && !std::exchange(ended, true))
      call->finished(answer.stream ? answer.stream->outcome() : Result<void>());
  }
};

CallStream::CallStream(net::HttpStream stream)
    : state_(std::make_unique<detail::CallStreamState>()) {
  state_->answer.stream = std::move(stream);
}
CallStream::CallStream(std::unique_ptr<detail::CallStreamState> state) : state_(std::move(state)) {}
CallStream::CallStream(CallStream&&) noexcept = default;
CallStream& CallStream::operator=(CallStream&&) noexcept = default;
CallStream::~CallStream() = default;

const http::Response& CallStream::head() const {
  return state_->answer.stream ? state_->answer.stream->head() : state_->answer.whole;
}

Task<std::optional<std::string>> CallStream::next() {
  auto& state = *state_;
  if (state.answer.stream) {
    auto piece = co_await state.answer.stream->next();
    // A stream that broke may begin again: its call ends with it, or when it is destroyed.
    if (!piece && state.answer.stream->outcome()) state.end();
    co_return piece;
  }
  if (std::exchange(state.read, true) || state.answer.whole.body.empty()) co_return std::nullopt;
  state.end();
  co_return state.answer.whole.body;
}

Result<void> CallStream::outcome() const {
  return state_->answer.stream ? state_->answer.stream->outcome() : Result<void>();
}

Task<Result<std::string>> CallStream::read_all() {
  auto& state = *state_;
  if (!state.answer.stream) {
    state.end();
    state.read = true;
    co_return state.answer.whole.body;
  }
  auto body = co_await state.answer.stream->read_all();
  state.end();
  co_return body;
}

Task<Result<void>> CallStream::begin_again(Error why) {
  auto& state = *state_;
  if (!state.call || state.ended) co_return fail(std::move(why));
  auto answer = co_await state.call->begin_again(std::move(why));
  if (!answer) {
    state.ended = true;
    state.call->finished(fail(answer.error()));
    co_return fail(std::move(answer.error()));
  }
  const bool refused = !answer->stream;
  state.answer = std::move(*answer);
  state.read = false;
  if (!refused) co_return Result<void>();
  state.ended = true;
  auto error = state.call->options().error_of(state.answer.whole);
  state.call->finished(fail(error));
  co_return fail(std::move(error));
}

void CallStream::saw(std::string_view event) {
  if (state_->call) state_->call->saw(event);
}

std::optional<Error> CallStream::error_in(std::string_view event) const {
  if (!state_->call || !state_->call->options().error_in_event) return std::nullopt;
  return state_->call->options().error_in_event(event);
}

const CallReport& CallStream::report() const {
  return state_->call ? state_->call->report() : state_->plain;
}

Caller::Caller(http::Url base, net::HttpClientOptions http, CallOptions options)
    : state_(std::make_shared<CallerState>(std::move(base), std::move(http), std::move(options))) {}

namespace {

Task<Result<http::Response>> send_call(std::shared_ptr<CallerState> state, http::Request request,
                                       CallTerms terms) {
  const auto report = terms.report;
  if (state->options.off() && !report)
    co_return co_await state->client.send(state->urls[0], std::move(request));
  std::string key;
  if (state->cache && state->cache->may_keep(request)) key = cache_key(state->urls[0], request);
  Call call(state, std::move(request), std::move(terms), true);
  if (!key.empty())
    if (const auto* kept = state->cache->find(key, net::SystemClock().now())) {
      if (report) report->from_cache = true;
      state->tell(Event("api.cache_hit").with("id", call.told().id()));
      http::Response response = *kept;
      call.finished({});
      co_return response;
    }
  auto answer = co_await call.begin();
  if (!answer) {
    call.finished(fail(answer.error()));
    co_return fail(std::move(answer.error()));
  }
  if (!key.empty()) state->cache->store(key, answer->whole, net::SystemClock().now());
  call.finished({});
  co_return std::move(answer->whole);
}

Task<Result<CallStream>> open_call(std::shared_ptr<CallerState> state, http::Request request,
                                   CallTerms terms) {
  if (state->options.off() && !terms.report) {
    auto plain = co_await state->client.open(state->urls[0], std::move(request));
    if (!plain) co_return fail(std::move(plain.error()));
    co_return CallStream(std::move(*plain));
  }
  auto out = std::make_unique<detail::CallStreamState>();
  out->call = std::make_shared<Call>(state, std::move(request), std::move(terms), false);
  auto answer = co_await out->call->begin();
  if (!answer) {
    out->ended = true;
    out->call->finished(fail(answer.error()));
    co_return fail(std::move(answer.error()));
  }
  out->answer = std::move(*answer);
  co_return CallStream(std::move(out));
}

Task<void> check_endpoint(std::shared_ptr<CallerState> state, net::HttpClient& client,
                          std::size_t endpoint) {
  http::Request request("GET", state->options.health->path);
  state->health.begun(endpoint);
  auto answer = co_await client.send(state->urls[endpoint], std::move(request));
  const bool good = answer && answer->status < 500;
  if (!state->health.note(endpoint, good, net::SystemClock().now())) co_return;
  state->tell(Event("api.health_change")
                  .with("endpoint", state->urls[endpoint].origin())
                  .with("healthy", state->health.healthy(endpoint) ? "true" : "false"));
}

net::HttpClientOptions for_checks(net::HttpClientOptions options, const HealthOptions& health) {
  options.response_timeout = options.read_timeout = health.timeout;
  options.dial.connect_timeout = std::min(options.dial.connect_timeout, health.timeout);
  options.max_body = 1024 * 1024;
  options.events = nullptr;
  return options;
}

Task<void> check_all(std::shared_ptr<CallerState> state) {
  if (!state->options.health) co_return;
  net::HttpClient client(for_checks(state->http_options, *state->options.health));
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (;;) {
    for (const auto endpoint : state->health.due(net::SystemClock().now()))
      co_await check_endpoint(state, client, endpoint);
    timer.expires_at(state->health.next_due().value_or(TimePoint::max()));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

}  // namespace

Task<Result<http::Response>> Caller::send(http::Request request, CallTerms terms) const {
  return send_call(state_, std::move(request), std::move(terms));
}
Task<Result<CallStream>> Caller::open(http::Request request, CallTerms terms) const {
  return open_call(state_, std::move(request), std::move(terms));
}
Task<void> Caller::keep_checking() const {
  return check_all(state_);
}
bool Caller::healthy(std::size_t endpoint) const {
  return state_->health.healthy(endpoint);
}
limit::Breaker::State Caller::breaker(std::size_t endpoint) const {
  return state_->breakers[endpoint].state(net::SystemClock().now());
}
void Caller::clear_cache() const {
  if (state_->cache) state_->cache->clear();
}
const net::HttpClientOptions& Caller::http_options() const {
  return state_->http_options;
}
const EventSink& Caller::events() const {
  return state_->options.events;
}
bool Caller::has_permit() const {
  return static_cast<bool>(state_->options.permit);
}

}  // namespace parley::api
