#include "parley/net/websocket.hpp"

#include <deque>

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/http/parser.hpp"
#include "parley/net/detail/deadline.hpp"
#include "parley/net/detail/io.hpp"
#include "parley/net/detail/websocket_state.hpp"
#include "parley/net/system.hpp"

namespace parley::net {
namespace detail {

namespace asio = boost::asio;
using boost::system::error_code;

WebSocketState::WebSocketState(std::shared_ptr<Transport> over, ws::Role role,
                               const ws::Options& options, ws::Agreement agreed)
    : transport(std::move(over)),
      connection(role, options, system_random(), std::chrono::steady_clock::now(), agreed),
      agreement(std::move(agreed)),
      max_output(options.max_output),
      timer(transport->executor()),
      drained(transport->executor(), asio::steady_timer::time_point::max()) {}

std::size_t WebSocketState::queued() const {
  return connection.poll_output().size() + in_flight.size();
}

std::optional<Message> WebSocketState::read_message() {
  while (const auto event = connection.poll_event()) {
    if (event->kind == ws::Event::Kind::pong) pong = event->text();
    if (event->kind != ws::Event::Kind::text && event->kind != ws::Event::Kind::binary) continue;
    ++traffic.messages_in;
    traffic.bytes_in += event->data.size();
    traffic.last_activity = std::chrono::steady_clock::now();
    Message message(event->kind == ws::Event::Kind::binary, std::string(event->text()));
    if (told) told->received(message.data.size(), message.binary);
    message.first = event->first;
    message.last = event->last;
    const auto rest = connection.unread_input();
    const bool is_held =
        !held.empty() && rest.data() >= held.data() && rest.data() <= held.data() + held.size();
    if (!rest.empty() && !is_held) {
      held.assign(rest.begin(), rest.end());
      connection.receive(held, std::chrono::steady_clock::now());
    }
    return message;
  }
  Bytes().swap(held);
  ended = connection.closed();
  return std::nullopt;
}

void WebSocketState::read_ahead() {
  while (auto message = read_message()) inbox.push_back(std::move(*message));
}

// Messages that came together are answered together: while the reader has more of them, writing
// waits until this turn of the loop is over.
void WebSocketState::sent() {
  if (connection.unread_input().empty()) return settle();
  if (std::exchange(write_posted, true)) return;
  asio::post(transport->executor(), [self = shared_from_this()] {
    self->write_posted = false;
    self->settle();
  });
}

void WebSocketState::settle() {
  flush();
  arm();
}

// Writes what the kernel takes at once; the rest is left to a coroutine that waits.
void WebSocketState::flush() {
  if (writing || gone) return;
  while (!connection.poll_output().empty()) {
    const auto taken = transport->write_now(connection.poll_output());
    if (!taken) return lose(taken.error());
    if (*taken == 0) {
      writing = true;
      asio::co_spawn(transport->executor(), write_rest(shared_from_this()), asio::detached);
      return;
    }
    connection.consume_output(*taken);
  }
  if (ended) leave();
}

Task<void> WebSocketState::write_rest(std::shared_ptr<WebSocketState> self) {
  while (!self->gone && !self->connection.poll_output().empty()) {
    const auto output = self->connection.poll_output();
    self->in_flight.assign(as_text(output));
    self->connection.consume_output(output.size());
    auto written = co_await self->transport->write(as_bytes(self->in_flight));
    self->in_flight.clear();
    self->drained.cancel();
    if (!written) self->lose(written.error());
  }
  std::string().swap(self->in_flight);
  self->writing = false;
  if (self->ended) self->leave();
}

void WebSocketState::arm() {
  const auto next = connection.next_timeout();
  if (gone || !next) return;
  if (armed && *armed <= *next) return;  // an early wake-up asks again
  armed = *next;
  timer.expires_at(*next);
  timer.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->gone) return;
    self->armed.reset();
    self->read_ahead();  // what has come is not lost to a timeout
    self->connection.handle_timeout(std::chrono::steady_clock::now());
    self->read_ahead();
    self->settle();
    // A peer that does not answer our close may not read either: nothing more is waited for.
    if (self->ended) self->drop();
  });
}

void WebSocketState::lose(const Error& error) {
  if (gone) return;
  if (!ended && !failure && error.kind() != ErrorKind::cancelled) failure = error;
  read_ahead();
  connection.receive_end();
  read_ahead();
  ended = true;
  drop();
}

// A socket that is closed with unread bytes resets the connection, and the peer may never see our
// last frames: what it still sends is read away until it closes as well. The server ends its side
// first (RFC 6455, 7.1.1).
Task<void> WebSocketState::linger(std::shared_ptr<WebSocketState> self) {
  const auto transport = self->transport;
  Deadline deadline(transport->executor(), kLinger, [transport] { transport->close(); });
  const bool first = self->connection.role() == ws::Role::server;
  if (first) co_await transport->finish();
  if (first) self->set_left();
  for (;;) {
    const auto input = co_await transport->receive();
    if (!input || input->empty()) break;
  }
  if (!first) co_await transport->finish();
  transport->close();
  self->set_left();
}

void WebSocketState::set_left() {
  if (told && !left) tell_end();
  left = true;
  drained.cancel();
}

// The reader gets the end when it is complete, so that a program may end with it.
Task<void> WebSocketState::wait_until_left(std::shared_ptr<WebSocketState> self) {
  Deadline deadline(self->transport->executor(), kLinger, [self] {
    self->gone = true;
    self->transport->close();
    self->set_left();
  });
  while (!self->left) {
    error_code ignored;
    self->drained.expires_at(asio::steady_timer::time_point::max());
    co_await self->drained.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void WebSocketState::leave() {
  if (reading) return drop();  // ended by a timeout: this peer is not waited for
  if (gone) return;
  gone = true;
  timer.cancel();
  drained.cancel();
  asio::co_spawn(transport->executor(), linger(shared_from_this()), asio::detached);
}

void WebSocketState::drop() {
  if (gone) return;
  gone = true;
  timer.cancel();
  transport->close();
  set_left();
}

Result<void> WebSocketState::admit(std::size_t size) const {
  if (ended || !connection.open())
    return fail(Error(ErrorKind::invalid_state, "the WebSocket is closing or closed")
                    .with_close(connection.close_code(), connection.close_reason()));
  if (queued() + size > max_output)
    return fail(Error(ErrorKind::too_large,
                      fmt::format("{} bytes are queued for the peer already, the limit is {}",
                                  queued(), max_output))
                    .with_stage(Stage::send));
  return {};
}

namespace {

Task<std::optional<Message>> next_message(std::shared_ptr<WebSocketState> self) {
  for (;;) {
    if (!self->inbox.empty()) {
      Message message = std::move(self->inbox.front());
      self->inbox.pop_front();
      co_return message;
    }
    if (auto message = self->read_message()) {
      self->sent();  // pongs
      co_return message;
    }
    self->settle();
    if (self->ended) {
      co_await WebSocketState::wait_until_left(self);
      co_return std::nullopt;
    }
    self->reading = true;
    auto input = co_await self->transport->receive();
    self->reading = false;
    if (self->ended) continue;
    if (!input) {
      self->lose(input.error());
    } else if (input->empty()) {
      self->connection.receive_end();
      self->read_ahead();
      self->settle();
      if (self->ended) self->drop();
    } else {
      self->connection.receive(*input, std::chrono::steady_clock::now());
    }
  }
}

Task<Result<void>> wait_until_low(std::shared_ptr<WebSocketState> self, Result<void> posted) {
  while (posted && !self->gone && self->queued() > self->max_output / 4) {
    error_code ignored;
    self->drained.expires_at(asio::steady_timer::time_point::max());
    co_await self->drained.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (posted && self->gone)
    co_return fail(Error(ErrorKind::disconnected, "the connection ended before all was sent")
                       .with_close(self->connection.close_code(), self->connection.close_reason())
                       .with_stage(Stage::send));
  co_return posted;
}

}  // namespace
}  // namespace detail

WebSocket::WebSocket(std::shared_ptr<Transport> transport, ws::Role role,
                     const ws::Options& options, ws::Agreement agreement, std::string_view early)
    : state_(std::make_shared<detail::WebSocketState>(std::move(transport), role, options,
                                                      std::move(agreement))) {
  state_->held.assign(as_bytes(early).begin(), as_bytes(early).end());
  state_->connection.receive(state_->held, std::chrono::steady_clock::now());
  state_->arm();
}
WebSocket::WebSocket(WebSocket&&) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&& other) noexcept {
  if (this != &other && state_) abort();
  state_ = std::move(other.state_);
  return *this;
}
WebSocket::~WebSocket() {
  if (state_) abort();
}

Task<std::optional<Message>> WebSocket::next() {
  return detail::next_message(state_);
}

Result<void> WebSocket::outcome() const {
  return state_->outcome();
}

void WebSocket::observe(const EventSink& events, std::string_view host, std::string_view parent) {
  if (events && !state_->told && !state_->gone)
    state_->told = std::make_unique<detail::WebSocketTold>(events, host, parent);
}

Task<Result<void>> WebSocket::send_text(std::string text, ws::Compress compress) {
  auto posted = state_->admit(text.size());
  if (posted)
    posted = state_->count_sent(state_->connection.send_text(text, compress), text.size(), false);
  return detail::wait_until_low(state_, std::move(posted));
}

Task<Result<void>> WebSocket::send_binary(Bytes data, ws::Compress compress) {
  auto posted = state_->admit(data.size());
  if (posted)
    posted = state_->count_sent(state_->connection.send_binary(data, compress), data.size(), true);
  return detail::wait_until_low(state_, std::move(posted));
}

Task<Result<void>> WebSocket::send_part(ws::MessageKind kind, Bytes part, bool last,
                                        ws::Compress compress) {
  auto posted = state_->admit(part.size());
  if (posted)
    posted = state_->count_sent(state_->connection.send_part(kind, part, last, compress),
                                part.size(), kind == ws::MessageKind::binary);
  return detail::wait_until_low(state_, std::move(posted));
}

Task<Result<void>> WebSocket::send(Message message) {
  auto posted = state_->admit(message.data.size());
  if (posted)
    posted =
        state_->count_sent(message.binary ? state_->connection.send_binary(as_bytes(message.data))
                                          : state_->connection.send_text(message.data),
                           message.data.size(), message.binary);
  return detail::wait_until_low(state_, std::move(posted));
}

Result<void> WebSocket::post_text(std::string_view text) {
  if (auto admitted = state_->admit(text.size()); !admitted) return admitted;
  return state_->count_sent(state_->connection.send_text(text), text.size(), false);
}

Result<void> WebSocket::ping(BytesView payload) {
  auto posted = state_->connection.ping(payload);
  state_->settle();
  return posted;
}

Task<bool> WebSocket::is_quiet() {
  return detail::WebSocketState::is_quiet(state_);
}
Task<bool> WebSocket::probe(std::chrono::milliseconds limit) {
  return detail::WebSocketState::probe(state_, limit);
}
bool WebSocket::open() const {
  return !state_->ended && state_->connection.open();
}
const TrafficCounters& WebSocket::traffic() const {
  return state_->traffic;
}

void WebSocket::close(std::uint16_t code, std::string_view reason) {
  if (state_->told) state_->told->close_begins(code, state_->ended);
  if (state_->ended) return;
  // A second close changes nothing.
  (void)state_->connection.close(code, reason, std::chrono::steady_clock::now());
  state_->settle();
}

void WebSocket::abort() {
  state_->aborted = !state_->ended;
  state_->ended = true;
  state_->drop();
}

std::size_t WebSocket::queued_bytes() const {
  return state_->queued();
}
std::uint16_t WebSocket::close_code() const {
  return state_->connection.close_code();
}
const std::string& WebSocket::close_reason() const {
  return state_->connection.close_reason();
}
const ws::Agreement& WebSocket::agreement() const {
  return state_->agreement;
}
const std::string& WebSocket::peer_address() const {
  return state_->transport->peer_address();
}

}  // namespace parley::net
