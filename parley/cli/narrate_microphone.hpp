#pragma once

#include <memory>
#include <string>

#include "parley/narrative/gemini_talks.hpp"

namespace parley::cli {

// What the user says in a Live narrative: a WAV file, played once as fast as it would be said, or
// "-": PCM16 of 16 kHz from standard input, as it comes. Errors: not_found, invalid_argument.
Result<std::unique_ptr<narrative::Microphone>> open_microphone(Executor executor,
                                                               const std::string& source);

}  // namespace parley::cli
