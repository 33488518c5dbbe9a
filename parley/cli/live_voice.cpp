#include "parley/cli/live_voice.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace parley::cli {
namespace {

TimePoint now() {
  return std::chrono::steady_clock::now();
}

// Until the timer is due or cancelled.
Task<void> wait(boost::asio::steady_timer& timer, std::optional<TimePoint> until) {
  timer.expires_at(until.value_or(TimePoint::max()));
  co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

// Knows the end of speech before services do, which wait half a second and longer.
audio::DuplexOptions duplex_options() {
  audio::DuplexOptions options;
  options.voice.end_after = std::chrono::milliseconds(300);
  return options;
}

}  // namespace

LiveVoice::LiveVoice(Executor executor, std::shared_ptr<LiveScreen> screen)
    : screen_(std::move(screen)),
      player_(executor),
      sender_(executor),
      changed_(executor),
      duplex_(duplex_options(), now()) {}

Result<std::shared_ptr<LiveVoice>> LiveVoice::open(const Executor& executor,
                                                   const LiveCommandOptions& options,
                                                   std::shared_ptr<LiveScreen> screen) {
  auto voice = std::make_shared<LiveVoice>(executor, std::move(screen));
  if (!options.microphone.empty()) {
    auto microphone = Microphone::open(executor, options.microphone);
    if (!microphone) return fail(std::move(microphone.error()));
    voice->microphone_.emplace(std::move(*microphone));
  }
  if (!options.speaker.empty()) {
    auto speaker = Speaker::open(options.speaker);
    if (!speaker) return fail(std::move(speaker.error()));
    voice->speaker_.emplace(std::move(*speaker));
  }
  return voice;
}

void LiveVoice::start(Talk talk) {
  const auto executor = player_.get_executor();
  const auto self = shared_from_this();
  talk_ = talk;
  if (speaker_) boost::asio::co_spawn(executor, run_player(self), boost::asio::detached);
  if (!microphone_) return;
  boost::asio::co_spawn(executor, run_microphone(self), boost::asio::detached);
  boost::asio::co_spawn(executor, run_sender(self, std::move(talk)), boost::asio::detached);
}

void LiveVoice::stop() {
  if (std::exchange(stopped_, true)) return;
  if (microphone_ && microphone_->overruns() > 0)
    screen_->note(fmt::format("sound of the microphone was lost {} times: the machine was too busy",
                              microphone_->overruns()));
  if (speaker_ && speaker_->underruns() > 0)
    screen_->note(fmt::format("the speaker had nothing to play {} times: the machine was too busy",
                              speaker_->underruns()));
  microphone_.reset();
  if (speaker_) speaker_->finish();
  player_.cancel(), sender_.cancel(), changed_.cancel();
  talk_.reset();
}

void LiveVoice::fail_with(Error error) {
  if (!failure_) failure_ = std::move(error);
  changed_.cancel();
}

void LiveVoice::take(const gemini::ConversationEvent& event) {
  if (std::holds_alternative<gemini::AnswerVoided>(event)) {
    pcm_.clear();
    duplex_.voided(now());
    return pump();
  }
  const auto* live = std::get_if<gemini::LiveEvent>(&event);
  if (live == nullptr) return;
  if (const auto* sound = std::get_if<gemini::LiveAudio>(live); sound && speaker_) {
    audio::Samples samples;
    pcm_.read(sound->pcm, samples);
    if (auto taken = duplex_.answer(samples, now()); !taken)
      screen_->note("a part of the answer is not heard: " + taken.error().message());
  } else if (std::holds_alternative<gemini::LiveInterrupted>(*live)) {
    duplex_.interrupted(now());
  } else if (std::holds_alternative<gemini::LiveGenerationComplete>(*live)) {
    duplex_.generation_complete(now());
  } else if (std::holds_alternative<gemini::LiveTurnComplete>(*live)) {
    duplex_.turn_complete(now());
  }
  pump();
}

void LiveVoice::pump() {
  using Kind = audio::DuplexEvent::Kind;
  const auto time = now();
  duplex_.handle_timeout(time);
  while (auto event = duplex_.poll_event(time)) {
    if (event->kind == Kind::play && speaker_) {
      screen_->played(event->chunk.samples);
      speaker_->play(std::move(event->chunk.samples), event->continues);
    } else if (event->kind == Kind::empty_speaker && speaker_) {
      speaker_->empty();
    } else if (event->kind == Kind::speech_ended) {
      screen_->asked(event->at);
    } else if (event->kind == Kind::answer_began) {
      screen_->heard();
    } else if (event->kind == Kind::answer_finished || event->kind == Kind::answer_cut) {
      screen_->played_to(event->heard, event->kind == Kind::answer_finished);
      if (event->kind == Kind::answer_cut && talk_)
        talk_->heard(event->turn, audio::duration_of(event->heard, audio::kOutputRate));
    } else if (event->kind == Kind::underrun) {
      screen_->note("a gap in the answer: its sound came too late");
    }
  }
  screen_->user_speaks(duplex_.user_speaks());
  if (speaker_)
    if (auto failed = speaker_->failure()) fail_with(std::move(*failed));
  player_.cancel(), sender_.cancel();
  if (duplex_.quiet()) changed_.cancel();
}

Task<void> LiveVoice::run_player(Self self) {
  while (!self->stopped_) {
    co_await wait(self->player_, self->duplex_.next_timeout());
    const auto due = self->duplex_.next_timeout();
    if (!self->stopped_ && due && *due <= now()) self->pump();
  }
}

Task<void> LiveVoice::run_microphone(Self self) {
  while (!self->stopped_) {
    auto piece = co_await self->microphone_->next();
    if (self->stopped_) co_return;
    if (!piece) co_return self->fail_with(std::move(piece.error()));
    if (!*piece) break;
    if (!self->duplex_.muted()) self->screen_->heard_from_user(**piece);
    self->duplex_.recorded(**piece, now());
    if (const auto quiet = self->duplex_.quiet_in_speech()) self->screen_->spoke(now() - *quiet);
    self->pump();
  }
  self->microphone_ended_ = true;
  self->duplex_.recording_ended(now());
  self->pump();
}

Task<void> LiveVoice::run_sender(Self self, Talk talk) {
  while (!self->stopped_) {
    while (auto chunk = self->duplex_.take(now())) {
      auto bytes = audio::to_bytes(chunk->samples);
      auto sent = co_await talk->send_audio(std::move(bytes));
      if (!sent && talk->is_over()) co_return;  // its outcome says why
      if (!sent) co_return self->fail_with(std::move(sent.error()));
      self->duplex_.confirm(chunk->index);
    }
    if (self->microphone_ended_) break;
    co_await wait(self->sender_, self->duplex_.next_timeout());
    // The player does it else: the microphone may have stopped in the middle of speech.
    if (!self->stopped_ && !self->speaker_) self->pump();
  }
  auto ended = co_await talk->end_audio();
  if (!ended && talk->is_over()) co_return;
  if (!ended) co_return self->fail_with(std::move(ended.error()));
  self->all_sent_ = true;
  self->changed_.cancel();
}

Task<Result<void>> LiveVoice::recorded() {
  const auto self = shared_from_this();
  while (!all_sent_ && !failure_ && !stopped_ && !screen_->ended()) co_await wait(changed_, {});
  if (failure_) co_return fail(*failure_);
  co_return Result<void>();
}

Task<void> LiveVoice::played() {
  const auto self = shared_from_this();
  while (speaker_ && !duplex_.quiet() && !failure_ && !stopped_) co_await wait(changed_, {});
}

Task<void> LiveVoice::tell_service(Self self, Talk talk) {
  const auto told = co_await talk->interrupt();
  if (!told) self->screen_->note("the service goes on: " + told.error().message());
}

void LiveVoice::interrupt() {
  if (speaker_) {
    duplex_.interrupt(now());
    pump();
  }
  if (talk_)
    boost::asio::co_spawn(player_.get_executor(), tell_service(shared_from_this(), talk_),
                          boost::asio::detached);
}

void LiveVoice::mute(bool muted) {
  duplex_.mute(muted);
  screen_->note(muted ? "the microphone is muted" : "the microphone is on again");
}

}  // namespace parley::cli
