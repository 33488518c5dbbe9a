#include "parley/emulator/record/proxy.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/net/system.hpp"
#include "parley/net/websocket.hpp"

namespace parley::emulator {

namespace asio = boost::asio;

struct RecordingProxy::Core {
  Core(ProxyOptions chosen, http::Url to, std::function<void(std::string_view)> write_line)
      : options(std::move(chosen)),
        upstream(std::move(to)),
        write(std::move(write_line)),
        client(options.http),
        begun(net::SystemClock().now()) {}

  std::chrono::milliseconds at() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(net::SystemClock().now() - begun);
  }
  static Task<void> answer(std::shared_ptr<Core> self, net::Exchange& exchange);
  static Task<void> forward(std::shared_ptr<Core> self, net::Exchange& exchange, int id);
  static Task<void> hold(std::shared_ptr<Core> self, net::Exchange& exchange, int id);
  http::Url upstream_url(const std::string& target, bool socket) const;

  ProxyOptions options;
  http::Url upstream;
  std::function<void(std::string_view)> write;
  net::HttpClient client;
  TimePoint begun;
  RecordingWriter writer;
  int exchanges = 0;
  std::optional<net::HttpServer> server;
  std::uint16_t port = 0;
};

namespace {

// Fields of one connection, which each side has of its own (RFC 9110, 7.6.1).
bool of_connection(std::string_view name) {
  for (const char* own : {"connection", "keep-alive", "transfer-encoding", "content-length", "host",
                          "upgrade", "te", "trailer", "proxy-connection", "accept-encoding"})
    if (iequals_ascii(name, own)) return true;
  return name.size() > 14 && iequals_ascii(name.substr(0, 14), "sec-websocket-");
}

http::Headers passed_on(const http::Headers& headers) {
  http::Headers out;
  for (const auto& header : headers.all())
    if (!of_connection(header.name)) out.add(header.name, header.value);
  return out;
}

// Both ends of one Live session.
struct Bridge {
  Bridge(net::WebSocket to_client, net::WebSocket to_service)
      : client(std::move(to_client)), service(std::move(to_service)) {}
  net::WebSocket client, service;
};

}  // namespace

http::Url RecordingProxy::Core::upstream_url(const std::string& target, bool socket) const {
  http::Url url = upstream;
  while (url.target.ends_with('/')) url.target.pop_back();
  url.target += target;
  if (socket) url.scheme = url.scheme == "https" ? "wss" : "ws";
  return url;
}

Task<void> RecordingProxy::Core::forward(std::shared_ptr<Core> self, net::Exchange& exchange,
                                         int id) {
  self->write(self->writer.request(id, self->at(), exchange.request()));
  const auto url = self->upstream_url(exchange.request().target, false);
  http::Request request(exchange.request().method, url.target);
  request.headers = passed_on(exchange.request().headers);
  request.body = exchange.request().body;
  auto stream = co_await self->client.open(url, std::move(request));
  if (!stream) {
    self->write(self->writer.end(id, self->at(), false));
    http::Response failed(502);
    failed.body = "the service could not be asked: " + stream.error().describe() + "\n";
    co_await exchange.respond(std::move(failed));
    co_return;
  }
  self->write(self->writer.response(id, self->at(), stream->head()));
  http::Response head(stream->head().status);
  head.headers = passed_on(stream->head().headers);
  if (auto begun = co_await exchange.begin(std::move(head)); !begun) co_return;
  while (auto piece = co_await stream->next()) {
    self->write(self->writer.piece(id, self->at(), *piece));
    std::string bytes = std::move(*piece);
    if (auto written = co_await exchange.write(std::move(bytes)); !written) break;
  }
  const bool whole = stream->outcome().has_value();
  self->write(self->writer.end(id, self->at(), whole));
  if (whole)
    co_await exchange.finish();
  else
    exchange.abort();
}

namespace {

using Note = std::function<void(const net::Message&)>;

// Hands on every message of one side, and then how it ended.
Task<void> pump(std::shared_ptr<Bridge> bridge, bool from_client, Note note) {
  auto& from = from_client ? bridge->client : bridge->service;
  auto& to = from_client ? bridge->service : bridge->client;
  while (auto message = co_await from.next()) {
    note(*message);
    net::Message copy = std::move(*message);
    if (auto sent = co_await to.send(std::move(copy)); !sent) break;
  }
  const auto code = from.close_code();
  if (code == 1006)
    to.abort();
  else
    to.close(code == 0 || code == 1005 ? 1000 : code, from.close_reason());
}

}  // namespace

Task<void> RecordingProxy::Core::hold(std::shared_ptr<Core> self, net::Exchange& exchange, int id) {
  self->write(self->writer.open(id, self->at(), exchange.request()));
  net::ConnectOptions connect;
  connect.dial = self->options.http.dial;
  connect.offer.headers = passed_on(exchange.request().headers);
  connect.protocol.max_message = 64 * 1024 * 1024;
  const auto url = self->upstream_url(exchange.request().target, true);
  auto service = co_await net::connect_websocket(url, std::move(connect));
  if (!service) {
    self->write(self->writer.close(id, self->at(), 1006, service.error().message()));
    const int status = service.error().http_status();
    http::Response refused(status >= 400 ? status : 502);
    refused.body = "the service could not be reached: " + service.error().describe() + "\n";
    co_await exchange.respond(std::move(refused));
    co_return;
  }
  ws::Options protocol;
  protocol.max_message = 64 * 1024 * 1024;
  ws::ServerPolicy policy;
  auto client = co_await exchange.upgrade(std::move(policy), protocol);
  if (!client) co_return;
  auto bridge = std::make_shared<Bridge>(std::move(*client), std::move(*service));
  const auto executor = co_await asio::this_coro::executor;
  Note of_client = [self, id](const net::Message& message) {
    self->write(self->writer.message(id, self->at(), true, message.binary, message.data));
  };
  Note of_service = [self, id](const net::Message& message) {
    self->write(self->writer.message(id, self->at(), false, message.binary, message.data));
  };
  asio::co_spawn(executor, pump(bridge, true, std::move(of_client)), asio::detached);
  co_await pump(bridge, false, std::move(of_service));
  self->write(self->writer.close(id, self->at(), bridge->service.close_code(),
                                 bridge->service.close_reason()));
}

Task<void> RecordingProxy::Core::answer(std::shared_ptr<Core> self, net::Exchange& exchange) {
  const int id = ++self->exchanges;
  if (exchange.request().headers.has_token("Connection", "upgrade"))
    co_await hold(self, exchange, id);
  else
    co_await forward(self, exchange, id);
}

Result<RecordingProxy> RecordingProxy::make(Executor executor, ProxyOptions options,
                                            std::function<void(std::string_view)> write) {
  auto upstream = http::parse_url(options.upstream);
  if (!upstream) return fail(std::move(upstream.error()));
  if (upstream->scheme != "http" && upstream->scheme != "https")
    return fail(ErrorKind::invalid_argument, "the upstream must be an http or https URL");
  net::HttpServerOptions server;
  server.address = options.address;
  server.port = options.port;
  server.tls = options.tls;
  server.limits.max_body = 64 * 1024 * 1024;
  auto core = std::make_shared<Core>(std::move(options), std::move(*upstream), std::move(write));
  const std::weak_ptr<Core> weak = core;
  net::Handler handler = [weak](net::Exchange& exchange) {
    return Core::answer(weak.lock(), exchange);
  };
  core->server.emplace(std::move(executor), std::move(server), std::move(handler));
  return RecordingProxy(std::move(core));
}

RecordingProxy::RecordingProxy(std::shared_ptr<Core> core) : core_(std::move(core)) {}
RecordingProxy::RecordingProxy(RecordingProxy&&) noexcept = default;
RecordingProxy::~RecordingProxy() = default;

Result<std::uint16_t> RecordingProxy::start() {
  core_->write(core_->writer.begin());
  auto port = core_->server->listen();
  if (port) core_->port = *port;
  return port;
}
Task<void> RecordingProxy::stop() {
  return core_->server->stop(std::chrono::milliseconds(0));
}
std::string RecordingProxy::base_url() const {
  return fmt::format("{}://{}:{}", core_->options.tls ? "https" : "http", core_->options.address,
                     core_->port);
}

}  // namespace parley::emulator
