#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/gemini/types.hpp"

namespace parley::gemini {

// What a program sends in a Live session, the setup apart (BidiGenerateContentClientMessage).
using LiveMessage = std::variant<ClientContentMessage, RealtimeInputMessage, ToolResponseMessage,
                                 ContextUpdateMessage>;

// What a message means for a conversation that is to survive its connection.
enum class LiveMessageKind {
  turns,           // for the history, more to come
  complete_turns,  // for the history, to be answered
  text,            // as it happens, to be answered
  audio,
  image,
  audio_end,
  activity_start,
  activity_end,
  answers,  // of functions
  context,  // another instruction, other tools
};
LiveMessageKind kind_of(const LiveMessage& message);
std::string_view to_string(LiveMessageKind kind);  // "complete_turns"

// Bytes of the message as JSON: exact to about 100 for audio and images, exact for the rest.
std::size_t size_on_wire(const LiveMessage& message);

LiveMessage turns_message(std::vector<Content> turns, bool complete);
LiveMessage text_message(std::string_view text);
// PCM16 little endian, mono; `rate`: samples per second.
LiveMessage audio_message(Bytes pcm, int rate);
LiveMessage image_message(Bytes image, std::string_view mime_type);
LiveMessage audio_end_message();
LiveMessage activity_message(bool begins);
LiveMessage answers_message(std::vector<FunctionResponse> responses);
LiveMessage context_message(ContextUpdate update);

}  // namespace parley::gemini
