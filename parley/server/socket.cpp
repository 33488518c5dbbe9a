#include <fmt/format.h>

#include "parley/server/detail/server_state.hpp"

namespace parley::server::detail {
namespace {

struct Member final : net::ServerSocket::Data {
  chat::ConnectionInfo info;
};

const chat::ConnectionInfo& info_of(const net::ServerSocket& socket) {
  return static_cast<const Member&>(*socket.data).info;
}

std::string why_it_ended(std::uint16_t code, const std::string& reason) {
  if (code == ws::close_code::no_status) return "closed";
  return fmt::format("closed with code {}{}{}", code, reason.empty() ? "" : ": ", reason);
}

}  // namespace

ChatSockets::ChatSockets(ServerState& server, const net::SocketHostOptions& options)
    : server_(server), host_(server.executor, options, *this) {}

net::ServerSocket* ChatSockets::find(const std::string& connection) const {
  const auto found = sockets_.find(connection);
  return found == sockets_.end() ? nullptr : found->second;
}

void ChatSockets::on_open(net::ServerSocket& socket) {
  sockets_[info_of(socket).id] = &socket;
  server_.hub.connected(info_of(socket), server_.now());
  server_.pump();
}

void ChatSockets::on_message(net::ServerSocket& socket, const ws::Event& message) {
  const std::string& id = info_of(socket).id;
  if (message.kind == ws::Event::Kind::binary)
    server_.hub.received_binary(id, server_.now());
  else
    server_.hub.received_text(id, message.text(), server_.now());
  server_.pump();
}

void ChatSockets::on_close(net::ServerSocket& socket, std::uint16_t code,
                           const std::string& reason) {
  const std::string id = info_of(socket).id;
  sockets_.erase(id);
  server_.hub.disconnected(id, why_it_ended(code, reason), server_.now());
  server_.pump();
}

Task<void> ServerState::serve_socket(net::Exchange& exchange) {
  if (sockets.host().size() >= options.http.max_connections) {
    http::Response full(503);
    full.body = "The server has no room for more connections.\n";
    co_await exchange.respond(std::move(full));
    co_return;
  }
  auto member = std::make_unique<Member>();
  auto& info = member->info;
  info.id = make_uuid_v7(clock.wall_now(), net::system_random());
  info.address = access.client_address(exchange.request(), exchange.peer_address());
  info.compat_v1 = exchange.target().parameter("compat") == "v1";
  // A request that is no correct upgrade has got its answer; there is nobody else to tell.
  (void)co_await exchange.upgrade_to(sockets.host(), ws::ServerPolicy(), std::move(member));
}

}  // namespace parley::server::detail
