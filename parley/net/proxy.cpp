#include "parley/net/proxy.hpp"

#include <charconv>
#include <cstdlib>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::net {
namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

// Percent-decodes a user name or password; malformed escapes stay as they are.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string variable(const char* lower, const char* upper) {
  for (const char* name : {lower, upper})
    if (const char* value = name ? std::getenv(name) : nullptr; value && *value) return value;
  return {};
}

bool in_network(std::string_view rule, const std::string& host) {
  error_code bad_host, bad_rule;
  const auto address = ip::make_address(host, bad_host);
  if (bad_host) return false;
  if (rule.find('/') == std::string_view::npos) {
    const auto same = ip::make_address(std::string(rule), bad_rule);
    return !bad_rule && same == address;
  }
  if (address.is_v4()) {
    const auto network = ip::make_network_v4(std::string(rule), bad_rule);
    return !bad_rule && ip::network_v4(address.to_v4(), network.prefix_length()).canonical() ==
                            network.canonical();
  }
  const auto network = ip::make_network_v6(std::string(rule), bad_rule);
  return !bad_rule && ip::network_v6(address.to_v6(), network.prefix_length()).canonical() ==
                          network.canonical();
}

bool matches(std::string_view rule, const http::Url& url) {
  if (rule == "*") return true;
  if (in_network(rule, url.host)) return true;
  if (const auto colon = rule.rfind(':');
      colon != std::string_view::npos && rule.find(':') == colon) {
    if (rule.substr(colon + 1) != std::to_string(url.port)) return false;
    rule = rule.substr(0, colon);
  }
  if (rule.starts_with("*.")) rule.remove_prefix(1);
  if (rule.starts_with(".")) rule.remove_prefix(1);
  if (rule.empty()) return false;
  const std::string name = to_lower_ascii(rule);
  return url.host == name || url.host.ends_with("." + name);
}

}  // namespace

Result<Proxy> Proxy::parse(std::string_view text) {
  Proxy proxy;
  std::string_view rest = text;
  std::uint16_t default_port = 3128;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
    const auto name = to_lower_ascii(rest.substr(0, scheme));
    rest.remove_prefix(scheme + 3);
    if (name == "socks5" || name == "socks5h") {
      proxy.kind = Kind::socks5;
      default_port = 1080;
    } else if (name != "http") {
      return fail(
          ErrorKind::invalid_argument,
          fmt::format("the proxy's scheme \"{}\" is none of http, socks5 and socks5h", name));
    }
  }
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto login = rest.substr(0, at);
    const auto colon = login.find(':');
    proxy.user = decoded(login.substr(0, colon));
    if (colon != std::string_view::npos) proxy.password = Secret(decoded(login.substr(colon + 1)));
    rest.remove_prefix(at + 1);
  }
  const auto url = http::parse_url("http://" + std::string(rest));
  if (!url)
    return fail(
        ErrorKind::invalid_argument,
        fmt::format("the proxy's address \"{}\" cannot be read: {}", rest, url.error().message()));
  proxy.host = url->host;
  // The URL's parser gives 80 where no port stands.
  const auto host_end = rest.substr(0, rest.find('/'));
  const bool named = !host_end.ends_with(']') && host_end.find(':') != std::string_view::npos;
  proxy.port = named ? url->port : default_port;
  return proxy;
}

std::string Proxy::address() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

ProxySettings ProxySettings::from_environment() {
  ProxySettings settings;
  const auto all = variable("all_proxy", "ALL_PROXY");
  const bool cgi = std::getenv("REQUEST_METHOD") != nullptr;
  settings.http = variable("http_proxy", cgi ? nullptr : "HTTP_PROXY");
  settings.https = variable("https_proxy", "HTTPS_PROXY");
  if (settings.http.empty()) settings.http = all;
  if (settings.https.empty()) settings.https = all;
  const auto none = variable("no_proxy", "NO_PROXY");
  for (const auto part : split(none, ','))
    if (const auto rule = trim(part); !rule.empty()) settings.bypass.emplace_back(rule);
  return settings;
}

Result<std::optional<Proxy>> choose_proxy(const http::Url& url, const ProxySettings& settings) {
  const std::string& chosen = url.secure() ? settings.https : settings.http;
  if (chosen.empty()) return std::optional<Proxy>();
  for (const auto& rule : settings.bypass)
    if (matches(rule, url)) return std::optional<Proxy>();
  auto proxy = Proxy::parse(chosen);
  if (!proxy) return fail(std::move(proxy.error()));
  return std::optional<Proxy>(std::move(*proxy));
}

}  // namespace parley::net
