#include <algorithm>
#include <limits>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "parley/base/text.hpp"
#include "parley/gemini/anthropic/detail/messages.hpp"
#include "parley/gemini/detail/json_members.hpp"

namespace parley::gemini::detail {
namespace {

// The status that an error's type has; 0: a type that is not known.
int status_of_type(std::string_view type) {
  if (type == "invalid_request_error") return 400;
  if (type == "authentication_error") return 401;
  if (type == "billing_error") return 402;
  if (type == "permission_error") return 403;
  if (type == "not_found_error") return 404;
  if (type == "request_too_large") return 413;
  if (type == "rate_limit_error") return 429;
  if (type == "api_error") return 500;
  if (type == "timeout_error") return 504;
  return type == "overloaded_error" ? 529 : 0;
}

std::int32_t bounded_sum(std::initializer_list<std::optional<std::int32_t>> counts) {
  std::int64_t sum = 0;
  for (const auto& one : counts) sum += std::max(0, one.value_or(0));
  return static_cast<std::int32_t>(
      std::min<std::int64_t>(sum, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

void AnthropicUsage::add(const json::Object& usage) {
  const auto take = [&](std::optional<std::int32_t>& to, const char* name) {
    if (const auto count = number_member(&usage, name)) {
      to = count;
      told_ = true;
    }
  };
  take(input_, "input_tokens");
  take(written_, "cache_creation_input_tokens");
  take(read_, "cache_read_input_tokens");
  take(output_, "output_tokens");
}

UsageMetadata AnthropicUsage::sum() const {
  UsageMetadata out;
  // The service counts what it read from its cache and wrote to it apart, Gemini within.
  if (input_ || written_ || read_) out.prompt_token_count = bounded_sum({input_, written_, read_});
  out.cached_content_token_count = read_;
  out.candidates_token_count = output_;
  out.total_token_count = bounded_sum({out.prompt_token_count, output_});
  return out;
}

std::optional<UsageMetadata> anthropic_usage(std::string_view text) {
  const auto value = json::parse(text, json::trusted_limits());
  const auto* object = value ? value->if_object() : nullptr;
  if (!object) return std::nullopt;
  const auto* message = object_member(*object, "message");
  const auto* told = object_member(message ? *message : *object, "usage");
  AnthropicUsage usage;
  if (told) usage.add(*told);
  return usage.told() ? std::optional<UsageMetadata>(usage.sum()) : std::nullopt;
}

std::string anthropic_finish(std::string_view reason) {
  if (reason == "end_turn" || reason == "stop_sequence" || reason == "tool_use" ||
      reason == "pause_turn")
    return "STOP";
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") return "MAX_TOKENS";
  if (reason == "refusal") return "SAFETY";
  return std::string(reason);
}

std::optional<Error> anthropic_error_in(const json::Value& body, int status) {
  const auto* object = body.if_object();
  const auto* error = object ? object_member(*object, "error") : nullptr;
  if (!error) return std::nullopt;
  const std::string type = text_member(*error, "type");
  const std::string message = text_member(*error, "message");
  if (const int of_type = status_of_type(type); status == 0) status = of_type ? of_type : 500;
  auto kind = kind_of_status(status);
  // A budget that is spent does not come back by waiting.
  const auto* details = object_member(*error, "details");
  if (details && text_member(*details, "error_code") == "enforced_spend_limit_reached")
    kind = ErrorKind::permission_denied;
  Error out(kind, message.empty() ? "the service told an error without words" : message);
  out = std::move(out).with_http_status(status).with_stage(Stage::receive);
  if (!type.empty()) out = std::move(out).with_detail("reason", type);
  if (auto id = text_member(*object, "request_id"); !id.empty())
    out = std::move(out).with_detail("request_id", id);
  return out;
}

Error anthropic_error(int status, std::string_view body) {
  if (const auto value = json::parse(body, json::trusted_limits()))
    if (auto error = anthropic_error_in(*value, status)) return std::move(*error);
  return error_of_text(status, body);
}

Result<std::optional<Part>> anthropic_part(const json::Object& block) {
  const std::string type = text_member(block, "type");
  Part part;
  if (type == "text") {
    part.text = text_member(block, "text");
  } else if (type == "thinking") {
    part.thought = true;
    part.text = text_member(block, "thinking");
    if (auto signature = text_member(block, "signature"); !signature.empty())
      part.thought_signature = std::string(kSignedThought) + signature;
  } else if (type == "redacted_thinking") {
    part.thought = true;
    part.thought_signature = std::string(kRedactedThought) + text_member(block, "data");
  } else if (type == "tool_use") {
    FunctionCall call(text_member(block, "name"));
    if (auto id = text_member(block, "id"); !id.empty()) call.id = std::move(id);
    const auto* input = object_member(block, "input");
    if (call.name.empty() || !input)
      return fail(unreadable_answer("a tool_use without a name or an input that is an object"));
    call.args = json::Members(*input);
    part.function_call = std::move(call);
  } else {
    return std::optional<Part>();
  }
  return std::optional<Part>(std::move(part));
}

Result<GenerateContentResponse> anthropic_answer(std::string_view body) {
  auto value = json::parse(body, json::trusted_limits());
  if (!value)
    return fail(unreadable_answer("the service's answer cannot be read")
                    .with_cause(std::move(value.error())));
  if (auto error = anthropic_error_in(*value, 0)) return fail(std::move(*error));
  const auto* object = value->if_object();
  const auto* blocks = object ? array_member(*object, "content") : nullptr;
  if (!blocks) return fail(unreadable_answer("the service's answer has no content"));
  Candidate candidate;
  candidate.index = 0;
  Content content;
  content.role = "model";
  content.parts.emplace();
  for (const auto& block : *blocks) {
    if (!block.is_object()) return fail(unreadable_answer("a block of content that is no object"));
    auto part = anthropic_part(block.as_object());
    if (!part) return fail(std::move(part.error()));
    if (*part) content.parts->push_back(std::move(**part));
  }
  candidate.content = std::move(content);
  if (const auto reason = text_member(*object, "stop_reason"); !reason.empty())
    candidate.finish_reason = FinishReason::of(anthropic_finish(reason));
  GenerateContentResponse out;
  if (auto id = text_member(*object, "id"); !id.empty()) out.response_id = std::move(id);
  if (auto model = text_member(*object, "model"); !model.empty())
    out.model_version = std::move(model);
  AnthropicUsage usage;
  if (const auto* told = object_member(*object, "usage")) usage.add(*told);
  if (usage.told()) out.usage_metadata = usage.sum();
  out.candidates.emplace().push_back(std::move(candidate));
  return out;
}

}  // namespace parley::gemini::detail
