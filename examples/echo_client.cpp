// Connects to a WebSocket and sends back what it is sent until the other side closes.
//     echo_client URL

#include <iostream>

#include "parley/net/websocket.hpp"

using namespace parley;

Task<int> echo(http::Url url) {
  net::ConnectOptions options;
  options.offer.deflate = ws::DeflateOptions();
  options.protocol.max_message = 16 * 1024 * 1024;
  options.protocol.max_output = 64 * 1024 * 1024;
  auto socket = co_await net::connect_websocket(std::move(url), options);
  if (!socket) {
    std::cerr << socket.error().describe() << "\n";
    co_return 1;
  }
  while (auto message = co_await socket->next()) {
    auto sent = co_await socket->send(std::move(*message));
    if (!sent) break;
  }
  std::cout << "closed with " << socket->close_code() << " " << socket->close_reason() << "\n";
  co_return 0;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: echo_client URL\n";
    return 2;
  }
  const auto url = http::parse_url(argv[1]);
  if (!url) {
    std::cerr << url.error().message() << "\n";
    return 2;
  }
  return run(echo(*url));
}
