#pragma once

#include <optional>

#include "parley/base/event.hpp"
#include "parley/gemini/continuity/event.hpp"

namespace parley::gemini {

// What metrics and traces are told of an event of a conversation (docs/telemetry.md): names, counts
// and times, never what was said, a handle or a key. Empty: nothing, as of each piece of an answer.
std::optional<Event> telemetry_event(const ConversationEvent& event);

}  // namespace parley::gemini
