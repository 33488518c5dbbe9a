#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/live/detail/state.hpp"
#include "parley/emulator/model/tokens.hpp"
#include "parley/emulator/script/detail/errors.hpp"
#include "parley/emulator/script/director.hpp"
#include "parley/json/codec.hpp"
#include "parley/json/value.hpp"

// What a script says over Live.
namespace parley::emulator {
namespace {

using std::chrono::milliseconds;

// {"serverContent": {name: value}}
json::Object content(std::string_view name, json::Value value) {
  json::Object inner;
  inner[name] = std::move(value);
  json::Object message;
  message["serverContent"] = std::move(inner);
  return message;
}
json::Object turn_with(json::Value part) {
  return content("modelTurn", json::Object{{"parts", json::Array{std::move(part)}}});
}
json::Object transcript(std::string_view side, std::string_view text) {
  return content(side, json::Object{{"text", text}});
}
json::Value audio_part(BytesView pcm, int rate) {
  return json::Object{
      {"inlineData", json::Object{{"mimeType", fmt::format("audio/pcm;rate={}", rate)},
                                  {"data", to_base64(pcm)}}}};
}

struct Ending {
  std::uint16_t code;
  std::string_view words;
};
// How the service ends a session for what over REST is that status.
Ending ending_of(int status) {
  switch (status) {
    case 400:
      return {1007, "Request contains an invalid argument."};
    case 401:
    case 403:
      return {1008, "The caller does not have permission"};
    case 404:
      return {1008, "Requested entity was not found."};
    case 503:
      return {1011, "The service is currently unavailable."};
    case 504:
      return {1011, "Deadline expired before operation could complete."};
    default:
      return {1011, "Internal error encountered."};
  }
}

}  // namespace

void LiveSession::State::close_for(const QuotaRefusal& refusal) {
  close(1011, refusal.message());
}

void LiveSession::State::close_for(const ScriptError& error) {
  if (error.code == 429 && error.message.empty()) {
    auto refusal = error.quota.value_or(QuotaRefusal());
    refusal.model = gemini::model_id(config.model);
    return close_for(refusal);
  }
  const auto ending = ending_of(error.code);
  close(error.code == 429 ? 1011 : ending.code,
        error.message.empty() ? std::string(ending.words) : error.message);
}

// Counted from the messages that were sent before.
void LiveSession::State::apply_fault(const std::optional<LiveFault>& fault) {
  if (!fault || door.fault.kind != LiveFault::Kind::none) return;
  door.fault = *fault;
  door.fault.after += sent;
}

LiveSession::State::Due& LiveSession::State::schedule(TimePoint at, bool of_answer) {
  Due due;
  due.at = at;
  due.of_answer = of_answer;
  return *coming.insert(std::ranges::upper_bound(coming, at, {}, &Due::at), std::move(due));
}

bool LiveSession::State::play_setup(TimePoint now) {
  Asked asked;
  asked.live = true;
  asked.event = When::Event::setup;
  asked.path = door.path;
  asked.key = door.key.reveal();
  asked.headers = &door.headers;
  asked.model = gemini::model_id(config.model);
  const auto setup = json::parse(json::encode_text(config), json::trusted_limits());
  if (setup) asked.request = &*setup;
  const auto* reply = options.director->find(asked);
  auto refusal = options.director->charge(asked.model, asked.key, 0, true);
  if (reply == nullptr && !refusal) return false;
  const Reply none;
  const Reply& given = reply ? *reply : none;
  const auto ready_at = now + options.setup_delay + given.delay;
  apply_fault(given.live_fault);
  if (given.error) {
    schedule(ready_at, false).act = [error = *given.error](State& session, TimePoint) {
      session.close_for(error);
    };
    return true;
  }
  if (given.complete) say(R"({"setupComplete":{}})", ready_at);
  double seconds = 0;
  play_steps(given, ready_at, false, seconds);
  // The service is that slow to say so.
  if (refusal)
    schedule(ready_at + milliseconds(800), false).act =
        [refusal = *refusal](State& session, TimePoint) { session.close_for(refusal); };
  return true;
}

bool LiveSession::State::play_turn(TimePoint now) {
  Asked asked;
  asked.live = true;
  asked.path = door.path;
  asked.key = door.key.reveal();
  asked.headers = &door.headers;
  asked.model = gemini::model_id(config.model);
  note_turn(history, asked);
  const auto setup = json::parse(json::encode_text(config), json::trusted_limits());
  if (setup) asked.request = &*setup;
  if (const auto refusal =
          options.director->charge(asked.model, asked.key, count_tokens(history), false)) {
    close_for(*refusal);
    return true;
  }
  const auto* reply = options.director->find(asked);
  if (reply != nullptr) {
    play(*reply, now);
    return !reply->steps.empty() || reply->error || !reply->complete;
  }
  if (!options.director->script().refuse_others) return false;
  close(1008, "No rule of the script is meant by this turn.");
  return true;
}

void LiveSession::State::play(const Reply& reply, TimePoint now) {
  apply_fault(reply.live_fault);
  const auto first = now + reply.delay;
  if (reply.error) {
    schedule(first, true).act = [error = *reply.error](State& session, TimePoint) {
      session.close_for(error);
    };
    return;
  }
  if (reply.steps.empty() && reply.complete) return;  // the offline model answers, with the fault
  double seconds = 0;
  const auto pace = reply.pace.value_or(options.pace);
  const auto at = play_steps(reply, first, true, seconds);
  // What answers a call comes as an answer of its own.
  if (!reply.steps.empty() && reply.steps.back().kind == Step::Kind::call) return;
  if (reply.generation_complete) {
    auto& due = schedule(at, true);
    due.text = json::to_string(content("generationComplete", true));
  }
  const auto played = milliseconds(static_cast<std::int64_t>(seconds * options.playback * 1000));
  if (reply.complete) play_end(reply, std::max(at, first + pace + played), seconds);
}

void LiveSession::State::play_end(const Reply& reply, TimePoint at, double seconds) {
  auto message = content("turnComplete", true);
  if (reply.grounding) message["serverContent"].as_object()["groundingMetadata"] = *reply.grounding;
  if (reply.usage) {
    message["usageMetadata"] = *reply.usage;
  } else {
    gemini::Content answer;
    for (const auto& step : reply.steps)
      if (step.kind == Step::Kind::text) {
        if (!answer.parts) answer.parts.emplace();
        answer.parts->push_back(gemini::text_part(step.text));
      }
    const int prompt = count_tokens(history);
    const int spent =
        seconds > 0 ? static_cast<int>(seconds * detail::kTokensPerSecond) : count_tokens({answer});
    const auto details = [](std::string_view modality, int count) {
      return json::Array{json::Object{{"modality", modality}, {"tokenCount", count}}};
    };
    message["usageMetadata"] =
        json::Object{{"promptTokenCount", prompt},
                     {"responseTokenCount", spent},
                     {"totalTokenCount", prompt + spent},
                     {"promptTokensDetails", details("TEXT", prompt)},
                     {"responseTokensDetails", details(seconds > 0 ? "AUDIO" : "TEXT", spent)}};
  }
  auto& due = schedule(at, true);
  due.text = json::to_string(message);
  due.keeps_turn = true;
}

// Puts a reply's steps one behind the other.
struct LiveSession::State::Stage {
  Stage(State& of, milliseconds between, TimePoint from, bool is_turn)
      : session(of), pace(between), gap(between), at(from), of_turn(is_turn) {}

  void wait(milliseconds time);
  void act(std::function<void(State&, TimePoint)> what);
  // A message, with the fault that it is to meet.
  void message(const json::Object& text, const Step& step, std::string_view said = {});
  void literal(std::string text, const Step& step);
  void text(const Step& step);
  void sound(BytesView pcm, int rate, const Step& step, std::string_view said);
  void take(const Step& step);
  void other(const Step& step);
  TimePoint next() {
    waited = false;
    return at += std::exchange(gap, pace);
  }

  State& session;
  milliseconds pace, gap;  // between messages; before the next one
  TimePoint at;            // of the last one
  bool of_turn;            // an interruption takes it back
  bool waited = false;
  double seconds = 0;  // of audio
};

// Instead of the pace.
void LiveSession::State::Stage::wait(milliseconds time) {
  gap = std::exchange(waited, true) ? gap + time : time;
}

void LiveSession::State::Stage::act(std::function<void(State&, TimePoint)> what) {
  if (waited) next();
  session.schedule(at, of_turn).act = std::move(what);
}

void LiveSession::State::Stage::message(const json::Object& text, const Step& step,
                                        std::string_view said) {
  next();
  if (step.fault) act([fault = step.fault](State& state, TimePoint) { state.apply_fault(fault); });
  auto& due = session.schedule(at, of_turn);
  due.text = json::to_string(text);
  due.said = said;
}

void LiveSession::State::Stage::literal(std::string text, const Step& step) {
  next();
  act([text = std::move(text), fault = step.fault](State& state, TimePoint) {
    state.apply_fault(fault);
    state.emit_as_it_is(text);
  });
}

void LiveSession::State::Stage::sound(BytesView pcm, int rate, const Step& step,
                                      std::string_view said) {
  seconds += static_cast<double>(pcm.size()) / 2 / rate;
  message(turn_with(audio_part(pcm, rate)), step, said);
}

void LiveSession::State::Stage::text(const Step& step) {
  if (!session.speaks)
    return message(turn_with(json::Object{{"text", step.text}}), step, step.text);
  if (session.config.output_audio_transcription) {
    message(transcript("outputTranscription", step.text), Step());
    gap = milliseconds(0);
  }
  const auto pcm = detail::speak(step.text);
  sound(pcm, detail::kVoiceRate, step, step.text);
}

void LiveSession::State::Stage::take(const Step& step) {
  switch (step.kind) {
    case Step::Kind::text:
      return text(step);
    case Step::Kind::thought:
      return message(turn_with(json::Object{{"text", step.text}, {"thought", true}}), step);
    case Step::Kind::audio:
      return sound(step.pcm, step.rate, step, "");
    case Step::Kind::part:
      return message(turn_with(step.value), step);
    case Step::Kind::heard:
      return message(transcript("inputTranscription", step.text), step);
    case Step::Kind::transcript:
      return message(transcript("outputTranscription", step.text), step);
    case Step::Kind::interrupted:
      return message(content("interrupted", true), step);
    case Step::Kind::message:
      return literal(detail::pretty(json::to_string(step.value)), step);
    case Step::Kind::raw:
      return literal(step.text, step);
    case Step::Kind::error:
      return literal(detail::script_error(step.error, "").pieces.at(0), step);
    case Step::Kind::go_away: {
      const auto left = std::chrono::duration<double>(step.time).count();
      json::Object away;
      away["goAway"] = json::Object{{"timeLeft", fmt::format("{}s", left)}};
      return message(away, step);
    }
    case Step::Kind::wait:
      return wait(step.time);
    default:
      return other(step);
  }
}

void LiveSession::State::Stage::other(const Step& step) {
  switch (step.kind) {
    case Step::Kind::handle:
      return act([resumable = step.resumable](State& state, TimePoint now) {
        state.send_handle(resumable, now);
      });
    case Step::Kind::cancel:
      return act([ids = step.ids](State& state, TimePoint now) {
        auto all = std::vector(state.pending_calls.begin(), state.pending_calls.end());
        all.insert(all.end(), state.side_calls.begin(), state.side_calls.end());
        state.cancel_calls(ids.empty() ? all : ids, now);
      });
    case Step::Kind::call:
      next();
      return act(
          [calls = step.calls](State& state, TimePoint now) { state.announce_calls(calls, now); });
    case Step::Kind::close:
      return act([code = step.code, reason = step.text](State& state, TimePoint) {
        state.close(code, reason);
      });
    default:  // cut
      return act([](State& state, TimePoint) {
        state.door.fault = LiveFault();
        state.door.fault.kind = LiveFault::Kind::cut;
        state.emit_as_it_is("{}");
      });
  }
}

TimePoint LiveSession::State::play_steps(const Reply& reply, TimePoint at, bool of_turn,
                                         double& seconds) {
  Stage stage(*this, reply.pace.value_or(options.pace), at, of_turn);
  for (const auto& step : reply.steps) stage.take(step);
  seconds = stage.seconds;
  return stage.next();
}

}  // namespace parley::emulator
