#include <simdjson.h>

#include "parley/json/cursor.hpp"
#include "parley/json/detail/document.hpp"

namespace parley::json {

using detail::Document;

std::optional<Cursor> Cursor::find(std::string_view path) const {
  if (path.empty()) return *this;
  simdjson::dom::object object;
  if (Document::element(*this).get_object().get(object)) return std::nullopt;
  for (const auto member : object)
    if (member.key == path) return Document::at(*document_, member.value);
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto first = find(path.substr(0, dot));
  return first ? first->find(path.substr(dot + 1)) : std::nullopt;
}

bool Cursor::has(std::string_view path) const {
  const auto found = find(path);
  return found && !found->is_null();
}

std::string_view Cursor::text_at(std::string_view path) const {
  const auto found = find(path);
  std::string_view text;
  if (found && Document::element(*found).get_string().get(text)) return {};
  return text;
}

bool Cursor::equals(std::string_view path, std::string_view value) const {
  const auto found = find(path);
  std::string_view text;
  return found && Document::element(*found).get_string().get(text) == simdjson::SUCCESS &&
         text == value;
}

bool Cursor::equals(std::string_view path, bool value) const {
  const auto found = find(path);
  bool flag = false;
  return found && Document::element(*found).get_bool().get(flag) == simdjson::SUCCESS &&
         flag == value;
}

bool Cursor::equals(std::string_view path, std::int64_t value) const {
  const auto found = find(path);
  double number = 0;
  return found && Document::element(*found).get_double().get(number) == simdjson::SUCCESS &&
         number == static_cast<double>(value);
}

}  // namespace parley::json
