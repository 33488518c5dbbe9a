#include "parley/net/detail/tls_session.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace parley::net::detail {
namespace {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE when the peer has gone.
int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto got = ::recv(socket_of(bio), data, static_cast<std::size_t>(size), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "parley socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

std::string reason_of(const SSL* ssl) {
  if (const long verified = SSL_get_verify_result(ssl); verified != X509_V_OK)
    return std::string("the certificate is not accepted: ") +
           X509_verify_cert_error_string(verified);
  if (const auto code = ERR_peek_error()) {
    const char* reason = ERR_reason_error_string(code);
    return reason ? reason : "an error without a name";
  }
  return errno ? std::strerror(errno) : "the peer has ended the connection";
}

}  // namespace

TlsSession::TlsSession(ssl_ctx_st* context, int socket, bool server)
    : ssl_(SSL_new(context), SSL_free) {
  BIO* bio = BIO_new(socket_method());
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (server)
    SSL_set_accept_state(ssl_.get());
  else
    SSL_set_connect_state(ssl_.get());
}

TlsSession::~TlsSession() = default;

void TlsSession::expect_host(const std::string& host) {
  unsigned char address[sizeof(in6_addr)];
  const bool is_address = ::inet_pton(AF_INET, host.c_str(), address) == 1 ||
                          ::inet_pton(AF_INET6, host.c_str(), address) == 1;
  SSL* ssl = ssl_.get();
  SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  if (is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
    return;
  }
  SSL_set_tlsext_host_name(ssl, host.c_str());
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_set1_host(ssl, host.c_str());
}

TlsSession::Moved TlsSession::judge(int result) {
  Moved moved;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      moved.want = Want::nothing;
      break;
    case SSL_ERROR_WANT_READ:
      moved.want = Want::read;
      break;
    case SSL_ERROR_WANT_WRITE:
      moved.want = Want::write;
      break;
    case SSL_ERROR_ZERO_RETURN:
      moved.want = Want::end;
      break;
    default:
      moved.want = Want::failed;
      error_ = reason_of(ssl_.get());
  }
  return moved;
}

TlsSession::Moved TlsSession::handshake() {
  ERR_clear_error();
  errno = 0;
  return judge(SSL_do_handshake(ssl_.get()));
}

TlsSession::Moved TlsSession::read(MutableBytesView buffer) {
  Moved all;
  while (all.bytes < buffer.size()) {
    ERR_clear_error();
    errno = 0;
    std::size_t got = 0;
    const auto rest = buffer.subspan(all.bytes);
    const int result = SSL_read_ex(ssl_.get(), rest.data(), rest.size(), &got);
    all.bytes += got;
    if (result == 1) continue;
    all.want = judge(result).want;
    break;
  }
  return all;
}

TlsSession::Moved TlsSession::write(BytesView data) {
  Moved all;
  while (all.bytes < data.size()) {
    ERR_clear_error();
    errno = 0;
    std::size_t taken = 0;
    const auto rest = data.subspan(all.bytes);
    const int result = SSL_write_ex(ssl_.get(), rest.data(), rest.size(), &taken);
    all.bytes += taken;
    if (result == 1) continue;
    all.want = judge(result).want;
    break;
  }
  return all;
}

bool TlsSession::has_input() {
  ERR_clear_error();
  errno = 0;
  char byte = 0;
  std::size_t got = 0;
  const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
  return result == 1 || judge(result).want != Want::read;
}

void TlsSession::send_close_notify() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace parley::net::detail
