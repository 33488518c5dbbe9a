#include "exercised.hpp"

#include EXERCISE_HEADER

namespace parley::exercised {

const char* const definition_file = DEFINITION_FILE;

std::vector<api::CodecCase> codec_cases() {
  return EXERCISE_NAMESPACE::codec_cases();
}

std::vector<api::EndpointCase> endpoint_cases() {
  return EXERCISE_NAMESPACE::endpoint_cases();
}

}  // namespace parley::exercised
