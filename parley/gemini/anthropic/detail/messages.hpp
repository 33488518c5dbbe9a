#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/gemini/detail/foreign_service.hpp"
#include "parley/gemini/types.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini::detail {

// The body of POST /v1/messages. Errors: see anthropic_provider().
Result<std::string> anthropic_request(std::string_view model, const GenerateContentRequest& request,
                                      std::int32_t max_tokens, bool stream);

// A whole answer. Errors: invalid_response.
Result<GenerateContentResponse> anthropic_answer(std::string_view body);
// The error of an answer that is not 200, or of an event (status 0: by its type).
Error anthropic_error(int status, std::string_view body);
// The error that a body or an event holds; empty: none.
std::optional<Error> anthropic_error_in(const json::Value& body, int status);
// What a body or an event tells of usage; empty: nothing.
std::optional<UsageMetadata> anthropic_usage(std::string_view text);

// "anthropic:thinking:" and "anthropic:redacted:" stand before what a thoughtSignature of this
// service holds, so that it is told from those of others.
inline constexpr std::string_view kSignedThought = "anthropic:thinking:";
inline constexpr std::string_view kRedactedThought = "anthropic:redacted:";

// A block of an answer as a part; empty: a kind that is not known, which the service may add at any
// time.
Result<std::optional<Part>> anthropic_part(const json::Object& block);
// The words of the two services for the same end; one that is not known stays as it is.
std::string anthropic_finish(std::string_view stop_reason);

// The counts as the service tells them, in parts and growing, to Gemini's.
class AnthropicUsage {
 public:
  void add(const json::Object& usage);
  bool told() const { return told_; }
  UsageMetadata sum() const;

 private:
  bool told_ = false;
  std::optional<std::int32_t> input_, written_, read_, output_;
};

// Events of a stream to messages of Gemini's: text and thoughts as they come, calls and signatures
// when they are whole, usage and the end together.
class AnthropicReader final : public DialectReader {
 public:
  Result<std::optional<GenerateContentResponse>> read(std::string_view data) override;
  bool finished() const override { return finished_; }

 private:
  struct Block {
    std::string type;
    json::Object start;
    std::string input, signature;
  };
  using Answer = Result<std::optional<GenerateContentResponse>>;
  Answer begin(const json::Object& event);
  Answer begin_block(const json::Object& event);
  Answer add_to_block(const json::Object& event);
  Answer end_block(const json::Object& event);
  Answer end(const json::Object& event);
  Result<Block*> block_of(const json::Object& event);
  GenerateContentResponse answer_of(Part part) const;
  GenerateContentResponse frame() const;

  std::string id_, model_;
  AnthropicUsage usage_;
  std::map<std::int32_t, Block> blocks_;  // that are open
  bool finished_ = false;
};

}  // namespace parley::gemini::detail
