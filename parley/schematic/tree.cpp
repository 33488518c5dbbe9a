#include "parley/schematic/tree.hpp"

#include <charconv>

#include "parley/base/text.hpp"

namespace parley::schematic {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// [-+]?[0-9]+ of the core schema; other bases are left as text.
bool is_integer(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return is_digits(text);
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const auto exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    if (!is_integer(text.substr(exponent + 1))) return false;
    text = text.substr(0, exponent);
  }
  const auto point = text.find('.');
  if (point == std::string_view::npos) return is_digits(text);
  const auto whole = text.substr(0, point), fraction = text.substr(point + 1);
  if (whole.empty()) return is_digits(fraction);
  return is_digits(whole) && (fraction.empty() || is_digits(fraction));
}

json::Value scalar_value(std::string_view text) {
  if (text.empty() || text == "null" || text == "Null" || text == "NULL" || text == "~")
    return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const auto digits = text.starts_with('+') ? text.substr(1) : text;
  const auto *first = digits.data(), *last = first + digits.size();
  if (is_integer(text)) {
    std::int64_t whole = 0;
    if (std::from_chars(first, last, whole).ec == std::errc()) return whole;
    std::uint64_t large = 0;
    if (std::from_chars(first, last, large).ec == std::errc()) return large;
  }
  double real = 0;
  if (is_number(text) && std::from_chars(first, last, real).ec == std::errc()) return real;
  return json::Value(text);
}

}  // namespace

const Tree* Tree::find(std::string_view key) const {
  for (const auto& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

bool Tree::is_null() const {
  return is_scalar() && !quoted && scalar_value(text).is_null();
}

json::Value Tree::value() const {
  if (is_scalar()) return quoted ? json::Value(text) : scalar_value(text);
  if (is_list()) {
    json::Array list;
    for (const auto& item : items) list.push_back(item.value());
    return list;
  }
  json::Object object;
  for (const auto& member : members) object.insert_or_assign(member.key, member.value.value());
  return object;
}

Result<Tree> parse_document(std::string_view text, const TreeLimits& limits) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '[')) {
    auto tree = parse_json(text, limits);
    // A YAML document may begin with a flow map as well.
    if (tree || text[first] == '[') return tree;
    if (auto yaml = parse_yaml(text, limits)) return yaml;
    return tree;
  }
  return parse_yaml(text, limits);
}

Location location_of(const Error& error) {
  const std::string_view text = error.message();
  int line = 0, column = 0;
  const auto* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, line);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return {};
  const auto second = std::from_chars(first.ptr + 1, end, column);
  if (second.ec != std::errc()) return {};
  return {line, column};
}

std::string message_of(const Error& error) {
  if (location_of(error).line == 0) return error.message();
  return error.message().substr(error.message().find(": ") + 2);
}

}  // namespace parley::schematic
