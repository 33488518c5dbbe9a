#pragma once

#include <map>
#include <string>

#include "parley/gemini/client.hpp"
#include "parley/narrative/ports.hpp"

namespace parley::narrative {

// Asks the Gemini API: models of the Live API over a WebSocket (a session for each call, with the
// roles, history and instruction of the request), all others over HTTP. A model whose name looks
// like Live ("-live", "-exp" …) is looked up once; where that fails, the name decides. Belongs to
// one executor; calls may run side by side.
class GeminiCaller final : public ModelCaller {
 public:
  explicit GeminiCaller(gemini::Client client);
  // Errors: those of Models::generate_content() and Live. A prompt that was blocked and an answer
  // that was stopped are answers, with their finish_reason: they may have cost something.
  Task<Result<ModelAnswer>> ask(ModelCall call) override;

 private:
  Task<bool> is_live(std::string model);

  gemini::Client client_;
  std::map<std::string, bool> live_;
};

}  // namespace parley::narrative
