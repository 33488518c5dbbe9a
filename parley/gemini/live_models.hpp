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

// Refuses, before a connection is opened, what the service would refuse after it: no model, a model
// that is known to have no Live method, two modalities, a modality that the model does not have.
// Errors: invalid_argument.
Result<void> check_live_setup(const Setup& setup);

}  // namespace parley::gemini
