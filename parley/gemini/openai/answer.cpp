#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/gemini/detail/json_members.hpp"
#include "parley/gemini/openai/detail/messages.hpp"

namespace parley::gemini::detail {
namespace {

using json::Array;
using json::Object;

// The words of the two services for the same end; one that is not known stays as it is.
std::string finish_of(std::string_view reason) {
  if (reason == "stop" || reason == "tool_calls" || reason == "function_call") return "STOP";
  if (reason == "length") return "MAX_TOKENS";
  if (reason == "content_filter") return "SAFETY";
  return std::string(reason);
}

std::optional<UsageMetadata> usage_of(const Object& answer) {
  const auto* usage = object_member(answer, "usage");
  if (!usage) return std::nullopt;
  UsageMetadata out;
  out.prompt_token_count = number_member(usage, "prompt_tokens");
  out.candidates_token_count = number_member(usage, "completion_tokens");
  out.total_token_count = number_member(usage, "total_tokens");
  out.cached_content_token_count =
      number_member(object_member(*usage, "prompt_tokens_details"), "cached_tokens");
  out.thoughts_token_count =
      number_member(object_member(*usage, "completion_tokens_details"), "reasoning_tokens");
  // Gemini counts thoughts apart, the other within.
  if (out.thoughts_token_count && out.candidates_token_count)
    *out.candidates_token_count -= std::min(*out.thoughts_token_count, *out.candidates_token_count);
  return out;
}

GenerateContentResponse frame_of(const Object& answer) {
  GenerateContentResponse out;
  if (auto id = text_member(answer, "id"); !id.empty()) out.response_id = std::move(id);
  if (auto model = text_member(answer, "model"); !model.empty())
    out.model_version = std::move(model);
  out.usage_metadata = usage_of(answer);
  return out;
}

// Text and thoughts of a message, whole or a piece of it.
void add_texts(const Object& message, Content& content) {
  for (const char* name : {"reasoning_content", "reasoning"})
    if (auto thought = text_member(message, name); !thought.empty()) {
      Part part = text_part(thought);
      part.thought = true;
      content.parts->push_back(std::move(part));
      break;
    }
  if (auto text = text_member(message, "content"); !text.empty())
    content.parts->push_back(text_part(text));
}

Result<Part> call_part(std::string id, std::string name, std::string_view arguments) {
  FunctionCall call(std::move(name));
  if (!id.empty()) call.id = std::move(id);
  auto args = trim(arguments).empty() ? Result<json::Value>(json::Value(Object()))
                                      : json::parse(arguments, json::trusted_limits());
  if (!args || !args->is_object()) {
    auto error = unreadable_answer(
        fmt::format("the arguments of the call of {} are no JSON object", call.name));
    if (!args) error = std::move(error).with_cause(std::move(args.error()));
    return fail(std::move(error));
  }
  call.args = json::Members(std::move(args->as_object()));
  Part part;
  part.function_call = std::move(call);
  return part;
}

Content empty_content() {
  Content content;
  content.role = "model";
  content.parts.emplace();
  return content;
}

Result<Candidate> candidate_of(const Object& choice) {
  Candidate candidate;
  candidate.index = number_member(&choice, "index");
  Content content = empty_content();
  if (const auto* message = object_member(choice, "message")) {
    add_texts(*message, content);
    if (const auto* calls = array_member(*message, "tool_calls"))
      for (const auto& call : *calls) {
        const auto* object = call.if_object();
        const auto* function = object ? object_member(*object, "function") : nullptr;
        if (!function) return fail(unreadable_answer("a tool call without a function"));
        auto part = call_part(text_member(*object, "id"), text_member(*function, "name"),
                              text_member(*function, "arguments"));
        if (!part) return fail(std::move(part.error()));
        content.parts->push_back(std::move(*part));
      }
  }
  candidate.content = std::move(content);
  if (const auto reason = text_member(choice, "finish_reason"); !reason.empty())
    candidate.finish_reason = FinishReason::of(finish_of(reason));
  return candidate;
}

}  // namespace

std::optional<Error> openai_error_in(const json::Value& body, int status) {
  const auto* object = body.if_object();
  const auto* told = object ? object->if_contains("error") : nullptr;
  if (!told || told->is_null()) return std::nullopt;
  const auto* error = told->if_object();
  const std::string message = error               ? text_member(*error, "message")
                              : told->is_string() ? std::string(told->as_string())
                                                  : json::to_string(*told);
  const std::string code = error ? text_member(*error, "code") : "";
  // A budget that is spent does not come back by waiting.
  const auto kind =
      code == "insufficient_quota" ? ErrorKind::permission_denied : kind_of_status(status);
  Error out(kind, message.empty() ? "the service told an error without words" : message);
  out = std::move(out).with_http_status(status).with_stage(Stage::receive);
  if (!code.empty()) out = std::move(out).with_detail("reason", code);
  return out;
}

Error openai_error(int status, std::string_view body) {
  if (const auto value = json::parse(body, json::trusted_limits()))
    if (auto error = openai_error_in(*value, status)) return std::move(*error);
  return error_of_text(status, body);
}

std::optional<UsageMetadata> openai_usage(std::string_view text) {
  const auto value = json::parse(text, json::trusted_limits());
  const auto* object = value ? value->if_object() : nullptr;
  return object ? usage_of(*object) : std::nullopt;
}

Result<GenerateContentResponse> openai_answer(std::string_view body) {
  auto value = json::parse(body, json::trusted_limits());
  if (!value)
    return fail(unreadable_answer("the service's answer cannot be read")
                    .with_cause(std::move(value.error())));
  if (auto error = openai_error_in(*value, 500)) return fail(std::move(*error));
  const auto* object = value->if_object();
  const auto* choices = object ? array_member(*object, "choices") : nullptr;
  if (!choices) return fail(unreadable_answer("the service's answer has no choices"));
  GenerateContentResponse out = frame_of(*object);
  out.candidates.emplace();
  for (const auto& choice : *choices) {
    if (!choice.is_object()) return fail(unreadable_answer("a choice that is no object"));
    auto candidate = candidate_of(choice.as_object());
    if (!candidate) return fail(std::move(candidate.error()));
    out.candidates->push_back(std::move(*candidate));
  }
  return out;
}

Result<void> OpenAiReader::collect(const Array& calls) {
  for (const auto& one : calls) {
    const auto* call = one.if_object();
    if (!call) return fail(unreadable_answer("a tool call that is no object"));
    const auto index = number_member(call, "index");
    const auto at = index ? static_cast<std::size_t>(*index) : calls_.size();
    if (at > 1000) return fail(unreadable_answer("a tool call of a number over 1000"));
    if (at >= calls_.size()) calls_.resize(at + 1);
    if (auto id = text_member(*call, "id"); !id.empty()) calls_[at].id = std::move(id);
    const auto* function = object_member(*call, "function");
    if (!function) continue;
    calls_[at].name += text_member(*function, "name");
    calls_[at].arguments += text_member(*function, "arguments");
  }
  return {};
}

Result<void> OpenAiReader::add_calls(Content& content) {
  for (auto& call : calls_) {
    auto part = call_part(std::move(call.id), std::move(call.name), call.arguments);
    if (!part) return fail(std::move(part.error()));
    content.parts->push_back(std::move(*part));
  }
  calls_.clear();
  return {};
}

Result<std::optional<GenerateContentResponse>> OpenAiReader::read(std::string_view data) {
  if (trim(data) == "[DONE]") return std::nullopt;
  auto value = json::parse(data, json::trusted_limits());
  if (!value)
    return fail(unreadable_answer("an event of the stream cannot be read")
                    .with_cause(std::move(value.error())));
  if (auto error = openai_error_in(*value, 500)) return fail(std::move(*error));
  const auto* object = value->if_object();
  if (!object) return fail(unreadable_answer("an event of the stream is no object"));
  GenerateContentResponse out = frame_of(*object);
  bool tells = out.usage_metadata.has_value();
  const auto* choices = array_member(*object, "choices");
  const auto* choice = choices && !choices->empty() ? choices->front().if_object() : nullptr;
  if (choice) {
    Candidate candidate;
    Content content = empty_content();
    if (const auto* delta = object_member(*choice, "delta")) {
      add_texts(*delta, content);
      if (const auto* calls = array_member(*delta, "tool_calls"))
        if (auto taken = collect(*calls); !taken) return fail(std::move(taken.error()));
    }
    if (const auto reason = text_member(*choice, "finish_reason"); !reason.empty()) {
      finished_ = true;
      candidate.finish_reason = FinishReason::of(finish_of(reason));
      if (auto taken = add_calls(content); !taken) return fail(std::move(taken.error()));
    }
    tells = tells || candidate.finish_reason || !content.parts->empty();
    candidate.index = 0;
    candidate.content = std::move(content);
    out.candidates.emplace().push_back(std::move(candidate));
  }
  if (!tells) return std::nullopt;
  return std::optional<GenerateContentResponse>(std::move(out));
}

}  // namespace parley::gemini::detail
