#include "parley/gemini/openai/detail/messages.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::gemini::detail {
namespace {

using json::Array;
using json::Object;

Error no_word_for(std::string_view what) {
  return Error(
             ErrorKind::invalid_argument,
             fmt::format("a service of OpenAI's kind has no {}: leave it out, or ask Gemini", what))
      .with_stage(Stage::setup);
}

// "audio/wav" → "wav"; empty: a format that is not taken.
std::string_view audio_format(std::string_view mime) {
  if (mime == "audio/wav" || mime == "audio/x-wav" || mime == "audio/wave") return "wav";
  return mime == "audio/mp3" || mime == "audio/mpeg" ? "mp3" : "";
}

Object text_piece(std::string_view text) {
  return Object{{"type", "text"}, {"text", text}};
}

Object picture(std::string_view url) {
  return Object{{"type", "image_url"}, {"image_url", Object{{"url", url}}}};
}

Result<Object> blob_piece(const Blob& blob) {
  const std::string mime = blob.mime_type.value_or("");
  const std::string data = to_base64(blob.data.value_or(Bytes()));
  if (mime.starts_with("image/")) return picture(fmt::format("data:{};base64,{}", mime, data));
  const auto format = audio_format(mime);
  if (format.empty()) return fail(no_word_for(fmt::format("parts of type '{}'", mime)));
  return Object{{"type", "input_audio"},
                {"input_audio", Object{{"data", data}, {"format", format}}}};
}

// One turn of the history, which may become several messages: results of functions are each one.
class Turn {
 public:
  explicit Turn(std::string role) : role_(std::move(role)) {}

  Result<void> add(const Part& part, std::size_t index) {
    if (part.thought.value_or(false)) return {};
    if (part.function_call) return call(*part.function_call, index);
    if (part.function_response) return result(*part.function_response, index);
    if (part.inline_data) {
      auto piece = blob_piece(*part.inline_data);
      if (!piece) return fail(std::move(piece.error()));
      pieces_.push_back(std::move(*piece));
      plain_ = false;
    } else if (part.file_data) {
      if (!part.file_data->mime_type.value_or("").starts_with("image/"))
        return fail(no_word_for("files by URI that are no pictures"));
      pieces_.push_back(picture(part.file_data->file_uri));
      plain_ = false;
    } else if (part.text) {
      text_ += *part.text;
      pieces_.push_back(text_piece(*part.text));
    } else {
      return fail(no_word_for("parts of code or of built-in tools"));
    }
    return {};
  }

  void finish(Array& messages) {
    for (auto& one : results_) messages.push_back(std::move(one));
    if (pieces_.empty() && calls_.empty()) return;
    Object message{{"role", role_}};
    if (plain_)
      message["content"] = text_;
    else
      message["content"] = std::move(pieces_);
    if (!calls_.empty()) {
      if (text_.empty()) message["content"] = nullptr;
      message["tool_calls"] = std::move(calls_);
    }
    messages.push_back(std::move(message));
  }

 private:
  // Gemini's older calls have no ids; the service wants them, so they are counted.
  static std::string id_of(const std::optional<std::string>& id, std::string_view name) {
    return id && !id->empty() ? *id : fmt::format("call_{}", name);
  }

  Result<void> call(const FunctionCall& call, std::size_t) {
    const json::Value args = call.args ? json::Value(**call.args) : json::Value(Object());
    calls_.push_back(
        Object{{"id", id_of(call.id, call.name)},
               {"type", "function"},
               {"function", Object{{"name", call.name}, {"arguments", json::to_string(args)}}}});
    return {};
  }

  Result<void> result(const FunctionResponse& response, std::size_t) {
    const json::Value value =
        response.response ? json::Value(**response.response) : json::Value(Object());
    results_.push_back(Object{{"role", "tool"},
                              {"tool_call_id", id_of(response.id, response.name)},
                              {"content", json::to_string(value)}});
    return {};
  }

  std::string role_;
  std::string text_;
  bool plain_ = true;
  Array pieces_, calls_, results_;
};

Result<void> add_tools(const GenerateContentRequest& request, Object& body) {
  Array tools;
  if (request.tools)
    for (const auto& tool : *request.tools) {
      if (tool.google_search || tool.google_search_retrieval || tool.code_execution ||
          tool.url_context || tool.google_maps || tool.computer_use || tool.file_search ||
          tool.mcp_servers)
        return fail(no_word_for("search, code or other built-in tools"));
      if (!tool.function_declarations) continue;
      for (const auto& function : *tool.function_declarations) {
        Object described{{"name", function.name}};
        if (function.description) described["description"] = *function.description;
        if (function.parameters_json_schema)
          described["parameters"] = **function.parameters_json_schema;
        else if (function.parameters)
          described["parameters"] = plain_schema(**function.parameters);
        tools.push_back(Object{{"type", "function"}, {"function", std::move(described)}});
      }
    }
  if (tools.empty()) return {};
  body["tools"] = std::move(tools);
  if (!request.tool_config || !request.tool_config->function_calling_config) return {};
  const auto& calling = *request.tool_config->function_calling_config;
  const std::string mode = calling.mode ? std::string(calling.mode->wire()) : "";
  if (mode == "NONE") {
    body["tool_choice"] = "none";
  } else if (mode == "ANY") {
    const auto& names = calling.allowed_function_names;
    if (names && names->size() == 1)
      body["tool_choice"] =
          Object{{"type", "function"}, {"function", Object{{"name", names->front()}}}};
    else
      body["tool_choice"] = "required";
  }
  return {};
}

Result<void> add_settings(const GenerationConfig& settings, std::string_view max_tokens_member,
                          Object& body) {
  if (settings.top_k) return fail(no_word_for("topK"));
  if (settings.candidate_count) body["n"] = *settings.candidate_count;
  if (settings.max_output_tokens) body[max_tokens_member] = *settings.max_output_tokens;
  if (settings.temperature) body["temperature"] = *settings.temperature;
  if (settings.top_p) body["top_p"] = *settings.top_p;
  if (settings.seed) body["seed"] = *settings.seed;
  if (settings.presence_penalty) body["presence_penalty"] = *settings.presence_penalty;
  if (settings.frequency_penalty) body["frequency_penalty"] = *settings.frequency_penalty;
  if (settings.stop_sequences)
    body["stop"] = Array(settings.stop_sequences->begin(), settings.stop_sequences->end());
  const bool wants_json = settings.response_mime_type.value_or("") == "application/json";
  json::Value schema;
  if (settings.response_json_schema)
    schema = **settings.response_json_schema;
  else if (settings.response_schema)
    schema = plain_schema(**settings.response_schema);
  if (!schema.is_null())
    body["response_format"] =
        Object{{"type", "json_schema"},
               {"json_schema", Object{{"name", "answer"}, {"schema", std::move(schema)}}}};
  else if (wants_json)
    body["response_format"] = Object{{"type", "json_object"}};
  return {};
}

}  // namespace

Result<Array> openai_messages(const GenerateContentRequest& request) {
  Array messages;
  const auto add = [&messages](const Content& content, std::string role) -> Result<void> {
    Turn turn(std::move(role));
    std::size_t index = 0;
    for (const auto& part : parts_of(content))
      if (auto taken = turn.add(part, index++); !taken) return taken;
    turn.finish(messages);
    return {};
  };
  if (request.system_instruction)
    if (auto taken = add(*request.system_instruction, "system"); !taken)
      return fail(std::move(taken.error()));
  for (const auto& content : contents_of(request))
    if (auto taken = add(content, content.role == "model" ? "assistant" : "user"); !taken)
      return fail(std::move(taken.error()));
  return messages;
}

Result<std::string> openai_request(std::string_view model, const GenerateContentRequest& request,
                                   std::string_view max_tokens_member, bool stream) {
  if (request.cached_content) return fail(no_word_for("cached contents"));
  auto messages = openai_messages(request);
  if (!messages) return fail(std::move(messages.error()));
  Object body{{"model", model}, {"messages", std::move(*messages)}};
  if (auto taken = add_tools(request, body); !taken) return fail(std::move(taken.error()));
  if (request.generation_config)
    if (auto taken = add_settings(*request.generation_config, max_tokens_member, body); !taken)
      return fail(std::move(taken.error()));
  if (stream) {
    body["stream"] = true;
    body["stream_options"] = Object{{"include_usage", true}};
  }
  return json::to_string(json::Value(std::move(body)));
}

}  // namespace parley::gemini::detail
