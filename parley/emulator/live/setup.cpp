#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/detail/catalogue.hpp"
#include "parley/emulator/live/detail/state.hpp"
#include "parley/json/codec.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {

namespace {

// "models/x", "publishers/google/models/x", "projects/…/models/x" or "x".
std::string bare_name(std::string_view model) {
  return std::string(model.substr(model.rfind('/') + 1));
}

enum class Speech { audio_only, text_only, either };
Speech speech_of(std::string_view model) {
  if (model.find("robotics") != std::string_view::npos) return Speech::text_only;
  return model.starts_with("gemini-live-2.5-flash") &&
                 model.find("native-audio") == std::string_view::npos
             ? Speech::either
             : Speech::audio_only;
}

json::Object object_of(const gemini::Setup& setup) {
  return json::parse(json::encode_text(setup), json::trusted_limits())->as_object();
}

// Puts the member at `path` ("generationConfig.temperature") of one object into the other.
void copy_member(const json::Object& from, json::Object& to, std::string_view path) {
  const auto dot = path.find('.');
  const auto name = path.substr(0, dot);
  const auto* value = from.if_contains(name);
  if (dot == std::string_view::npos) {
    if (value)
      to[name] = *value;
    else
      to.erase(name);
    return;
  }
  auto& inner = to[name];
  if (!inner.is_object()) inner = json::Object();
  static const json::Object nothing;
  copy_member(value && value->is_object() ? value->get_object() : nothing, inner.get_object(),
              path.substr(dot + 1));
}

}  // namespace

// A token without a mask gives the whole setup; with one it locks the fields that the mask names.
void LiveSession::State::apply_token(gemini::Setup& wanted) const {
  if (!door.token_setup) return;
  if (!door.token_mask || door.token_mask->empty()) {
    wanted = *door.token_setup;
    return;
  }
  const auto locked = object_of(*door.token_setup);
  auto merged = object_of(wanted);
  for (const auto path : split(*door.token_mask, ',')) copy_member(locked, merged, trim(path));
  if (auto read = json::decode_text<gemini::Setup>(json::to_string(merged), json::trusted_limits()))
    wanted = std::move(*read);
}

bool LiveSession::State::accept_model() {
  const auto* model = detail::find_model(bare_name(config.model));
  const auto methods = model ? model->supported_generation_methods : std::nullopt;
  if (door.vertex && config.model.find("publishers/google/models/") == std::string::npos) {
    close(1007, "Invalid resource field value in the request.");
    return false;
  }
  if (methods && std::ranges::find(*methods, "bidiGenerateContent") != methods->end()) return true;
  if (door.vertex)
    close(1008, fmt::format("Publisher Model `{}` was not found or is not supported for "
                            "bidiGenerateContent",
                            config.model));
  else
    close(1008,
          fmt::format("models/{} is not found for API version {}, or is not supported for "
                      "bidiGenerateContent. Call ListModels to see the list of available models "
                      "and their supported methods.",
                      bare_name(config.model), door.version));
  return false;
}

bool LiveSession::State::accept_modality() {
  using gemini::Modality;
  const auto speech = speech_of(bare_name(config.model));
  std::vector<Modality> wanted;
  if (config.generation_config && config.generation_config->response_modalities)
    wanted = *config.generation_config->response_modalities;
  if (wanted.empty()) wanted = {speech == Speech::text_only ? Modality::text : Modality::audio};
  if (wanted.size() > 1) {
    close(1007, "Request contains an invalid argument.");
    return false;
  }
  speaks = wanted[0] == Modality::audio;
  const bool fits = speech == Speech::either || (speech == Speech::audio_only) == speaks;
  if (!fits)
    close(1007,
          fmt::format("The requested combination of response modalities ({}) is not supported "
                      "by the model. {}",
                      wanted[0].wire(), config.model));
  return fits;
}

// What a generation of models does not have. Proactive audio and affective dialog are of 2.5 alone
// and of v1alpha; 3.8 is always proactive.
bool LiveSession::State::accept_settings() {
  const auto name = bare_name(config.model);
  const bool older = name.find("2.5") != std::string::npos;
  const auto refuse = [this] {
    close(1007, "Request contains an invalid argument.");
    return false;
  };
  if (config.proactivity && config.proactivity->proactive_audio) {
    const bool wanted = *config.proactivity->proactive_audio;
    const bool newest = name.starts_with("gemini-3.8");
    const bool able = newest || (older && door.version == "v1alpha");
    if (wanted ? !able : newest) return refuse();
  }
  if (!config.generation_config) return true;
  const auto& wanted = *config.generation_config;
  if (wanted.enable_affective_dialog.value_or(false) && !(older && door.version == "v1alpha"))
    return refuse();
  if (wanted.translation_config && name.find("translate") == std::string::npos) return refuse();
  const auto& thinking = wanted.thinking_config;
  return !thinking || !thinking->thinking_budget || !thinking->thinking_level || refuse();
}

bool LiveSession::State::accept_handle(TimePoint now) {
  if (!config.session_resumption || !config.session_resumption->handle ||
      config.session_resumption->handle->empty())
    return true;
  const auto* kept = memory.find(*config.session_resumption->handle, now);
  if (kept == nullptr || bare_name(kept->model) != bare_name(config.model)) {
    close(1008, "BidiGenerateContent session not found");
    return false;
  }
  history = kept->history;
  heard = kept->heard;
  if (kept->hearing && transparent()) hearing = *kept->hearing;
  return true;
}

void LiveSession::State::make_detector() {
  detail::SpeechDetector::Settings settings;
  gemini::AutomaticActivityDetection wanted;
  if (config.realtime_input_config) {
    const auto& input = *config.realtime_input_config;
    wanted = input.automatic_activity_detection.value_or(wanted);
    only_activity = input.turn_coverage == gemini::TurnCoverage::turn_includes_only_activity;
    interruptible = input.activity_handling != gemini::ActivityHandling::no_interruption;
  }
  automatic = !wanted.disabled.value_or(false);
  if (wanted.start_of_speech_sensitivity == gemini::StartSensitivity::start_sensitivity_low)
    settings.loud *= 3;
  settings.prefix_ms = wanted.prefix_padding_ms.value_or(settings.prefix_ms);
  const bool late = wanted.end_of_speech_sensitivity == gemini::EndSensitivity::end_sensitivity_low;
  settings.silence_ms = wanted.silence_duration_ms.value_or(late ? 1000 : settings.silence_ms);
  // A handle of transparent resumption goes on in the middle of what was heard.
  if (!hearing.detector) hearing.detector.emplace(settings);
}

void LiveSession::State::setup(gemini::Setup wanted, TimePoint now) {
  apply_token(wanted);
  config = std::move(wanted);
  if (!accept_model() || !accept_modality() || !accept_settings() || !accept_handle(now)) return;
  make_detector();
  seeding = config.history_config &&
            config.history_config->initial_history_in_client_content.value_or(false);
  thinks_long = config.model.find("extended-thinking") != std::string::npos;
  ready = true;
  if (options.director && play_setup(now)) return;
  say(R"({"setupComplete":{}})", now + options.setup_delay);
}

}  // namespace parley::emulator
