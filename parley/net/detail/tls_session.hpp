#pragma once

#include <memory>
#include <string>

#include "parley/base/bytes.hpp"

struct ssl_st;      // OpenSSL's SSL
struct ssl_ctx_st;  // and SSL_CTX

namespace parley::net::detail {

// TLS over a non-blocking socket, without waiting: each call does what can be done now. The socket
// belongs to the caller and must outlive the session.
class TlsSession {
 public:
  TlsSession(ssl_ctx_st* context, int socket, bool server);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Before the handshake of a client: the certificate must be for that name or IP address.
  void expect_host(const std::string& host);

  enum class Want {
    nothing,  // `bytes` were moved, or the handshake is done
    read,     // call again when the socket is readable
    write,    // or writable
    end,      // the peer has ended its side
    failed,   // see error()
  };
  struct Moved {
    std::size_t bytes = 0;
    Want want = Want::nothing;
  };

  Moved handshake();
  // Fills `buffer` as far as decrypted bytes can be had; bytes may come with any `want`.
  Moved read(MutableBytesView buffer);
  // Writes as far as the socket takes it. What was not taken must be offered again unchanged.
  Moved write(BytesView data);
  void send_close_notify();
  // Decrypted bytes can be had, or the peer has ended its side.
  bool has_input();

  // Why the last call failed, in words.
  const std::string& error() const { return error_; }

 private:
  Moved judge(int result);

  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  std::string error_;
};

}  // namespace parley::net::detail
