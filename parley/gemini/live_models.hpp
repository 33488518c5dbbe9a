#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/generated/gemini/types.hpp"

namespace parley::gemini {

// What a Live model answers in. No method of the API tells it: this is a table of November 2026
// (reference of the models page); names that it does not have are judged by their form.
enum class LiveOutputKind { audio, text, either, unknown };
LiveOutputKind live_output(std::string_view model);

// True where the model has the Live method; where its methods are not listed, by its name.
bool is_live_model(const Model& model);

// The one to use of those that a service lists (Models::list_live()): the first of `preferences`
// that is there, each a name or, with '*' behind it, the beginning of one; among several with that
// beginning the last in the alphabet, which is the newest. Without preferences, and where none of
// them is there, the newest that answers in speech. Errors: not_found (the list is empty; or a
// preference was given, and `or_any` is false).
Result<std::string> choose_live_model(const std::vector<Model>& models,
                                      const std::vector<std::string>& preferences = {},
                                      bool or_any = true);
// How text of the user goes to a Live model: as a turn of the history, as it happens, or not at all
// (models that translate or transcribe speech).
enum class LiveTextWay { turn, realtime, none };
LiveTextWay live_text_way(std::string_view model);

// The service finds out itself where speech begins and ends: automatic detection is not disabled.
bool finds_activity(const Setup& setup);

// The model takes turns for its history throughout; else (3.1) only before the conversation begins.
bool takes_turns(std::string_view model);
// How the service is told to stop the answer that it gives: by a turn of the history without words
// and without an end, which always interrupts and is not answered; or by the beginning of an
// activity. Nothing else does it (Live API reference, clientContent and activityStart).
enum class InterruptWay { turn, activity };
// Errors (invalid_state, stage send): the model takes no turns once the conversation has begun
// (3.1) and finds activity itself, or is told that activity does not interrupt; it knows no turns
// at all (models that translate or transcribe).
Result<InterruptWay> interrupt_way(const Setup& setup);

// Functions are NON_BLOCKING unless they say otherwise (3.8).
bool is_non_blocking(std::string_view model, const FunctionDeclaration& function);
// Whether the model takes that answer of a function that is declared in `tools`; answers of others
// pass. Errors (invalid_argument, stage send): a scheduling that is none of INTERRUPT, WHEN_IDLE
// and SILENT; scheduling or willContinue where the function is not NON_BLOCKING (Live API guide,
// "Asynchronous function calling").
Result<void> check_scheduling(std::string_view model, const std::vector<Tool>& tools,
                              const FunctionResponse& response);
// The model takes contextUpdate.
bool takes_context_updates(std::string_view model);

// Refuses, before a connection is opened, what the service would refuse after it: no model, a model
// that is known to have no Live method, two modalities, a modality that the model does not have,
// settings that Live does not take (responseSchema, stopSequences, logprobs …), a thinking budget
// and level together, proactive audio turned off and affective dialog on 3.8, functions without
// `parameters` but with parametersJsonSchema (Live ignores it). Errors: invalid_argument.
Result<void> check_live_setup(const Setup& setup);

}  // namespace parley::gemini
