#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "parley/net/http_server.hpp"
#include "parley/net/websocket.hpp"

namespace parley::testing {

// A WebSocket server whose every connection runs a script.
class ScriptedServer {
 public:
  using Script =
      std::function<Task<void>(net::WebSocket& socket, int number, const http::Request& request)>;

  ScriptedServer(Executor executor, Script script, ws::ServerPolicy policy = ws::ServerPolicy())
      : script_(std::make_shared<Script>(std::move(script))),
        policy_(std::move(policy)),
        server_(std::move(executor), net::HttpServerOptions(),
                [this](net::Exchange& exchange) { return serve(exchange); }),
        port_(server_.listen().value()) {}

  std::string url() const { return "ws://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }
  Task<void> stop() { return server_.stop(std::chrono::milliseconds(0)); }

 private:
  Task<void> serve(net::Exchange& exchange) {
    const int number = ++connections_;
    const http::Request request = exchange.request();
    auto policy = policy_;
    ws::Options options;
    auto socket = co_await exchange.upgrade(std::move(policy), options);
    if (!socket) co_return;
    co_await (*script_)(*socket, number, request);
    while (co_await socket->next()) continue;
  }

  std::shared_ptr<Script> script_;
  ws::ServerPolicy policy_;
  int connections_ = 0;
  net::HttpServer server_;
  std::uint16_t port_;
};

inline Task<std::string> take(net::WebSocket& socket) {
  auto message = co_await socket.next();
  co_return message ? std::move(message->data) : std::string("(the end)");
}
inline Task<void> tell(net::WebSocket& socket, std::string text) {
  (void)co_await socket.send_text(std::move(text));
}

}  // namespace parley::testing
