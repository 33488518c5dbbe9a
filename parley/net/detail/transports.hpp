#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "parley/net/detail/tls_session.hpp"
#include "parley/net/transport.hpp"

namespace parley::net::detail {

using Tcp = boost::asio::ip::tcp;

Error to_error(const boost::system::error_code& code, Stage stage);
// No delay, so that small frames leave at once; non-blocking for read_some and write_some.
void prepare_socket(Tcp::socket& socket);

class TcpTransport final : public Transport {
 public:
  explicit TcpTransport(Tcp::socket socket);

  Task<Result<MutableBytesView>> receive() override;
  Task<Result<void>> write(BytesView data) override;
  Result<std::size_t> write_now(BytesView data) override;
  bool has_input() override;
  Task<void> finish() override;
  void close() override;
  void interrupt() override;
  std::optional<RawSocket> release() override;
  Executor executor() override { return socket_.get_executor(); }
  const std::string& peer_address() const override { return peer_; }

 private:
  Tcp::socket socket_;
  std::string peer_;
  bool more_expected_ = false;
};

class TlsTransport final : public Transport {
 public:
  // `socket` is connected; handshake() comes first.
  TlsTransport(Tcp::socket socket, ssl_ctx_st* context, bool server);

  TlsSession& session() { return *session_; }
  Task<Result<void>> handshake();

  Task<Result<MutableBytesView>> receive() override;
  Task<Result<void>> write(BytesView data) override;
  Result<std::size_t> write_now(BytesView data) override;
  bool has_input() override;
  Task<void> finish() override;
  void close() override;
  void interrupt() override;
  std::optional<RawSocket> release() override;
  Executor executor() override { return socket_.get_executor(); }
  const std::string& peer_address() const override { return peer_; }

 private:
  Task<Result<void>> wait(TlsSession::Want want, Stage stage);

  Tcp::socket socket_;
  std::unique_ptr<TlsSession> session_;
  std::string peer_;
  bool more_expected_ = false;
};

}  // namespace parley::net::detail
