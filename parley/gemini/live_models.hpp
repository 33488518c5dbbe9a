#pragma once

#include <string_view>

#include "parley/base/error.hpp"
#include "parley/generated/gemini/types.hpp"

namespace parley::gemini {

// What a Live model answers in. No method of the API tells it: this is a table of November 2026
// (reference of the models page); names that it does not have are judged by their form.
enum class LiveOutputKind { audio, text, either, unknown };
LiveOutputKind live_output(std::string_view model);

// Refuses, before a connection is opened, what the service would refuse after it: no model, a model
// that is known to have no Live method, two modalities, a modality that the model does not have.
// Errors: invalid_argument.
Result<void> check_live_setup(const Setup& setup);

}  // namespace parley::gemini
