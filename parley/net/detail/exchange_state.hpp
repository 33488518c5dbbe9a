#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/net/http_server.hpp"
#include "parley/net/transport.hpp"

namespace parley::net::detail {

// One connection of a server while it speaks HTTP, and the exchange that runs on it.
struct ExchangeState {
  enum class Phase { waiting, streaming, done, upgraded, aborted };

  ExchangeState(ServerState& of, std::shared_ptr<Transport> over)
      : server(of), transport(std::move(over)) {}

  // Writes within the write limit, and stops where cut_after() says.
  Task<Result<void>> send(std::string bytes);
  void start(http::Request request_in, bool keep);

  ServerState& server;
  std::shared_ptr<Transport> transport;
  std::string early;  // bytes behind the request that is answered now

  http::Request request;
  http::Target target;
  std::vector<std::pair<std::string, std::string>> parameters;
  Phase phase = Phase::waiting;
  bool keep_alive = false;
  bool chunked = false;
  std::size_t sent = 0;
  std::optional<std::size_t> cut_at;
};

// What all connections of one server share.
struct ServerState {
  ServerState(Executor on, HttpServerOptions server_options, Handler server_handler)
      : executor(std::move(on)),
        options(std::move(server_options)),
        handler(std::move(server_handler)),
        all_gone(executor) {}

  // Where a connection stands, so that stop() can end it.
  struct Entry {
    std::weak_ptr<Transport> transport;
    bool idle = true;  // between two requests
  };

  Executor executor;
  HttpServerOptions options;
  Handler handler;
  bool stopping = false;
  std::vector<Entry*> entries;
  boost::asio::steady_timer all_gone;  // cancelled when the last connection ends
  std::function<void()> close_acceptor;
};

// Serves one connection to its end.
Task<void> serve(std::shared_ptr<ServerState> server, std::shared_ptr<Transport> transport);

}  // namespace parley::net::detail
