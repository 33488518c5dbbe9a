#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parley/gemini/types.hpp"

namespace parley::emulator {

// What the offline model answers: the pieces as a model would stream them, each valid UTF-8.
struct OfflineAnswer {
  OfflineAnswer() = default;
  std::vector<std::string> pieces;
  std::vector<gemini::FunctionCall> calls;  // where not empty, there is no text
  std::string finish_reason = "STOP";       // or MAX_TOKENS
  int prompt_tokens = 0;
  int answer_tokens = 0;
};

// Answers without a language model, and says so: from templates, chosen by `seed` and the request
// alone, so that the same conversation gets the same answer on every machine. It shows what it was
// given (how many messages, what was said before, a name it was told) and obeys simple wishes:
// "repeat: X", "write 300 words about X", Markdown, a list or table, code in a language, JSON
// (responseMimeType, made after the schema where one is given), the language asked for or that of
// the prompt. maxOutputTokens and stopSequences hold. It calls the declared functions that the
// prompt mentions, and quotes what they answered.
OfflineAnswer answer_offline(const gemini::GenerateContentRequest& request, std::uint64_t seed);

}  // namespace parley::emulator
