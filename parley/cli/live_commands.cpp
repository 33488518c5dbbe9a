#include "parley/cli/live_commands.hpp"

#include "parley/base/text.hpp"

namespace parley::cli {

std::string voice_of(const gemini::Conversation& talk) {
  const auto& setup = talk.setup();
  if (!setup.generation_config || !setup.generation_config->speech_config) return "";
  const auto& speech = *setup.generation_config->speech_config;
  if (!speech.voice_config || !speech.voice_config->prebuilt_voice_config) return "";
  return speech.voice_config->prebuilt_voice_config->voice_name.value_or("");
}

void change_voice(gemini::Conversation& talk, LiveScreen& screen, std::string_view name) {
  gemini::LiveOptions voiced("");
  voiced.setup = talk.setup();
  voiced.speak_with(name);
  if (auto changed = talk.change(std::move(voiced.setup)); !changed)
    screen.note(changed.error().message());
}

bool obey_line(gemini::Conversation& talk, LiveScreen& screen, LiveVoice& voice,
               std::string_view line) {
  if (line == "/mute" && voice.has_microphone()) {
    voice.mute(!voice.muted());
  } else if (line == "/stop") {
    voice.interrupt();
  } else if (line.starts_with("/voice ")) {
    change_voice(talk, screen, trim(line.substr(7)));
  } else {
    return false;
  }
  return true;
}

}  // namespace parley::cli
