#pragma once

#include "parley/gemini/types.hpp"
#include "parley/narrative/ports.hpp"

namespace parley::narrative::detail {

// Of whichever service. Error: invalid_response where there is neither an answer nor a reason why.
Result<ModelAnswer> answer_of(const gemini::GenerateContentResponse& response);

}  // namespace parley::narrative::detail
