#include "parley/net/tls.hpp"

#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace parley::net {
namespace {

template <auto Free>
struct Releaser {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPointer = std::unique_ptr<BIO, Releaser<BIO_free>>;
using CertificatePointer = std::unique_ptr<X509, Releaser<X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;

std::shared_ptr<SSL_CTX> make_context(const SSL_METHOD* method) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // An idle connection gives its buffers back; a write may be tried again from another buffer.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  return context;
}

std::unexpected<Error> tls_error(std::string what) {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  if (reason) what += fmt::format(": {}", reason);
  return fail(ErrorKind::tls_failed, std::move(what));
}

BioPointer reader(std::string_view pem) {
  ERR_clear_error();
  return BioPointer(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

CertificatePointer next_certificate(BIO* from) {
  return CertificatePointer(PEM_read_bio_X509(from, nullptr, nullptr, nullptr));
}

Result<void> add_authorities(SSL_CTX* context, std::string_view pem) {
  const auto bio = reader(pem);
  int count = 0;
  while (const auto certificate = next_certificate(bio.get())) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) != 1)
      return tls_error("a certificate authority cannot be used");
    ++count;
  }
  if (count == 0) return tls_error("no certificate in the PEM text");
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  return {};
}

Result<void> use_identity(SSL_CTX* context, std::string_view chain, std::string_view key) {
  const auto bio = reader(chain);
  const auto own = next_certificate(bio.get());
  if (!own) return tls_error("no certificate in the PEM text");
  if (SSL_CTX_use_certificate(context, own.get()) != 1)
    return tls_error("the certificate cannot be used");
  SSL_CTX_clear_chain_certs(context);
  while (const auto issuer = next_certificate(bio.get()))
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1)
      return tls_error("the certificate chain cannot be used");
  const auto key_bio = reader(key);
  const KeyPointer private_key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  if (!private_key) return tls_error("no private key in the PEM text");
  if (SSL_CTX_use_PrivateKey(context, private_key.get()) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return tls_error("the private key does not fit the certificate");
  ERR_clear_error();
  return {};
}

std::shared_ptr<SSL_CTX> trusting_the_system() {
  auto context = make_context(TLS_client_method());
  // A machine without authorities fails at the handshake, with a reason.
  SSL_CTX_set_default_verify_paths(context.get());
  ERR_clear_error();
  return context;
}

Result<std::string> read_file(const std::string& path, std::string_view what) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(ErrorKind::tls_failed, fmt::format("no {} can be read from {}", what, path));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

std::unexpected<Error> in_file(const Error& error, const std::string& path) {
  return fail(ErrorKind::tls_failed, fmt::format("{}: {}", path, error.message()));
}

}  // namespace

ssl_ctx_st* TlsTrust::context() const {
  static const auto system = trusting_the_system();  // read once, when it is first needed
  return context_ ? context_.get() : system.get();
}

Result<TlsTrust> TlsTrust::from_pem(std::string_view pem) {
  TlsTrust trust;
  trust.context_ = make_context(TLS_client_method());
  if (auto added = add_authorities(trust.context(), pem); !added)
    return fail(std::move(added.error()));
  return trust;
}

Result<TlsTrust> TlsTrust::from_file(const std::string& path) {
  const auto pem = read_file(path, "certificate authority");
  if (!pem) return fail(pem.error());
  auto trust = from_pem(*pem);
  if (!trust) return in_file(trust.error(), path);
  return trust;
}

Result<void> TlsTrust::present(std::string_view chain, std::string_view key) {
  if (!context_) context_ = trusting_the_system();
  return use_identity(context(), chain, key);
}

Result<TlsIdentity> TlsIdentity::from_files(const std::string& chain, const std::string& key) {
  const auto chain_pem = read_file(chain, "certificate chain");
  if (!chain_pem) return fail(chain_pem.error());
  const auto key_pem = read_file(key, "private key");
  if (!key_pem) return fail(key_pem.error());
  auto identity = from_pem(*chain_pem, *key_pem);
  if (!identity) return in_file(identity.error(), fmt::format("{} and {}", chain, key));
  return identity;
}

Result<TlsIdentity> TlsIdentity::from_pem(std::string_view chain, std::string_view key) {
  TlsIdentity identity;
  identity.context_ = make_context(TLS_server_method());
  if (auto used = use_identity(identity.context(), chain, key); !used)
    return fail(std::move(used.error()));
  return identity;
}

Result<void> TlsIdentity::require_clients(std::string_view authorities) {
  if (auto added = add_authorities(context(), authorities); !added) return added;
  SSL_CTX_set_verify(context(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

}  // namespace parley::net
