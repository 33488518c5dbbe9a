#include "parley/gemini/live_session.hpp"

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/live_tools.hpp"

namespace parley::gemini {

namespace asio = boost::asio;

struct LiveSession::Core {
  Core(LiveHandlers of, LiveTools* with) : handlers(std::move(of)), tools(with) {}

  // One handler; what it throws is told, but not what `error` itself throws.
  template <class Handler, class... Args>
  void call(std::string_view name, const Handler& handler, const Args&... args) {
    if (!handler || abandoned) return;
    std::string why = "something that is no exception";
    try {
      handler(args...);
      return;
    } catch (const std::exception& thrown) {
      why = thrown.what();
    } catch (...) {
    }
    if (name != "error")
      tell(Error(ErrorKind::internal, fmt::format("the handler {} threw: {}", name, redact(why))));
  }
  void tell(const Error& error) { call("error", handlers.error, error); }
  void move_to(LiveState next) {
    if (std::exchange(state, next) != next) call("state", handlers.state, next);
  }

  void dispatch(const LiveEvent& event);
  static Task<void> answer(std::shared_ptr<Core> self, const LiveToolCalls& calls);
  static Task<void> read(std::shared_ptr<Core> self);

  LiveHandlers handlers;
  LiveTools* tools;
  LiveState state = LiveState::disconnected;
  std::optional<Live> live;
  std::optional<asio::steady_timer> end;  // cancelled at the end
  Result<void> outcome;
  bool abandoned = false;
};

void LiveSession::Core::dispatch(const LiveEvent& event) {
  const auto& on = handlers;
  call("message", on.message, event);
  if (const auto* one = std::get_if<LiveText>(&event)) call("text", on.text, *one);
  if (const auto* one = std::get_if<LiveAudio>(&event)) call("audio", on.audio, *one);
  if (const auto* one = std::get_if<LiveTranscript>(&event))
    call("transcript", on.transcript, *one);
  if (const auto* one = std::get_if<LiveToolCallsCancelled>(&event))
    call("tool_calls_cancelled", on.tool_calls_cancelled, *one);
  if (std::holds_alternative<LiveInterrupted>(event)) call("interrupted", on.interrupted);
  if (std::holds_alternative<LiveGenerationComplete>(event))
    call("generation_complete", on.generation_complete);
  if (const auto* one = std::get_if<LiveTurnComplete>(&event))
    call("turn_complete", on.turn_complete, *one);
  if (const auto* one = std::get_if<LiveUsage>(&event)) call("usage", on.usage, *one);
  if (const auto* one = std::get_if<LiveVoiceActivity>(&event))
    call("voice_activity", on.voice_activity, *one);
  if (const auto* one = std::get_if<LiveResumption>(&event))
    call("resumption", on.resumption, *one);
  if (const auto* one = std::get_if<LiveGoAway>(&event)) call("go_away", on.go_away, *one);
  if (const auto* one = std::get_if<LiveUnreadable>(&event))
    tell(Error(ErrorKind::invalid_response, "a frame of the service cannot be read: " + one->why)
             .with_stage(Stage::receive)
             .with_detail("body", one->beginning));
}

Task<void> LiveSession::Core::answer(std::shared_ptr<Core> self, const LiveToolCalls& calls) {
  std::vector<FunctionResponse> answers;
  const std::function<void()> ask = [&] { answers = self->handlers.tool_calls(calls); };
  self->call("tool_calls", ask);
  if (answers.empty()) co_return;
  auto sent = co_await self->live->respond(std::move(answers));
  if (!sent) self->tell(sent.error());
}

Task<void> LiveSession::Core::read(std::shared_ptr<Core> self) {
  while (auto event = co_await self->live->next()) {
    if (self->abandoned) continue;
    if (self->tools) self->tools->handle(*self->live, *event);
    self->dispatch(*event);
    const auto* calls = std::get_if<LiveToolCalls>(&*event);
    if (calls && self->handlers.tool_calls) co_await answer(self, *calls);
  }
  if (self->tools && !self->abandoned) self->tools->stop_all();
  self->outcome = self->live->outcome();
  self->live.reset();
  self->move_to(LiveState::disconnected);
  self->call("closed", self->handlers.closed, self->outcome);
  self->end->cancel();
}

LiveSession::LiveSession(LiveHandlers handlers, LiveTools* tools)
    : core_(std::make_shared<Core>(std::move(handlers), tools)) {}

LiveSession::~LiveSession() {
  core_->abandoned = true;
  close();
}

Task<Result<void>> LiveSession::connect(LiveOptions options) {
  const auto core = core_;
  if (core->state != LiveState::disconnected || core->live)
    co_return fail(ErrorKind::invalid_state,
                   fmt::format("already connected ({})", to_string(core->state)));
  const std::weak_ptr<Core> weak = core;
  options.on_state = [weak](LiveState state) {
    // The end is told by the reader, when all has been read.
    if (const auto self = weak.lock(); self && state != LiveState::disconnected)
      self->move_to(state);
  };
  const auto executor = co_await asio::this_coro::executor;
  core->end.emplace(executor, asio::steady_timer::time_point::max());
  core->state = LiveState::connecting;
  core->call("state", core->handlers.state, LiveState::connecting);
  auto live = co_await Live::connect(std::move(options));
  if (!live) {
    core->move_to(LiveState::disconnected);
    co_return fail(std::move(live.error()));
  }
  if (core->abandoned) co_return fail(ErrorKind::cancelled, "the session was given up");
  core->live.emplace(std::move(*live));
  asio::co_spawn(executor, Core::read(core), asio::detached);
  co_return Result<void>();
}

Result<Live*> LiveSession::live() {
  if (core_->state == LiveState::ready && core_->live) return &*core_->live;
  return fail(ErrorKind::invalid_state,
              fmt::format("the Live session is not ready ({})", to_string(core_->state)));
}

LiveState LiveSession::state() const {
  return core_->state;
}

namespace {
// Keeps the session while its close is on the way.
template <class Core>
Task<void> close_live(std::shared_ptr<Core> core) {
  if (core->live) (void)co_await core->live->close();
}
}  // namespace

void LiveSession::close() {
  if (core_->live && core_->end)
    asio::co_spawn(core_->end->get_executor(), close_live(core_), asio::detached);
}

Task<Result<void>> LiveSession::ended() {
  const auto core = core_;
  while (core->live) {
    boost::system::error_code ignored;
    co_await core->end->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return core->outcome;
}

}  // namespace parley::gemini
