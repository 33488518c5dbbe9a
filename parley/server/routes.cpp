#include <functional>

#include "parley/base/text.hpp"
#include "parley/server/detail/embedded.hpp"
#include "parley/server/detail/server_state.hpp"

namespace parley::server::detail {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
    "'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

std::string_view media_type(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  return "application/json";
}

// The file behind a path: folders lead to their index page, /demo to the lite page until a larger
// one is there.
std::string file_of(const std::string& path) {
  if (path == "/demo" || path == "/demo/lite") return "lite/index.html";
  if (path == "/docs") return "docs/index.html";
  if (path == "/openapi.json" || path == "/asyncapi.json") return "docs" + path;
  if (path.starts_with("/demo/lite/")) return path.substr(6);
  return path.substr(1);
}

const EmbeddedFile* find_file(const std::string& name) {
  for (const auto& file : embedded_files())
    if (file.name == name) return &file;
  return nullptr;
}

}  // namespace

void ServerState::add_routes() {
  const auto add = [this](std::string_view method, std::string_view pattern, auto member) {
    router.add(method, pattern, std::bind_front(member, this));
  };
  add("GET", "/", &ServerState::index);
  add("GET", "/ws", &ServerState::serve_socket);
  add("POST", "/sessions/new", &ServerState::create_session);
  add("GET", "/sessions", &ServerState::list_sessions);
  add("GET", "/sessions/{id}", &ServerState::show_session);
  add("DELETE", "/sessions/{id}", &ServerState::delete_session);
  add("POST", "/sessions/{id}/clear", &ServerState::clear_session);
  add("GET", "/health", &ServerState::health);
  add("GET", "/stats", &ServerState::stats);
  if (options.metrics) add("GET", "/metrics", &ServerState::metrics);
  for (const char* path : {"/demo", "/demo/lite", "/demo/lite/{file}", "/docs", "/docs/{file}",
                           "/openapi.json", "/asyncapi.json"})
    add("GET", path, &ServerState::page);
}

Task<void> ServerState::handle(net::Exchange& exchange) {
  const auto self = shared_from_this();  // for all handlers: they run inside this call
  const auto verdict = access.check(exchange.request());
  if (verdict == Access::Verdict::allowed) {
    co_await router.handle(exchange);
    co_return;
  }
  const bool host = verdict == Access::Verdict::bad_host;
  const int status = host ? 421 : 403;
  std::string body =
      host
          ? R"({"detail":"This server does not answer to that Host; start it with --allow-host NAME"})"
          : R"({"detail":"This Origin is not allowed; start the server with --allow-origin URL"})";
  co_await exchange.respond(json_response(exchange, status, std::move(body)));
}

Task<void> ServerState::metrics(net::Exchange& exchange) {
  http::Response response;
  response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  protect(exchange, response);
  response.body = options.metrics();
  co_await exchange.respond(std::move(response));
}

Task<void> ServerState::page(net::Exchange& exchange) {
  std::string path;
  for (const auto& segment : exchange.target().segments) path += "/" + segment;
  const std::string name = file_of(path);
  const auto* file = find_file(name);
  if (file == nullptr) {
    co_await exchange.respond(json_response(exchange, 404, R"({"detail":"Not Found"})"));
    co_return;
  }
  http::Response response;
  response.headers.set("Content-Type", media_type(name));
  response.headers.set("Cache-Control", "no-cache");
  protect(exchange, response);
  response.body = file->bytes;
  co_await exchange.respond(std::move(response));
}

http::Response ServerState::json_response(const net::Exchange& exchange, int status,
                                          std::string body) const {
  http::Response response(status);
  response.headers.set("Content-Type", "application/json");
  response.headers.set("Cache-Control", "no-store");
  protect(exchange, response);
  response.body = std::move(body);
  return response;
}

void ServerState::protect(const net::Exchange& exchange, http::Response& response) const {
  auto& headers = response.headers;
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Content-Security-Policy", kPolicy);
  if (exchange.secure()) headers.set("Strict-Transport-Security", "max-age=31536000");
  // An origin that was let in is not our own page: it may read the answer.
  const auto origin = exchange.request().headers.find("Origin");
  if (!origin || response.status == 403 || response.status == 421) return;
  headers.set("Access-Control-Allow-Origin", *origin);
  headers.set("Vary", "Origin");
  headers.set("Cross-Origin-Resource-Policy", "cross-origin");
}

}  // namespace parley::server::detail
