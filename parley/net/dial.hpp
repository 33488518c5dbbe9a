#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "parley/base/error.hpp"
#include "parley/http/url.hpp"
#include "parley/net/task.hpp"

namespace boost::asio::ssl {
class context;
}

namespace parley::net {

class Transport;

// Which servers a client trusts. Copies share the context; safe to share between threads once made.
class TlsTrust {
 public:
  // The system's certificate authorities.
  TlsTrust();
  // These authorities only: PEM text of one or more certificates.
  static Result<TlsTrust> from_pem(std::string_view pem);

  boost::asio::ssl::context& context() const { return *context_; }

 private:
  std::shared_ptr<boost::asio::ssl::context> context_;
};

// A server's certificate chain and key.
class TlsIdentity {
 public:
  // PEM files; errors (tls_failed) name the file.
  static Result<TlsIdentity> from_files(const std::string& chain, const std::string& key);
  static Result<TlsIdentity> from_pem(std::string_view chain, std::string_view key);

  boost::asio::ssl::context& context() const { return *context_; }

 private:
  TlsIdentity() = default;
  std::shared_ptr<boost::asio::ssl::context> context_;
};

// How to reach a server. Each stage has its own limit; an error names the stage that ran out.
struct DialOptions {
  DialOptions() = default;
  std::chrono::milliseconds resolve_timeout{5'000};
  std::chrono::milliseconds connect_timeout{10'000};  // over all addresses
  std::chrono::milliseconds tls_timeout{10'000};
  TlsTrust trust;
};

// Opens TCP, and TLS for https and wss with the host's name checked (RFC 9110, 4.3.4). Addresses
// are tried in the resolver's order. Errors: resolve_failed, connect_failed, tls_failed, timeout.
Task<Result<std::unique_ptr<Transport>>> dial(http::Url url, DialOptions options);

}  // namespace parley::net
