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
  // The same with what became of the call, told when they return: attempts, header fields of the
  // answer. A provider that does not override them leaves the report as it is.
  virtual Task<Result<GenerateContentResponse>> generate_reported(
      std::string model, GenerateContentRequest request,
      std::shared_ptr<api::CallReport> report) const;
  virtual Task<Result<Stream>> stream_reported(std::string model, GenerateContentRequest request,
                                               std::shared_ptr<api::CallReport> report) const;
  // Whether its calls wait for a limiter by themselves (api::CallOptions::permit).
  virtual bool has_permit() const { return false; }
};

// Gemini itself, over REST.
std::shared_ptr<Provider> gemini_provider(Models models);

}  // namespace parley::gemini
