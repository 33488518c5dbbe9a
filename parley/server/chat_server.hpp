#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/chat/hub.hpp"
#include "parley/gemini/client.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/task.hpp"
#include "parley/server/access.hpp"
#include "parley/store/session_log.hpp"

namespace parley::server {

namespace detail {
struct ServerState;
}

struct ChatServerOptions {
  ChatServerOptions() = default;
  net::HttpServerOptions http;
  Access::Options access;
  chat::HubOptions hub;
  std::string data_folder;               // of the session log; empty: sessions live in memory only
  std::size_t max_frame = 256 * 1024;    // bytes of one client message; more closes with 1009
  std::size_t max_output = 1024 * 1024;  // bytes queued for one client; more closes with 4002
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds idle_timeout{35'000};  // without a byte from a client
  // The page of GET /metrics, in Prometheus' text format; empty: there is no such route.
  std::function<std::string()> metrics;
  // For metrics and traces: "server.answer_start", _stop, _exception of each answer {model;
  // first_text_ms, chunks}, without what is said.
  EventSink telemetry;
  EventSink events;  // what happens, for the log; see chat::Notice and net::HttpServerOptions
};

// The chat server: /ws (chat protocol v1), the REST routes, the pages. Sessions, rules and order
// are chat::Hub's; this carries its effects out: sockets, log, model. Belongs to one executor.
class ChatServer {
 public:
  // Opens the log and takes up what it holds. Errors: storage, invalid_argument (access).
  static Result<std::unique_ptr<ChatServer>> make(Executor executor, gemini::Client client,
                                                  ChatServerOptions options);
  ~ChatServer();

  // Listens from now on; returns the port.
  Result<std::uint16_t> listen();
  // Lets running answers end for up to `grace`, closes every socket with 1001, and stops.
  Task<void> stop(std::chrono::milliseconds grace);

  // Answers that begin from now on come from `client`; sessions that are opened from now on have
  // these models (HubOptions). What is under way goes on as it was begun.
  void use(gemini::Client client, std::string default_model, std::vector<std::string> models);

  chat::Statistics statistics() const;

 private:
  explicit ChatServer(std::shared_ptr<detail::ServerState> state);
  std::shared_ptr<detail::ServerState> state_;
};

}  // namespace parley::server
