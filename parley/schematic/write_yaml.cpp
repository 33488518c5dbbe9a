#include <algorithm>

#include <fmt/format.h>

#include "parley/schematic/definition.hpp"

namespace parley::schematic {
namespace {

constexpr std::size_t line_width = 110;

// True where YAML reads the plain text back as this text.
bool is_plain(std::string_view text, bool in_flow) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  constexpr std::string_view indicators = "-?:,[]{}#&*!|>'\"%@`";
  const bool dash = text.front() == '-' && text.size() > 1 && text[1] != ' ';
  if (indicators.find(text.front()) != std::string_view::npos && !dash) return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos ||
      text.back() == ':')
    return false;
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') return false;
  if (in_flow && text.find_first_of(",[]{}:?") != std::string_view::npos) return false;
  if (text == "---" || text == "..." || text.starts_with("--- ")) return false;
  // Words of YAML 1.1, so that other readers agree.
  constexpr std::string_view old_words[] = {"yes", "no", "on", "off", "y", "n"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (std::ranges::find(old_words, lower) != std::end(old_words)) return false;
  Tree tree;
  tree.text = text;
  return tree.value().is_string();
}

std::string scalar(const json::Value& value, bool in_flow) {
  if (value.is_string() && is_plain(value.as_string(), in_flow))
    return std::string(value.as_string());
  return json::to_string(value);
}

std::string key_text(std::string_view key, bool in_flow) {
  // "name?" is plain; a key that looks like a number or a word is quoted.
  const bool optional = key.size() > 1 && key.ends_with('?');
  const auto bare = optional ? key.substr(0, key.size() - 1) : key;
  if (is_plain(bare, in_flow) && bare.find(':') == std::string_view::npos && !(optional && in_flow))
    return std::string(key);
  return json::to_string(json::Value(key));
}

// On one line; empty where it would not be.
std::string flow(const json::Value& value) {
  if (value.is_object()) {
    std::string out = "{";
    for (const auto& [key, member] : value.as_object())
      out +=
          fmt::format("{}{}: {}", out.size() > 1 ? ", " : " ", key_text(key, true), flow(member));
    return out.size() > 1 ? out + " }" : "{}";
  }
  if (value.is_array()) {
    std::string out = "[";
    for (const auto& item : value.as_array())
      out += fmt::format("{}{}", out.size() > 1 ? ", " : "", flow(item));
    return out + "]";
  }
  return scalar(value, true);
}

bool fits(const json::Value& value, std::size_t indent, int depth) {
  if (!value.is_structured()) return true;
  if (depth > 2) return false;
  if (value.is_object())
    for (const auto& [key, member] : value.as_object())
      if (!fits(member, indent, depth + 1)) return false;
  if (value.is_array())
    for (const auto& item : value.as_array())
      if (!fits(item, indent, depth + 1)) return false;
  return flow(value).size() + indent <= line_width;
}

void block(std::string& out, const json::Value& value, std::size_t indent);

// Behind "key:" or "-".
void behind(std::string& out, const json::Value& value, std::size_t indent, int depth) {
  const bool empty = (value.is_object() && value.as_object().empty()) ||
                     (value.is_array() && value.as_array().empty());
  if (!value.is_structured())
    out += fmt::format(" {}\n", scalar(value, false));
  else if (empty || fits(value, indent + 20, depth))
    out += fmt::format(" {}\n", flow(value));
  else {
    out += '\n';
    block(out, value, indent);
  }
}

void block(std::string& out, const json::Value& value, std::size_t indent) {
  const std::string space(indent, ' ');
  if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) {
      out += space + key_text(key, false) + ":";
      const bool top = indent == 0;
      behind(out, member, indent + 2, top ? 2 : 1);
    }
    return;
  }
  for (const auto& item : value.as_array()) {
    if (!item.is_structured() || fits(item, indent + 2, 1)) {
      out +=
          fmt::format("{}- {}\n", space, item.is_structured() ? flow(item) : scalar(item, false));
      continue;
    }
    std::string inner;
    block(inner, item, indent + 2);
    inner[indent] = '-';
    out += inner;
  }
}

}  // namespace

std::string to_yaml(const Definition& definition) {
  std::string out;
  block(out, to_json(definition), 0);
  return out;
}

}  // namespace parley::schematic
