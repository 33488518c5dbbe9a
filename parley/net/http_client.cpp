#include "parley/net/http_client.hpp"

#include <deque>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "parley/http/parser.hpp"
#include "parley/net/detail/watchdog.hpp"
#include "parley/net/transport.hpp"

namespace parley::net {
namespace detail {

struct HttpPool {
  struct Idle {
    Idle(std::unique_ptr<Transport> idle_transport,
         std::chrono::steady_clock::time_point idle_since)
        : transport(std::move(idle_transport)), since(idle_since) {}
    std::unique_ptr<Transport> transport;
    std::chrono::steady_clock::time_point since;
  };

  explicit HttpPool(HttpClientOptions pool_options) : options(std::move(pool_options)) {}

  // The most recently used connection that still seems alive; null for none.
  std::unique_ptr<Transport> take(const std::string& origin) {
    auto& waiting = idle[origin];
    const auto oldest = std::chrono::steady_clock::now() - options.idle_timeout;
    while (!waiting.empty()) {
      Idle last = std::move(waiting.back());
      waiting.pop_back();
      if (last.since >= oldest && !last.transport->has_input()) return std::move(last.transport);
    }
    return nullptr;
  }

  void put(const std::string& origin, std::unique_ptr<Transport> transport) {
    auto& waiting = idle[origin];
    waiting.emplace_back(std::move(transport), std::chrono::steady_clock::now());
    if (waiting.size() > options.max_idle_per_origin) waiting.pop_front();
  }

  HttpClientOptions options;
  std::map<std::string, std::deque<Idle>> idle;
};

struct HttpStreamState {
  explicit HttpStreamState(std::shared_ptr<HttpPool> stream_pool) : pool(std::move(stream_pool)) {}

  void end(Result<void> result) {
    outcome = std::move(result);
    const bool reuse = outcome && parser.keep_alive() && !surplus;
    watchdog.reset();
    if (reuse && transport) pool->put(origin, std::move(transport));
    transport.reset();
    ended = true;
  }

  std::shared_ptr<HttpPool> pool;
  std::string origin;
  std::unique_ptr<Transport> transport;
  std::optional<Watchdog> watchdog;  // closes `transport`
  http::ResponseParser parser;
  bool surplus = false;  // bytes after the answer: the connection is out of step
  bool ended = false;
  Result<void> outcome;
};

namespace {

http::ParserLimits response_limits() {
  http::ParserLimits limits;
  limits.max_header = 64 * 1024;
  limits.max_header_fields = 1000;
  limits.max_body = std::size_t(-1);  // streams have no end of their own; read_all() checks
  return limits;
}

std::string to_wire(const http::Url& origin, http::Request& request) {
  if (!request.headers.find("Host")) request.headers.set("Host", origin.authority());
  if (!request.headers.find("User-Agent")) request.headers.set("User-Agent", "parley/0.1");
  const bool carries_body = !request.body.empty() || request.method == "POST" ||
                            request.method == "PUT" || request.method == "PATCH";
  if (carries_body) request.headers.set("Content-Length", std::to_string(request.body.size()));
  return http::serialize_head(request) + request.body;
}

// One piece of input into the parser; the stage's limit closes the connection.
Task<Result<void>> receive_some(HttpStreamState& state, std::chrono::milliseconds limit,
                                std::string_view what) {
  if (!state.watchdog)
    state.watchdog.emplace(state.transport->executor(), [&state] { state.transport->close(); });
  state.watchdog->begin(limit);
  auto input = co_await state.transport->receive();
  state.watchdog->done();
  if (state.watchdog->expired())
    co_return fail(Error(ErrorKind::timeout, fmt::format("no {} within {} ms", what, limit.count()))
                       .with_stage(Stage::receive));
  if (!input) co_return fail(std::move(input.error()));
  if (input->empty()) co_return state.parser.finish();
  const auto used = state.parser.receive(*input);
  if (!used) co_return fail(Error(used.error()).with_stage(Stage::receive));
  state.surplus = *used < input->size();
  co_return Result<void>();
}

Task<Result<void>> read_head(HttpStreamState& state) {
  while (!state.parser.header_done()) {
    auto received = co_await receive_some(state, state.pool->options.response_timeout, "answer");
    if (!received) co_return received;
    if (!state.parser.header_done() && state.parser.done()) break;
  }
  co_return Result<void>();
}

Task<Result<HttpStream>> open_stream(std::shared_ptr<HttpPool> pool, http::Url origin,
                                     http::Request request) {
  auto state = std::make_unique<HttpStreamState>(pool);
  state->origin = origin.origin();
  state->parser = http::ResponseParser(response_limits(), request.method == "HEAD");
  state->transport = pool->take(state->origin);
  if (!state->transport) {
    auto dialled = co_await dial(origin, pool->options.dial);
    if (!dialled) co_return fail(std::move(dialled.error()));
    state->transport = std::move(*dialled);
  }
  const std::string wire = to_wire(origin, request);
  auto sent = co_await state->transport->write(as_bytes(wire));
  if (!sent && sent.error().kind() == ErrorKind::cancelled) co_return fail(std::move(sent.error()));
  // A server may answer and close before it has read all: its answer counts, not our broken pipe.
  auto head = co_await read_head(*state);
  if (!head) co_return fail(std::move(sent ? head.error() : sent.error()));
  co_return HttpStream(std::move(state));
}

Task<Result<http::Response>> send_whole(std::shared_ptr<HttpPool> pool, http::Url origin,
                                        http::Request request) {
  auto stream = co_await open_stream(std::move(pool), std::move(origin), std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  auto body = co_await stream->read_all();
  if (!body) co_return fail(std::move(body.error()));
  http::Response response = stream->head();
  response.body = std::move(*body);
  co_return response;
}

}  // namespace
}  // namespace detail

HttpStream::HttpStream(std::unique_ptr<detail::HttpStreamState> state) : state_(std::move(state)) {}
HttpStream::HttpStream(HttpStream&&) noexcept = default;
HttpStream& HttpStream::operator=(HttpStream&&) noexcept = default;
HttpStream::~HttpStream() = default;

const http::Response& HttpStream::head() const {
  return state_->parser.response();
}

Task<std::optional<std::string>> HttpStream::next() {
  auto& state = *state_;
  while (!state.ended) {
    if (auto piece = state.parser.take_body(); !piece.empty()) co_return piece;
    if (state.parser.done()) {
      state.end({});
      break;
    }
    auto received = co_await detail::receive_some(state, state.pool->options.read_timeout,
                                                  "more of the answer");
    if (!received) {
      auto rest = state.parser.take_body();
      state.end(fail(std::move(received.error())));
      if (!rest.empty()) co_return rest;
    }
  }
  co_return std::nullopt;
}

Result<void> HttpStream::outcome() const {
  return state_->outcome;
}

Task<Result<std::string>> HttpStream::read_all() {
  std::string body;
  while (auto piece = co_await next()) {
    body += *piece;
    if (body.size() <= state_->pool->options.max_body) continue;
    state_->transport.reset();
    state_->ended = true;
    co_return fail(Error(ErrorKind::too_large,
                         fmt::format("the answer is over {} bytes", state_->pool->options.max_body))
                       .with_stage(Stage::receive));
  }
  if (auto result = outcome(); !result) co_return fail(std::move(result.error()));
  co_return body;
}

HttpClient::HttpClient(HttpClientOptions options)
    : pool_(std::make_shared<detail::HttpPool>(std::move(options))) {}
HttpClient::~HttpClient() = default;

Task<Result<HttpStream>> HttpClient::open(http::Url origin, http::Request request) {
  return detail::open_stream(pool_, std::move(origin), std::move(request));
}

Task<Result<http::Response>> HttpClient::send(http::Url origin, http::Request request) {
  return detail::send_whole(pool_, std::move(origin), std::move(request));
}

std::size_t HttpClient::idle_connections() const {
  std::size_t count = 0;
  for (const auto& [origin, waiting] : pool_->idle) count += waiting.size();
  return count;
}

}  // namespace parley::net
