#include "parley/gemini/client.hpp"
#include "parley/gemini/live.hpp"

namespace parley::gemini {

LiveOptions::LiveOptions(std::string_view model) {
  setup.model = model.empty() ? std::string() : model_resource(model);
}

LiveOptions& LiveOptions::answer_in(Modality::Known modality) & {
  if (!setup.generation_config) setup.generation_config.emplace();
  setup.generation_config->response_modalities = {Modality(modality)};
  return *this;
}
LiveOptions& LiveOptions::instruct(std::string_view text) & {
  setup.system_instruction = user_content(text);
  return *this;
}
LiveOptions& LiveOptions::transcribe() & {
  setup.input_audio_transcription.emplace();
  setup.output_audio_transcription.emplace();
  return *this;
}
LiveOptions& LiveOptions::resume(std::string_view handle) & {
  auto& resumption = setup.session_resumption.emplace();
  if (!handle.empty()) resumption.handle = std::string(handle);
  return *this;
}
LiveOptions& LiveOptions::declare(FunctionDeclaration function) & {
  declare_function(setup.tools, std::move(function));
  return *this;
}
LiveOptions& LiveOptions::speak_with(std::string_view voice) & {
  if (!setup.generation_config) setup.generation_config.emplace();
  auto& speech = setup.generation_config->speech_config.emplace();
  speech.voice_config.emplace().prebuilt_voice_config.emplace().voice_name = std::string(voice);
  return *this;
}
LiveOptions& LiveOptions::detect_activity(bool automatic) & {
  if (!setup.realtime_input_config) setup.realtime_input_config.emplace();
  auto& detection = setup.realtime_input_config->automatic_activity_detection;
  if (!detection) detection.emplace();
  detection->disabled = !automatic;
  return *this;
}

}  // namespace parley::gemini
