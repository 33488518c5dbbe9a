#include <boost/asio/redirect_error.hpp>

#include "parley/net/detail/deadline.hpp"
#include "parley/net/detail/websocket_state.hpp"

namespace parley::net::detail {

Result<void> WebSocketState::count_sent(Result<void> posted, std::size_t size, bool binary) {
  if (posted) {
    ++traffic.messages_out;
    traffic.bytes_out += size;
    traffic.last_activity = std::chrono::steady_clock::now();
    if (told) told->sent(size, binary);
  }
  sent();
  return posted;
}

// Waits for input and reads it; an interrupted wait changes nothing.
Task<bool> WebSocketState::take_input(std::shared_ptr<WebSocketState> self) {
  auto input = co_await self->transport->receive();
  if (!input && input.error().kind() == ErrorKind::cancelled) co_return !self->ended;
  if (!input) {
    self->lose(input.error());
    co_return false;
  }
  if (input->empty())
    self->connection.receive_end();
  else
    self->connection.receive(*input, std::chrono::steady_clock::now());
  self->read_ahead();
  self->settle();
  co_return !self->ended;
}

Task<bool> WebSocketState::is_quiet(std::shared_ptr<WebSocketState> self) {
  while (!self->ended && self->transport->has_input()) co_await take_input(self);
  co_return !self->ended && self->connection.open() && self->inbox.empty() && self->held.empty();
}

Task<bool> WebSocketState::probe(std::shared_ptr<WebSocketState> self,
                                 std::chrono::milliseconds limit) {
  const std::string mark = "probe " + std::to_string(++self->probes);
  if (!self->connection.ping(as_bytes(mark))) co_return false;
  self->settle();
  Deadline deadline(self->transport->executor(), limit, [self] { self->transport->interrupt(); });
  while (!self->ended && self->pong != mark && !deadline.expired()) co_await take_input(self);
  co_return !self->ended && self->pong == mark;
}

}  // namespace parley::net::detail
