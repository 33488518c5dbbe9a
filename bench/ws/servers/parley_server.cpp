// [CHAIN KEY] PORT echo|deflate|broadcast

#include <cstdlib>
#include <optional>
#include <string_view>

#include "parley/net/websocket_server.hpp"

using namespace parley;

struct Handler final : net::SocketHandler {
  explicit Handler(bool to_all) : broadcast(to_all) {}
  void on_open(net::ServerSocket& socket) override {
    if (broadcast) all.join(socket);
  }
  void on_message(net::ServerSocket& socket, const ws::Event& message) override {
    if (broadcast)
      all.publish(ws::PreparedMessage::text(message.text()));
    else if (!socket.send(message, ws::Compress::automatic))
      socket.abort();
  }
  bool broadcast;
  net::SocketGroup all;
};

int main(int argc, char** argv) {
  std::optional<net::TlsIdentity> tls;
  if (argc == 5) {
    tls = net::TlsIdentity::from_files(argv[1], argv[2]).value();
    argv += 2;
  }
  const std::string_view mode = argv[2];
  boost::asio::io_context loop(1);
  Handler handler(mode == "broadcast");
  net::WebSocketServerOptions options;
  options.tls = tls;
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  options.sockets.protocol.max_output = 64 * 1024 * 1024;
  if (mode == "deflate") options.policy.deflate = ws::DeflateOptions();
  net::WebSocketServer server(loop.get_executor(), options, handler);
  if (!server.listen()) return 1;
  loop.run();
}
