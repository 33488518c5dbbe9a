// A WebSocket server that sends back what it is sent: text and binary, to 16 MiB, compressed or
// not.
//     echo_server PORT [ADDRESS]

#include <iostream>

#include <boost/asio/signal_set.hpp>

#include "parley/net/websocket_server.hpp"

using namespace parley;

struct Echo final : net::SocketHandler {
  void on_message(net::ServerSocket& socket, const ws::Event& message) override {
    if (const auto sent = socket.send(message); !sent) socket.close(ws::close_code::too_big);
  }
};

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: echo_server PORT [ADDRESS]\n";
    return 2;
  }
  net::WebSocketServerOptions options;
  options.port = static_cast<std::uint16_t>(std::stoi(argv[1]));
  if (argc > 2) options.address = argv[2];
  options.policy.deflate = ws::DeflateOptions();
  options.sockets.protocol.max_message = 16 * 1024 * 1024;
  options.sockets.protocol.max_output = 64 * 1024 * 1024;  // answers that wait, per connection
  boost::asio::io_context loop(1);
  Echo echo;
  net::WebSocketServer server(loop.get_executor(), options, echo);
  const auto port = server.listen();
  if (!port) {
    std::cerr << port.error().message() << "\n";
    return 1;
  }
  std::cout << "ws://" << options.address << ":" << *port << "/" << std::endl;
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](auto, int) { loop.stop(); });
  loop.run();
}
