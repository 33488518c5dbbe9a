#pragma once

#include <vector>

#include "parley/api/exercise.hpp"

// What the tests of every definition run with; each test program links those of its own definition.
namespace parley::exercised {

extern const char* const definition_file;
std::vector<api::CodecCase> codec_cases();
std::vector<api::EndpointCase> endpoint_cases();

}  // namespace parley::exercised
