#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/net/detail/io.hpp"
#include "parley/net/detail/transports.hpp"

namespace parley::net::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using Want = TlsSession::Want;

namespace {

std::unexpected<Error> broken(const TlsSession& session, Stage stage) {
  return fail(Error(ErrorKind::disconnected, "the connection was lost: " + session.error())
                  .with_stage(stage));
}

}  // namespace

TlsTransport::TlsTransport(Tcp::socket socket, ssl_ctx_st* context, bool server)
    : socket_(std::move(socket)) {
  prepare_socket(socket_);
  session_ = std::make_unique<TlsSession>(context, socket_.native_handle(), server);
  error_code ignored;
  const auto endpoint = socket_.remote_endpoint(ignored);
  if (!ignored) peer_ = endpoint.address().to_string();
}

Task<Result<void>> TlsTransport::wait(Want want, Stage stage) {
  error_code code;
  const auto what = want == Want::write ? Tcp::socket::wait_write : Tcp::socket::wait_read;
  co_await socket_.async_wait(what, asio::redirect_error(asio::use_awaitable, code));
  if (code) co_return fail(to_error(code, stage));
  co_return Result<void>();
}

Task<Result<void>> TlsTransport::handshake() {
  for (;;) {
    const auto moved = session_->handshake();
    if (moved.want == Want::nothing) co_return Result<void>();
    if (moved.want == Want::end || moved.want == Want::failed)
      co_return fail(Error(ErrorKind::tls_failed, session_->error()).with_stage(Stage::tls));
    auto waited = co_await wait(moved.want, Stage::tls);
    if (!waited) co_return waited;
  }
}

Task<Result<MutableBytesView>> TlsTransport::receive() {
  Want want = Want::read;
  for (;;) {
    if (!more_expected_) {
      auto waited = co_await wait(want, Stage::receive);
      if (!waited) co_return fail(std::move(waited.error()));
    }
    if (!socket_.is_open())
      co_return fail(to_error(asio::error::operation_aborted, Stage::receive));
    const auto buffer = thread_buffer();
    const auto moved = session_->read(buffer);
    // A full buffer may leave decrypted bytes behind, which no socket event tells of.
    more_expected_ = moved.bytes == buffer.size();
    if (moved.bytes > 0) co_return buffer.first(moved.bytes);
    if (moved.want == Want::end) co_return MutableBytesView();
    if (moved.want == Want::failed) co_return broken(*session_, Stage::receive);
    want = moved.want;
  }
}

Task<Result<void>> TlsTransport::write(BytesView data) {
  while (!data.empty()) {
    if (!socket_.is_open()) co_return fail(to_error(asio::error::operation_aborted, Stage::send));
    const auto moved = session_->write(data);
    data = data.subspan(moved.bytes);
    if (data.empty()) break;
    if (moved.want == Want::failed || moved.want == Want::end)
      co_return broken(*session_, Stage::send);
    auto waited = co_await wait(moved.want, Stage::send);
    if (!waited) co_return waited;
  }
  co_return Result<void>();
}

// All or nothing waits: what TLS has encrypted once must be offered again unchanged, and write()
// keeps it so.
Result<std::size_t> TlsTransport::write_now(BytesView data) {
  const auto moved = session_->write(data);
  if (moved.want == Want::failed || moved.want == Want::end) return broken(*session_, Stage::send);
  return moved.bytes;
}

// What is there may be TLS's own, as the session tickets that follow a handshake.
bool TlsTransport::has_input() {
  return session_->has_input();
}

Task<void> TlsTransport::finish() {
  session_->send_close_notify();
  error_code ignored;
  socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  co_return;
}

void TlsTransport::close() {
  error_code ignored;
  socket_.close(ignored);
}

void TlsTransport::interrupt() {
  error_code ignored;
  socket_.cancel(ignored);
}

std::optional<RawSocket> TlsTransport::release() {
  error_code code;
  RawSocket raw;
  raw.tls = std::move(session_);
  raw.socket = socket_.release(code);
  if (code) return std::nullopt;
  return raw;
}

}  // namespace parley::net::detail
