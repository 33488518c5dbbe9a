#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/error.hpp"

namespace parley::http {

// An absolute http, https, ws or wss URL (RFC 3986), taken apart.
struct Url {
  Url() = default;

  std::string scheme;  // lower case
  std::string host;    // lower case; an IPv6 address without brackets
  std::uint16_t port = 0;  // the scheme's own where the text has none
  std::string target = "/";  // path and query, percent-encoded, never empty

  bool secure() const { return scheme == "https" || scheme == "wss"; }
  bool default_port() const;
  // "host", "host:port", "[::1]:8000": for the Host header; without the scheme's own port.
  std::string authority() const;
  // "scheme://authority", the web origin (RFC 6454).
  std::string origin() const;
  std::string text() const;
};

// Errors (invalid_argument) say what is wrong with the text. User info is refused (it would put a
// password into logs); a fragment is dropped.
Result<Url> parse_url(std::string_view text);

// A request target's path, decoded per segment ("/a%2Fb/c" has the segments "a/b" and "c"), and
// its query parameters, decoded, in their order.
struct Target {
  Target() = default;
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;

  std::optional<std::string_view> parameter(std::string_view name) const;
};
// Refuses (invalid_argument) bad percent escapes, NUL and malformed UTF-8.
Result<Target> parse_target(std::string_view target);

// Percent-encodes all but unreserved characters (RFC 3986, 2.3).
std::string percent_encode(std::string_view text);

}  // namespace parley::http
