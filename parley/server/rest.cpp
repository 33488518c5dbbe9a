#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "parley/json/value.hpp"
#include "parley/json/writer.hpp"
#include "parley/server/detail/server_state.hpp"

namespace parley::server::detail {
namespace {

constexpr std::size_t kHistory = 100;  // messages of a session's page

double seconds(WallTime from, WallTime to) {
  return std::max(0.0, static_cast<double>((to - from).count()) / 1000);
}
double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

std::string detail_body(std::string_view message, std::string_view code = "") {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().field("detail", message);
  if (!code.empty()) writer.field("code", code);
  writer.end_object();
  return body;
}

std::size_t number(const net::Exchange& exchange, std::string_view name, std::size_t otherwise,
                   std::size_t most) {
  const auto text = exchange.target().parameter(name);
  if (!text) return otherwise;
  std::size_t value = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
  return code == std::errc() && end == text->data() + text->size() ? std::min(value, most)
                                                                   : otherwise;
}

int status_of(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::invalid_argument:
      return 400;
    case ErrorKind::storage:
      return 507;
    default:
      return 500;
  }
}

// The model that a POST /sessions/new asks for; nullopt for none.
struct NewSession {
  NewSession() = default;
  std::optional<std::string> model;
  int status = 0;  // of a refusal
  std::string why;
};

NewSession read_new_session(const std::string& body) {
  NewSession wanted;
  if (body.empty()) return wanted;
  const auto value = json::parse(body);
  if (!value) {
    wanted.status = 400;
    wanted.why = "Invalid JSON format: " + value.error().message();
    return wanted;
  }
  const auto* object = value->if_object();
  const auto* model = object ? object->if_contains("model_id") : nullptr;
  if (object == nullptr && !value->is_null()) {
    wanted.status = 422;
    wanted.why = "The body must be a JSON object";
  } else if (model != nullptr && model->is_string()) {
    wanted.model = std::string(model->get_string());
  } else if (model != nullptr && !model->is_null()) {
    wanted.status = 422;
    wanted.why = "The field model_id must be a string";
  }
  return wanted;
}

void write_messages(json::Writer& writer, const std::vector<chat::Message>& messages) {
  writer.key("messages").begin_array();
  for (const auto& message : messages) {
    writer.begin_object()
        .field("message_id", message.id)
        .field("role", message.role == chat::Role::user ? "user" : "model")
        .field("status", message.status == chat::Status::ok ? "ok" : "failed")
        .field("content", message.content)
        .field("created_at", to_iso8601(message.created))
        .field("seq", message.seq);
    if (!message.model.empty()) writer.field("model", message.model);
    writer.end_object();
  }
  writer.end_array();
  writer.key("next_before");
  if (messages.size() < kHistory || messages.front().seq <= 1)
    writer.value(nullptr);
  else
    writer.value(messages.front().seq);
}

void write_counts(json::Writer& writer, const chat::Statistics& counts, WallTime now) {
  writer.field("uptime_seconds", rounded(seconds(counts.started, now), 1000))
      .field("total_requests", counts.total)
      .field("successful_requests", counts.successful)
      .field("failed_requests", counts.failed)
      .field("cancelled_requests", counts.cancelled)
      .field("in_flight_requests", counts.under_way)
      .field("messages_received", counts.messages_received)
      .field("active_sessions", counts.active_sessions)
      .field("websocket_connections", counts.connections);
}

}  // namespace

Task<Result<std::string>> ServerState::wait_for_reply(std::uint64_t token, Result<void> taken) {
  if (!taken) co_return fail(std::move(taken.error()));
  auto waiting = std::make_shared<OneShot<Result<std::string>>>(executor);
  replies[token] = waiting;
  pump();
  co_return co_await OneShot<Result<std::string>>::wait(waiting);
}

Task<void> ServerState::create_session(net::Exchange& exchange) {
  const auto wanted = read_new_session(exchange.request().body);
  if (wanted.status != 0) {
    co_await exchange.respond(json_response(exchange, wanted.status, detail_body(wanted.why)));
    co_return;
  }
  const auto token = next_token++;
  auto made = co_await wait_for_reply(token, hub.create_session(token, wanted.model, now()));
  const auto session = made ? hub.session(*made) : std::nullopt;
  if (!session) {
    const int status = made ? 404 : status_of(made.error());
    std::string why = made ? "Session not found" : made.error().message();
    std::string body = detail_body(why, status == 400 ? "unknown_model" : "");
    co_await exchange.respond(json_response(exchange, status, std::move(body)));
    co_return;
  }
  std::string body;
  json::Writer(body)
      .begin_object()
      .field("session_id", session->session.id)
      .field("model", session->session.model)
      .field("timestamp", to_iso8601(clock.wall_now()))
      .end_object();
  co_await exchange.respond(json_response(exchange, 200, std::move(body)));
}

Task<void> ServerState::show_session(net::Exchange& exchange) {
  const std::string id(exchange.parameter("id"));
  if (!hub.session(id)) {
    co_await exchange.respond(json_response(exchange, 404, detail_body("Session not found")));
    co_return;
  }
  const bool bare = exchange.target().parameter("include") == "none";
  Messages messages;
  if (!bare) {
    const auto before =
        number(exchange, "before", std::size_t(store::kNewest), std::size_t(store::kNewest));
    messages = co_await read_messages(id, number(exchange, "limit", kHistory, kHistory),
                                      static_cast<std::int64_t>(before));
  }
  const auto view = hub.session(id);  // as it is now: reading took a while
  if (!view || !messages) {
    const int status = view ? status_of(messages.error()) : 404;
    std::string why = view ? messages.error().message() : "Session not found";
    co_await exchange.respond(json_response(exchange, status, detail_body(why)));
    co_return;
  }
  const auto& session = view->session;
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .field("session_id", session.id)
      .field("model", session.model)
      .field("message_count", session.message_count())
      .field("session_duration_seconds", rounded(seconds(session.created, clock.wall_now()), 1000))
      .field("user_messages", session.user_messages)
      .field("model_messages", session.model_messages)
      .field("created_at", to_iso8601(session.created));
  if (!bare) write_messages(writer, *messages);
  writer.end_object();
  co_await exchange.respond(json_response(exchange, 200, std::move(body)));
}

Task<void> ServerState::delete_session(net::Exchange& exchange) {
  const std::string id(exchange.parameter("id"));
  const auto token = next_token++;
  const auto done = co_await wait_for_reply(token, hub.delete_session(token, id, now()));
  const int status = done ? 200 : status_of(done.error());
  std::string body = done ? fmt::format("{{\"message\":\"Session {} deleted\"}}", id)
                          : detail_body(done.error().message());
  co_await exchange.respond(json_response(exchange, status, std::move(body)));
}

Task<void> ServerState::clear_session(net::Exchange& exchange) {
  const std::string id(exchange.parameter("id"));
  const auto token = next_token++;
  const auto done = co_await wait_for_reply(token, hub.clear_session(token, id, now()));
  const int status = done ? 200 : status_of(done.error());
  std::string body = done ? fmt::format("{{\"message\":\"Session {} cleared\"}}", id)
                          : detail_body(done.error().message());
  co_await exchange.respond(json_response(exchange, status, std::move(body)));
}

Task<void> ServerState::list_sessions(net::Exchange& exchange) {
  const auto limit = number(exchange, "limit", 100, 1000);
  const auto page =
      hub.sessions(limit, std::string(exchange.target().parameter("cursor").value_or("")), now());
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .field("active_sessions", hub.statistics(now()).active_sessions)
      .key("sessions")
      .begin_array();
  for (const auto& [session, clients] : page)
    writer.begin_object()
        .field("session_id", session.id)
        .field("model", session.model)
        .field("message_count", session.message_count())
        .field("duration_minutes", rounded(seconds(session.created, clock.wall_now()) / 60, 100))
        .field("connected_clients", clients)
        .field("created_at", to_iso8601(session.created))
        .field("last_activity", to_iso8601(session.last_activity))
        .end_object();
  writer.end_array().key("next_cursor");
  if (page.size() < limit || page.empty())
    writer.value(nullptr);
  else
    writer.value(page.back().session.id);
  writer.end_object();
  co_await exchange.respond(json_response(exchange, 200, std::move(body)));
}

Task<void> ServerState::health(net::Exchange& exchange) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .field("status", "healthy")
      .field("model", options.hub.default_model)
      .field("framework", options.hub.framework);
  write_counts(writer, hub.statistics(now()), clock.wall_now());
  writer.end_object();
  co_await exchange.respond(json_response(exchange, 200, std::move(body)));
}

Task<void> ServerState::stats(net::Exchange& exchange) {
  const auto counts = hub.statistics(now());
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .field("model", options.hub.default_model)
      .field("framework", options.hub.framework);
  write_counts(writer, counts, clock.wall_now());
  writer.field("average_response_time", rounded(counts.average_response_time, 1000))
      .field("start_time", to_iso8601(counts.started))
      .field("total_sessions_created", counts.sessions_created)
      .end_object();
  co_await exchange.respond(json_response(exchange, 200, std::move(body)));
}

Task<void> ServerState::index(net::Exchange& exchange) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .field("name", "Parley chat server")
      .field("version", PARLEY_VERSION)
      .field("framework", options.hub.framework)
      .field("model", options.hub.default_model)
      .field("features", std::vector<std::string>{"streaming", "multi_turn", "sessions", "typing",
                                                  "broadcast", "history"});
  writer.key("endpoints").begin_object();
  for (const auto& [name, route] : {std::pair("websocket", "/ws"),
                                    {"new_session", "POST /sessions/new"},
                                    {"session", "GET /sessions/{id}"},
                                    {"delete_session", "DELETE /sessions/{id}"},
                                    {"clear_session", "POST /sessions/{id}/clear"},
                                    {"sessions", "GET /sessions"},
                                    {"health", "GET /health"},
                                    {"stats", "GET /stats"},
                                    {"demo", "GET /demo"},
                                    {"docs", "GET /docs"}})
    writer.key(name).value(std::string_view(route));
  writer.end_object().end_object();
  co_await exchange.respond(json_response(exchange, 200, std::move(body)));
}

}  // namespace parley::server::detail
