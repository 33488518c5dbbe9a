#include "parley/net/detail/socket_item.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

#include "parley/net/detail/group_access.hpp"
#include "parley/net/detail/io.hpp"

namespace parley::net::detail {
namespace {

// Answers are gathered during a turn; that much of them is not kept waiting for its end.
constexpr std::size_t kWriteAtOnce = 64 * 1024;

}  // namespace

SocketItem::SocketItem(HostState& host, RawSocket socket, const ws::Agreement& agreement)
    : connection(ws::Role::server, host.context, agreement, host.set.now()),
      host_(&host),
      tls_(std::move(socket.tls)),
      socket_(std::exchange(socket.socket, -1)) {}

SocketItem::~SocketItem() {
  if (socket_ >= 0) ::close(socket_);
}

void SocketItem::open(std::string_view early) {
  host_->handler.on_open(*this);
  if (early.empty() || state_ != State::open) return;
  Bytes bytes(as_bytes(early).begin(), as_bytes(early).end());
  connection.receive(bytes, host_->set.now());
  deliver();
  sent();
}

void SocketItem::ready(std::uint32_t events) {
  in_turn_ = true;  // what is sent meanwhile is written at the end
  serve(events);
  in_turn_ = false;
}

void SocketItem::serve(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    const bool was_blocked = blocked_;
    if (!write_some()) return destroy();
    if (was_blocked && !blocked_ && state_ == State::open) host_->handler.on_drained(*this);
  }
  if (state_ != State::gone && (tls_ || (events & ~std::uint32_t{EPOLLOUT}) != 0)) read();
  if (state_ == State::gone) return;
  if (!write_some()) return destroy();
  leave();
  if (state_ != State::gone) watch();
}

void SocketItem::flush() {
  if (state_ == State::gone) return;
  if (!write_some()) return ready(EPOLLIN);  // the loss is told by the reading side
  leave();
  if (state_ != State::gone) watch();
}

int SocketItem::receive(MutableBytesView buffer) {
  if (tls_) {
    const auto moved = tls_->read(buffer);
    if (moved.bytes > 0) return static_cast<int>(moved.bytes);
    if (moved.want == TlsSession::Want::end) return 0;
    return moved.want == TlsSession::Want::failed ? -2 : -1;
  }
  const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (got >= 0) return static_cast<int>(got);
  return errno == EAGAIN || errno == EINTR ? -1 : -2;
}

void SocketItem::read() {
  const auto buffer = thread_buffer();
  for (int round = 0; tls_ || round < kReadsInARow; ++round) {
    if (paused_ && state_ == State::open) return;
    const int got = receive(buffer);
    if (got == -1) return;
    if (state_ == State::lingering) {
      if (got <= 0) return destroy();
      continue;
    }
    if (got <= 0) {
      connection.receive_end();
      deliver();
      return destroy();
    }
    connection.receive(buffer.first(static_cast<std::size_t>(got)), host_->set.now());
    deliver();
    if (state_ == State::gone || static_cast<std::size_t>(got) < buffer.size()) return;
  }
}

void SocketItem::deliver() {
  while (state_ == State::open) {
    const auto event = connection.poll_event();
    if (!event) return;
    switch (event->kind) {
      case ws::Event::Kind::text:
      case ws::Event::Kind::binary:
        host_->handler.on_message(*this, *event);
        break;
      case ws::Event::Kind::pong:
        host_->handler.on_pong(*this, event->data);
        break;
      case ws::Event::Kind::closed: {
        state_ = State::ended;
        const std::string reason(event->text());
        host_->handler.on_close(*this, event->code, reason);
        data.reset();
        break;
      }
      case ws::Event::Kind::ping:
      case ws::Event::Kind::closing:
        break;
    }
  }
}

bool SocketItem::write_some() {
  blocked_ = false;
  for (;;) {
    const auto output = connection.poll_output();
    if (output.empty() || state_ == State::gone) break;
    std::size_t taken = 0;
    if (tls_) {
      const auto moved = tls_->write(output);
      taken = moved.bytes;
      if (moved.want == TlsSession::Want::failed || moved.want == TlsSession::Want::end)
        return false;
      if (taken < output.size()) connection.pin_output();
    } else {
      const auto sent = ::send(socket_, output.data(), output.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
      taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    }
    const bool all = taken == output.size();
    connection.consume_output(taken);
    if (all) break;
    blocked_ = true;
    break;
  }
  paused_ = blocked_ && connection.poll_output().size() > connection.options().max_output / 4;
  return true;
}

// Once the protocol is over and all is written: our side is ended, and what the peer still sends is
// read away, since closing with unread input would reset the connection (RFC 6455, 7.1.1).
void SocketItem::leave() {
  if (state_ != State::ended) return;
  if (connection.close_code() == ws::close_code::abnormal) return destroy();
  if (blocked_ && linger_until_ == TimePoint::max()) {
    linger_until_ = host_->set.now() + kLinger;
    host_->schedule(linger_until_);
  }
  if (blocked_) return;
  if (tls_) tls_->send_close_notify();
  ::shutdown(socket_, SHUT_WR);
  state_ = State::lingering;
  linger_until_ = host_->set.now() + kLinger;
  host_->schedule(linger_until_);
}

void SocketItem::watch() {
  std::uint32_t events = 0;
  if (!paused_ || state_ != State::open) events |= EPOLLIN;
  if (blocked_) events |= EPOLLOUT;
  if (events == watched_) return;
  watched_ = static_cast<std::uint8_t>(events);
  host_->set.change(socket_, events, *this);
}

void SocketItem::sent() {
  if (state_ == State::gone) return;
  if (!blocked_ && connection.poll_output().size() > kWriteAtOnce) (void)write_some();
  if (!in_turn_) host_->set.flush_later(*this);
}

TimePoint SocketItem::next_timeout() const {
  if (state_ != State::open) return linger_until_;
  return connection.next_timeout().value_or(TimePoint::max());
}

void SocketItem::handle_timeout(TimePoint now) {
  if (state_ != State::open) {
    if (now >= linger_until_) destroy();
    return;
  }
  connection.handle_timeout(now);
  deliver();
  // A peer that does not answer our close may not read either: nothing more is waited for.
  if (state_ == State::ended) return destroy();
  if (!connection.poll_output().empty()) host_->set.flush_later(*this);
}

void SocketItem::abort() {
  if (state_ != State::open) return destroy();
  connection.receive_end();
  deliver();
  destroy();
}

void SocketItem::destroy() {
  if (state_ == State::gone) return;
  if (state_ == State::open) {  // broken while writing
    connection.receive_end();
    deliver();
  }
  state_ = State::gone;
  GroupAccess::leave_all(*this);
  host_->set.close(std::exchange(socket_, -1), *this);
  host_->remove(*this);
}

}  // namespace parley::net::detail

namespace parley::net {

using detail::SocketItem;

namespace {
SocketItem& item(ServerSocket& socket) {
  return static_cast<SocketItem&>(socket);
}
const SocketItem& item(const ServerSocket& socket) {
  return static_cast<const SocketItem&>(socket);
}
Result<void> then_write(ServerSocket& socket, Result<void> result) {
  if (result) item(socket).sent();
  return result;
}
}  // namespace

Result<void> ServerSocket::send_text(std::string_view text, ws::Compress compress) {
  return then_write(*this, item(*this).connection.send_text(text, compress));
}
Result<void> ServerSocket::send_binary(BytesView bytes, ws::Compress compress) {
  return then_write(*this, item(*this).connection.send_binary(bytes, compress));
}
Result<void> ServerSocket::send(const ws::Event& message, ws::Compress compress) {
  auto& connection = item(*this).connection;
  return then_write(*this, message.kind == ws::Event::Kind::text
                               ? connection.send_valid_text(message.text(), compress)
                               : connection.send_binary(message.data, compress));
}
Result<void> ServerSocket::send(const ws::PreparedMessage& message) {
  return then_write(*this, item(*this).connection.send_prepared(message));
}
Result<void> ServerSocket::send_part(ws::MessageKind kind, BytesView part, bool last,
                                     ws::Compress compress) {
  return then_write(*this, item(*this).connection.send_part(kind, part, last, compress));
}
Result<void> ServerSocket::ping(BytesView payload) {
  return then_write(*this, item(*this).connection.ping(payload));
}

void ServerSocket::close(std::uint16_t code, std::string_view reason) {
  auto& self = item(*this);
  // A second close changes nothing.
  (void)self.connection.close(code, reason, self.host().set.now());
  self.host().schedule(self.next_timeout());
  self.sent();
}
void ServerSocket::abort() {
  item(*this).abort();
}
bool ServerSocket::open() const {
  return item(*this).connection.open();
}
std::size_t ServerSocket::queued_bytes() const {
  return item(*this).connection.poll_output().size();
}
std::optional<Duration> ServerSocket::round_trip() const {
  return item(*this).connection.round_trip();
}

std::string ServerSocket::peer_address() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(item(*this).socket(), reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    return {};
  return detail::address_text(storage);
}

}  // namespace parley::net
