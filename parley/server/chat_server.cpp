#include "parley/server/chat_server.hpp"

#include <functional>

#include <boost/asio/post.hpp>

#include "parley/server/detail/server_state.hpp"

namespace parley::server {

Result<std::unique_ptr<ChatServer>> ChatServer::make(Executor executor, gemini::Client client,
                                                     ChatServerOptions options) {
  options.access.tls = options.http.tls.has_value();
  auto access = Access::make(options.access);
  if (!access) return fail(std::move(access.error()));
  options.http.events = options.events;
  options.http.limits.max_body = 1024 * 1024;
  auto state = std::make_shared<detail::ServerState>(executor, std::move(client),
                                                     std::move(options), std::move(*access));
  const store::Post post = [executor](std::function<void()> call) {
    boost::asio::post(executor, std::move(call));
  };
  if (state->options.data_folder.empty()) {
    state->log = store::open_memory_log(post);
  } else {
    auto log = store::open_sqlite_log(state->options.data_folder, post);
    if (!log) return fail(std::move(log.error()));
    state->log = std::move(*log);
  }
  auto contents = state->log->contents();
  if (!contents) return fail(std::move(contents.error()));
  state->add_routes();
  state->http = std::make_unique<net::HttpServer>(
      executor, state->options.http, std::bind_front(&detail::ServerState::handle, state.get()));
  state->hub.restore(std::move(contents->sessions), std::move(contents->open), state->now());
  state->pump();
  return std::unique_ptr<ChatServer>(new ChatServer(std::move(state)));
}

ChatServer::ChatServer(std::shared_ptr<detail::ServerState> state) : state_(std::move(state)) {}

ChatServer::~ChatServer() {
  // What is still under way keeps the state; it must not call a log that is gone.
  for (const auto& [id, signal] : state_->generations)
    signal->emit(boost::asio::cancellation_type::terminal);
  state_->timer.cancel();
  state_->log.reset();
}

Result<std::uint16_t> ChatServer::listen() {
  return state_->http->listen();
}

Task<void> ChatServer::stop(std::chrono::milliseconds grace) {
  const auto state = state_;
  state->stopping = true;
  const auto deadline = state->clock.now() + grace;
  while (!state->generations.empty() && state->clock.now() < deadline)
    co_await sleep_for(std::chrono::milliseconds(20));
  co_await state->sockets.host().drain(ws::close_code::going_away, "the server is stopping",
                                       std::chrono::milliseconds(1000));
  co_await state->http->stop(std::chrono::milliseconds(1000));
}

void ChatServer::use(gemini::Client client, std::string default_model,
                     std::vector<std::string> models) {
  state_->client = std::move(client);
  state_->options.hub.default_model = default_model;
  state_->options.hub.models = models;
  state_->hub.use_models(std::move(default_model), std::move(models));
}

chat::Statistics ChatServer::statistics() const {
  return state_->hub.statistics(state_->now());
}

}  // namespace parley::server
