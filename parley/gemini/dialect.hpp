#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/gemini/types.hpp"

// How a service says Gemini's requests and answers, without I/O: for recordings, tests, and
// services behind other transports. Made by anthropic_dialect() and openai_dialect().
namespace parley::gemini {

// Events of one stream to Gemini's messages.
class DialectReader {
 public:
  virtual ~DialectReader() = default;
  // One event's data. Empty: nothing to tell yet. Errors: invalid_response; what the service says.
  virtual Result<std::optional<GenerateContentResponse>> read(std::string_view data) = 0;
  // True once the service has said that the answer is whole.
  virtual bool finished() const = 0;
};

// Has no state; any thread.
class Dialect {
 public:
  virtual ~Dialect() = default;
  // Of the call, behind the base URL; it takes a POST with JSON.
  virtual std::string path() const = 0;
  // Errors: invalid_argument with what the service has no word for.
  virtual Result<std::string> request(std::string_view model, const GenerateContentRequest& request,
                                      bool stream) const = 0;
  // A whole answer. Errors: invalid_response; what the service says.
  virtual Result<GenerateContentResponse> answer(std::string_view body) const = 0;
  // Of an answer that is not 200.
  virtual Error error(int status, std::string_view body) const = 0;
  // What a body or an event tells of usage; may be a part of it.
  virtual std::optional<UsageMetadata> usage(std::string_view text) const = 0;
  virtual std::unique_ptr<DialectReader> reader() const = 0;
};

}  // namespace parley::gemini
