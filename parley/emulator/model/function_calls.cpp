#include "parley/emulator/model/detail/function_calls.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "parley/base/text.hpp"
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

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) || c == '-' || c == '\'' || byte >= 0x80;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (is_word_byte(c)) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

// What the prompt offers for arguments, each used once.
class Offer {
 public:
  explicit Offer(const std::string& prompt) : lower_(to_lower_ascii(prompt)) {
    for (std::size_t at = 0; (at = prompt.find('"', at)) != std::string::npos;) {
      const auto end = prompt.find('"', at + 1);
      if (end == std::string::npos) break;
      texts_.push_back(prompt.substr(at + 1, end - at - 1));
      at = end + 1;
    }
    const auto words = words_of(prompt);
    for (std::size_t i = 0; i < words.size(); ++i) {
      double number = 0;
      const auto& word = words[i];
      if (std::from_chars(word.data(), word.data() + word.size(), number).ec == std::errc())
        numbers_.push_back(number);
      else if (i > 0 && std::isupper(static_cast<unsigned char>(word[0])) && word.size() > 1)
        names_.push_back(word);
    }
    if (!words.empty()) last_ = words.back();
  }

  std::string text() {
    if (next_text_ < texts_.size()) return texts_[next_text_++];
    return next_name_ < names_.size() ? names_[next_name_++] : last_;
  }
  double number() { return next_number_ < numbers_.size() ? numbers_[next_number_++] : 1; }
  bool mentions(std::string_view word) const {
    return lower_.find(to_lower_ascii(word)) != std::string::npos;
  }

 private:
  std::string lower_, last_;
  std::vector<std::string> texts_, names_;
  std::vector<double> numbers_;
  std::size_t next_text_ = 0, next_name_ = 0, next_number_ = 0;
};

const json::Value* member(const json::Value& value, std::string_view name) {
  return value.is_object() ? value.get_object().if_contains(name) : nullptr;
}

json::Value argument_for(const json::Value& schema, Offer& offer) {
  if (const auto* values = member(schema, "enum");
      values && values->is_array() && !values->get_array().empty()) {
    for (const auto& value : values->get_array())
      if (value.is_string() && offer.mentions(std::string_view(value.get_string()))) return value;
    return values->get_array().front();
  }
  const auto* type = member(schema, "type");
  const std::string kind = type && type->is_string()
                               ? to_lower_ascii(std::string_view(type->get_string()))
                               : std::string("string");
  if (kind == "integer") return static_cast<std::int64_t>(offer.number());
  if (kind == "number") return offer.number();
  if (kind == "boolean") return true;
  if (kind == "object" || kind == "array") {
    if (kind == "array") {
      const auto* items = member(schema, "items");
      return json::Array{argument_for(items ? *items : json::Value(json::Object()), offer)};
    }
    json::Object object;
    if (const auto* properties = member(schema, "properties");
        properties && properties->is_object())
      for (const auto& [name, property] : properties->get_object())
        object[name] = argument_for(property, offer);
    return object;
  }
  return json::Value(offer.text());
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
  if (auto arguments = argument_for(schema.is_object() && schema.get_object().contains("properties")
                                        ? schema
                                        : json::Value(json::Object{{"type", "object"}}),
                                    offer);
      arguments.is_object())
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
