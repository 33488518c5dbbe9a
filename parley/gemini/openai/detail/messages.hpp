#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/gemini/detail/foreign_service.hpp"
#include "parley/gemini/types.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini::detail {

// The body of POST /chat/completions. Errors: see openai_provider().
Result<std::string> openai_request(std::string_view model, const GenerateContentRequest& request,
                                   std::string_view max_tokens_member, bool stream);
// The messages of a request: instruction, history, prompt.
Result<json::Array> openai_messages(const GenerateContentRequest& request);

// A whole answer. Errors: invalid_response.
Result<GenerateContentResponse> openai_answer(std::string_view body);
// The error of an answer that is not 200: the service's words, kinds by status.
Error openai_error(int status, std::string_view body);
// The error that a body or an event holds; empty: none.
std::optional<Error> openai_error_in(const json::Value& body, int status);

// What a body or an event tells of usage.
std::optional<UsageMetadata> openai_usage(std::string_view text);

// Events of a stream to messages of Gemini's: text as it comes, calls when they are whole.
class OpenAiReader final : public DialectReader {
 public:
  OpenAiReader() = default;
  Result<std::optional<GenerateContentResponse>> read(std::string_view data) override;
  bool finished() const override { return finished_; }

 private:
  struct Call {
    std::string id, name, arguments;
  };
  Result<void> collect(const json::Array& calls);
  Result<void> add_calls(Content& content);

  std::vector<Call> calls_;
  bool finished_ = false;
};

}  // namespace parley::gemini::detail
