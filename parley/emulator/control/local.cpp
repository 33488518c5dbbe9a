#include "parley/emulator/control/detail/local.hpp"

#include <algorithm>

#include "parley/base/text.hpp"

namespace parley::emulator::detail {
namespace {

// "127.0.0.1", "::1", "::ffff:127.0.0.1"
bool is_loopback_address(std::string_view address) {
  if (address == "::1") return true;
  if (address.starts_with("::ffff:")) address.remove_prefix(7);
  if (!address.starts_with("127.")) return false;
  return std::ranges::all_of(address, [](char c) { return c == '.' || (c >= '0' && c <= '9'); }) &&
         std::ranges::count(address, '.') == 3;
}

bool is_loopback_name(std::string_view host) {
  return iequals_ascii(host, "localhost") || is_loopback_address(host);
}

// "name", "name:port", "[::1]:8000" without its port.
std::string_view host_of(std::string_view authority) {
  if (!authority.starts_with('[')) return authority.substr(0, authority.find(':'));
  const auto end = authority.find(']');
  return end == std::string_view::npos ? std::string_view() : authority.substr(1, end - 1);
}

}  // namespace

bool is_local(const http::Request& request, std::string_view peer) {
  if (!is_loopback_address(peer)) return false;
  const auto host = request.headers.find("Host");
  if (host && !is_loopback_name(host_of(*host))) return false;
  const auto origin = request.headers.find("Origin");
  if (!origin) return true;
  const auto scheme = origin->find("://");
  return scheme != std::string_view::npos && is_loopback_name(host_of(origin->substr(scheme + 3)));
}

}  // namespace parley::emulator::detail
