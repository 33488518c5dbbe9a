#pragma once

#include <memory>
#include <string>

#include "parley/gemini/client.hpp"

namespace parley::gemini {

// A service that answers Gemini's requests, whatever it speaks on the wire. Belongs to one
// executor; calls may run side by side.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual Task<Result<GenerateContentResponse>> generate(std::string model,
                                                         GenerateContentRequest request) const = 0;
  // As Models::stream_generate_content.
  virtual Task<Result<Stream>> stream(std::string model, GenerateContentRequest request) const = 0;
};

// Gemini itself, over REST.
std::shared_ptr<Provider> gemini_provider(Models models);

}  // namespace parley::gemini
