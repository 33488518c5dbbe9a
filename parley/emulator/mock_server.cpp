#include "parley/emulator/mock_server.hpp"

#include <functional>

#include <fmt/format.h>

#include "parley/schematic/conform.hpp"
#include "parley/schematic/mock.hpp"

namespace parley::emulator {

namespace {

net::HttpServerOptions server_options(const MockOptions& options) {
  net::HttpServerOptions out;
  out.address = options.address;
  out.port = options.port;
  out.limits.max_body = 64 * 1024 * 1024;
  return out;
}

class HttpMockRequest : public schematic::MockRequest {
 public:
  explicit HttpMockRequest(const net::Exchange& exchange) : exchange_(exchange) {}
  std::optional<std::string_view> header(std::string_view name) const override {
    return exchange_.request().headers.find(name);
  }
  const std::vector<std::string>& segments() const override { return exchange_.target().segments; }
  std::optional<std::string_view> query(std::string_view name) const override {
    return exchange_.target().parameter(name);
  }

 private:
  const net::Exchange& exchange_;
};

http::Response json_response(int status, const json::Value& body) {
  http::Response response(status);
  response.headers.set("Content-Type", "application/json");
  response.body = json::to_string(body);
  return response;
}

http::Response refusal(int status, const std::string& text) {
  json::Object body;
  body["error"] = text;
  return json_response(status, body);
}

}  // namespace

struct MockServer::Core {
  Core(std::shared_ptr<const schematic::Definition> of, schematic::Plan planned, EventSink sink)
      : definition(std::move(of)), plan(std::move(planned)), events(std::move(sink)) {}

  static Task<void> answer(std::shared_ptr<Core> self, net::Exchange& exchange);
  static Task<void> serve_socket(std::shared_ptr<Core> self, net::Exchange& exchange,
                                 const schematic::PlannedEndpoint* endpoint);
  static Task<void> serve_rest(std::shared_ptr<Core> self, net::Exchange& exchange,
                               const schematic::PlannedRest* endpoint);
  std::string_view base(bool rest) const;
  bool fits(const std::string& path, bool rest, const net::Exchange& exchange) const;
  json::Value body_of(const schematic::Type& type, std::size_t turn, std::size_t& count) const;

  std::shared_ptr<const schematic::Definition> definition;
  schematic::Plan plan;
  EventSink events;
};

std::string_view MockServer::Core::base(bool rest) const {
  if (rest) return definition->rest ? std::string_view(definition->rest->base_url) : "";
  return definition->websocket ? std::string_view(definition->websocket->base_url) : "";
}

// A client may have been given the mock's address with or without the path of the base URL.
bool MockServer::Core::fits(const std::string& path, bool rest,
                            const net::Exchange& exchange) const {
  const auto& segments = exchange.target().segments;
  return schematic::path_fits(path, "", segments) ||
         schematic::path_fits(path, base(rest), segments);
}

json::Value MockServer::Core::body_of(const schematic::Type& type, std::size_t turn,
                                      std::size_t& count) const {
  const auto* named = plan.find(plan.resolve(type).name);
  count = 1;
  if (!named || named->definition->examples.empty()) return schematic::sample(plan, type);
  count = named->definition->examples.size();
  return named->definition->examples[turn % count];
}

Task<void> MockServer::Core::answer(std::shared_ptr<Core> self, net::Exchange& exchange) {
  const auto& request = exchange.request();
  const bool upgrade = request.headers.has_token("Connection", "upgrade");
  if (self->events)
    self->events(Event("mock.request")
                     .with("method", request.method)
                     .with("path", request.target.substr(0, request.target.find('?'))));
  const schematic::PlannedEndpoint* socket = nullptr;
  for (const auto& one : self->plan.endpoints)
    if (upgrade && !socket && self->fits(one.endpoint->path, false, exchange)) socket = &one;
  if (socket) {
    co_await serve_socket(self, exchange, socket);
    co_return;
  }
  const schematic::PlannedRest* rest = nullptr;
  for (const auto& one : self->plan.rest)
    if (!rest && one.endpoint->method == request.method &&
        self->fits(one.endpoint->path, true, exchange))
      rest = &one;
  if (rest) {
    co_await serve_rest(self, exchange, rest);
    co_return;
  }
  auto response = refusal(404, "the definition has no such endpoint");
  (void)co_await exchange.respond(std::move(response));
}

Task<void> MockServer::Core::serve_socket(std::shared_ptr<Core> self, net::Exchange& exchange,
                                          const schematic::PlannedEndpoint* endpoint) {
  const HttpMockRequest request(exchange);
  auto refused = schematic::mock_refusal(self->plan, endpoint->endpoint->path, endpoint->params,
                                         request, self->base(false));
  if (refused && refused->status != 404) {
    auto response = refusal(refused->status, refused->text);
    (void)co_await exchange.respond(std::move(response));
    co_return;
  }
  ws::ServerPolicy policy;
  policy.subprotocols = endpoint->endpoint->subprotocols;
  if (endpoint->endpoint->compression) policy.deflate.emplace();
  ws::Options options;
  auto socket = co_await exchange.upgrade(std::move(policy), options);
  if (!socket) co_return;
  schematic::MockSession session(self->plan, *endpoint);
  auto answer = session.open();
  for (;;) {
    for (auto& frame : answer.frames) {
      net::Message message(frame.binary, std::move(frame.data));
      (void)co_await socket->send(std::move(message));
    }
    if (answer.close_code != 0)
      socket->close(static_cast<std::uint16_t>(answer.close_code), answer.close_reason);
    auto message = co_await socket->next();
    if (!message) break;
    if (answer.close_code == 0)
      answer = session.receive(message->binary, message->data);
    else
      answer.frames.clear();
  }
  if (self->events)
    self->events(Event("mock.session")
                     .with("endpoint", endpoint->endpoint->id)
                     .with("why", answer.close_reason));
}

Task<void> MockServer::Core::serve_rest(std::shared_ptr<Core> self, net::Exchange& exchange,
                                        const schematic::PlannedRest* endpoint) {
  const auto& rest = *endpoint->endpoint;
  const HttpMockRequest request(exchange);
  auto refused =
      schematic::mock_refusal(self->plan, rest.path, endpoint->params, request, self->base(true));
  if (refused && refused->status == 404) refused.reset();
  if (!refused && rest.request && rest.request_content_type == "application/json") {
    auto body = json::parse(exchange.request().body, json::trusted_limits());
    auto why = body ? schematic::mismatch(self->plan, *rest.request, *body)
                    : std::optional(body.error().message());
    if (why) {
      refused.emplace();
      refused->status = 400;
      refused->text = *why;
    }
  }
  if (refused) {
    auto response = refusal(refused->status, refused->text);
    (void)co_await exchange.respond(std::move(response));
    co_return;
  }
  const schematic::RestResponse* good = nullptr;
  for (const auto& one : rest.responses)
    if (!good && one.status >= 200 && one.status < 300) good = &one;
  if (!good || !good->schema) {
    http::Response empty(good ? good->status : 204);
    (void)co_await exchange.respond(std::move(empty));
    co_return;
  }
  std::size_t count = 1;
  if (rest.streaming == schematic::Streaming::none) {
    auto response = json_response(good->status, self->body_of(*good->schema, 0, count));
    (void)co_await exchange.respond(std::move(response));
    co_return;
  }
  http::Response head(good->status);
  head.headers.set("Content-Type", "text/event-stream");
  (void)co_await exchange.begin(std::move(head));
  for (std::size_t turn = 0; turn < count; ++turn) {
    auto event =
        fmt::format("data: {}\n\n", json::to_string(self->body_of(*good->schema, turn, count)));
    (void)co_await exchange.write(std::move(event));
  }
  if (!rest.sentinel.empty()) {
    auto last = fmt::format("data: {}\n\n", rest.sentinel);
    (void)co_await exchange.write(std::move(last));
  }
  (void)co_await exchange.finish();
}

MockServer::MockServer(Executor executor, std::shared_ptr<const schematic::Definition> definition,
                       schematic::Plan plan, MockOptions options)
    : core_(std::make_shared<Core>(std::move(definition), std::move(plan), options.events)),
      server_(std::move(executor), server_options(options), std::bind_front(&Core::answer, core_)) {
}
MockServer::~MockServer() = default;

Result<std::uint16_t> MockServer::start() {
  return server_.listen();
}
Task<void> MockServer::stop() {
  return server_.stop(std::chrono::milliseconds(0));
}

}  // namespace parley::emulator
