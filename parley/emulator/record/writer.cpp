#include "parley/json/writer.hpp"

#include <array>

#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"
#include "parley/emulator/record/recording.hpp"
#include "parley/http/url.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {

using std::chrono::milliseconds;

namespace {

constexpr std::array kCredentialHeaders = {"x-goog-api-key", "authorization", "proxy-authorization",
                                           "cookie", "set-cookie"};
constexpr std::array kCredentialParameters = {"key", "access_token", "token", "api_key"};
constexpr std::array kCredentialMembers = {"access_token",  "accessToken", "refresh_token",
                                           "id_token",      "private_key", "client_secret",
                                           "subject_token", "assertion"};

bool is_credential_header(std::string_view header) {
  for (const char* name : kCredentialHeaders)
    if (iequals_ascii(header, name)) return true;
  return false;
}

// The value of `"name": "…"` becomes "***", each time.
void mask_member(std::string& text, std::string_view name) {
  const std::string wanted = '"' + std::string(name) + '"';
  for (std::size_t at = text.find(wanted); at != text.npos; at = text.find(wanted, at)) {
    at += wanted.size();
    const auto colon = text.find_first_not_of(" \t\r\n", at);
    if (colon == text.npos || text[colon] != ':') continue;
    const auto quote = text.find_first_not_of(" \t\r\n", colon + 1);
    if (quote == text.npos || text[quote] != '"') continue;
    auto end = quote + 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    end = std::min(end, text.size());
    text.replace(quote + 1, end - quote - 1, "***");
    at = quote + 4;
  }
}

// "auth_tokens/abc" becomes "auth_tokens/***": the name is the token.
void mask_tokens(std::string& text) {
  constexpr std::string_view begin = "auth_tokens/";
  for (std::size_t at = text.find(begin); at != text.npos; at = text.find(begin, at)) {
    at += begin.size();
    auto end = at;
    while (end < text.size() &&
           std::string_view("\"&' \r\n\\").find(text[end]) == std::string_view::npos)
      ++end;
    text.replace(at, end - at, "***");
  }
}

void write_headers(json::Writer& out, const http::Headers& headers) {
  out.member("headers").begin_array();
  for (const auto& header : headers.all()) {
    if (is_credential_header(header.name)) continue;
    out.begin_array().value(header.name).value(header.value).end_array();
  }
  out.end_array();
}

json::Writer& begin_line(json::Writer& out, int exchange, milliseconds at) {
  out.begin_object().field("at", static_cast<std::int64_t>(at.count())).field("exchange", exchange);
  return out;
}

}  // namespace

void RecordingWriter::learn(const http::Request& request) {
  const auto keep = [this](std::string_view secret) {
    if (secret.size() >= 4) secrets_.emplace(secret);
  };
  for (const auto& header : request.headers.all()) {
    if (!is_credential_header(header.name)) continue;
    const std::string_view value = header.value;
    const auto space = value.find(' ');
    keep(space == value.npos ? value : value.substr(space + 1));
  }
  if (const auto target = http::parse_target(request.target))
    for (const char* name : kCredentialParameters)
      if (const auto value = target->parameter(name)) keep(*value);
}

std::string RecordingWriter::clean(std::string_view text) const {
  std::string out(text);
  for (const auto& secret : secrets_)
    for (std::size_t at = out.find(secret); at != out.npos; at = out.find(secret, at + 3))
      out.replace(at, secret.size(), "***");
  for (const char* name : kCredentialMembers) mask_member(out, name);
  mask_tokens(out);
  return out;
}

std::string RecordingWriter::begin() const {
  return "{\"parley_recording\":1}\n";
}

std::string RecordingWriter::request(int exchange, milliseconds at, const http::Request& request) {
  learn(request);
  std::string line;
  json::Writer out(line);
  begin_line(out, exchange, at).member("request").begin_object();
  out.field("method", request.method).field("target", clean(redact(request.target)));
  write_headers(out, request.headers);
  out.field("body", clean(request.body)).end_object().end_object();
  return line + '\n';
}

std::string RecordingWriter::open(int exchange, milliseconds at, const http::Request& upgrade) {
  learn(upgrade);
  std::string line;
  json::Writer out(line);
  begin_line(out, exchange, at).member("open").begin_object();
  out.field("target", clean(redact(upgrade.target))).end_object().end_object();
  return line + '\n';
}

std::string RecordingWriter::response(int exchange, milliseconds at, const http::Response& head) {
  std::string line;
  json::Writer out(line);
  begin_line(out, exchange, at).member("response").begin_object().field("status", head.status);
  write_headers(out, head.headers);
  out.end_object().end_object();
  return line + '\n';
}

std::string RecordingWriter::piece(int exchange, milliseconds at, std::string_view bytes) const {
  std::string line;
  json::Writer out(line);
  begin_line(out, exchange, at);
  // A piece may end inside a code point: what is no text is kept as bytes.
  if (is_valid_utf8(bytes))
    out.field("text", clean(bytes));
  else
    out.field("bytes", to_base64(as_bytes(clean(bytes))));
  out.end_object();
  return line + '\n';
}

std::string RecordingWriter::end(int exchange, milliseconds at, bool whole) const {
  std::string line;
  json::Writer out(line);
  begin_line(out, exchange, at)
      .field("end", std::string_view(whole ? "whole" : "cut"))
      .end_object();
  return line + '\n';
}

std::string RecordingWriter::message(int exchange, milliseconds at, bool of_client, bool binary,
                                     std::string_view text) const {
  std::string line;
  json::Writer out(line);
  begin_line(out, exchange, at);
  out.key(of_client ? "client" : "server").value(clean(to_valid_utf8(text)));
  if (binary) out.field("frame", std::string_view("binary"));
  out.end_object();
  return line + '\n';
}

std::string RecordingWriter::close(int exchange, milliseconds at, std::uint16_t code,
                                   std::string_view reason) const {
  std::string line;
  json::Writer out(line);
  begin_line(out, exchange, at).member("close").begin_object();
  out.field("code", code).field("reason", clean(to_valid_utf8(reason))).end_object().end_object();
  return line + '\n';
}

}  // namespace parley::emulator
