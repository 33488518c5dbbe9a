#include "parley/gemini/structured.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/answer.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini {
namespace {

constexpr std::array<std::string_view, 21> kKept = {"$id",         "$defs",
                                                    "$ref",        "$anchor",
                                                    "type",        "title",
                                                    "description", "enum",
                                                    "items",       "prefixItems",
                                                    "minItems",    "maxItems",
                                                    "minimum",     "maximum",
                                                    "anyOf",       "oneOf",
                                                    "properties",  "additionalProperties",
                                                    "required",    "propertyOrdering",
                                                    "format"};
constexpr std::array<std::string_view, 6> kFormats = {"enum",   "date-time", "float",
                                                      "double", "int32",     "int64"};

template <class List>
bool has(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

// {"anyOf": [{"type": "string"}, {"type": "string", "enum": […]}]}: texts that are known, and any.
const json::Value* known_values(const json::Object& schema) {
  const auto* choices = schema.if_contains("anyOf");
  if (!choices || !choices->is_array() || choices->get_array().size() != 2) return nullptr;
  const auto& any = choices->get_array()[0];
  const auto& known = choices->get_array()[1];
  const json::Object any_string{{"type", "string"}};
  return any == json::Value(any_string) && known.is_object() && known.get_object().contains("enum")
             ? &known
             : nullptr;
}

json::Value members_of(const json::Value& schemas) {
  json::Object out;
  if (schemas.is_object())
    for (const auto& [name, schema] : schemas.get_object()) out[name] = service_schema(schema);
  return out;
}

json::Value elements_of(const json::Value& schemas) {
  json::Array out;
  if (schemas.is_array())
    for (const auto& schema : schemas.get_array()) out.push_back(service_schema(schema));
  return out;
}

}  // namespace

json::Value service_schema(const json::Value& schema) {
  if (!schema.is_object()) return schema;
  const auto& from = schema.get_object();
  json::Object out;
  for (const auto& [key, value] : from) {
    const std::string_view name(key);
    if (name == "const") {
      out["enum"] = json::Array{value};
      if (value.is_string()) out["type"] = "string";
    }
    if (!has(kKept, name)) continue;
    if (name == "format" && !(value.is_string() && has(kFormats, value.get_string()))) continue;
    if (name == "items" && value.is_bool()) continue;
    if (name == "properties" || name == "$defs")
      out[name] = members_of(value);
    else if (name == "anyOf" || name == "oneOf" || name == "prefixItems")
      out[name] = elements_of(value);
    else if (name == "items" || name == "additionalProperties")
      out[name] = service_schema(value);
    else
      out[name] = value;
  }
  while (const auto* found = known_values(out)) {
    const json::Object known = found->get_object();
    out.erase("anyOf");
    for (const auto& [key, value] : known) out[key] = value;
  }
  return out;
}

void answer_as(GenerateContentRequest& request, const json::Value& schema) {
  if (!request.generation_config) request.generation_config.emplace();
  request.generation_config->response_mime_type = "application/json";
  request.generation_config->response_schema.reset();
  request.generation_config->response_json_schema = json::Any(service_schema(schema));
}

namespace {

Error unfit(std::string what, std::string_view text, std::string_view finish_reason) {
  if (finish_reason == "MAX_TOKENS")
    what = "the answer ended early (MAX_TOKENS), maxOutputTokens is too small: " + what;
  return Error(ErrorKind::invalid_response, std::move(what))
      .with_stage(Stage::receive)
      .with_detail("answer", redact(first_scalars(text, 200)));
}

}  // namespace

Result<std::string> read_structured(std::string_view text, std::string_view finish_reason,
                                    const json::Value& schema) {
  if (trim(text).empty())
    return fail(unfit("the model gave no text where JSON was asked for", text, finish_reason));
  const auto value = json::parse(text, json::trusted_limits());
  if (!value)
    return fail(unfit("the answer is no JSON: " + value.error().message(), text, finish_reason));
  if (const auto checked = json::check_schema(*value, schema); !checked)
    return fail(unfit("the answer is not as its schema says: " + checked.error().message(), text,
                      finish_reason));
  return std::string(text);
}

Result<std::string> read_structured(const GenerateContentResponse& response,
                                    const json::Value& schema) {
  if (auto problem = problem_of(response)) return fail(std::move(*problem));
  return read_structured(text_of(response), finish_reason_of(response), schema);
}

Task<Result<StreamedText>> read_streamed(Models models, std::string model,
                                         GenerateContentRequest request,
                                         std::function<void(std::string_view)> on_text) {
  auto stream = co_await models.stream_generate_content(std::move(model), std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  StreamedText all;
  while (auto piece = co_await stream->next()) {
    const bool speaks = !candidates_of(*piece).empty() || !block_reason_of(*piece).empty();
    if (auto problem = speaks ? problem_of(*piece) : std::nullopt) co_return fail(*problem);
    const auto text = text_of(*piece);
    if (on_text && !text.empty()) on_text(text);
    all.text += text;
    if (auto reason = finish_reason_of(*piece); !reason.empty())
      all.finish_reason = std::move(reason);
  }
  if (auto outcome = stream->outcome(); !outcome) co_return fail(std::move(outcome.error()));
  co_return all;
}

}  // namespace parley::gemini
