#include "parley/http/url.hpp"

#include <charconv>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"

namespace parley::http {
namespace {

std::uint16_t port_of(std::string_view scheme) {
  return scheme == "https" || scheme == "wss" ? 443 : 80;
}

std::unexpected<Error> no_url(std::string_view text, std::string_view why) {
  std::string shown = redact(to_valid_utf8(text.substr(0, 200)));
  const auto start = shown.find("//"), at = shown.rfind('@');
  if (start != std::string::npos && at != std::string::npos && at > start)
    shown.replace(start + 2, at - start - 2, "***");  // user and password
  return fail(ErrorKind::invalid_argument,
              fmt::format("\"{}\" is no URL that can be used: {}", shown, why));
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = digit(text[i + 1]), low = digit(text[i + 2]);
      if (high < 0 || low < 0 || high * 16 + low == 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  if (!is_valid_utf8(out)) return std::nullopt;
  return out;
}

}  // namespace

bool Url::default_port() const {
  return port == port_of(scheme);
}

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return default_port() ? name : fmt::format("{}:{}", name, port);
}

std::string Url::origin() const {
  return scheme + "://" + authority();
}
std::string Url::text() const {
  return origin() + target;
}

Result<Url> parse_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  if (!parsed) return no_url(text, "write scheme://host, for example https://example.org/path");
  Url url;
  url.scheme = to_lower_ascii({parsed->scheme().data(), parsed->scheme().size()});
  if (url.scheme != "http" && url.scheme != "https" && url.scheme != "ws" && url.scheme != "wss")
    return no_url(text, "the scheme must be http, https, ws or wss");
  if (parsed->has_userinfo())
    return no_url(parsed->scheme(), "it carries a user name or password; pass credentials apart");
  const auto host = parsed->encoded_host_address();
  url.host = to_lower_ascii({host.data(), host.size()});
  if (url.host.empty()) return no_url(text, "the host is missing");
  url.port = port_of(url.scheme);
  if (parsed->has_port() && !parsed->port().empty()) {
    const auto digits = parsed->port();
    std::uint32_t port = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (code != std::errc() || end != digits.data() + digits.size() || port == 0 || port > 65535)
      return no_url(text, "the port must be 1 to 65535");
    url.port = static_cast<std::uint16_t>(port);
  }
  const auto path = parsed->encoded_path();
  // Boost.URL takes "http://host:x" for an empty port and the path "x".
  if (!path.empty() && path.front() != '/') return no_url(text, "the port must be a number");
  url.target = path.empty() ? "/" : std::string(path.data(), path.size());
  if (parsed->has_query()) {
    const auto query = parsed->encoded_query();
    url.target += "?" + std::string(query.data(), query.size());
  }
  return url;
}

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

Result<Target> parse_target(std::string_view target) {
  if (const auto scheme = target.find("://");
      !target.starts_with('/') && scheme != std::string_view::npos) {
    const auto path = target.find_first_of("/?", scheme + 3);  // absolute form (RFC 9112, 3.2.2)
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  Target out;
  const auto mark = target.find('?');
  auto path = target.substr(0, mark);
  if (path.starts_with('/')) path.remove_prefix(1);
  for (const auto segment : split(path, '/')) {
    auto decoded = percent_decode(segment, false);
    if (!decoded)
      return fail(ErrorKind::invalid_argument, "the path has a bad percent escape or is no UTF-8");
    out.segments.push_back(std::move(*decoded));
  }
  if (mark == std::string_view::npos) return out;
  for (const auto pair : split(target.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value =
        percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value)
      return fail(ErrorKind::invalid_argument, "the query has a bad percent escape or is no UTF-8");
    out.query.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += hex[static_cast<unsigned char>(c) >> 4];
      out += hex[c & 15];
    }
  }
  return out;
}

}  // namespace parley::http
