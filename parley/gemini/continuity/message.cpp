#include "parley/gemini/continuity/message.hpp"

#include <fmt/format.h>

#include "parley/json/codec.hpp"

namespace parley::gemini {
namespace {

LiveMessageKind kind_of_input(const RealtimeInput& input) {
  using enum LiveMessageKind;
  if (input.audio || input.media_chunks) return audio;
  if (input.video) return image;
  if (input.activity_start) return activity_start;
  if (input.activity_end) return activity_end;
  return input.audio_stream_end ? audio_end : text;
}

std::size_t size_of_blob(const std::optional<Blob>& blob) {
  return blob && blob->data ? 100 + (blob->data->size() + 2) / 3 * 4 : 0;
}

template <class Fill>
LiveMessage realtime(Fill fill) {
  RealtimeInputMessage message;
  fill(message.realtime_input);
  return message;
}

}  // namespace

LiveMessageKind kind_of(const LiveMessage& message) {
  using enum LiveMessageKind;
  if (const auto* content = std::get_if<ClientContentMessage>(&message))
    return content->client_content.turn_complete.value_or(false) ? complete_turns : turns;
  if (const auto* input = std::get_if<RealtimeInputMessage>(&message))
    return kind_of_input(input->realtime_input);
  return std::holds_alternative<ToolResponseMessage>(message) ? answers : context;
}

std::string_view to_string(LiveMessageKind kind) {
  constexpr std::string_view names[] = {
      "turns",     "complete_turns", "text",         "audio",   "image",
      "audio_end", "activity_start", "activity_end", "answers", "context"};
  return names[static_cast<std::size_t>(kind)];
}

std::size_t size_on_wire(const LiveMessage& message) {
  if (const auto* input = std::get_if<RealtimeInputMessage>(&message))
    if (const auto size =
            size_of_blob(input->realtime_input.audio) + size_of_blob(input->realtime_input.video))
      return size;
  return std::visit([](const auto& one) { return json::encode_text(one).size(); }, message);
}

LiveMessage turns_message(std::vector<Content> turns, bool complete) {
  ClientContentMessage message;
  if (!turns.empty()) message.client_content.turns = std::move(turns);
  message.client_content.turn_complete = complete;
  return message;
}
LiveMessage text_message(std::string_view text) {
  return realtime([&](RealtimeInput& input) { input.text = std::string(text); });
}
LiveMessage audio_message(Bytes pcm, int rate) {
  return realtime([&](RealtimeInput& input) {
    auto& blob = input.audio.emplace();
    blob.mime_type = fmt::format("audio/pcm;rate={}", rate);
    blob.data = std::move(pcm);
  });
}
LiveMessage image_message(Bytes image, std::string_view mime_type) {
  return realtime([&](RealtimeInput& input) {
    auto& blob = input.video.emplace();
    blob.mime_type = std::string(mime_type);
    blob.data = std::move(image);
  });
}
LiveMessage audio_end_message() {
  return realtime([](RealtimeInput& input) { input.audio_stream_end = true; });
}
LiveMessage activity_message(bool begins) {
  return realtime([begins](RealtimeInput& input) {
    (begins ? input.activity_start : input.activity_end).emplace();
  });
}
LiveMessage answers_message(std::vector<FunctionResponse> responses) {
  ToolResponseMessage message;
  message.tool_response.function_responses = std::move(responses);
  return message;
}
LiveMessage context_message(ContextUpdate update) {
  ContextUpdateMessage message;
  message.context_update = std::move(update);
  return message;
}

}  // namespace parley::gemini
