#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parley/gemini/types.hpp"

namespace parley::emulator::detail {

// One message of a client: exactly one of these.
struct LiveInput {
  LiveInput() = default;
  std::optional<gemini::Setup> setup;
  std::optional<gemini::ClientContent> client_content;
  std::optional<gemini::RealtimeInput> realtime_input;
  std::optional<gemini::ToolResponse> tool_response;
  std::optional<gemini::ContextUpdate> context_update;
};

// Reads a message as strictly as the service does, in both spellings of names; empty, or the words
// with which the service closes the connection (1007).
std::string read_live_input(std::string_view text, LiveInput& out);

}  // namespace parley::emulator::detail
