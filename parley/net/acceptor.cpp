#include "parley/net/detail/acceptor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include "parley/net/detail/io.hpp"

namespace parley::net::detail {
namespace {

constexpr int kAcceptsInARow = 64;
constexpr auto kSweep = std::chrono::milliseconds(250);
constexpr auto kPause = std::chrono::milliseconds(100);

bool is_transient(int error) {
  return error == ECONNABORTED || error == EINTR || error == EPROTO;
}

}  // namespace

AddressCounts::Ticket::Ticket(std::shared_ptr<AddressCounts> counts, std::string address)
    : counts_(std::move(counts)), address_(std::move(address)) {
  ++counts_->counts_[address_];
}

AddressCounts::Ticket::~Ticket() {
  if (!counts_) return;
  const auto found = counts_->counts_.find(address_);
  if (--found->second == 0) counts_->counts_.erase(found);
}

std::size_t AddressCounts::count(const std::string& address) const {
  const auto found = counts_.find(address);
  return found == counts_.end() ? 0 : found->second;
}

AcceptorState::AcceptorState(Executor on, WebSocketServerOptions server_options,
                             SocketHandler& handler)
    : executor(std::move(on)),
      options(std::move(server_options)),
      set(EpollSet::of(executor)),
      host(executor, options.sockets, handler),
      addresses(std::make_shared<AddressCounts>()),
      timer(executor),
      pause_timer(executor) {}

AcceptorState::~AcceptorState() {
  close();
  while (!handshakes.empty()) handshakes.back()->destroy();
}

Result<std::uint16_t> AcceptorState::listen() {
  namespace ip = boost::asio::ip;
  boost::system::error_code code;
  const auto refuse = [&](std::string_view verb, std::string why) {
    close();
    return fail(ErrorKind::connect_failed,
                fmt::format("cannot {} {} port {}: {}", verb, options.address, options.port, why));
  };
  const auto address = ip::make_address(options.address, code);
  if (code) return refuse("use the address", code.message());
  ip::tcp::endpoint endpoint(address, options.port);
  const int one = 1;
  socket = ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return refuse("open a socket for", std::strerror(errno));
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (options.reuse_port) ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  // Inherited by the accepted sockets: small frames leave at once.
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::bind(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(socket, SOMAXCONN) != 0 || !set.add(socket, EPOLLIN, *this))
    return refuse("listen on", std::strerror(errno));
  auto size = static_cast<socklen_t>(endpoint.capacity());
  ::getsockname(socket, endpoint.data(), &size);
  return endpoint.port();
}

void AcceptorState::ready(std::uint32_t) {
  for (int i = 0; i < kAcceptsInARow && socket >= 0; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const int accepted =
        ::accept4(socket, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      accept_one(accepted, address_text(from));
    } else if (errno == EAGAIN) {
      return;
    } else if (!is_transient(errno)) {
      return pause();
    }
  }
}

void AcceptorState::pause() {
  if (options.events)
    options.events(Event("net.accept_failed").with("why", std::string(std::strerror(errno))));
  paused = true;
  set.change(socket, 0, *this);
  pause_timer.expires_after(kPause);
  pause_timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->socket < 0) return;
    self->paused = false;
    self->set.change(self->socket, EPOLLIN, *self);
  });
}

void AcceptorState::accept_one(int accepted, const std::string& address) {
  RawSocket raw;
  raw.socket = accepted;
  if (options.tls) raw.tls = std::make_unique<TlsSession>(options.tls->context(), accepted, true);
  const std::size_t limit = options.max_connections_per_address;
  const bool full = handshakes.size() + host.size() >= options.max_connections;
  const bool crowded = limit > 0 && addresses->count(address) >= limit;
  auto item = std::make_unique<HandshakeItem>(
      *this, std::move(raw), address,
      limit > 0 ? AddressCounts::Ticket(addresses, address) : AddressCounts::Ticket());
  if (!item->start()) return;
  auto* started = item.release();
  if (!full && !crowded) return;
  if (options.tls) return started->destroy();  // an answer would cost the handshake it refuses
  http::Response refusal(crowded ? 429 : 503);
  refusal.body = crowded ? "Too many connections from this address.\n"
                         : "The server has no room for more connections.\n";
  started->refuse(std::move(refusal));
}

void AcceptorState::close() {
  pause_timer.cancel();
  if (socket < 0) return;
  set.remove(socket, *this);
  ::close(std::exchange(socket, -1));
}

// Handshakes are few and short: one look at all of them now and then.
void AcceptorState::schedule_sweep() {
  if (std::exchange(sweeping, true)) return;
  timer.expires_after(kSweep);
  timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->sweeping = false;
    const TimePoint now = std::chrono::steady_clock::now();
    for (std::size_t i = self->handshakes.size(); i-- > 0;)
      if (self->handshakes[i]->deadline() <= now) self->handshakes[i]->destroy();
    if (!self->handshakes.empty()) self->schedule_sweep();
  });
}

void AcceptorState::report_refusal(const std::string& address, int status, const std::string& why) {
  if (!options.events) return;
  options.events(Event("net.handshake_refused")
                     .with("address", address)
                     .with("status", std::to_string(status))
                     .with("why", why.substr(0, why.find('\n'))));
}

}  // namespace parley::net::detail

namespace parley::net {

WebSocketServer::WebSocketServer(Executor executor, WebSocketServerOptions options,
                                 SocketHandler& handler)
    : state_(std::make_shared<detail::AcceptorState>(std::move(executor), std::move(options),
                                                     handler)) {}

WebSocketServer::~WebSocketServer() = default;

Result<std::uint16_t> WebSocketServer::listen() {
  return state_->listen();
}

SocketHost& WebSocketServer::sockets() {
  return state_->host;
}

Task<void> WebSocketServer::stop(std::chrono::milliseconds grace) {
  const auto state = state_;
  state->close();
  while (!state->handshakes.empty()) state->handshakes.back()->destroy();
  co_await state->host.drain(ws::close_code::going_away, "the server stops", grace);
}

}  // namespace parley::net
