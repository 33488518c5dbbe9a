#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "parley/server/detail/server_state.hpp"

namespace parley::server::detail {

namespace asio = boost::asio;

namespace {

net::SocketHostOptions socket_options(const ChatServerOptions& options) {
  net::SocketHostOptions sockets;
  sockets.protocol.max_message = options.max_frame;
  sockets.protocol.max_output = options.max_output;
  sockets.protocol.ping_interval = options.ping_interval;
  sockets.protocol.idle_timeout = options.idle_timeout;
  return sockets;
}

}  // namespace

ServerState::ServerState(Executor on, gemini::Client with, ChatServerOptions server_options,
                         Access who)
    : executor(std::move(on)),
      client(std::move(with)),
      options(std::move(server_options)),
      access(std::move(who)),
      hub(options.hub, net::system_random(), now()),
      sockets(*this, socket_options(options)),
      timer(executor) {}

chat::Now ServerState::now() const {
  return {clock.now(), clock.wall_now()};
}

void ServerState::pump() {
  if (pumping) return;  // an effect that feeds the hub is served by the loop that runs already
  pumping = true;
  while (auto effect = hub.poll_effect())
    std::visit([this](auto& what) { carry_out(what); }, *effect);
  pumping = false;
  arm_timer();
}

void ServerState::carry_out(chat::Send& send) {
  const auto message = ws::PreparedMessage::text(*send.frame);
  for (const auto& connection : send.connections) {
    net::ServerSocket* socket = sockets.find(connection);
    if (!socket) continue;
    const auto posted = socket->send(message);
    // Who does not read loses the connection, not a frame out of the middle.
    if (!posted && posted.error().kind() == ErrorKind::too_large && !send.droppable)
      socket->close(4002, "slow_consumer");
  }
}

void ServerState::carry_out(chat::Close& close) {
  if (auto* socket = sockets.find(close.connection)) socket->close(close.code, close.reason);
}

void ServerState::carry_out(chat::Append& append) {
  log->append(std::move(append.transaction), [this, ticket = append.ticket](Result<void> result) {
    hub.committed(ticket, std::move(result), now());
    pump();
  });
}

void ServerState::carry_out(chat::StartGeneration& start) {
  auto signal = std::make_shared<asio::cancellation_signal>();
  generations[start.generation_id] = signal;
  asio::co_spawn(executor, generate(shared_from_this(), start),
                 asio::bind_cancellation_slot(
                     signal->slot(), [self = shared_from_this(), signal,
                                      id = start.generation_id](std::exception_ptr thrown) {
                       self->generations.erase(id);
                       if (!thrown) return;
                       // A cancelled answer is unknown to the hub by now; anything else is a bug.
                       const Error bug(ErrorKind::internal, "the answer ended unexpectedly");
                       self->hub.generation_failed(id, bug, self->now());
                       self->pump();
                     }));
}

void ServerState::carry_out(chat::CancelGeneration& cancel) {
  const auto found = generations.find(cancel.generation_id);
  if (found == generations.end()) return;
  // Later, so that an answer may cancel itself from within.
  asio::post(executor,
             [signal = found->second] { signal->emit(asio::cancellation_type::terminal); });
}

void ServerState::carry_out(chat::Reply& reply) {
  const auto found = replies.find(reply.token);
  if (found == replies.end()) return;
  const auto waiting = found->second;
  replies.erase(found);
  waiting->set(std::move(reply.result));
}

void ServerState::carry_out(chat::Notice& notice) {
  if (options.events) options.events(notice.event);
}

void ServerState::arm_timer() {
  const auto next = hub.next_timeout();
  if (!next) {
    timer.cancel();
    return;
  }
  timer.expires_at(*next);
  timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->hub.handle_timeout(self->now());
    self->pump();
  });
}

Task<Messages> ServerState::read_messages(std::string session, std::size_t limit,
                                          std::int64_t before) {
  auto found = std::make_shared<OneShot<Messages>>(executor);
  log->read(std::move(session), limit, before,
            [found](Messages messages) { found->set(std::move(messages)); });
  return OneShot<Messages>::wait(found);
}

}  // namespace parley::server::detail
