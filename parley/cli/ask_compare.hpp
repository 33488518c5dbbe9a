#pragma once

#include "parley/cli/commands.hpp"
#include "parley/config/settings.hpp"
#include "parley/gemini/types.hpp"

namespace parley::cli {

// The same question to the model of --model and to those of --compare, one after the other, so that
// none waits for another: each answer with the time to its first text and to its end, its tokens
// and, where a price is known, what it cost. One that fails is told, and the others go on. The exit
// code is that of the first one that `parley ask` would not have ended with 0.
int compare_models(const AskOptions& options, const gemini::GenerateContentRequest& request,
                   const config::Settings& settings);

}  // namespace parley::cli
