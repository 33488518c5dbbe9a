#include "parley/emulator/model/detail/offer.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "parley/base/text.hpp"

namespace parley::emulator::detail {
namespace {

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

const json::Value* member(const json::Value& value, std::string_view name) {
  return value.is_object() ? value.get_object().if_contains(name) : nullptr;
}

// Makes one value; objects of more than this depth get their required members only.
constexpr int kDeep = 4;
constexpr int kTooDeep = 32;
constexpr int kMost = 10'000;  // values

class Maker {
 public:
  Maker(const json::Value& root, Offer& offer) : root_(root), offer_(offer) {}

  json::Value make(const json::Value& schema, int depth = 0) {
    if (depth > kTooDeep || ++made_ > kMost) return nullptr;
    if (const auto* target = resolve(schema)) return make(*target, depth + 1);
    if (const auto* wanted = member(schema, "const")) return *wanted;
    if (const auto* values = member(schema, "enum");
        values && values->is_array() && !values->get_array().empty())
      return choose(values->get_array());
    for (const char* name : {"anyOf", "oneOf"})
      if (const auto* choices = member(schema, name);
          choices && choices->is_array() && !choices->get_array().empty())
        return make(first_of(choices->get_array()), depth + 1);
    const auto kind = kind_of(schema);
    if (kind == "integer") return static_cast<std::int64_t>(number(schema));
    if (kind == "number") return number(schema);
    if (kind == "boolean") return true;
    if (kind == "null") return nullptr;
    if (kind == "array") return list(schema, depth);
    if (kind == "object") return object(schema, depth);
    return json::Value(offer_.text());
  }

 private:
  const json::Value* resolve(const json::Value& schema) const {
    const auto* reference = member(schema, "$ref");
    if (!reference || !reference->is_string()) return nullptr;
    const std::string_view name(reference->get_string());
    constexpr std::string_view prefix = "#/$defs/";
    const auto* all = member(root_, "$defs");
    if (!all || !name.starts_with(prefix)) return &root_;
    return member(*all, name.substr(prefix.size()));
  }

  json::Value choose(const json::Array& values) const {
    for (const auto& value : values)
      if (value.is_string() && offer_.mentions(std::string_view(value.get_string()))) return value;
    return values.front();
  }
  static const json::Value& first_of(const json::Array& choices) {
    const auto is_null = [](const json::Value& one) { return kind_of(one) == "null"; };
    const auto found = std::ranges::find_if_not(choices, is_null);
    return found == choices.end() ? choices.front() : *found;
  }

  static std::string kind_of(const json::Value& schema) {
    const auto* type = member(schema, "type");
    if (type && type->is_array() && !type->get_array().empty()) type = &type->get_array().front();
    return type && type->is_string() ? to_lower_ascii(std::string_view(type->get_string()))
                                     : std::string("string");
  }

  double number(const json::Value& schema) {
    double value = offer_.number();
    const auto limit = [&](const char* name) -> const json::Value* {
      const auto* found = member(schema, name);
      return found && found->is_number() ? found : nullptr;
    };
    if (const auto* most = limit("maximum")) value = std::min(value, most->to_number<double>());
    if (const auto* least = limit("minimum")) value = std::max(value, least->to_number<double>());
    return value;
  }

  json::Value list(const json::Value& schema, int depth) {
    json::Array out;
    if (const auto* first = member(schema, "prefixItems"); first && first->is_array()) {
      for (const auto& one : first->get_array()) out.push_back(make(one, depth + 1));
      return out;
    }
    if (depth > kDeep) return out;
    const auto* items = member(schema, "items");
    const auto* least = member(schema, "minItems");
    const auto count = least && least->is_int64()
                           ? std::clamp<std::int64_t>(least->get_int64(), 1, 100)
                           : std::int64_t{1};
    for (std::int64_t i = 0; i < count; ++i)
      out.push_back(make(items ? *items : json::Value(json::Object()), depth + 1));
    return out;
  }

  json::Value object(const json::Value& schema, int depth) {
    json::Object out;
    const auto* properties = member(schema, "properties");
    if (!properties || !properties->is_object()) return out;
    const auto* required = member(schema, "required");
    for (const auto& [name, property] : properties->get_object()) {
      const bool needed = required && required->is_array() &&
                          std::ranges::find(required->get_array(), json::Value(name)) !=
                              required->get_array().end();
      if (depth <= kDeep || needed) out[name] = make(property, depth + 1);
    }
    return out;
  }

  const json::Value& root_;
  Offer& offer_;
  int made_ = 0;
};

}  // namespace

Offer::Offer(const std::string& prompt) : lower_(to_lower_ascii(prompt)) {
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

std::string Offer::text() {
  if (next_text_ < texts_.size()) return texts_[next_text_++];
  return next_name_ < names_.size() ? names_[next_name_++] : last_;
}
double Offer::number() {
  return next_number_ < numbers_.size() ? numbers_[next_number_++] : 1;
}
bool Offer::mentions(std::string_view word) const {
  return lower_.find(to_lower_ascii(word)) != std::string::npos;
}

json::Value value_for(const json::Value& schema, Offer& offer) {
  return Maker(schema, offer).make(schema);
}

}  // namespace parley::emulator::detail
