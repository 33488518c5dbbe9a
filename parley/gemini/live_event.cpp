#include "parley/gemini/live_event.hpp"

#include <charconv>

#include "parley/json/value.hpp"

namespace parley::gemini {
namespace {

using Events = std::vector<LiveEvent>;

// "50s", "0.5s"; zero where it is none.
std::chrono::milliseconds duration_of(std::string_view text) {
  double seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

// google.protobuf.Duration: its text, or an object of seconds (also as text) and nanos.
std::chrono::milliseconds duration_of(const json::Value& value) {
  if (value.is_string()) return duration_of(std::string_view(value.get_string()));
  if (!value.is_object()) return std::chrono::milliseconds(0);
  const auto part = [&](std::string_view name) {
    const auto* found = value.get_object().if_contains(name);
    if (!found) return std::chrono::duration<double>(0);
    if (found->is_number()) return std::chrono::duration<double>(found->to_number<double>());
    return std::chrono::duration<double>(found->is_string()
                                             ? duration_of(std::string_view(found->get_string()))
                                             : std::chrono::milliseconds(0));
  };
  return std::chrono::duration_cast<std::chrono::milliseconds>(part("seconds") +
                                                               part("nanos") / 1e9);
}

int rate_of(std::string_view mime) {
  int rate = 24'000;
  if (const auto at = mime.find("rate="); at != std::string_view::npos)
    std::from_chars(mime.data() + at + 5, mime.data() + mime.size(), rate);
  return rate > 0 ? rate : 24'000;
}

void add_part(Events& events, Part part) {
  if (part.text) {
    LiveText text;
    text.text = std::move(*part.text);
    text.thought = part.thought.value_or(false);
    if (!text.text.empty()) events.emplace_back(std::move(text));
  } else if (part.inline_data && part.inline_data->data &&
             part.inline_data->mime_type.value_or("").starts_with("audio/pcm")) {
    LiveAudio audio;
    audio.rate = rate_of(*part.inline_data->mime_type);
    audio.pcm = std::move(*part.inline_data->data);
    events.emplace_back(std::move(audio));
  } else {
    LivePart other;
    other.part = std::move(part);
    events.emplace_back(std::move(other));
  }
}

void add_transcript(Events& events, std::optional<Transcription> from, bool of_user, bool interim) {
  if (!from || (from->text.value_or("").empty() && !from->finished.value_or(false))) return;
  LiveTranscript transcript;
  transcript.of_user = of_user;
  transcript.text = from->text.value_or("");
  transcript.finished = from->finished.value_or(false);
  transcript.interim = interim;
  events.emplace_back(std::move(transcript));
}

// Usage stands beside every kind of message, and before the end of a turn that it belongs to.
void add_usage(Events& events, const std::optional<UsageMetadata>& usage) {
  if (!usage) return;
  LiveUsage counts;
  counts.usage = usage_of(*usage);
  events.emplace_back(counts);
}

void add_end(Events& events, const ServerContent& content) {
  if (content.generation_complete.value_or(false)) events.emplace_back(LiveGenerationComplete());
  if (!content.turn_complete.value_or(false) && !content.waiting_for_input.value_or(false)) return;
  LiveTurnComplete end;
  end.reason = content.turn_complete_reason.value_or("");
  end.waiting_for_input = content.waiting_for_input.value_or(false);
  end.more_to_come = content.interaction_status.value_or("") == "IN_PROGRESS";
  events.emplace_back(std::move(end));
}

}  // namespace

namespace {

TokensByModality by_modality(const std::optional<std::vector<ModalityTokenCount>>& details) {
  TokensByModality out;
  if (!details) return out;
  for (const auto& one : *details) {
    const auto modality = one.modality.value_or("");
    const int count = one.token_count.value_or(0);
    if (modality == "TEXT") out.text += count;
    if (modality == "IMAGE") out.image += count;
    if (modality == "VIDEO") out.video += count;
    if (modality == "AUDIO") out.audio += count;
    if (modality == "DOCUMENT") out.document += count;
  }
  return out;
}

}  // namespace

Usage& Usage::operator+=(const Usage& other) {
  prompt += other.prompt;
  cached += other.cached;
  answer += other.answer;
  thoughts += other.thoughts;
  tool_use += other.tool_use;
  total += other.total;
  for (const auto member :
       {&Usage::prompt_by, &Usage::cached_by, &Usage::answer_by, &Usage::tool_use_by}) {
    auto& sum = this->*member;
    const auto& more = other.*member;
    sum.text += more.text;
    sum.image += more.image;
    sum.video += more.video;
    sum.audio += more.audio;
    sum.document += more.document;
  }
  return *this;
}

Usage usage_of(const UsageMetadata& usage) {
  Usage out;
  out.prompt = usage.prompt_token_count.value_or(0);
  out.cached = usage.cached_content_token_count.value_or(0);
  // Live on the Developer API has a name of its own.
  out.answer = usage.response_token_count.value_or(usage.candidates_token_count.value_or(0));
  out.thoughts = usage.thoughts_token_count.value_or(0);
  out.tool_use = usage.tool_use_prompt_token_count.value_or(0);
  out.total = usage.total_token_count.value_or(0);
  out.prompt_by = by_modality(usage.prompt_tokens_details);
  out.cached_by = by_modality(usage.cache_tokens_details);
  out.answer_by = by_modality(usage.response_tokens_details ? usage.response_tokens_details
                                                            : usage.candidates_tokens_details);
  out.tool_use_by = by_modality(usage.tool_use_prompt_tokens_details);
  return out;
}

std::size_t approximate_size(const LiveEvent& event) {
  std::size_t size = sizeof(LiveEvent);
  if (const auto* audio = std::get_if<LiveAudio>(&event)) size += audio->pcm.size();
  if (const auto* text = std::get_if<LiveText>(&event)) size += text->text.size();
  if (const auto* said = std::get_if<LiveTranscript>(&event)) size += said->text.size();
  return size;
}

Events events_of(ServerContentMessage message) {
  Events events;
  ServerContent& content = message.server_content;
  // An interruption comes first: what stands beside it must not be thrown away with the rest.
  if (content.interrupted.value_or(false)) events.emplace_back(LiveInterrupted());
  add_transcript(events, std::move(content.interim_input_transcription), true, true);
  add_transcript(events, std::move(content.input_transcription), true, false);
  if (content.model_turn && content.model_turn->parts)
    for (auto& part : *content.model_turn->parts) add_part(events, std::move(part));
  add_transcript(events, std::move(content.output_transcription), false, false);
  if (content.grounding_metadata) {
    LiveGrounding grounding;
    grounding.metadata = std::move(*content.grounding_metadata);
    events.emplace_back(std::move(grounding));
  }
  add_usage(events, message.usage_metadata);
  add_end(events, content);
  return events;
}

Events events_of(ToolCallMessage message) {
  Events events;
  add_usage(events, message.usage_metadata);
  LiveToolCalls calls;
  if (message.tool_call.function_calls) calls.calls = std::move(*message.tool_call.function_calls);
  if (!calls.calls.empty()) events.emplace_back(std::move(calls));
  return events;
}

Events events_of(ToolCallCancellationMessage message) {
  Events events;
  LiveToolCallsCancelled cancelled;
  if (message.tool_call_cancellation.ids)
    cancelled.ids = std::move(*message.tool_call_cancellation.ids);
  events.emplace_back(std::move(cancelled));
  add_usage(events, message.usage_metadata);
  return events;
}

Events events_of(GoAwayMessage message) {
  Events events;
  LiveGoAway away;
  if (message.go_away.time_left) away.left = duration_of(**message.go_away.time_left);
  events.emplace_back(away);
  add_usage(events, message.usage_metadata);
  return events;
}

Events events_of(SessionResumptionUpdateMessage message) {
  Events events;
  LiveResumption update;
  const auto& from = message.session_resumption_update;
  update.handle = from.new_handle.value_or("");
  update.resumable = from.resumable.value_or(false);
  if (from.last_consumed_client_message_index) {
    const auto& text = from.last_consumed_client_message_index->text;
    std::uint64_t index = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), index).ec == std::errc())
      update.last_consumed_message = index;
  }
  events.emplace_back(std::move(update));
  add_usage(events, message.usage_metadata);
  return events;
}

Events events_of(VoiceActivityMessage message) {
  LiveVoiceActivity activity;
  activity.started = message.voice_activity.voice_activity_type.value_or("") == "ACTIVITY_START";
  activity.offset = duration_of(message.voice_activity.audio_offset.value_or(""));
  return {LiveEvent(activity)};
}

Events events_of(VoiceActivityDetectionSignalMessage message) {
  LiveVoiceActivity activity;
  activity.started =
      message.voice_activity_detection_signal.vad_signal_type.value_or("") == "VAD_SIGNAL_TYPE_SOS";
  return {LiveEvent(activity)};
}

Events events_of(UsageMessage message) {
  Events events;
  add_usage(events, message.usage_metadata);
  return events;
}

Events events_of(SetupCompleteMessage message) {
  Events events;
  if (message.setup_complete.session_id) {
    LiveStarted started;
    started.session_id = std::move(*message.setup_complete.session_id);
    events.emplace_back(std::move(started));
  }
  add_usage(events, message.usage_metadata);
  return events;
}

Events events_of(json::Unknown message) {
  if (message.value->is_object() && message.value->get_object().empty()) return {};
  LiveUnknown unknown;
  unknown.message = std::move(message.value);
  return {LiveEvent(std::move(unknown))};
}

}  // namespace parley::gemini
