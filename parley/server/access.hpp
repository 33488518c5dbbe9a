#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/http/message.hpp"

namespace parley::server {

// Who may talk to the server: which Host names it answers to, which web origins may open a
// WebSocket or read its REST answers, and whose X-Forwarded-For is believed. Everything else is
// refused. Immutable after construction.
class Access {
 public:
  struct Options {
    Options() = default;
    // Further web origins ("https://chat.example.org") that pages may come from; "*" allows all.
    std::vector<std::string> origins;
    // Further host names that the server is reached by ("chat.example.org"), without port; "*":
    // all.
    std::vector<std::string> hosts;
    // Addresses or networks ("10.0.0.0/8", "::1") of proxies that set X-Forwarded-For.
    std::vector<std::string> proxies;
    bool tls = false;
    bool any_host = false;  // bound to a public address: Host is not checked
  };
  // Errors (invalid_argument) name the entry that is no origin, host or network.
  static Result<Access> make(const Options& options);

  enum class Verdict { allowed, bad_host, bad_origin };
  // Host is checked against loopback names and `hosts` (DNS rebinding), Origin, where present,
  // against the server's own origin and `origins` (cross-site WebSocket hijacking).
  Verdict check(const http::Request& request) const;

  // The client's address: the peer's, or, where the peer is a trusted proxy, the right-most address
  // of X-Forwarded-For that is not.
  std::string client_address(const http::Request& request, const std::string& peer) const;

 private:
  struct Network {
    std::vector<std::uint8_t> bytes;  // 4 or 16
    int bits = 0;
  };
  static Result<Network> parse_network(std::string_view text);
  bool is_proxy(std::string_view address) const;
  bool is_known_host(std::string_view host) const;

  Options options_;
  std::vector<Network> proxies_;
};

}  // namespace parley::server
