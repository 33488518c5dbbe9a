#pragma once

// A service on a loopback port that answers as it is told, one reply after the other.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/base/event.hpp"
#include "parley/net/http_server.hpp"

namespace parley::api::testing {

struct Reply {
  explicit Reply(int with_status, std::string with_body = "")
      : status(with_status), body(std::move(with_body)) {}
  Reply with(std::string name, std::string value) && {
    headers.set(name, value);
    return std::move(*this);
  }
  // The connection ends behind that many bytes of the body.
  Reply cut_at(std::size_t bytes) && {
    cut = bytes;
    return std::move(*this);
  }
  static Reply never() {
    Reply reply(0);
    return reply;
  }
  int status;
  std::string body;
  http::Headers headers;
  std::optional<std::size_t> cut;
};

class ScriptedService {
 public:
  explicit ScriptedService(Executor executor, std::vector<Reply> replies = {})
      : state_(std::make_shared<State>(executor)),
        server_(executor, net::HttpServerOptions(),
                [state = state_](net::Exchange& exchange) { return answer(state, exchange); }) {
    state_->script.assign(replies.begin(), replies.end());
    port_ = server_.listen().value();
  }

  http::Url url(std::string path = "/") const {
    return *http::parse_url("http://127.0.0.1:" + std::to_string(port_) + path);
  }
  void then(Reply reply) { state_->script.push_back(std::move(reply)); }
  const std::vector<http::Request>& requests() const { return state_->requests; }

 private:
  // Kept by the exchanges that are under way: one that waits for ever outlives the service.
  struct State {
    explicit State(Executor executor)
        : hold(executor, boost::asio::steady_timer::time_point::max()) {}
    std::deque<Reply> script;
    std::vector<http::Request> requests;
    boost::asio::steady_timer hold;
  };

  static Task<void> answer(std::shared_ptr<State> state, net::Exchange& exchange) {
    state->requests.push_back(exchange.request());
    Reply reply(200, "default");
    if (!state->script.empty()) {
      reply = std::move(state->script.front());
      state->script.pop_front();
    }
    if (reply.status == 0) {
      boost::system::error_code ignored;
      co_await state->hold.async_wait(
          boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
      co_return exchange.abort();
    }
    http::Response response(reply.status);
    response.headers = reply.headers;
    if (!reply.cut) {
      response.body = reply.body;
      co_await exchange.respond(std::move(response));
      co_return;
    }
    co_await exchange.begin(std::move(response));
    auto part = reply.body.substr(0, *reply.cut);
    co_await exchange.write(std::move(part));
    exchange.abort();
  }

  std::shared_ptr<State> state_;
  net::HttpServer server_;
  std::uint16_t port_ = 0;
};

// Events by their names, and whether each start has its one end.
struct Told {
  std::vector<Event> events;
  EventSink sink() {
    return [this](const Event& event) { events.push_back(event); };
  }
  std::size_t count(std::string_view name) const {
    std::size_t out = 0;
    for (const auto& event : events) out += event.name == name ? 1 : 0;
    return out;
  }
  std::string field(std::string_view name, std::string_view key) const {
    for (const auto& event : events)
      if (event.name == name) return std::string(event.field(key));
    return {};
  }
};

// Runs a test's coroutine beside a service.
using ServiceBody = Task<void> (*)(ScriptedService& service);
inline Task<void> start_service(ServiceBody body) {
  ScriptedService service(co_await boost::asio::this_coro::executor);
  co_await body(service);
}
inline void with_service(ServiceBody body) {
  run(start_service(body));
}

}  // namespace parley::api::testing
