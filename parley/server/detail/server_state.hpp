#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "parley/chat/hub.hpp"
#include "parley/gemini/client.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/system.hpp"
#include "parley/server/access.hpp"
#include "parley/server/chat_server.hpp"
#include "parley/server/detail/chat_sockets.hpp"
#include "parley/server/detail/one_shot.hpp"
#include "parley/store/session_log.hpp"

namespace parley::server::detail {

using Messages = Result<std::vector<chat::Message>>;

// Everything of one chat server. Coroutines and callbacks keep it alive.
struct ServerState : std::enable_shared_from_this<ServerState> {
  ServerState(Executor on, gemini::Client with, ChatServerOptions server_options, Access who);

  // effects.cpp
  void pump();  // after every input of the hub
  void carry_out(chat::Send& send);
  void carry_out(chat::Close& close);
  void carry_out(chat::Append& append);
  void carry_out(chat::StartGeneration& start);
  void carry_out(chat::CancelGeneration& cancel);
  void carry_out(chat::Reply& reply);
  void carry_out(chat::Notice& notice);
  void arm_timer();
  chat::Now now() const;
  Task<Messages> read_messages(std::string session, std::size_t limit, std::int64_t before);

  // generation.cpp
  static Task<void> generate(std::shared_ptr<ServerState> self, chat::StartGeneration start);

  // socket.cpp
  Task<void> serve_socket(net::Exchange& exchange);

  // rest.cpp
  Task<void> create_session(net::Exchange& exchange);
  Task<void> show_session(net::Exchange& exchange);
  Task<void> delete_session(net::Exchange& exchange);
  Task<void> clear_session(net::Exchange& exchange);
  Task<void> list_sessions(net::Exchange& exchange);
  Task<void> health(net::Exchange& exchange);
  Task<void> stats(net::Exchange& exchange);
  Task<void> metrics(net::Exchange& exchange);
  Task<void> index(net::Exchange& exchange);
  Task<Result<std::string>> wait_for_reply(std::uint64_t token, Result<void> taken);

  // routes.cpp
  void add_routes();
  Task<void> handle(net::Exchange& exchange);
  Task<void> page(net::Exchange& exchange);
  http::Response json_response(const net::Exchange& exchange, int status, std::string body) const;
  void protect(const net::Exchange& exchange, http::Response& response) const;

  Executor executor;
  gemini::Client client;
  ChatServerOptions options;
  Access access;
  net::SystemClock clock;
  chat::Hub hub;
  std::unique_ptr<store::SessionLog> log;
  net::Router router;
  std::unique_ptr<net::HttpServer> http;
  ChatSockets sockets;
  std::map<std::string, std::shared_ptr<boost::asio::cancellation_signal>> generations;
  std::map<std::uint64_t, std::shared_ptr<OneShot<Result<std::string>>>> replies;
  std::uint64_t next_token = 1;
  boost::asio::steady_timer timer;  // for the hub's timeouts
  bool pumping = false;
  bool stopping = false;
};

}  // namespace parley::server::detail
