#include "parley/gemini/detail/live_link.hpp"

#include "parley/base/text.hpp"
#include "parley/generated/gemini/live.hpp"
#include "parley/generated/gemini/live_constrained.hpp"

namespace parley::gemini {

namespace {

ErrorKind kind_of_close(std::uint16_t code, std::string_view reason) {
  const auto says = [reason](std::string_view words) {
    return reason.find(words) != std::string_view::npos;
  };
  // The client ends the connection with these two.
  if (code == 1002) return ErrorKind::protocol_violation;
  if (code == 1009) return ErrorKind::too_large;
  if (says("API key") || says("unregistered callers")) return ErrorKind::unauthenticated;
  if (says("quota") || says("RESOURCE_EXHAUSTED")) return ErrorKind::rate_limited;
  if (says("not found")) return ErrorKind::not_found;
  if (code == 1007) return ErrorKind::invalid_argument;
  if (code == 1011)
    return says("unavailable") || says("Deadline") || says("Internal") ? ErrorKind::unavailable
                                                                       : ErrorKind::service;
  return code == 1008 ? ErrorKind::service : ErrorKind::disconnected;
}

}  // namespace

Error live_error(std::uint16_t close_code, std::string_view reason) {
  const auto kind = kind_of_close(close_code, reason);
  const bool own = kind == ErrorKind::protocol_violation || kind == ErrorKind::too_large;
  std::string message = own ? "the Live session was ended for what the service sent"
                            : "the service ended the Live session";
  if (!reason.empty()) message += ": " + redact(reason);
  return Error(kind, std::move(message)).with_close(close_code, redact(reason));
}

namespace detail {
namespace {

// Over the generated connection. The endpoints, of both services and for tokens, differ in their
// paths only.
class LinkOver final : public LiveLink {
 public:
  explicit LinkOver(live::Connection connection) : connection_(std::move(connection)) {}

  Task<Result<void>> send(ClientContentMessage message) override {
    return connection_.send_client_content(std::move(message));
  }
  Task<Result<void>> send(RealtimeInputMessage message) override {
    return connection_.send_realtime_input(std::move(message));
  }
  Task<Result<void>> send(ToolResponseMessage message) override {
    return connection_.send_tool_response(std::move(message));
  }
  Task<Result<void>> send(ContextUpdateMessage message) override {
    return connection_.send_context_update(std::move(message));
  }
  Task<Result<void>> close() override { return connection_.close(); }
  Result<void> outcome() const override { return connection_.outcome(); }

  Task<std::optional<std::vector<LiveEvent>>> next() override {
    auto message = co_await connection_.next();
    if (!message) co_return std::nullopt;
    using Variant = typename decltype(message)::value_type;
    co_return std::visit([](auto& one) { return events_of(std::move(one)); },
                         static_cast<typename Variant::variant&>(*message));
  }

 private:
  live::Connection connection_;
};

api::SessionOptions session_options(LiveOptions& options, const Backend& backend) {
  api::SessionOptions out;
  out.key = backend.key();
  out.tokens = backend.tokens();
  out.base_url = backend.base().text();
  out.base_url.replace(0, 4, "ws");  // http and https
  out.path = backend.live_path();
  out.connect = std::move(options.connect);
  out.connect_timeout = out.greeting_timeout = options.step_timeout;
  out.idle_timeout = options.idle_timeout;
  out.inbox_messages = 100'000;  // bytes are what is limited
  out.inbox_bytes = options.inbox_bytes;
  out.events = std::move(options.events);
  return out;
}

Task<Result<std::unique_ptr<LiveLink>>> set_up(Result<live::Connection> connection, Setup setup) {
  if (!connection) co_return fail(std::move(connection.error()));
  SetupMessage message;
  message.setup = std::move(setup);
  if (auto taken = co_await connection->initialize(std::move(message)); !taken)
    co_return fail(std::move(told_by_service(std::move(taken)).error()));
  std::unique_ptr<LiveLink> link = std::make_unique<LinkOver>(std::move(*connection));
  co_return link;
}

}  // namespace

Result<void> told_by_service(Result<void> outcome) {
  if (outcome) return outcome;
  const Error& error = outcome.error();
  if (error.close_code() == 0 || error.close_code() == 1006) return outcome;
  return fail(live_error(error.close_code(), error.close_reason())
                  .with_stage(error.stage())
                  .with_cause(error));
}

Task<Result<std::unique_ptr<LiveLink>>> open_live_link(LiveOptions options, Backend backend) {
  auto session = session_options(options, backend);
  if (const auto& key = backend.key().reveal(); key.starts_with("auth_tokens/")) {
    if (backend.vertex())
      co_return fail(ErrorKind::invalid_argument,
                     "Vertex AI has no short-lived tokens: they are the Developer API's");
    // Not in the URL, which ends up in logs; nor as a key, for which it is not valid.
    session.path = std::string(live_constrained::rules().path);
    session.headers.set("Authorization", "Token " + key);
    session.send_key = false;
  }
  live::Params params;
  auto connection = co_await live::Connection::open(std::move(params), std::move(session));
  co_return co_await set_up(std::move(connection), std::move(options.setup));
}

}  // namespace detail
}  // namespace parley::gemini
