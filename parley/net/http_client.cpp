#include "parley/net/http_client.hpp"

#include <deque>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "parley/base/event_scope.hpp"
#include "parley/http/coding.hpp"
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
    const auto sums = [this](Event& event) {
      event.with("bytes", std::to_string(bytes)).with("chunks", std::to_string(chunks));
      tell_time(event);
    };
    if (outcome)
      stream.stop(sums);
    else
      stream.fail_with(outcome.error(), sums);
  }
  void tell_time(Event& event) const {
    const auto took = std::chrono::steady_clock::now() - begun;
    event.with("duration_ms",
               std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  }
  void request_done() {
    request.stop([this](Event& event) {
      event.with("status", std::to_string(parser.response().status));
      tell_time(event);
    });
  }
  // The next piece of the body, unpacked; empty: more input is needed.
  Result<std::string> take_piece() {
    if (!decoder) return parser.take_body();
    for (;;) {
      auto piece = decoder->poll();
      if (!piece || !piece->empty()) return piece;
      const auto packed = parser.take_body();
      if (packed.empty()) return std::string();
      decoder->receive(packed);
    }
  }
  Result<void> finish() {
    if (decoder) return decoder->finish();
    return {};
  }

  std::shared_ptr<HttpPool> pool;
  std::string origin;
  std::unique_ptr<Transport> transport;
  std::optional<Watchdog> watchdog;  // closes `transport`
  http::ResponseParser parser;
  std::optional<http::ContentDecoder> decoder;
  EventScope request, stream;
  std::chrono::steady_clock::time_point begun;  // of the request
  std::size_t bytes = 0, chunks = 0;
  std::optional<Error> broken;
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

// "/v1/models/x:generateContent" without the query, which may hold a key.
std::string path_of(const std::string& target) {
  return target.substr(0, target.find('?'));
}

using Opened = Result<std::unique_ptr<HttpStreamState>>;

Task<Result<void>> exchange_heads(HttpStreamState& state, const http::Url& origin,
                                  http::Request& request) {
  state.transport = state.pool->take(state.origin);
  if (!state.transport) {
    auto dialled = co_await dial(origin, state.pool->options.dial);
    if (!dialled) co_return fail(std::move(dialled.error()));
    state.transport = std::move(*dialled);
  }
  const std::string wire = to_wire(origin, request);
  auto sent = co_await state.transport->write(as_bytes(wire));
  if (!sent && sent.error().kind() == ErrorKind::cancelled) co_return sent;
  // A server may answer and close before it has read all: its answer counts, not our broken pipe.
  auto head = co_await read_head(state);
  if (!head) co_return fail(std::move(sent ? head.error() : sent.error()));
  co_return Result<void>();
}

Task<Opened> open_exchange(std::shared_ptr<HttpPool> pool, http::Url origin,
                           http::Request request) {
  auto state = std::make_unique<HttpStreamState>(pool);
  state->origin = origin.origin();
  state->begun = std::chrono::steady_clock::now();
  state->parser = http::ResponseParser(response_limits(), request.method == "HEAD");
  state->request = EventScope::begin(pool->options.events, "net.http_request", [&](Event& event) {
    event.with("method", request.method).with("host", origin.authority());
    event.with("path", path_of(request.target));
  });
  const bool packed = pool->options.accept_packed && !request.headers.find("Accept-Encoding");
  if (packed) request.headers.set("Accept-Encoding", "gzip, deflate, br");
  auto exchanged = co_await exchange_heads(*state, origin, request);
  if (!exchanged) {
    state->request.fail_with(exchanged.error());
    co_return fail(std::move(exchanged.error()));
  }
  const auto coding = state->parser.response().headers.find("Content-Encoding");
  if (const auto known = http::coding_of(coding.value_or("")); packed && coding && known)
    state->decoder.emplace(*known);
  co_return Opened(std::move(state));
}

Task<Result<HttpStream>> open_stream(std::shared_ptr<HttpPool> pool, http::Url origin,
                                     http::Request request) {
  auto state = co_await open_exchange(pool, std::move(origin), std::move(request));
  if (!state) co_return fail(std::move(state.error()));
  auto& opened = **state;
  const auto id = opened.request.id();
  opened.request_done();
  opened.stream = EventScope::begin(
      pool->options.events, "net.http_stream", [](Event&) {}, id);
  co_return HttpStream(std::move(*state));
}

Task<Result<http::Response>> send_whole(std::shared_ptr<HttpPool> pool, http::Url origin,
                                        http::Request request) {
  auto state = co_await open_exchange(std::move(pool), std::move(origin), std::move(request));
  if (!state) co_return fail(std::move(state.error()));
  auto& opened = **state;
  HttpStream stream(std::move(*state));
  auto body = co_await stream.read_all();
  if (!body) {
    opened.request.fail_with(body.error());
    co_return fail(std::move(body.error()));
  }
  opened.request_done();
  http::Response response = stream.head();
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
    auto piece = state.take_piece();
    if (piece && !piece->empty()) {
      state.bytes += piece->size();
      ++state.chunks;
      state.stream.note("chunk",
                        [&](Event& event) { event.with("bytes", std::to_string(piece->size())); });
      co_return std::move(*piece);
    }
    if (!piece)
      state.end(fail(std::move(piece.error())));
    else if (state.broken)  // what came before was given first
      state.end(fail(std::move(*state.broken)));
    else if (state.parser.done())
      state.end(state.finish());
    if (state.ended) break;
    auto received = co_await detail::receive_some(state, state.pool->options.read_timeout,
                                                  "more of the answer");
    if (received) continue;
    state.broken = std::move(received.error());
    state.transport->close();
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
    state_->end(fail(Error(ErrorKind::too_large, fmt::format("the answer is over {} bytes",
                                                             state_->pool->options.max_body))
                         .with_stage(Stage::receive)));
    break;
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
