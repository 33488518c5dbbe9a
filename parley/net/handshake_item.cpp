#include <cerrno>
#include <sys/socket.h>

#include "parley/net/detail/acceptor.hpp"
#include "parley/net/detail/io.hpp"

namespace parley::net::detail {

HandshakeItem::HandshakeItem(AcceptorState& acceptor, RawSocket socket, std::string address,
                             AddressCounts::Ticket ticket)
    : acceptor_(acceptor),
      raw_(std::move(socket)),
      address_(std::move(address)),
      ticket_(std::move(ticket)),
      deadline_(acceptor.set.now() + acceptor.options.handshake_timeout),
      parser_(std::make_unique<http::RequestParser>(acceptor.options.header)),
      secured_(raw_.tls == nullptr) {}

bool HandshakeItem::start() {
  if (!acceptor_.set.add(raw_.socket, EPOLLIN, *this)) return false;
  index = static_cast<std::uint32_t>(acceptor_.handshakes.size());
  acceptor_.handshakes.push_back(this);
  acceptor_.schedule_sweep();
  return true;
}

void HandshakeItem::ready(std::uint32_t) {
  if (!secured_) {
    const auto moved = raw_.tls->handshake();
    if (moved.want == TlsSession::Want::read || moved.want == TlsSession::Want::write) {
      const bool write = moved.want == TlsSession::Want::write;
      return acceptor_.set.change(raw_.socket, write ? EPOLLOUT : EPOLLIN, *this);
    }
    if (moved.want != TlsSession::Want::nothing) return destroy();
    secured_ = true;
    acceptor_.set.change(raw_.socket, EPOLLIN, *this);
  }
  read();
}

int HandshakeItem::receive(MutableBytesView buffer) {
  if (raw_.tls) {
    const auto moved = raw_.tls->read(buffer);
    if (moved.bytes > 0) return static_cast<int>(moved.bytes);
    return moved.want == TlsSession::Want::read || moved.want == TlsSession::Want::write ? -1 : 0;
  }
  const auto got = ::recv(raw_.socket, buffer.data(), buffer.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? -1 : 0;
  return static_cast<int>(got);
}

void HandshakeItem::read() {
  const auto buffer = thread_buffer();
  for (int round = 0; round < kReadsInARow && !gone_; ++round) {
    const int got = receive(buffer);
    if (got == -1) return;
    if (got == 0) return destroy();
    if (refused_) continue;
    const BytesView input = buffer.first(static_cast<std::size_t>(got));
    const auto used = parser_->receive(input);
    if (!used) {
      const int status = used.error().http_status();
      http::Response refusal(status ? status : 400);
      refusal.body = used.error().message() + "\n";
      return refuse(std::move(refusal));
    }
    if (parser_->done()) return answer(as_text(input.subspan(*used)));
  }
}

void HandshakeItem::answer(std::string_view early) {
  const auto& request = parser_->request();
  auto acceptance = ws::accept(request, acceptor_.options.policy);
  if (!acceptance.accepted()) return refuse(std::move(acceptance.response));
  std::unique_ptr<ServerSocket::Data> data;
  if (acceptor_.options.admit)
    if (auto refusal = acceptor_.options.admit(request, address_, data))
      return refuse(std::move(*refusal));
  open(acceptance, std::move(data), early);
}

// The answer fits the empty send buffer of a new connection; one that does not take it is dropped.
void HandshakeItem::open(const ws::Acceptance& acceptance, std::unique_ptr<ServerSocket::Data> data,
                         std::string_view early) {
  const std::string head = http::serialize_head(acceptance.response);
  if (send(head) != head.size()) return destroy();
  gone_ = true;
  unlist();
  std::shared_ptr<void> held;
  if (ticket_.held()) held = std::make_shared<AddressCounts::Ticket>(std::move(ticket_));
  acceptor_.host.adopt(std::move(raw_), acceptance.agreement, std::move(data), early,
                       std::move(held), this);
  acceptor_.set.bury(std::unique_ptr<SocketWatcher>(this));
}

std::size_t HandshakeItem::send(std::string_view bytes) {
  if (raw_.tls) return raw_.tls->write(as_bytes(bytes)).bytes;
  const auto sent = ::send(raw_.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

void HandshakeItem::refuse(http::Response response) {
  acceptor_.report_refusal(address_, response.status, response.body);
  response.headers.set("Content-Length", std::to_string(response.body.size()));
  if (!response.headers.has_token("Connection", "Upgrade"))
    response.headers.set("Connection", "close");
  send(http::serialize_head(response) + response.body);
  if (raw_.tls) raw_.tls->send_close_notify();
  ::shutdown(raw_.socket, SHUT_WR);
  refused_ = true;
  deadline_ = acceptor_.set.now() + kLinger;
}

void HandshakeItem::unlist() {
  auto& all = acceptor_.handshakes;
  all.back()->index = index;
  all[index] = all.back();
  all.pop_back();
}

void HandshakeItem::destroy() {
  if (gone_) return;
  gone_ = true;
  unlist();
  raw_.tls.reset();
  acceptor_.set.close(std::exchange(raw_.socket, -1), *this);
  acceptor_.set.bury(std::unique_ptr<SocketWatcher>(this));
}

}  // namespace parley::net::detail
