#include "parley/base/secret.hpp"

#include <array>

#include <openssl/crypto.h>

#include "parley/base/text.hpp"

namespace parley {

Secret& Secret::operator=(const Secret& other) {
  if (this == &other) return *this;
  wipe();
  value_ = other.value_;
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  value_ = std::move(other.value_);
  other.value_.clear();
  return *this;
}

void Secret::wipe() noexcept {
  OPENSSL_cleanse(value_.data(), value_.size());
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

namespace {

constexpr std::string_view kNames[] = {
    "access_token",  "api_key", "api-key", "x-goog-api-key",      "x-api-key", "xi-api-key",
    "authorization", "token",   "key",     "proxy-authorization", "password",  "client_secret",
    "refresh_token", "subject_token", "id_token", "assertion", "accesstoken", "private_key"};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// Length of a credential's name and separator ("key=", "Authorization: ") at `at`; 0 for none.
std::size_t name_length(std::string_view text, std::size_t at) {
  if (at > 0 && is_word(text[at - 1])) return 0;
  for (const auto name : kNames) {
    if (!iequals_ascii(text.substr(at, name.size()), name)) continue;
    std::size_t end = at + name.size();
    while (end < text.size() && (text[end] == '"' || text[end] == ' ')) ++end;
    if (end >= text.size() || (text[end] != '=' && text[end] != ':')) continue;
    for (++end; end < text.size() && (text[end] == ' ' || text[end] == '"');) ++end;
    return end - at;
  }
  return 0;
}

// Length of a private key in PEM at `at`, to its end or that of the text; 0 for none.
std::size_t key_block(std::string_view text, std::size_t at) {
  constexpr std::string_view begin = "-----BEGIN ", end = "-----END ", dashes = "-----";
  if (!text.substr(at).starts_with(begin)) return 0;
  const auto label = text.substr(at + begin.size(), 40);
  if (label.substr(0, label.find(dashes)).find("PRIVATE") == std::string_view::npos) return 0;
  const auto close = text.find(end, at);
  const auto last = close == std::string_view::npos ? close : text.find(dashes, close + end.size());
  return (last == std::string_view::npos ? text.size() : last + dashes.size()) - at;
}

}  // namespace

std::string redact(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t key = key_block(text, i); key > 0) {
      out += "***";
      i += key;
      continue;
    }
    const std::size_t length = name_length(text, i);
    if (length == 0) {
      out += text[i++];
      continue;
    }
    out += text.substr(i, length);
    i += length;
    for (const std::string_view scheme : {"Bearer ", "Token ", "Basic "})
      if (iequals_ascii(text.substr(i, scheme.size()), scheme)) {
        out += text.substr(i, scheme.size());
        i += scheme.size();
      }
    if (key_block(text, i) > 0) continue;
    const std::size_t end = text.find_first_of("&\"' \r\n,;}<>", i);
    i = end == std::string_view::npos ? text.size() : end;
    out += "***";
  }
  return out;
}

}  // namespace parley
