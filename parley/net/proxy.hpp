#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/http/url.hpp"

namespace parley::net {

// A proxy that opens a tunnel: HTTP CONNECT (RFC 9110, 9.3.6) or SOCKS5 (RFC 1928, user name and
// password by RFC 1929). Host names are resolved by the proxy.
struct Proxy {
  enum class Kind { http_connect, socks5 };
  Proxy() = default;
  // "http://user:password@host:3128", "socks5://host:1080" or "socks5h://…". Without a scheme:
  // http. Errors (invalid_argument) name what is wrong, never the password.
  static Result<Proxy> parse(std::string_view url);

  std::string address() const;  // "host:port"

  Kind kind = Kind::http_connect;
  std::string host;
  std::uint16_t port = 0;
  std::string user;  // empty: no authentication
  Secret password;
};

// Which proxy is used for which address. Default: none.
struct ProxySettings {
  ProxySettings() = default;
  // HTTP_PROXY for http and ws, HTTPS_PROXY for https and wss, ALL_PROXY for both, and NO_PROXY, in
  // lower or upper case (lower wins). HTTP_PROXY in upper case is not taken where REQUEST_METHOD is
  // set: a CGI program's client could choose it.
  static ProxySettings from_environment();

  std::string http;   // for http and ws; a proxy's URL, or empty
  std::string https;  // for https and wss
  // Hosts reached directly: "*", "example.org" (with its subdomains), ".example.org",
  // "host:port", an IP address, or a network "10.0.0.0/8".
  std::vector<std::string> bypass;
};

// The proxy for an address; empty: none is needed. Errors: a proxy's URL that cannot be read.
Result<std::optional<Proxy>> choose_proxy(const http::Url& url, const ProxySettings& settings);

}  // namespace parley::net
