#include "parley/http/curl.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"

namespace parley::http {
namespace {

bool is_plain(char c) {
  constexpr std::string_view signs = "-_./:=,@%+";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         signs.find(c) != std::string_view::npos;
}

// What a line of a terminal cannot carry as it is.
bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
}

bool is_for_printf(std::string_view body) {
  return std::ranges::any_of(body, is_control) || !is_valid_utf8(body);
}

// For printf '%b': bytes as octal numbers.
std::string octal(std::string_view body) {
  std::string out;
  for (const char c : body) out += fmt::format("\\0{:03o}", static_cast<unsigned char>(c));
  return out;
}

// Credentials of fields whose whole value is one, whatever characters it has.
bool is_secret_field(std::string_view name) {
  constexpr std::string_view names[] = {"authorization",  "proxy-authorization", "cookie",
                                        "x-goog-api-key", "x-api-key",           "xi-api-key",
                                        "api-key"};
  const auto lower = to_lower_ascii(name);
  return std::ranges::find(names, lower) != std::end(names) ||
         lower.find("token") != std::string::npos || lower.find("secret") != std::string::npos;
}

std::string shown(const Header& field) {
  if (!is_secret_field(field.name)) return redact(field.name + ": " + field.value);
  const auto space = field.value.find(' ');
  const bool scheme = iequals_ascii(field.name, "authorization") && space != std::string::npos;
  return field.name + ": " + (scheme ? field.value.substr(0, space + 1) : "") + "***";
}

}  // namespace

std::string shell_word(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::string curl_line(const Url& origin, const Request& request) {
  const std::string& body = request.body;
  std::string out, data;
  if (is_for_printf(body)) {
    out = "printf '%b' '" + octal(body) + "' | ";
    data = "@-";
  } else if (body.starts_with('@')) {  // which would name a file
    out = "printf '%s' " + shell_word(body) + " | ";
    data = "@-";
  } else if (!body.empty()) {
    data = shell_word(body);
  }
  out += "curl -sS";
  if (request.method == "HEAD")
    out += " --head";
  else if (request.method != (body.empty() ? "GET" : "POST"))
    out += " -X " + shell_word(request.method);
  for (const auto& field : request.headers.all()) {
    if (iequals_ascii(field.name, "content-length") || iequals_ascii(field.name, "host")) continue;
    // curl drops a field without a value, unless a semicolon says that it is meant.
    out += " -H " + shell_word(field.value.empty() ? field.name + ";" : shown(field));
  }
  if (!body.empty() && !request.headers.find("content-type")) out += " -H 'Content-Type:'";
  if (!data.empty()) out += " --data-binary " + data;
  return out + " " + shell_word(redact(origin.origin() + request.target));
}

}  // namespace parley::http
