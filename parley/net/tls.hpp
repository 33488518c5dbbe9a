#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace parley::net {

// Which servers a client trusts, and what it shows them of itself. TLS 1.2 or newer. Copies share
// their state; safe to share between threads once made.
class TlsTrust {
 public:
  // The system's certificate authorities.
  TlsTrust() = default;
  // These authorities only: PEM text, or a file of it, with one or more certificates. Errors:
  // tls_failed, naming the file.
  static Result<TlsTrust> from_pem(std::string_view pem);
  static Result<TlsTrust> from_file(const std::string& path);

  // A certificate of the client's own for servers that ask for one (mutual TLS): PEM text of the
  // chain and its key.
  Result<void> present(std::string_view chain, std::string_view key);

  ssl_ctx_st* context() const;

 private:
  std::shared_ptr<ssl_ctx_st> context_;  // null: the system's authorities, shared by all
};

// A server's certificate chain and key. Copies share their state.
class TlsIdentity {
 public:
  // PEM files; errors (tls_failed) name the file.
  static Result<TlsIdentity> from_files(const std::string& chain, const std::string& key);
  static Result<TlsIdentity> from_pem(std::string_view chain, std::string_view key);

  // Only clients with a certificate that these authorities (PEM text) have signed are let in.
  Result<void> require_clients(std::string_view authorities);

  ssl_ctx_st* context() const { return context_.get(); }

 private:
  TlsIdentity() = default;
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace parley::net
