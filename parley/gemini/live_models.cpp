#include "parley/gemini/live_models.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/gemini/types.hpp"

namespace parley::gemini {
namespace {

struct Row {
  std::string_view name;
  LiveOutputKind output;
};
using enum LiveOutputKind;

constexpr std::array<Row, 13> kModels = {{
    {"gemini-3.8-live", audio},
    {"gemini-3.8-live-extended-thinking", audio},
    {"gemini-3.1-flash-live-preview", audio},
    {"gemini-2.5-flash-native-audio-preview-12-2025", audio},
    {"gemini-2.5-flash-native-audio-preview-09-2025", audio},
    {"gemini-2.5-flash-native-audio-latest", audio},
    {"gemini-live-2.5-flash-native-audio", audio},
    {"gemini-3.5-live-translate-preview", audio},
    {"gemini-3.5-transcribe-live", text},
    {"gemini-robotics-er-2-streaming-preview", text},
    {"gemini-live-2.5-flash-preview", either},
    {"gemini-live-2.5-flash", either},
    {"gemini-2.0-flash-live-001", either},
}};

bool looks_live(std::string_view name) {
  return name.find("live") != std::string_view::npos ||
         name.find("native-audio") != std::string_view::npos ||
         name.find("streaming") != std::string_view::npos;
}

}  // namespace

LiveOutputKind live_output(std::string_view model) {
  const auto name = model_id(model);
  for (const auto& row : kModels)
    if (row.name == name) return row.output;
  return name.find("native-audio") != std::string_view::npos ? audio : unknown;
}

bool is_live_model(const Model& model) {
  const auto& methods = model.supported_generation_methods;
  if (methods) return std::ranges::find(*methods, "bidiGenerateContent") != methods->end();
  return live_output(model.name) != unknown || looks_live(model_id(model.name));
}

LiveTextWay live_text_way(std::string_view model) {
  const auto name = model_id(model);
  if (name.find("translate") != std::string_view::npos ||
      name.find("transcribe") != std::string_view::npos)
    return LiveTextWay::none;
  return name.starts_with("gemini-3") ? LiveTextWay::realtime : LiveTextWay::turn;
}

bool finds_activity(const Setup& setup) {
  if (!setup.realtime_input_config || !setup.realtime_input_config->automatic_activity_detection)
    return true;
  return !setup.realtime_input_config->automatic_activity_detection->disabled.value_or(false);
}

bool takes_turns(std::string_view model) {
  return live_text_way(model) != LiveTextWay::none && !model_id(model).starts_with("gemini-3.1");
}

Result<InterruptWay> interrupt_way(const Setup& setup) {
  const auto refuse = [&](std::string_view why) {
    return fail(Error(ErrorKind::invalid_state,
                      fmt::format("{} cannot be interrupted: {}", setup.model, why))
                    .with_stage(Stage::send));
  };
  if (live_text_way(setup.model) == LiveTextWay::none)
    return refuse("it goes along with the speech that it hears");
  if (takes_turns(setup.model)) return InterruptWay::turn;
  if (finds_activity(setup))
    return refuse(
        "it takes no turns, and finds the user's activity itself; speech or a text does it, and "
        "with LiveOptions::detect_activity(false) a mark of activity");
  const auto& handling = setup.realtime_input_config->activity_handling;
  if (handling && *handling == ActivityHandling::no_interruption)
    return refuse("it takes no turns, and its setup says NO_INTERRUPTION");
  return InterruptWay::activity;
}

bool is_non_blocking(std::string_view model, const FunctionDeclaration& function) {
  if (function.behavior) return *function.behavior == "NON_BLOCKING";
  return model_id(model).starts_with("gemini-3.8");
}

Result<void> check_scheduling(std::string_view model, const std::vector<Tool>& tools,
                              const FunctionResponse& response) {
  const auto refuse = [](std::string why) {
    return fail(Error(ErrorKind::invalid_argument, std::move(why)).with_stage(Stage::send));
  };
  const auto scheduling = response.scheduling.value_or("");
  if (!scheduling.empty() && scheduling != "INTERRUPT" && scheduling != "WHEN_IDLE" &&
      scheduling != "SILENT")
    return refuse(fmt::format("the scheduling \"{}\" is none of INTERRUPT, WHEN_IDLE and SILENT",
                              scheduling));
  if (scheduling.empty() && !response.will_continue.value_or(false)) return {};
  for (const auto& tool : tools) {
    if (!tool.function_declarations) continue;
    for (const auto& function : *tool.function_declarations) {
      if (function.name != response.name || is_non_blocking(model, function)) continue;
      return refuse(fmt::format("{} is not NON_BLOCKING: its answer {}", response.name,
                                scheduling.empty() ? "comes in one piece" : "cannot be scheduled"));
    }
  }
  return {};
}

bool takes_context_updates(std::string_view model) {
  const auto name = model_id(model);
  return name.starts_with("gemini-3.8") || live_output(model) == unknown;
}

namespace {

// The last in the alphabet of those that fit: 3.8 stands behind 3.1 and 2.5.
template <class Fits>
std::string newest(const std::vector<Model>& models, Fits fits) {
  std::string best;
  for (const auto& model : models) {
    const auto name = model_id(model.name);
    if (fits(name) && name > best) best = name;
  }
  return best;
}

bool fits_wish(std::string_view name, std::string_view wish) {
  if (!wish.ends_with('*')) return name == wish;
  wish.remove_suffix(1);
  return name.starts_with(wish);
}

std::unexpected<Error> refuse(std::string why) {
  return fail(Error(ErrorKind::invalid_argument, std::move(why)).with_stage(Stage::setup));
}

// generationConfig members that Live has not; empty: none is set.
std::string_view foreign_setting(const GenerationConfig& config) {
  if (config.response_mime_type) return "responseMimeType";
  if (config.response_schema) return "responseSchema";
  if (config.response_json_schema) return "responseJsonSchema";
  if (config.stop_sequences) return "stopSequences";
  if (config.logprobs) return "logprobs";
  return config.response_logprobs ? "responseLogprobs" : "";
}

Result<void> check_settings(const Setup& setup, std::string_view name) {
  const bool newest = name.starts_with("gemini-3.8");
  if (newest && setup.proactivity && setup.proactivity->proactive_audio == false)
    return refuse(fmt::format("proactive audio of {} cannot be turned off", name));
  if (!setup.generation_config) return {};
  const auto& config = *setup.generation_config;
  if (const auto foreign = foreign_setting(config); !foreign.empty())
    return refuse(fmt::format("a Live session takes no {}", foreign));
  if (newest && config.enable_affective_dialog.value_or(false))
    return refuse(fmt::format("{} has no affective dialog", name));
  if (config.thinking_config && config.thinking_config->thinking_budget &&
      config.thinking_config->thinking_level)
    return refuse("a thinking budget and a thinking level exclude each other");
  return {};
}

Result<void> check_functions(const Setup& setup) {
  if (!setup.tools) return {};
  for (const auto& tool : *setup.tools) {
    if (!tool.function_declarations) continue;
    for (const auto& function : *tool.function_declarations)
      if (function.parameters_json_schema && !function.parameters)
        return refuse(fmt::format(
            "the Live API ignores parametersJsonSchema: give {} its parameters", function.name));
  }
  return {};
}

}  // namespace

Result<std::string> choose_live_model(const std::vector<Model>& models,
                                      const std::vector<std::string>& preferences, bool or_any) {
  for (const auto& wish : preferences) {
    const auto found =
        newest(models, [&wish](std::string_view name) { return fits_wish(name, model_id(wish)); });
    if (!found.empty()) return found;
  }
  if (!preferences.empty() && !or_any)
    return fail(ErrorKind::not_found,
                fmt::format("none of the Live models {} is there", fmt::join(preferences, ", ")));
  // Of the table's order: the first row that is there is the newest for conversations.
  for (const auto& row : kModels)
    if (row.output == audio && std::ranges::any_of(models, [&row](const Model& model) {
          return model_id(model.name) == row.name;
        }))
      return std::string(row.name);
  auto any = newest(models, [](std::string_view) { return true; });
  if (any.empty()) return fail(ErrorKind::not_found, "the service lists no model for Live");
  return any;
}

Result<void> check_live_setup(const Setup& setup) {
  const auto name = model_id(setup.model);
  if (name.empty()) return refuse("no model was named for the Live session");
  const auto output = live_output(setup.model);
  // A name of the catalogue's usual form that says nothing of Live is a model for REST.
  if (output == unknown && name.starts_with("gemini-") && !looks_live(name))
    return refuse(fmt::format("{} is no model for Live; gemini-3.8-live is one", name));
  if (auto good = check_settings(setup, name); !good) return good;
  if (auto good = check_functions(setup); !good) return good;
  if (!setup.generation_config || !setup.generation_config->response_modalities) return {};
  const auto& wanted = *setup.generation_config->response_modalities;
  if (wanted.size() > 1)
    return refuse("a Live session has one response modality, TEXT or AUDIO, not both");
  if (wanted.empty()) return {};
  if (output == audio && wanted[0] == Modality::text)
    return refuse(
        fmt::format("{} answers in AUDIO only; ask for outputAudioTranscription to read "
                    "what it says",
                    name));
  if (output == text && wanted[0] == Modality::audio)
    return refuse(fmt::format("{} answers in TEXT only", name));
  return {};
}

}  // namespace parley::gemini
