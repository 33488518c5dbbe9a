#pragma once

// For tests only: a WebSocketServer whose handler echoes, and does what some texts say.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/net/detail/test_world.hpp"
#include "parley/net/websocket.hpp"
#include "parley/net/websocket_server.hpp"

namespace parley::net::testing {

using std::chrono::milliseconds;

struct Name final : ServerSocket::Data {
  explicit Name(std::string of) : name(std::move(of)) {}
  std::string name;
};

struct TestHandler final : SocketHandler {
  void on_open(ServerSocket& socket) override {
    ++opened;
    last = &socket;
    if (!greeting.empty()) (void)socket.send_text(greeting);
  }
  void on_message(ServerSocket& socket, const ws::Event& message) override {
    ++messages;
    if (message.text() == "close me") return socket.close(4001, "as you wish");
    if (message.text() == "drop me") return socket.abort();
    if (message.text() == "join") return room.join(socket);
    if (message.text() == "leave") return room.leave(socket);
    if (message.text() == "name") {
      (void)socket.send_text(static_cast<Name&>(*socket.data).name);
      return;
    }
    if (message.text().starts_with("all:")) {
      published = room.publish(ws::PreparedMessage::text(message.text().substr(4)), &socket);
      return;
    }
    const auto sent = socket.send(message);
    if (!sent) send_errors.push_back(sent.error().kind());
  }
  void on_drained(ServerSocket&) override { ++drained; }
  void on_close(ServerSocket&, std::uint16_t code, const std::string& reason) override {
    closed.emplace_back(code, reason);
  }

  std::string greeting;
  SocketGroup room;
  ServerSocket* last = nullptr;
  int opened = 0, messages = 0, drained = 0;
  std::size_t published = 0;
  std::vector<std::pair<int, std::string>> closed;
  std::vector<ErrorKind> send_errors;
};

struct World {
  explicit World(Executor executor, WebSocketServerOptions options = WebSocketServerOptions())
      : server(std::move(executor), std::move(options), handler) {
    port = server.listen().value();
  }
  http::Url url() const { return url_of(port, "/", "ws"); }

  TestHandler handler;
  WebSocketServer server;
  std::uint16_t port = 0;
};

inline Task<void> until(const std::function<bool()> done) {
  for (int i = 0; i < 20'000 && !done(); ++i) co_await sleep_for(milliseconds(1));
  EXPECT_TRUE(done());
}

inline WebSocketServerOptions deflating() {
  WebSocketServerOptions options;
  options.policy.deflate = ws::DeflateOptions();
  options.sockets.protocol.max_output = 16 * 1024 * 1024;
  return options;
}

}  // namespace parley::net::testing
