#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "parley/base/error.hpp"
#include "parley/http/url.hpp"
#include "parley/net/proxy.hpp"
#include "parley/net/task.hpp"
#include "parley/net/tls.hpp"

namespace parley::net {

class Transport;

// How to reach a server. Each stage has its own limit; an error names the stage that ran out.
struct DialOptions {
  DialOptions() = default;
  std::chrono::milliseconds resolve_timeout{5'000};
  std::chrono::milliseconds connect_timeout{10'000};  // over all addresses
  std::chrono::milliseconds proxy_timeout{10'000};    // from the request for a tunnel to its answer
  std::chrono::milliseconds tls_timeout{10'000};
  // A host's further addresses are tried that long after the one before (RFC 8305, 5).
  std::chrono::milliseconds attempt_delay{250};
  TlsTrust trust;
  ProxySettings proxies;  // none by default; ProxySettings::from_environment() takes the system's
};

// Opens TCP, through a proxy where one is set, and TLS for https and wss with the host's name
// checked (RFC 9110, 4.3.4). Addresses of both families race (RFC 8305). Errors: resolve_failed,
// connect_failed, tls_failed, timeout; at stage proxy also permission_denied.
Task<Result<std::unique_ptr<Transport>>> dial(http::Url url, DialOptions options);

}  // namespace parley::net
