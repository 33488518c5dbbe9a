#include "parley/cli/live_screen.hpp"

#include <iostream>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"
#include "parley/net/system.hpp"

namespace parley::cli {
namespace {

std::string in_ms(const std::optional<Duration>& time) {
  if (!time) return "–";
  return fmt::format("{} ms", std::chrono::duration_cast<std::chrono::milliseconds>(*time).count());
}

std::string_view in_words(audio::QuestionEnd from) {
  if (from == audio::QuestionEnd::service) return " from the end that the service heard";
  return from == audio::QuestionEnd::last_sound ? " from your last sound" : "";
}

}  // namespace

LiveScreen::LiveScreen(Executor executor, const LiveCommandOptions& options)
    : options_(options),
      out_(Style::of(stdout)),
      err_(Style::of(stderr)),
      changed_(executor, TimePoint::max()),
      in_level_(audio::kInputRate),
      out_level_(audio::kOutputRate),
      wav_(audio::kOutputRate) {}

Result<void> LiveScreen::open() {
  if (options_.output.empty() || options_.output == "-") return {};
  file_.open(options_.output, std::ios::binary);
  if (!file_) return fail(ErrorKind::storage, "cannot write " + options_.output);
  return {};
}

void LiveScreen::take(const gemini::ConversationEvent& event) {
  if (const auto* live = std::get_if<gemini::LiveEvent>(&event)) {
    const bool text = std::holds_alternative<gemini::LiveText>(*live) ||
                      std::holds_alternative<gemini::LiveTranscript>(*live);
    const bool sound = std::holds_alternative<gemini::LiveAudio>(*live);
    if (sound || std::holds_alternative<gemini::LiveText>(*live)) answered_at_ = net::now();
    latency_.received(net::now(), text, sound);
    std::visit([this](const auto& told) { one(told); }, *live);
  } else if (const auto* part = std::get_if<gemini::AnswerCut>(&event)) {
    cut(*part);
  } else if (const auto* voided = std::get_if<gemini::AnswerVoided>(&event)) {
    void_answer(*voided);
  } else if (!std::holds_alternative<gemini::ConnectionAttempt>(event) || options_.stats) {
    const auto* again = std::get_if<gemini::MessagesReplayed>(&event);
    if (again != nullptr && again->audio_bytes > 0) repeats_.again();
    note(gemini::describe(event));
  }
}

// The question stays, and what was said of the answer does not. Sound that was written to a file or
// a pipe stays there.
void LiveScreen::void_answer(const gemini::AnswerVoided& voided) {
  latency_.voided();
  answered_at_.reset();
  answering_ = false;
  reader_.clear();
  repeats_.again();
  picture_.take_back("model");
  const auto text = gemini::describe(voided);
  if (options_.json && !on_picture_) return json("voided", text);
  note(text);
}

void LiveScreen::answer_begins() {
  if (!std::exchange(answering_, true)) into_answer_.clear();
}

// What the user said into the answer is the next question.
void LiveScreen::turn_ends() {
  answering_ = false;
  repeats_.over(into_answer_);
}

void LiveScreen::one(const gemini::LiveText& text) {
  answer_begins();
  if (!text.thought) print("model", text.text);
}
void LiveScreen::one(const gemini::LiveTranscript& words) {
  if (words.interim) return;
  if (!words.of_user) {
    answer_begins();
    return print("model", words.text);
  }
  const auto fresh = repeats_.pass(words.text);
  if (fresh.empty()) return;
  if (repeats_.differs()) {
    picture_.take_back("you");
    end_line();
  }
  into_answer_ += fresh;
  print("you", fresh);
}
void LiveScreen::one(const gemini::LiveAudio& sound) {
  answer_begins();
  audio::Samples samples;
  reader_.read(sound.pcm, samples);
  if (!speaker_plays_) out_level_.add(samples), shown_out_.add(samples);
  write(samples);
}
void LiveScreen::one(const gemini::LiveInterrupted&) {
  latency_.interrupted(net::now());
  turn_ends();
  note("interrupted");
}
void LiveScreen::one(const gemini::LiveTurnComplete& turn) {
  if (turn.of_tool_calls) return;
  finish_turn();
}
void LiveScreen::one(const gemini::LiveUsage& told) {
  usage_ = told.usage;
}
void LiveScreen::one(const gemini::LiveToolCalls& calls) {
  for (const auto& call : calls.calls) note("the model calls " + call.name + ", which nobody runs");
}

void LiveScreen::one(const gemini::LiveVoiceActivity& activity) {
  if (activity.started) return;
  waiting_ = true;
  latency_.asked(net::now(), audio::QuestionEnd::service);
}

void LiveScreen::asked() {
  asked(net::now());
}
void LiveScreen::asked(TimePoint at) {
  if (answered_at_ && *answered_at_ >= at) return;  // the service knew the end of speech before us
  waiting_ = true;
  latency_.asked(at);
}
void LiveScreen::played(audio::SamplesView samples) {
  speaker_plays_ = true;
  out_level_.add(samples), shown_out_.add(samples);
}
void LiveScreen::heard() {
  latency_.heard(net::now());
}
void LiveScreen::heard_from_user(audio::SamplesView samples) {
  in_level_.add(samples), shown_in_.add(samples);
}

void LiveScreen::played_to(std::uint64_t samples, bool end) {
  if (options_.stats)
    note(fmt::format("{} {:.2f} s", end ? "played to its end:" : "cut after",
                     static_cast<double>(samples) / audio::kOutputRate));
}

// Lines that were written stay; the picture and what is left of it have what was heard.
void LiveScreen::cut(const gemini::AnswerCut& cut) {
  if (on_picture_) return picture_.cut("model", cut.said, cut.text);
  if (options_.json) return json("cut", cut.text);
  note(cut.text.empty() ? "nothing of it was heard" : "heard: " + cut.text);
}

void LiveScreen::typed(std::string_view text) {
  asked();
  picture_.end_captions();
  picture_.say("you", text);
  picture_.end_captions();
}

void LiveScreen::ShownLevel::add(audio::SamplesView samples) {
  meter.add(samples);
  until = std::max(until, net::now()) + audio::duration_of(samples.size(), rate);
}

LivePicture::Level LiveScreen::ShownLevel::now() {
  const auto time = net::now();
  if (time > until) {
    const auto quiet = std::min<Duration>(time - until, std::chrono::seconds(5));
    meter.add(audio::Samples(audio::samples_in(quiet, rate)));
    until = time;
  }
  return {meter.rms_dbfs(), meter.peak_dbfs()};
}

LivePicture LiveScreen::picture() {
  auto out = picture_;
  using State = LivePicture::State;
  const bool answers =
      waiting_ && answered_at_ && net::now() - *answered_at_ < std::chrono::seconds(1);
  out.state = ended_         ? State::ended
              : user_speaks_ ? State::user_speaks
              : answers      ? State::answering
              : waiting_     ? State::waiting
                             : State::listening;
  out.in = shown_in_.now(), out.out = shown_out_.now();
  const auto& all = latency_.histograms();
  const auto& times = all.first_audio.count() > 0 ? all.first_audio : all.first_text;
  out.median = times.percentile(0.5), out.most_of = times.percentile(0.95);
  out.turns = all.first_byte.count();
  return out;
}

void LiveScreen::tell_turn(const audio::TurnLatency& turn) const {
  if (!turns_) return;
  Event event("gemini.live_turn");
  event.with("model", picture_.model);
  event.with("from", std::string(to_string(turn.from)));
  const auto add = [&event](std::string_view name, const std::optional<Duration>& time) {
    if (time)
      event.with(name,
                 fmt::format("{:.3f}", std::chrono::duration<double, std::milli>(*time).count()));
  };
  add("first_byte_ms", turn.first_byte), add("first_text_ms", turn.first_text);
  add("first_audio_ms", turn.first_audio), add("heard_ms", turn.heard), add("whole_ms", turn.end);
  turns_(event);
}

void LiveScreen::finish_turn() {
  latency_.completed(net::now());
  turn_ends();
  picture_.end_turn();
  end_line();
  waiting_ = false;
  changed_.cancel();
  while (const auto turn = latency_.poll_turn()) {
    tell_turn(*turn);
    picture_.last = turn->first_audio ? turn->first_audio : turn->first_text;
    if (options_.stats)
      note(fmt::format(
          "first text {}, first sound {}, whole {}{}; {} tokens; you {:.0f} dBFS, model "
          "{:.0f} dBFS",
          in_ms(turn->first_text), in_ms(turn->first_audio), in_ms(turn->end), in_words(turn->from),
          usage_.total, in_level_.mean_dbfs(), out_level_.mean_dbfs()));
  }
}

Task<void> LiveScreen::turn_over() {
  while (waiting_ && !ended_) {
    changed_.expires_at(TimePoint::max());
    co_await changed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

Task<void> LiveScreen::over() {
  while (!ended_) {
    changed_.expires_at(TimePoint::max());
    co_await changed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

void LiveScreen::end() {
  end_line();
  ended_ = true;
  changed_.cancel();
  close_file();
}

// With the true lengths, also where the conversation was interrupted.
void LiveScreen::close_file() {
  if (!file_.is_open()) return;
  file_.seekp(0);
  const auto header = wav_.header();
  file_.write(as_text(header).data(), std::ssize(header));
  file_.close();
}

void LiveScreen::write(audio::SamplesView samples) {
  if (options_.output.empty()) return;
  Bytes bytes;
  if (file_.is_open()) {
    if (!wav_.write(samples, bytes)) return note("the file is full");
    file_.write(as_text(bytes).data(), std::ssize(bytes));
  } else {
    bytes = audio::to_bytes(samples);
    std::cout.write(as_text(bytes).data(), std::ssize(bytes)).flush();
  }
}

void LiveScreen::print(std::string_view who, std::string_view text) {
  if (on_picture_) return picture_.say(who, text);
  if (options_.json) return json(who == "you" ? "heard" : "said", text);
  const std::string safe = strip_control(text);
  // Sound on standard output: the words go beside it.
  std::ostream& to = who == "you" || options_.output == "-" ? std::cerr : std::cout;
  if (speaker_ != who) {
    end_line();
    speaker_ = who;
    if (who == "you" || out_.terminal()) to << (who == "you" ? err_ : out_).bold(who) << "  ";
  }
  to << safe << std::flush;
}

void LiveScreen::end_line() {
  if (speaker_.empty()) return;
  (speaker_ == "you" || options_.output == "-" ? std::cerr : std::cout) << std::endl;
  speaker_.clear();
}

void LiveScreen::note(std::string_view text) {
  if (on_picture_) return picture_.note(text);
  if (options_.json) return json("note", text);
  end_line();
  std::cerr << err_.dim(fmt::format("({})", strip_control(text))) << std::endl;
}

void LiveScreen::json(std::string_view event, std::string_view text) {
  auto& to = options_.output == "-" ? std::cerr : std::cout;
  to << parley::json::to_string(parley::json::Object{{"event", event}, {"text", text}})
     << std::endl;
}

}  // namespace parley::cli
