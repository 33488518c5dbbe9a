#include "parley/gemini/anthropic/detail/messages.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::gemini::detail {
namespace {

using json::Array;
using json::Object;

Error not_of_messages(std::string_view what) {
  return Error(ErrorKind::invalid_argument,
               fmt::format("Anthropic's Messages API has no {}: leave it out, or ask Gemini", what))
      .with_stage(Stage::setup);
}

Result<const char*> block_type(std::string_view mime) {
  if (mime.starts_with("image/")) return "image";
  if (mime == "application/pdf") return "document";
  return fail(not_of_messages(fmt::format("parts of type '{}'", mime)));
}

Result<Object> data_block(const Blob& blob) {
  const std::string mime = blob.mime_type.value_or("");
  auto type = block_type(mime);
  if (!type) return fail(std::move(type.error()));
  Object source{
      {"type", "base64"}, {"media_type", mime}, {"data", to_base64(blob.data.value_or(Bytes()))}};
  return Object{{"type", *type}, {"source", std::move(source)}};
}

Result<Object> url_block(const FileData& file) {
  auto type = block_type(file.mime_type.value_or(""));
  if (!type) return fail(std::move(type.error()));
  if (!file.file_uri.starts_with("https://") ||
      file.file_uri.starts_with("https://generativelanguage.googleapis.com/"))
    return fail(not_of_messages("files but by a public https URL"));
  return Object{{"type", *type}, {"source", Object{{"type", "url"}, {"url", file.file_uri}}}};
}

// A thought that this service signed; empty: of another, or without a signature.
std::optional<Object> thought_block(const Part& part) {
  const std::string_view signature =
      part.thought_signature ? std::string_view(*part.thought_signature) : "";
  if (signature.starts_with(kRedactedThought))
    return Object{{"type", "redacted_thinking"},
                  {"data", signature.substr(kRedactedThought.size())}};
  if (!signature.starts_with(kSignedThought)) return std::nullopt;
  return Object{{"type", "thinking"},
                {"thinking", part.text.value_or("")},
                {"signature", signature.substr(kSignedThought.size())}};
}

// Messages of a history. Calls without an id (Gemini's older ones) are numbered by their names, and
// so are their results.
class History {
 public:
  Result<void> add(const Content& content) {
    const bool model = content.role == "model";
    Array results, blocks;
    thought_.clear();
    for (const auto& part : parts_of(content)) {
      if (part.function_response) {
        results.push_back(result(*part.function_response));
        continue;
      }
      auto block = block_of(part);
      if (!block) return fail(std::move(block.error()));
      if (*block) blocks.push_back(std::move(**block));
    }
    // The service wants the results before anything else of their turn.
    for (auto& block : blocks) results.push_back(std::move(block));
    if (results.empty()) return {};
    messages_.push_back(
        Object{{"role", model ? "assistant" : "user"}, {"content", std::move(results)}});
    return {};
  }
  Array take() { return std::move(messages_); }

 private:
  Result<std::optional<Object>> block_of(const Part& part) {
    if (part.thought.value_or(false)) return signed_thought(part);
    if (part.function_call) return std::optional<Object>(call(*part.function_call));
    if (part.inline_data) return given(data_block(*part.inline_data));
    if (part.file_data) return given(url_block(*part.file_data));
    if (!part.text) return fail(not_of_messages("parts of code or of built-in tools"));
    if (part.text->empty()) return std::optional<Object>();
    return std::optional<Object>(Object{{"type", "text"}, {"text", *part.text}});
  }
  // A thought may be streamed in pieces, of which the last has the signature.
  Result<std::optional<Object>> signed_thought(const Part& part) {
    thought_ += part.text.value_or("");
    if (!part.thought_signature) return std::optional<Object>();
    Part whole = part;
    whole.text = std::exchange(thought_, "");
    return thought_block(whole);
  }
  static Result<std::optional<Object>> given(Result<Object> block) {
    if (!block) return fail(std::move(block.error()));
    return std::optional<Object>(std::move(*block));
  }

  static std::string id_of(const std::optional<std::string>& id, const std::string& name,
                           std::map<std::string, int>& counts) {
    const int number = ++counts[name];
    return id && !id->empty() ? *id : fmt::format("call_{}_{}", name, number);
  }
  Object call(const FunctionCall& call) {
    const json::Value input = call.args ? json::Value(**call.args) : json::Value(Object());
    return Object{{"type", "tool_use"},
                  {"id", id_of(call.id, call.name, calls_)},
                  {"name", call.name},
                  {"input", input}};
  }
  Object result(const FunctionResponse& response) {
    const json::Value value =
        response.response ? json::Value(**response.response) : json::Value(Object());
    Object block{{"type", "tool_result"},
                 {"tool_use_id", id_of(response.id, response.name, results_)},
                 {"content", json::to_string(value)}};
    if (value.as_object().contains("error")) block["is_error"] = true;
    return block;
  }

  Array messages_;
  std::string thought_;
  std::map<std::string, int> calls_, results_;
};

Result<void> add_functions(const std::vector<Tool>& tools, Array& out) {
  for (const auto& tool : tools) {
    if (tool.google_search || tool.google_search_retrieval || tool.code_execution ||
        tool.url_context || tool.google_maps || tool.computer_use || tool.file_search ||
        tool.mcp_servers)
      return fail(not_of_messages("search, code or other built-in tools"));
    if (!tool.function_declarations) continue;
    for (const auto& function : *tool.function_declarations) {
      Object described{{"name", function.name}};
      if (function.description) described["description"] = *function.description;
      json::Value schema = Object{{"type", "object"}, {"properties", Object()}};
      if (function.parameters_json_schema)
        schema = **function.parameters_json_schema;
      else if (function.parameters)
        schema = plain_schema(**function.parameters);
      described["input_schema"] = std::move(schema);
      out.push_back(std::move(described));
    }
  }
  return {};
}

Result<void> add_functions(const GenerateContentRequest& request, Object& body) {
  Array tools;
  if (request.tools)
    if (auto taken = add_functions(*request.tools, tools); !taken) return taken;
  if (tools.empty()) return {};
  body["tools"] = std::move(tools);
  if (!request.tool_config || !request.tool_config->function_calling_config) return {};
  const auto& calling = *request.tool_config->function_calling_config;
  const std::string mode = calling.mode ? std::string(calling.mode->wire()) : "";
  const auto& names = calling.allowed_function_names;
  if (names && names->size() > 1)
    return fail(not_of_messages("choice among several of the functions (allowedFunctionNames)"));
  if (mode == "NONE")
    body["tool_choice"] = Object{{"type", "none"}};
  else if (mode == "ANY" && names && !names->empty())
    body["tool_choice"] = Object{{"type", "tool"}, {"name", names->front()}};
  else if (mode == "ANY")
    body["tool_choice"] = Object{{"type", "any"}};
  return {};
}

// The first member of the settings that the service has no word for; empty: none.
std::string_view unknown_setting(const GenerationConfig& settings) {
  if (settings.candidate_count.value_or(1) != 1) return "candidateCount but 1";
  if (settings.seed) return "seed";
  if (settings.presence_penalty) return "presencePenalty";
  if (settings.frequency_penalty) return "frequencyPenalty";
  if (settings.response_logprobs || settings.logprobs) return "logprobs";
  if (settings.speech_config) return "speechConfig";
  if (settings.image_config) return "imageConfig";
  if (settings.response_format) return "responseFormat";
  if (settings.top_k && *settings.top_k != std::floor(*settings.top_k)) return "broken topK";
  if (settings.response_modalities)
    for (const auto& one : *settings.response_modalities)
      if (one.wire() != "TEXT") return "answers but text (responseModalities)";
  return {};
}

Result<void> add_thinking(const ThinkingConfig& thinking, Object& body) {
  if (thinking.thinking_level) return fail(not_of_messages("thinkingLevel"));
  const auto budget = thinking.thinking_budget.value_or(0);
  if (budget < 0) return fail(not_of_messages("thinkingBudget below 0"));
  if (budget > 0)
    body["thinking"] = Object{{"type", "enabled"}, {"budget_tokens", budget}};
  else if (thinking.include_thoughts.value_or(false))
    return fail(not_of_messages("includeThoughts without a thinkingBudget"));
  return {};
}

Result<void> add_generation(const GenerationConfig& settings, Object& body) {
  if (const auto unknown = unknown_setting(settings); !unknown.empty())
    return fail(not_of_messages(unknown));
  if (settings.max_output_tokens) body["max_tokens"] = *settings.max_output_tokens;
  if (settings.temperature) body["temperature"] = *settings.temperature;
  if (settings.top_p) body["top_p"] = *settings.top_p;
  if (settings.top_k) body["top_k"] = static_cast<std::int64_t>(*settings.top_k);
  if (settings.stop_sequences)
    body["stop_sequences"] =
        Array(settings.stop_sequences->begin(), settings.stop_sequences->end());
  if (settings.thinking_config)
    if (auto taken = add_thinking(*settings.thinking_config, body); !taken) return taken;
  json::Value schema;
  if (settings.response_json_schema)
    schema = **settings.response_json_schema;
  else if (settings.response_schema)
    schema = plain_schema(**settings.response_schema);
  const auto mime = settings.response_mime_type.value_or("text/plain");
  if (!schema.is_null())
    body["output_config"] =
        Object{{"format", Object{{"type", "json_schema"}, {"schema", std::move(schema)}}}};
  else if (mime != "text/plain")
    return fail(not_of_messages(fmt::format("answers of the type '{}' without a schema", mime)));
  return {};
}

}  // namespace

Result<std::string> anthropic_request(std::string_view model, const GenerateContentRequest& request,
                                      std::int32_t max_tokens, bool stream) {
  if (request.cached_content) return fail(not_of_messages("cached contents"));
  if (request.safety_settings && !request.safety_settings->empty())
    return fail(not_of_messages("safetySettings"));
  Object body{{"model", model}, {"max_tokens", max_tokens}};
  if (request.system_instruction) {
    std::string system;
    for (const auto& part : parts_of(*request.system_instruction)) {
      if (!part.text) return fail(not_of_messages("system instruction but text"));
      if (!system.empty()) system += '\n';
      system += *part.text;
    }
    if (!system.empty()) body["system"] = system;
  }
  History history;
  for (const auto& content : contents_of(request))
    if (auto taken = history.add(content); !taken) return fail(std::move(taken.error()));
  body["messages"] = history.take();
  if (auto taken = add_functions(request, body); !taken) return fail(std::move(taken.error()));
  if (request.generation_config)
    if (auto taken = add_generation(*request.generation_config, body); !taken)
      return fail(std::move(taken.error()));
  if (stream) body["stream"] = true;
  return json::to_string(json::Value(std::move(body)));
}

}  // namespace parley::gemini::detail
