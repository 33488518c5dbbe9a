#include <fmt/format.h>

#include "parley/server/detail/server_state.hpp"

namespace parley::server::detail {
namespace {

std::string why_it_ended(const net::WebSocket& socket) {
  if (const auto outcome = socket.outcome(); !outcome) return outcome.error().message();
  const auto code = socket.close_code();
  return code == 0 || code == ws::close_code::no_status ? "closed"
                                                        : fmt::format("closed with code {}", code);
}

}  // namespace

Task<void> ServerState::serve_socket(net::Exchange& exchange) {
  const auto self = shared_from_this();
  ws::Options protocol;
  protocol.max_message = options.max_frame;
  protocol.max_output = options.max_output;
  protocol.ping_interval = options.ping_interval;
  protocol.idle_timeout = options.idle_timeout;
  chat::ConnectionInfo info;
  info.id = make_uuid_v7(clock.wall_now(), net::system_random());
  info.address = access.client_address(exchange.request(), exchange.peer_address());
  info.compat_v1 = exchange.target().parameter("compat") == "v1";
  auto upgraded = co_await exchange.upgrade(ws::ServerPolicy(), protocol);
  if (!upgraded) co_return;
  net::WebSocket socket = std::move(*upgraded);
  sockets[info.id] = &socket;
  hub.connected(info, now());
  pump();
  while (auto message = co_await socket.next()) {
    if (message->binary)
      hub.received_binary(info.id, now());
    else
      hub.received_text(info.id, message->data, now());
    pump();
  }
  sockets.erase(info.id);
  hub.disconnected(info.id, why_it_ended(socket), now());
  pump();
}

}  // namespace parley::server::detail
