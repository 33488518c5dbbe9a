#include "parley/gemini/continuity/conversation.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "parley/gemini/continuity/detail/conversation_state.hpp"
#include "parley/gemini/live_models.hpp"
#include "parley/net/system.hpp"

namespace parley::gemini {

namespace {

Task<Result<void>> refused(std::string why) {
  co_return fail(Error(ErrorKind::invalid_argument, std::move(why)).with_stage(Stage::send));
}

// The model and voice of one setup in another.
void fit_to(const Setup& of, Setup& setup) {
  setup.model = of.model;
  const auto voice =
      of.generation_config ? of.generation_config->speech_config : std::optional<SpeechConfig>();
  if (!setup.generation_config && voice) setup.generation_config.emplace();
  if (setup.generation_config) setup.generation_config->speech_config = voice;
}

Result<void> add_services(ConversationOptions& options) {
  if (options.fallbacks.empty()) return {};
  if (!options.policy.history.enabled)
    return fail(ErrorKind::invalid_argument,
                "fallbacks need ContinuityPolicy::history: another service knows nothing of the "
                "conversation");
  auto& services = options.policy.failover.services;
  services.clear();
  services.emplace_back(std::string(model_id(options.live.setup.model)),
                        [own = options.live.setup](Setup& setup) { fit_to(own, setup); });
  for (const auto& other : options.fallbacks)
    services.emplace_back(other.name, [own = other.live.setup, more = other.adapt](Setup& setup) {
      fit_to(own, setup);
      if (more) more(setup);
    });
  return {};
}

}  // namespace

Conversation::Conversation(std::shared_ptr<State> state) : state_(std::move(state)) {}
Conversation::Conversation(Conversation&&) noexcept = default;
Conversation& Conversation::operator=(Conversation&& other) noexcept {
  if (this != &other && state_) state_->abandon();
  state_ = std::move(other.state_);
  return *this;
}
Conversation::~Conversation() {
  if (state_) state_->abandon();
}

Task<Result<Conversation>> Conversation::open(ConversationOptions options) {
  auto good = check_live_setup(options.live.setup);
  if (good) good = add_services(options);
  if (!good) co_return fail(std::move(good.error()));
  const auto executor = co_await boost::asio::this_coro::executor;
  Continuity rules(options.live.setup, options.policy, net::system_random());
  auto state = std::make_shared<State>(executor, std::move(options), std::move(rules));
  co_return co_await begin(std::move(state));
}

Task<Result<Conversation>> Conversation::resume(ConversationOptions options,
                                                ConversationSnapshot from) {
  // It may have ended with another service than the first.
  if (!options.fallbacks.empty()) fit_to(options.live.setup, from.setup);
  auto good = check_live_setup(from.setup);
  if (good) good = add_services(options);
  if (!good) co_return fail(std::move(good.error()));
  const auto executor = co_await boost::asio::this_coro::executor;
  Continuity rules(std::move(from), options.policy, net::system_random());
  auto state = std::make_shared<State>(executor, std::move(options), std::move(rules));
  co_return co_await begin(std::move(state));
}

Task<Result<Conversation>> Conversation::begin(std::shared_ptr<State> state) {
  Conversation out(state);
  if (state->live.limits) {
    auto limits = std::move(*state->live.limits);
    state->live.limits.reset();
    auto account = co_await detail::LiveAccount::open(std::move(limits));
    if (!account) co_return fail(std::move(account.error()));
    state->account = std::move(*account);
  }
  state->core.start(net::now());
  state->settle();
  while (!state->core.is_connected() && !state->core.is_over()) {
    co_await state->something_comes();
    const bool cancelled = co_await State::is_cancelled();
    if (cancelled)
      co_return fail(
          Error(ErrorKind::cancelled, "the conversation was cancelled while it was being opened")
              .with_stage(Stage::connect));
  }
  auto ended = state->core.outcome();
  if (!ended) co_return fail(std::move(ended.error()));
  co_return std::move(out);
}

Task<std::optional<ConversationEvent>> Conversation::next() {
  const auto state = state_;
  while (state->events.empty()) {
    if (state->core.is_over()) co_return std::nullopt;
    co_await state->something_comes();
  }
  co_return state->take();
}

Task<Result<ConversationEvent>> Conversation::receive(std::chrono::milliseconds limit) {
  const auto state = state_;
  const auto until = net::now() + limit;
  while (state->events.empty()) {
    if (state->core.is_over()) {
      auto ended = state->core.outcome();
      if (!ended) co_return fail(std::move(ended.error()));
      co_return fail(
          Error(ErrorKind::disconnected, "the conversation has ended").with_stage(Stage::receive));
    }
    if (net::now() >= until)
      co_return fail(Error(ErrorKind::timeout,
                           fmt::format("the conversation told nothing for {} ms", limit.count()))
                         .with_stage(Stage::receive));
    co_await state->something_comes(until);
  }
  co_return state->take();
}

Task<Result<void>> Conversation::send(LiveMessage message) {
  return send_on(state_, std::move(message));
}
// Sends, once the turn that it begins is paid for.
Task<Result<void>> Conversation::send_on(std::shared_ptr<State> state, LiveMessage message) {
  if (!state->account) return send_to(std::move(state), std::move(message));
  return send_paid(std::move(state), std::move(message));
}
Task<Result<void>> Conversation::send_to(std::shared_ptr<State> state, LiveMessage message) {
  auto taken = state->core.send(std::move(message), net::now());
  state->settle();
  if (!taken) co_return fail(std::move(taken.error()));
  while (state->core.is_connected() && state->core.unsent_bytes() > state->queue_bytes / 2)
    co_await State::wait(state->sent);
  co_return Result<void>();
}

Task<Result<void>> Conversation::send_paid(std::shared_ptr<State> state, LiveMessage message) {
  const auto begins = std::visit([](const auto& one) { return detail::turn_of(one); }, message);
  auto paid = co_await detail::LiveAccount::pay(state->account, begins);
  if (!paid) co_return fail(std::move(paid.error()));
  auto sent = co_await send_to(state, std::move(message));
  if (!sent && *paid) state->account->unsent();
  co_return sent;
}

Task<Result<void>> Conversation::say(std::string_view text) {
  switch (live_text_way(setup().model)) {
    case LiveTextWay::turn:
      return send_turn(text);
    case LiveTextWay::realtime:
      return send_text(text);
    case LiveTextWay::none:
      break;
  }
  return refused(fmt::format("{} takes speech, not text", setup().model));
}

Task<Result<void>> Conversation::send_turns(std::vector<Content> turns, bool complete) {
  return send(turns_message(std::move(turns), complete));
}
Task<Result<void>> Conversation::send_turn(std::string_view text) {
  std::vector<Content> turns(1, user_content(text));
  return send(turns_message(std::move(turns), true));
}
Task<Result<void>> Conversation::send_text(std::string_view text) {
  return send(text_message(text));
}
Task<Result<void>> Conversation::send_audio(Bytes pcm, int rate) {
  if (rate <= 0 || pcm.size() % 2 != 0)
    return refused(
        fmt::format("audio is PCM16: whole samples and a rate above 0, not {} bytes at {} Hz",
                    pcm.size(), rate));
  return send(audio_message(std::move(pcm), rate));
}
Task<Result<void>> Conversation::send_image(Bytes image, std::string_view mime_type) {
  return send(image_message(std::move(image), mime_type));
}
Task<Result<void>> Conversation::end_audio() {
  return send(audio_end_message());
}
Task<Result<void>> Conversation::begin_activity() {
  return send(activity_message(true));
}
Task<Result<void>> Conversation::end_activity() {
  return send(activity_message(false));
}
Task<Result<void>> Conversation::interrupt() {
  const auto state = state_;
  auto told = state->core.interrupt(net::now());
  state->settle();
  co_return told;
}
void Conversation::heard(std::uint64_t turn, Duration sound) {
  state_->core.heard(turn, sound);
  state_->settle();
}
Task<Result<void>> Conversation::respond(std::vector<FunctionResponse> responses) {
  if (responses.empty()) return refused("there is no answer to send");
  return send(answers_message(std::move(responses)));
}
Task<Result<void>> Conversation::update_context(ContextUpdate update) {
  return send(context_message(std::move(update)));
}

Result<void> Conversation::change(Setup setup) {
  if (auto good = check_live_setup(setup); !good) return good;
  auto changed = state_->core.change(std::move(setup), net::now());
  state_->settle();
  return changed;
}
void Conversation::hand_over() {
  state_->core.hand_over(net::now());
  state_->settle();
}
void Conversation::close() {
  if (std::exchange(state_->closing, true)) return;
  state_->core.close(net::now());
  state_->settle();
}

Result<void> Conversation::outcome() const {
  return state_->core.outcome();
}
bool Conversation::is_over() const {
  return state_->core.is_over();
}
bool Conversation::is_connected() const {
  return state_->core.is_connected();
}
const Setup& Conversation::setup() const {
  return state_->core.setup();
}
const std::string& Conversation::handle() const {
  return state_->core.handle();
}
Usage Conversation::usage() const {
  return state_->core.usage();
}
const ConversationCounters& Conversation::counters() const {
  return state_->core.counters();
}
std::size_t Conversation::unsent_bytes() const {
  return state_->core.unsent_bytes();
}
ConversationSnapshot Conversation::snapshot() const {
  return state_->core.snapshot(net::SystemClock().wall_now(), net::now());
}

}  // namespace parley::gemini
