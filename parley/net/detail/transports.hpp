#pragma once

#include <array>
#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "parley/net/transport.hpp"

namespace parley::net::detail {

using Tcp = boost::asio::ip::tcp;

Error to_error(const boost::system::error_code& code, Stage stage);
// Text and no delay, so that small frames leave at once; non-blocking for read_some and write_some.
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
  Executor executor() override { return socket_.get_executor(); }
  const std::string& peer_address() const override { return peer_; }

 private:
  Tcp::socket socket_;
  std::string peer_;
  bool more_expected_ = false;
};

class TlsTransport final : public Transport {
 public:
  using Stream = boost::asio::ssl::stream<Tcp::socket>;
  TlsTransport(Tcp::socket socket, boost::asio::ssl::context& context);

  Stream& stream() { return stream_; }

  Task<Result<MutableBytesView>> receive() override;
  Task<Result<void>> write(BytesView data) override;
  Result<std::size_t> write_now(BytesView data) override;
  bool has_input() override;
  Task<void> finish() override;
  void close() override;
  Executor executor() override { return stream_.get_executor(); }
  const std::string& peer_address() const override { return peer_; }

 private:
  Stream stream_;
  std::string peer_;
  std::array<std::byte, 16 * 1024> buffer_;
};

}  // namespace parley::net::detail
