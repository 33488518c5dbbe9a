#include <algorithm>

#include <fmt/format.h>

#include "parley/gemini/live_generation.hpp"
#include "parley/gemini/live_models.hpp"

namespace parley::gemini {
namespace {

constexpr std::size_t kLargestMessage = 5 * 1024 * 1024;

std::unexpected<Error> has_not(std::string_view what) {
  return fail(Error(ErrorKind::invalid_argument,
                    fmt::format("a Live session has no {}: ask over HTTP", what))
                  .with_stage(Stage::setup));
}

Result<void> check_settings(const GenerationConfig& settings) {
  if (settings.candidate_count.value_or(1) != 1)
    return has_not("second candidate (generationConfig.candidateCount)");
  if (settings.stop_sequences && !settings.stop_sequences->empty())
    return has_not("stop sequences (generationConfig.stopSequences)");
  if (settings.response_mime_type.value_or("text/plain") != "text/plain")
    return has_not("response format (generationConfig.responseMimeType)");
  if (settings.response_schema || settings.response_json_schema || settings.response_format)
    return has_not("response schema (generationConfig.responseSchema)");
  if (settings.response_logprobs.value_or(false) || settings.logprobs)
    return has_not("log probabilities (generationConfig.responseLogprobs)");
  if (settings.image_config) return has_not("pictures (generationConfig.imageConfig)");
  return {};
}

Result<void> check_request(const GenerateContentRequest& request) {
  if (!request.cached_content.value_or("").empty()) return has_not("cached content");
  if (request.continuation_token) return has_not("continuation (continuationToken)");
  if (request.tool_config && request.tool_config->function_calling_config) {
    const auto& mode = request.tool_config->function_calling_config->mode;
    if (mode && *mode != FunctionCallingMode::auto_)
      return has_not("way to force or forbid function calls (toolConfig)");
  }
  for (const auto& content : contents_of(request))
    for (const auto& part : parts_of(content)) {
      if (part.function_call || part.function_response)
        return has_not("function calls in the history it is given");
      if (part.file_data) return has_not("files by their URI (fileData)");
    }
  if (request.generation_config) return check_settings(*request.generation_config);
  return {};
}

bool wants_audio(std::string_view model, const GenerationConfig& settings) {
  if (settings.response_modalities && !settings.response_modalities->empty())
    return settings.response_modalities->front() == Modality::audio;
  const auto kind = live_output(model);
  return kind == LiveOutputKind::audio || kind == LiveOutputKind::unknown;
}

}  // namespace

Result<void> check(const WebSocketConfig& config) {
  if (config.max_message == 0)
    return fail(ErrorKind::invalid_argument, "WebSocketConfig::max_message is 0: no message fits");
  if (config.max_message > kLargestMessage)
    return fail(ErrorKind::invalid_argument,
                fmt::format("WebSocketConfig::max_message is {} bytes, at most {} are allowed",
                            config.max_message, kLargestMessage));
  if (config.reconnect_attempts < 1)
    return fail(ErrorKind::invalid_argument,
                fmt::format("WebSocketConfig::reconnect_attempts is {}, at least 1 is needed; "
                            "`reconnect` turns them off",
                            config.reconnect_attempts));
  if (config.connect_timeout.count() <= 0)
    return fail(ErrorKind::invalid_argument,
                fmt::format("WebSocketConfig::connect_timeout is {} ms: nothing could connect",
                            config.connect_timeout.count()));
  return {};
}

Result<Setup> live_setup_of(std::string_view model, const GenerateContentRequest& request) {
  if (auto good = check_request(request); !good) return fail(std::move(good.error()));
  Setup setup;
  setup.model = std::string(model);
  setup.generation_config = request.generation_config.value_or(GenerationConfig());
  auto& settings = *setup.generation_config;
  settings.candidate_count.reset();
  settings.response_mime_type.reset();
  settings.response_logprobs.reset();
  const bool audio = wants_audio(model, settings);
  settings.response_modalities = {Modality(audio ? Modality::audio : Modality::text)};
  if (audio) setup.output_audio_transcription.emplace();
  setup.system_instruction = request.system_instruction;
  setup.tools = request.tools;
  setup.safety_settings = request.safety_settings;
  setup.labels = request.labels;
  if (auto good = check_live_setup(setup); !good) return fail(std::move(good.error()));
  return setup;
}

}  // namespace parley::gemini
