#include "parley/net/transport.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "parley/net/detail/io.hpp"
#include "parley/net/detail/transports.hpp"

namespace parley::net::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

asio::mutable_buffer to_buffer(MutableBytesView bytes) {
  return {bytes.data(), bytes.size()};
}
asio::const_buffer to_buffer(BytesView bytes) {
  return {bytes.data(), bytes.size()};
}

bool is_end(const error_code& code) {
  return code == asio::error::eof;
}

std::string address_of(const Tcp::socket& socket) {
  error_code ignored;
  const auto endpoint = socket.remote_endpoint(ignored);
  return ignored ? std::string() : endpoint.address().to_string();
}

void close_socket(Tcp::socket& socket) {
  error_code ignored;
  socket.close(ignored);
}

}  // namespace

MutableBytesView thread_buffer() {
  thread_local std::array<std::byte, 256 * 1024> buffer;
  return buffer;
}

bool socket_has_input(int socket) {
  char byte = 0;
  const auto got = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string address_text(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    return asio::ip::address_v4(ntohl(four.sin_addr.s_addr)).to_string();
  }
  if (address.ss_family != AF_INET6) return {};
  const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
  asio::ip::address_v6::bytes_type bytes;
  std::copy_n(six.sin6_addr.s6_addr, bytes.size(), bytes.begin());
  const asio::ip::address_v6 parsed(bytes);
  return parsed.is_v4_mapped() ? asio::ip::make_address_v4(asio::ip::v4_mapped, parsed).to_string()
                               : parsed.to_string();
}

Error to_error(const error_code& code, Stage stage) {
  if (code == asio::error::operation_aborted)
    return Error(ErrorKind::cancelled, "the operation was cancelled").with_stage(stage);
  return Error(ErrorKind::disconnected, "the connection was lost: " + code.message())
      .with_stage(stage);
}

void prepare_socket(Tcp::socket& socket) {
  error_code ignored;
  socket.set_option(Tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
}

TcpTransport::TcpTransport(Tcp::socket socket)
    : socket_(std::move(socket)), peer_(address_of(socket_)) {
  prepare_socket(socket_);
}

Task<Result<MutableBytesView>> TcpTransport::receive() {
  for (;;) {
    error_code code;
    if (!more_expected_) {
      co_await socket_.async_wait(Tcp::socket::wait_read,
                                  asio::redirect_error(asio::use_awaitable, code));
      if (code) co_return fail(to_error(code, Stage::receive));
    }
    const auto buffer = thread_buffer();
    const std::size_t got = socket_.read_some(to_buffer(buffer), code);
    more_expected_ = got == buffer.size();
    if (!code) co_return buffer.first(got);
    if (is_end(code)) co_return MutableBytesView();
    if (code != asio::error::would_block) co_return fail(to_error(code, Stage::receive));
  }
}

Task<Result<void>> TcpTransport::write(BytesView data) {
  error_code code;
  co_await asio::async_write(socket_, to_buffer(data),
                             asio::redirect_error(asio::use_awaitable, code));
  if (code) co_return fail(to_error(code, Stage::send));
  co_return Result<void>();
}

Result<std::size_t> TcpTransport::write_now(BytesView data) {
  error_code code;
  const std::size_t sent = socket_.write_some(to_buffer(data), code);
  if (code == asio::error::would_block) return std::size_t{0};
  if (code) return fail(to_error(code, Stage::send));
  return sent;
}

bool TcpTransport::has_input() {
  return socket_has_input(socket_.native_handle());
}

Task<void> TcpTransport::finish() {
  error_code ignored;
  socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  co_return;
}

void TcpTransport::close() {
  close_socket(socket_);
}

void TcpTransport::interrupt() {
  error_code ignored;
  socket_.cancel(ignored);
}

std::optional<RawSocket> TcpTransport::release() {
  error_code code;
  RawSocket raw;
  raw.socket = socket_.release(code);
  if (code) return std::nullopt;
  return raw;
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : socket(std::exchange(other.socket, -1)), tls(std::move(other.tls)) {}

RawSocket::~RawSocket() {
  if (socket >= 0) ::close(socket);
}

}  // namespace parley::net::detail
