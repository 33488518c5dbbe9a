#include "parley/api/target.hpp"

#include "parley/json/value.hpp"

#include <charconv>

#include <fmt/format.h>

#include "parley/http/url.hpp"

namespace parley::api {

std::string Target::text_of(double number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return std::string(buffer, end);
}

std::string Target::text_of(const json::Value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::to_string(value);
}

void Target::fill(std::string_view name, const std::string& value) {
  if (value.empty() || value == "." || value == "..") {
    wrong_ = fmt::format("the path parameter {} must not be \"{}\"", name, value);
    return;
  }
  const auto place = fmt::format("{{{}}}", name);
  if (const auto at = path_.find(place); at != std::string::npos)
    path_.replace(at, place.size(), http::percent_encode(value));
}

void Target::append(std::string_view name, const std::string& value) {
  query_ += fmt::format("{}{}={}", query_.empty() ? "" : "&", http::percent_encode(name),
                        http::percent_encode(value));
}

Result<std::string> Target::text() const {
  if (!wrong_.empty()) return fail(ErrorKind::invalid_argument, wrong_);
  if (query_.empty()) return path_;
  return path_ + (path_.find('?') == std::string::npos ? "?" : "&") + query_;
}

}  // namespace parley::api
