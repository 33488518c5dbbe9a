#include "parley/server/access.hpp"

#include <algorithm>
#include <charconv>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/http/url.hpp"

namespace parley::server {
namespace {

std::vector<std::uint8_t> address_bytes(std::string_view text) {
  boost::system::error_code code;
  auto address = boost::asio::ip::make_address(std::string(text), code);
  if (code) return {};
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

// "name", "name:port", "[::1]:8000" without its port.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    return end == std::string_view::npos ? std::string_view() : authority.substr(1, end - 1);
  }
  return authority.substr(0, authority.find(':'));
}

bool is_loopback_name(std::string_view host) {
  if (iequals_ascii(host, "localhost") || host == "::1") return true;
  const auto bytes = address_bytes(host);
  return bytes.size() == 4 && bytes[0] == 127;
}

}  // namespace

Result<Access::Network> Access::parse_network(std::string_view text) {
  Network network;
  const auto slash = text.find('/');
  network.bytes = address_bytes(text.substr(0, slash));
  const int all = static_cast<int>(network.bytes.size()) * 8;
  network.bits = all;
  bool good = all > 0;
  if (good && slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, code] =
        std::from_chars(digits.data(), digits.data() + digits.size(), network.bits);
    good = code == std::errc() && end == digits.data() + digits.size() && network.bits >= 0 &&
           network.bits <= all;
  }
  if (!good)
    return fail(ErrorKind::invalid_argument,
                fmt::format("\"{}\" is no IP address or network (10.0.0.0/8)", text));
  return network;
}

Result<Access> Access::make(const Options& options) {
  Access access;
  access.options_ = options;
  for (auto& origin : access.options_.origins) {
    if (origin == "*") continue;
    const auto url = http::parse_url(origin);
    if (!url || url->target != "/" || (url->scheme != "http" && url->scheme != "https"))
      return fail(ErrorKind::invalid_argument,
                  fmt::format("\"{}\" is no web origin (https://chat.example.org)", origin));
    origin = url->origin();
  }
  for (const auto& proxy : options.proxies) {
    auto network = parse_network(proxy);
    if (!network) return fail(std::move(network.error()));
    access.proxies_.push_back(std::move(*network));
  }
  return access;
}

bool Access::is_known_host(std::string_view host) const {
  if (options_.any_host || is_loopback_name(host)) return true;
  return std::ranges::any_of(options_.hosts, [host](const std::string& known) {
    return known == "*" || iequals_ascii(known, host);
  });
}

Access::Verdict Access::check(const http::Request& request) const {
  const auto authority = request.headers.find("Host").value_or("");
  // HTTP/1.0 may leave Host out; without an Origin that is no browser.
  const auto origin = request.headers.find("Origin");
  if (!authority.empty() || origin || request.version == 11)
    if (!is_known_host(host_of(authority))) return Verdict::bad_host;
  if (!origin) return Verdict::allowed;
  if (request.headers.count("Origin") != 1) return Verdict::bad_origin;
  const auto url = http::parse_url(*origin);
  const std::string given = url ? url->origin() : std::string(*origin);
  const auto own =
      http::parse_url(fmt::format("{}://{}", options_.tls ? "https" : "http", authority));
  if (own && url && given == own->origin() && given == *origin) return Verdict::allowed;
  const bool listed = std::ranges::any_of(options_.origins, [&](const std::string& allowed) {
    return allowed == "*" || (url && allowed == given);
  });
  return listed ? Verdict::allowed : Verdict::bad_origin;
}

bool Access::is_proxy(std::string_view address) const {
  const auto bytes = address_bytes(address);
  return std::ranges::any_of(proxies_, [&bytes](const Network& network) {
    if (network.bytes.size() != bytes.size()) return false;
    for (int bit = 0; bit < network.bits; ++bit) {
      const auto at = static_cast<std::size_t>(bit / 8);
      const int mask = 0x80 >> (bit % 8);
      if ((network.bytes[at] & mask) != (bytes[at] & mask)) return false;
    }
    return true;
  });
}

std::string Access::client_address(const http::Request& request, const std::string& peer) const {
  if (!is_proxy(peer)) return peer;
  std::string list;
  for (const auto& header : request.headers.all())
    if (iequals_ascii(header.name, "X-Forwarded-For"))
      list += (list.empty() ? "" : ",") + header.value;
  const auto hops = split(list, ',');
  std::string client = peer;
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    const auto address = trim(*hop);
    if (address_bytes(address).empty()) break;  // what is left of nonsense cannot be trusted
    client = address;
    if (!is_proxy(address)) break;
  }
  return client;
}

}  // namespace parley::server
