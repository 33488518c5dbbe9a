#include "parley/http/message.hpp"

#include <algorithm>

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::http {
namespace {

void append_field_text(std::string& out, std::string_view text) {
  for (const char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

std::string serialize(std::string start, const Headers& headers) {
  for (const auto& header : headers.all()) {
    append_field_text(start, header.name);
    start += ": ";
    append_field_text(start, header.value);
    start += "\r\n";
  }
  return start + "\r\n";
}

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  fields_.emplace_back(std::string(name), std::string(value));
}

void Headers::set(std::string_view name, std::string_view value) {
  for (auto& field : fields_) {
    if (!iequals_ascii(field.name, name)) continue;
    field.value = value;
    bool kept = false;
    std::erase_if(fields_, [&](const Header& other) {
      return iequals_ascii(other.name, name) && std::exchange(kept, true);
    });
    return;
  }
  add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [name](const Header& field) { return iequals_ascii(field.name, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& field : fields_)
    if (iequals_ascii(field.name, name)) return field.value;
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      fields_, [name](const Header& field) { return iequals_ascii(field.name, name); }));
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (const auto& field : fields_) {
    if (!iequals_ascii(field.name, name)) continue;
    for (const auto part : split(field.value, ','))
      if (iequals_ascii(trim(part), token)) return true;
  }
  return false;
}

std::string_view reason_phrase(int status) {
  const auto phrase = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  const std::string_view text(phrase.data(), phrase.size());
  return text == "<unknown-status>" ? std::string_view() : text;
}

std::string serialize_head(const Request& request) {
  std::string start;
  append_field_text(start, fmt::format("{} {} HTTP/1.{}", request.method, request.target,
                                       request.version == 10 ? 0 : 1));
  return serialize(start + "\r\n", request.headers);
}

std::string serialize_head(const Response& response) {
  std::string start;
  append_field_text(
      start, fmt::format("HTTP/1.{} {:03} {}", response.version == 10 ? 0 : 1, response.status,
                         response.reason.empty() ? reason_phrase(response.status)
                                                 : std::string_view(response.reason)));
  return serialize(start + "\r\n", response.headers);
}

}  // namespace parley::http
