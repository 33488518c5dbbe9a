#include "parley/emulator/rest/detail/request_check.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "parley/emulator/detail/wire.hpp"

namespace parley::emulator::detail {
namespace {

using Names = std::span<const std::string_view>;

// Members that the service knows and the emulator takes without a meaning of its own.
constexpr std::string_view kTop[] = {"modelArmorConfig"};
constexpr std::string_view kConfig[] = {"audioTranscriptionConfig", "enableEnhancedCivicAnswers",
                                        "audioTimestamp", "routingConfig", "modelConfig"};
constexpr std::string_view kPart[] = {"audioTranscription", "mediaProcessing", "speechMetadata"};

Answer unknown_name(std::string_view name, const std::string& where) {
  const std::string place = where.empty() ? "" : fmt::format(" at '{}'", where);
  const std::string text = fmt::format(
      "Invalid JSON payload received. Unknown name \"{}\"{}: Cannot find field.", name, place);
  json::Object violation{{"description", text}};
  if (!where.empty()) violation["field"] = where;
  return error_answer(400, "INVALID_ARGUMENT", text,
                      {json::Object{{"@type", "type.googleapis.com/google.rpc.BadRequest"},
                                    {"fieldViolations", json::Array{std::move(violation)}}}});
}

std::optional<Answer> check_extra(const json::Object& extra, Names known,
                                  const std::string& where) {
  for (const auto& [key, value] : extra)
    if (!value.is_null() &&  // null is a member that is not set
        std::ranges::none_of(known,
                             [&key = key](auto name) { return json::is_proto_name(key, name); }))
      return unknown_name(key, where);
  return std::nullopt;
}

int payloads(const gemini::Part& part) {
  int count = part.text.has_value() + part.inline_data.has_value() + part.file_data.has_value() +
              part.function_call.has_value() + part.function_response.has_value();
  return count + part.executable_code.has_value() + part.code_execution_result.has_value() +
         part.tool_call.has_value() + part.tool_response.has_value();
}

std::optional<Answer> check_content(const gemini::Content& content, const std::string& where) {
  if (auto bad = check_extra(content.extra, {}, where)) return bad;
  const auto& parts = gemini::parts_of(content);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& part = parts[i];
    const std::string place = fmt::format("{}.parts[{}]", where, i);
    if (auto bad = check_extra(part.extra, kPart, place)) return bad;
    if (payloads(part) > 1)
      return error_answer(
          400, "INVALID_ARGUMENT",
          fmt::format("Invalid value at '{}' (oneof), oneof field 'data' is already set.", place));
  }
  return std::nullopt;
}

std::optional<Answer> check_contents(const gemini::GenerateContentRequest& request) {
  const auto& contents = gemini::contents_of(request);
  if (contents.empty())
    return error_answer(400, "INVALID_ARGUMENT",
                        "* GenerateContentRequest.contents: contents is not specified\n");
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const auto& content = contents[i];
    if (auto bad = check_content(content, fmt::format("contents[{}]", i))) return bad;
    if (gemini::parts_of(content).empty())
      return error_answer(400, "INVALID_ARGUMENT",
                          fmt::format("* GenerateContentRequest.contents[{}].parts: must include "
                                      "at least one parts field\n",
                                      i));
    const auto role = content.role.value_or("");
    if (!role.empty() && role != "user" && role != "model" && role != "function")
      return error_answer(400, "INVALID_ARGUMENT", "Please use a valid role: user, model.");
  }
  return std::nullopt;
}

std::optional<Answer> check_config(const gemini::GenerationConfig& config) {
  if (auto bad = check_extra(config.extra, kConfig, "generation_config")) return bad;
  const auto range = [](std::string_view name, double low, double high) {
    return error_answer(
        400, "INVALID_ARGUMENT",
        fmt::format(
            "* GenerateContentRequest.generation_config.{}: {} must be in the range [{}, {}].\n",
            name, name, low, high));
  };
  if (config.temperature && (*config.temperature < 0 || *config.temperature > 2))
    return range("temperature", 0, 2);
  if (config.top_p && (*config.top_p < 0 || *config.top_p > 1)) return range("top_p", 0, 1);
  if (config.candidate_count && *config.candidate_count != 1)
    return error_answer(400, "INVALID_ARGUMENT",
                        "Only one candidate can be specified in the current model");
  if (config.stop_sequences && config.stop_sequences->size() > 5)
    return error_answer(400, "INVALID_ARGUMENT",
                        "* GenerateContentRequest.generation_config.stop_sequences: at most 5 stop "
                        "sequences are allowed\n");
  return std::nullopt;
}

}  // namespace

gemini::GenerateContentRequest read_request(std::string_view body, std::optional<Answer>& refusal) {
  auto request = json::decode_text<gemini::GenerateContentRequest>(body, json::trusted_limits());
  if (!request) {
    refusal = error_answer(400, "INVALID_ARGUMENT",
                           "Invalid JSON payload received. " + request.error().message());
    return {};
  }
  if (!refusal) refusal = check_extra(request->extra, kTop, "");
  if (!refusal && request->generation_config) refusal = check_config(*request->generation_config);
  if (!refusal && request->system_instruction)
    refusal = check_content(*request->system_instruction, "system_instruction");
  if (!refusal) refusal = check_contents(*request);
  return std::move(*request);
}

}  // namespace parley::emulator::detail
