#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/emulator/rest/service.hpp"

namespace parley::emulator::detail {

std::vector<gemini::ModalityTokenCount> text_tokens(int count);
// Models from the third generation on number their calls, and sign the first one.
std::vector<gemini::Part> call_parts(std::string_view model, std::string_view response_id,
                                     const std::vector<gemini::FunctionCall>& calls);

}  // namespace parley::emulator::detail
