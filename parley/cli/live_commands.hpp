#pragma once

#include <string>
#include <string_view>

#include "parley/cli/live_screen.hpp"
#include "parley/cli/live_voice.hpp"

// What a user may want of parley live besides talking, by a line or a key.
namespace parley::cli {

// The name of the voice in the setup; empty: the model's own.
std::string voice_of(const gemini::Conversation& talk);
// At the end of the turn, by a hidden hand-over. A refusal is noted on the screen.
void change_voice(gemini::Conversation& talk, LiveScreen& screen, std::string_view name);
// "/mute", "/stop", "/voice NAME". False: the line is for the model.
bool obey_line(gemini::Conversation& talk, LiveScreen& screen, LiveVoice& voice,
               std::string_view line);

}  // namespace parley::cli
