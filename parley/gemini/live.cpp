#include "parley/gemini/live.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "parley/gemini/detail/live_state.hpp"
#include "parley/gemini/live_models.hpp"

namespace parley::gemini {

std::string_view to_string(LiveState state) {
  switch (state) {
    case LiveState::disconnected:
      return "disconnected";
    case LiveState::connecting:
      return "connecting";
    case LiveState::setup_pending:
      return "setup_pending";
    case LiveState::ready:
      return "ready";
    case LiveState::closing:
      return "closing";
  }
  return "?";
}

Live::Live(std::shared_ptr<State> state) : state_(std::move(state)) {}
Live::Live(Live&&) noexcept = default;
Live& Live::operator=(Live&&) noexcept = default;
Live::~Live() = default;

Task<Result<Live>> Live::connect(LiveOptions options) {
  if (auto good = check_live_setup(options.setup); !good) co_return fail(std::move(good.error()));
  std::optional<Backend> backend;
  if (!options.dial) {
    auto chosen =
        Backend::choose(options.access, options.key, options.base_url, options.api_version);
    if (!chosen) co_return fail(std::move(chosen.error()));
    auto model = chosen->model_name(options.setup.model);
    if (!model) co_return fail(std::move(model.error()).with_stage(Stage::setup));
    options.setup.model = std::move(*model);
    backend.emplace(std::move(*chosen));
  }
  auto state = std::make_shared<State>(options);
  state->vertex = backend && backend->vertex();
  state->executor = co_await boost::asio::this_coro::executor;
  if (options.limits) {
    auto limits = std::move(*options.limits);
    options.limits.reset();
    auto account = co_await detail::LiveAccount::open(std::move(limits));
    if (!account) co_return fail(std::move(account.error()));
    state->account = std::move(*account);
  }
  const auto on_state = options.on_state;
  detail::tell_state(on_state, LiveState::connecting);
  Task<Result<std::unique_ptr<detail::LiveLink>>> opening =
      backend ? detail::open_live_link(std::move(options), std::move(*backend))
              : detail::open_dialed_link(std::move(options));
  auto link = co_await std::move(opening);
  if (!link) {
    if (state->account) state->account->refused(link.error());
    detail::tell_state(on_state, LiveState::disconnected);
    co_return fail(std::move(link.error()));
  }
  state->link = std::move(*link);
  detail::tell_state(on_state, LiveState::ready);
  co_return Live(std::move(state));
}

// One message, which may say nothing (`{}`). False: the session has ended and nothing is left.
Task<bool> Live::read_message() {
  const auto state = state_;
  auto events = co_await state->link->next();
  if (!events) {
    if (const auto how = outcome(); state->account && !how) state->account->refused(how.error());
    state->tell_end();
    co_return false;
  }
  for (auto& event : *events) {
    state->note(event);
    state->events.push_back(std::move(event));
  }
  co_return true;
}

LiveEvent Live::take() {
  LiveEvent event(std::move(state_->events.front()));
  state_->events.pop_front();
  return event;
}

Task<std::optional<LiveEvent>> Live::next() {
  const auto state = state_;
  while (state->events.empty()) {
    const bool more = co_await read_message();
    if (!more) co_return std::nullopt;
  }
  co_return take();
}

Task<Result<LiveEvent>> Live::receive(std::chrono::milliseconds limit) {
  using std::chrono::steady_clock;
  const auto state = state_;
  const auto until = steady_clock::now() + limit;
  while (state->events.empty()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    const auto wait = std::max(left, std::chrono::milliseconds(0));
    const bool there = co_await state->link->wait(wait);
    if (!there) {
      if (steady_clock::now() < until) continue;
      co_return fail(Error(ErrorKind::timeout,
                           fmt::format("the Live session told nothing for {} ms", limit.count()))
                         .with_stage(Stage::receive));
    }
    const bool more = co_await read_message();
    if (more) continue;
    if (auto ended = outcome(); !ended) co_return fail(std::move(ended.error()));
    co_return fail(
        Error(ErrorKind::disconnected, "the Live session has ended").with_stage(Stage::receive));
  }
  co_return take();
}

Task<std::vector<LiveEvent>> Live::receive_all() {
  std::vector<LiveEvent> all;
  for (;;) {
    while (!state_->events.empty()) all.push_back(take());
    const bool there = co_await state_->link->wait(std::chrono::milliseconds(0));
    if (!there) break;
    const bool more = co_await read_message();
    if (!more) break;
  }
  co_return all;
}

Result<void> Live::outcome() const {
  return detail::told_by_service(state_->link->outcome());
}
LiveState Live::state() const {
  if (state_->link->ended()) return LiveState::disconnected;
  return state_->closing ? LiveState::closing : LiveState::ready;
}
const std::string& Live::handle() const {
  return state_->handle;
}
const Usage& Live::usage() const {
  return state_->usage;
}
const std::vector<FunctionCall>& Live::open_calls() const {
  return state_->open_calls;
}

Task<Result<void>> Live::close() {
  const auto state = state_;
  if (!std::exchange(state->closing, true) && !state->link->ended())
    detail::tell_state(state->on_state, LiveState::closing);
  (void)co_await state->link->close();
  co_return Result<void>();
}

}  // namespace parley::gemini
