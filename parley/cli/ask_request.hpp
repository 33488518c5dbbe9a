#pragma once

#include <string>

#include "parley/base/error.hpp"
#include "parley/cli/commands.hpp"
#include "parley/gemini/types.hpp"

namespace parley::cli {

// The request that the options of `parley ask` describe. Errors: not_found (a file), too_large
// (files of more than 20 MB together, which the service does not take), invalid_argument (a file of
// a kind that is not known, a schema that is no JSON).
Result<gemini::GenerateContentRequest> make_request(const AskOptions& options,
                                                    const std::string& prompt);

// The bytes of a file. Errors: not_found.
Result<std::string> read_ask_file(const std::string& path);

}  // namespace parley::cli
