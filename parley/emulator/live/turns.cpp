#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/live/detail/state.hpp"
#include "parley/emulator/model/offline_model.hpp"
#include "parley/json/codec.hpp"

namespace parley::emulator {

namespace {

using std::chrono::milliseconds;

template <class Change>
std::string content_message(Change change) {
  gemini::ServerContentMessage message;
  change(message.server_content);
  return json::encode_text(message);
}

std::vector<gemini::ModalityTokenCount> tokens_of(std::string_view modality, int count) {
  std::vector<gemini::ModalityTokenCount> out(1);
  out[0].modality = modality;
  out[0].token_count = count;
  return out;
}

// "audio/pcm;rate=16000"; 0: none of ours.
int rate_of(std::string_view mime) {
  if (!mime.starts_with("audio/pcm")) return 0;
  const auto at = mime.find("rate=");
  int rate = 16'000;
  if (at != std::string_view::npos)
    std::from_chars(mime.data() + at + 5, mime.data() + mime.size(), rate);
  return rate < 8'000 || rate > 48'000 ? 0 : rate;
}

gemini::Part audio_part(Bytes pcm) {
  gemini::Part part;
  auto& blob = part.inline_data.emplace();
  blob.mime_type = fmt::format("audio/pcm;rate={}", detail::kVoiceRate);
  blob.data = std::move(pcm);
  return part;
}

}  // namespace

void LiveSession::State::client_content(const gemini::ClientContent& content, TimePoint now) {
  // 3.1 takes turns for the history that it begins with, and no other ones.
  if (!seeding && config.model.find("gemini-3.1") != std::string::npos)
    return close(1007, "Request contains an invalid argument.");
  if (!seeding) interrupt(now);
  if (content.turns)
    for (auto turn : *content.turns) {
      if (!turn.role || turn.role->empty()) turn.role = "user";
      history.push_back(std::move(turn));
    }
  if (seeding) {  // the model does not answer to the history that it is given at first
    seeding = !content.turn_complete.value_or(false);
    return;
  }
  if (!content.turn_complete.value_or(false)) return;
  if (history.empty()) return close(1007, "Request contains an invalid argument.");
  answer(now);
}

void LiveSession::State::realtime_input(const gemini::RealtimeInput& input, TimePoint now) {
  if (seeding) return;  // client_content alone is processed until the history is complete
  if (input.activity_start || input.activity_end)
    return activity(input.activity_start.has_value(), now);
  if (input.audio) return hear(*input.audio, now);
  if (input.video) {
    const bool active =
        automatic ? hearing.detector->speaking() : hearing.manual_seconds.has_value();
    if (only_activity && !active) return;
    hearing.frames.emplace_back().inline_data = *input.video;
    return;
  }
  if (input.audio_stream_end.value_or(false)) {
    if (!automatic) return close(1007, "Precondition check failed.");
    if (!hearing.detector->flush()) return;
    tell_activity(false, now);
    return spoken(hearing.detector->speech_seconds(), now);
  }
  if (!input.text) return close(1007, "Request contains an invalid argument.");
  if (interruptible) interrupt(now);
  auto turn = gemini::user_content(*input.text);
  turn.parts->insert(turn.parts->end(), hearing.frames.begin(), hearing.frames.end());
  hearing.frames.clear();
  history.push_back(std::move(turn));
  answer(now);
}

void LiveSession::State::hear(const gemini::Blob& audio, TimePoint now) {
  const int rate = rate_of(audio.mime_type.value_or("audio/pcm"));
  if (rate == 0 || !audio.data) return close(1007, "Request contains an invalid argument.");
  if (!automatic) {
    if (hearing.manual_seconds) *hearing.manual_seconds += static_cast<double>(audio.data->size()) / 2 / rate;
    return;
  }
  heard_seconds += static_cast<double>(audio.data->size()) / 2 / rate;
  for (const auto event : hearing.detector->feed(*audio.data, rate)) {
    const bool started = event == detail::SpeechDetector::Event::started;
    tell_activity(started, now);
    if (!started)
      spoken(hearing.detector->speech_seconds(), now);
    else if (interruptible)
      interrupt(now);
  }
}

void LiveSession::State::tell_activity(bool begins, TimePoint now) {
  if (!config.explicit_vad_signal.value_or(false)) return;
  gemini::VoiceActivityMessage message;
  message.voice_activity.voice_activity_type = begins ? "ACTIVITY_START" : "ACTIVITY_END";
  message.voice_activity.audio_offset = fmt::format("{:.3f}s", heard_seconds);
  say(json::encode_text(message), now);
}

void LiveSession::State::activity(bool begins, TimePoint now) {
  if (automatic) return close(1007, "Precondition check failed.");
  if (begins) {
    if (interruptible) interrupt(now);
    hearing.manual_seconds = 0;
  } else if (hearing.manual_seconds) {
    const double seconds = *hearing.manual_seconds;
    hearing.manual_seconds.reset();
    spoken(seconds, now);
  }
}

void LiveSession::State::spoken(double seconds, TimePoint now) {
  const std::string text = heard < options.hears.size()
                               ? options.hears[heard]
                               : fmt::format("(speech of {:.1f} seconds)", seconds);
  ++heard;
  if (config.input_audio_transcription)
    say(content_message([&](auto& content) { content.input_transcription.emplace().text = text; }),
        now);
  auto turn = gemini::user_content(text);
  turn.parts->insert(turn.parts->end(), hearing.frames.begin(), hearing.frames.end());
  hearing.frames.clear();
  history.push_back(std::move(turn));
  answer(now);
}

// What was said stays in the history; what was not is taken back.
void LiveSession::State::interrupt(TimePoint now) {
  const auto taken = std::erase_if(coming, [](const Due& due) { return due.of_answer; });
  if (taken == 0 && pending_calls.empty()) return;
  if (!said.empty()) history.push_back(gemini::model_content(std::exchange(said, {})));
  say(content_message([](auto& content) { content.interrupted = true; }), now);
  if (!pending_calls.empty()) cancel_calls({pending_calls.begin(), pending_calls.end()}, now);
  say(content_message([](auto& content) { content.turn_complete = true; }), now);
}

void LiveSession::State::answer(TimePoint now) {
  if (!fit_context()) return;
  if (options.director && play_turn(now)) return;
  tell_busy(now);
  gemini::GenerateContentRequest request;
  request.contents = history;
  request.system_instruction = config.system_instruction;
  request.tools = config.tools;
  request.generation_config = config.generation_config;
  const auto made = answer_offline(request, options.seed);
  if (!made.calls.empty()) return call_tools(made.calls, now);
  if (!thinks_long) return speak_turn(made, now, "");
  // Several turns for one question; only the last is told as such.
  OfflineAnswer first;
  first.pieces = {"Let me ", "think."};
  first.prompt_tokens = made.prompt_tokens;
  first.answer_tokens = 4;
  speak_turn(first, now, "IN_PROGRESS");
  speak_turn(made, coming.back().at, "IDLE");
}

// What is said in one turn, from `now` on.
void LiveSession::State::speak_turn(const OfflineAnswer& made, TimePoint now,
                                    std::string_view status) {
  const auto first = now + options.pace;
  auto at = first;
  double seconds = 0;
  for (const auto& piece : made.pieces) {
    const auto add = [&](auto change) { say(content_message(change), at, true); };
    if (speaks && config.output_audio_transcription)
      add([&](auto& content) { content.output_transcription.emplace().text = piece; });
    auto part = gemini::text_part(piece);
    if (speaks) {
      auto pcm = detail::speak(piece);
      seconds += static_cast<double>(pcm.size()) / 2 / detail::kVoiceRate;
      part = audio_part(std::move(pcm));
    }
    add([&](auto& content) { content.model_turn.emplace().parts.emplace().push_back(part); });
    last_due(at).said = piece;
    at += options.pace;
  }
  say(content_message([](auto& content) { content.generation_complete = true; }), at, true);
  const auto played = milliseconds(static_cast<std::int64_t>(seconds * options.playback * 1000));
  finish_turn(std::max(at, first + played), made.prompt_tokens, made.answer_tokens, seconds,
              status);
}

// What say() has put there last.
LiveSession::State::Due& LiveSession::State::last_due(TimePoint at) {
  return *(std::ranges::upper_bound(coming, at, {}, &Due::at) - 1);
}

void LiveSession::State::finish_turn(TimePoint complete_at, int prompt_tokens, int answer_tokens,
                                     double seconds, std::string_view status) {
  gemini::ServerContentMessage message;
  message.server_content.turn_complete = true;
  if (!status.empty()) message.server_content.interaction_status = std::string(status);
  auto& usage = message.usage_metadata.emplace();
  const int spent = speaks ? static_cast<int>(seconds * detail::kTokensPerSecond) : answer_tokens;
  usage.prompt_token_count = prompt_tokens;
  usage.response_token_count = spent;
  usage.total_token_count = prompt_tokens + spent;
  usage.prompt_tokens_details = tokens_of("TEXT", prompt_tokens);
  usage.response_tokens_details = tokens_of(speaks ? "AUDIO" : "TEXT", spent);
  say(json::encode_text(message), complete_at, true);
  last_due(complete_at).keeps_turn = true;
}

void LiveSession::State::tell_handle(TimePoint at) {
  if (config.session_resumption) send_handle(options.handles, at);
}

void LiveSession::State::send_handle(bool resumable, TimePoint at) {
  if (!resumable) return say(R"({"sessionResumptionUpdate":{"resumable":false}})", at);
  LiveMemory::Conversation conversation;
  conversation.model = config.model;
  conversation.history = history;
  conversation.heard = heard;
  conversation.until = at + options.handle_life;
  gemini::SessionResumptionUpdateMessage message;
  if (transparent()) {
    conversation.hearing = std::make_shared<LiveHearing>(hearing);
    message.session_resumption_update.last_consumed_client_message_index.emplace(
        std::to_string(consumed));
    told_consumed = consumed;
  }
  message.session_resumption_update.new_handle = memory.keep(std::move(conversation));
  message.session_resumption_update.resumable = true;
  say(json::encode_text(message), at);
}

void LiveSession::State::context_update(const gemini::ContextUpdate& update) {
  if (config.model.find("gemini-3.8") == std::string::npos)
    return close(1007, "Request contains an invalid argument.");
  if (update.system_instruction) config.system_instruction = update.system_instruction;
  if (update.tools) config.tools = update.tools->tools;
}

}  // namespace parley::emulator
