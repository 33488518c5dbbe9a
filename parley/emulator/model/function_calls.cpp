#include "parley/emulator/model/detail/function_calls.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/model/detail/offer.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator::detail {
namespace {

std::string prompt_of(const std::vector<gemini::Content>& contents) {
  std::string text;
  if (contents.empty() || contents.back().role == "model") return text;
  for (const auto& part : gemini::parts_of(contents.back()))
    if (part.text) text += *part.text + " ";
  return text;
}

bool wanted_by(const gemini::FunctionDeclaration& function, const Offer& offer) {
  if (offer.mentions(function.name)) return true;
  for (const auto word : split(function.name, '_'))
    if (word.size() > 3 && offer.mentions(word)) return true;
  return false;
}

gemini::FunctionCall call_of(const gemini::FunctionDeclaration& function, Offer& offer) {
  gemini::FunctionCall call;
  call.name = function.name;
  json::Value schema = json::Object();
  if (function.parameters) schema = **function.parameters;
  if (function.parameters_json_schema) schema = **function.parameters_json_schema;
  if (!schema.is_object() || !schema.get_object().contains("properties"))
    schema = json::Object{{"type", "object"}};
  if (auto arguments = value_for(schema, offer); arguments.is_object())
    call.args = json::Members(std::move(arguments.as_object()));
  return call;
}

}  // namespace

std::vector<gemini::FunctionCall> calls_for(const std::vector<gemini::Content>& contents,
                                            const std::vector<gemini::Tool>& tools,
                                            const gemini::ToolConfig& config) {
  using Mode = gemini::FunctionCallingMode;
  gemini::FunctionCallingConfig calling;
  if (config.function_calling_config) calling = *config.function_calling_config;
  const auto mode = calling.mode.value_or(Mode::auto_);
  if (mode == Mode::none || !results_in(contents).empty()) return {};
  std::vector<const gemini::FunctionDeclaration*> allowed;
  for (const auto& tool : tools) {
    if (!tool.function_declarations) continue;
    for (const auto& function : *tool.function_declarations)
      if (!calling.allowed_function_names ||
          std::ranges::find(*calling.allowed_function_names, function.name) !=
              calling.allowed_function_names->end())
        allowed.push_back(&function);
  }
  const std::string prompt = prompt_of(contents);
  Offer offer(prompt);
  std::vector<gemini::FunctionCall> calls;
  for (const auto* function : allowed)
    if (wanted_by(*function, offer)) calls.push_back(call_of(*function, offer));
  if (calls.empty() && mode == Mode::any && !allowed.empty())
    calls.push_back(call_of(*allowed.front(), offer));
  return calls;
}

std::string results_in(const std::vector<gemini::Content>& contents) {
  std::string text;
  if (contents.empty()) return text;
  for (const auto& part : gemini::parts_of(contents.back())) {
    if (!part.function_response) continue;
    const auto& answer = *part.function_response;
    text += fmt::format("{}The function {} answered {}.", text.empty() ? "" : " ", answer.name,
                        answer.response ? json::to_string(**answer.response) : "nothing");
  }
  return text;
}

}  // namespace parley::emulator::detail
