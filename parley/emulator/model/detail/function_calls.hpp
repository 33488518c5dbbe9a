#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parley/gemini/types.hpp"

namespace parley::emulator::detail {

// The calls that the offline model makes: of the declared functions whose name, or a word of it
// ("weather" of get_weather), stands in the last thing the user said; with mode ANY the first one
// where none does. None while the last turn answers a call, and with mode NONE. Arguments come from
// the prompt: texts in quotes, capitalised words, numbers, values of an enumeration.
std::vector<gemini::FunctionCall> calls_for(const std::vector<gemini::Content>& contents,
                                            const std::vector<gemini::Tool>& tools,
                                            const gemini::ToolConfig& config);

// What functions answered in the last turn, as text to quote; empty where it answers no call.
std::string results_in(const std::vector<gemini::Content>& contents);

}  // namespace parley::emulator::detail
