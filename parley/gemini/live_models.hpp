#pragma once

#include <string_view>

#include "parley/base/error.hpp"
#include "parley/generated/gemini/types.hpp"

namespace parley::gemini {

// What a Live model answers in. No method of the API tells it: this is a table of November 2026
// (reference of the models page); names that it does not have are judged by their form.
enum class LiveOutputKind { audio, text, either, unknown };
LiveOutputKind live_output(std::string_view model);

// How text of the user goes to a Live model: as a turn of the history, as it happens, or not at all
// (models that translate or transcribe speech).
enum class LiveTextWay { turn, realtime, none };
LiveTextWay live_text_way(std::string_view model);

// The service finds out itself where speech begins and ends: automatic detection is not disabled.
bool finds_activity(const Setup& setup);

// Functions are NON_BLOCKING unless they say otherwise (3.8).
bool is_non_blocking(std::string_view model, const FunctionDeclaration& function);
// The model takes contextUpdate.
bool takes_context_updates(std::string_view model);

// Refuses, before a connection is opened, what the service would refuse after it: no model, a model
// that is known to have no Live method, two modalities, a modality that the model does not have,
// settings that Live does not take (responseSchema, stopSequences, logprobs …), a thinking budget
// and level together, proactive audio turned off and affective dialog on 3.8, functions without
// `parameters` but with parametersJsonSchema (Live ignores it). Errors: invalid_argument.
Result<void> check_live_setup(const Setup& setup);

}  // namespace parley::gemini
