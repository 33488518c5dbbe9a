#pragma once

#include <string>
#include <unordered_map>

#include "parley/net/socket_host.hpp"

namespace parley::server::detail {

struct ServerState;

// Carries what the members' connections say to the hub.
class ChatSockets final : public net::SocketHandler {
 public:
  ChatSockets(ServerState& server, const net::SocketHostOptions& options);

  net::SocketHost& host() { return host_; }
  // Null where the connection is gone.
  net::ServerSocket* find(const std::string& connection) const;

  void on_open(net::ServerSocket& socket) override;
  void on_message(net::ServerSocket& socket, const ws::Event& message) override;
  void on_close(net::ServerSocket& socket, std::uint16_t code, const std::string& reason) override;

 private:
  ServerState& server_;
  std::unordered_map<std::string, net::ServerSocket*> sockets_;  // by connection
  net::SocketHost host_;
};

}  // namespace parley::server::detail
