#include "parley/gemini/detail/live_link.hpp"

#include "parley/base/text.hpp"
#include "parley/gemini/status.hpp"
#include "parley/generated/gemini/live.hpp"
#include "parley/generated/gemini/live_constrained.hpp"
#include "parley/net/system.hpp"

namespace parley::gemini {

namespace detail {
namespace {

// Over the generated connection. The endpoints, of both services and for tokens, differ in their
// paths only.
class LinkOver final : public LiveLink {
 public:
  LinkOver(live::Connection connection, UnreadableSlot slot)
      : connection_(std::move(connection)), unreadable_(std::move(slot)) {}

  Task<Result<void>> send(ClientContentMessage message) override {
    return send_told(connection_.send_client_content(std::move(message)));
  }
  Task<Result<void>> send(RealtimeInputMessage message) override {
    return send_told(connection_.send_realtime_input(std::move(message)));
  }
  Task<Result<void>> send(ToolResponseMessage message) override {
    return send_told(connection_.send_tool_response(std::move(message)));
  }
  Task<Result<void>> send(ContextUpdateMessage message) override {
    return send_told(connection_.send_context_update(std::move(message)));
  }
  Task<Result<void>> close() override { return connection_.close(); }
  Result<void> outcome() const override { return connection_.outcome(); }
  bool ended() const override { return connection_.phase() == api::Phase::closed; }
  Task<bool> wait(std::chrono::milliseconds limit) override { return connection_.wait(limit); }

  Task<std::optional<std::vector<LiveEvent>>> next() override {
    auto message = co_await connection_.next();
    if (!message) co_return std::nullopt;
    if (*unreadable_) {
      std::vector<LiveEvent> events;
      events.emplace_back(std::move(**unreadable_));
      unreadable_->reset();
      co_return events;
    }
    using Variant = typename decltype(message)::value_type;
    co_return std::visit([](auto& one) { return events_of(std::move(one)); },
                         static_cast<typename Variant::variant&>(*message));
  }

 private:
  live::Connection connection_;
  UnreadableSlot unreadable_;
};

}  // namespace

api::SessionOptions session_options(LiveOptions& options, const Backend& backend,
                                    const UnreadableSlot& slot) {
  api::SessionOptions out;
  out.on_unreadable = [slot](const Error& why) {
    *slot = unreadable(why);
    return true;
  };
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
  out.compression = options.compression;
  out.max_message = options.max_message;
  out.events = std::move(options.events);
  return out;
}

namespace {

Task<Result<std::unique_ptr<LiveLink>>> set_up(Result<live::Connection> connection,
                                               LiveOptions options, UnreadableSlot slot) {
  if (!connection)
    co_return fail(told_by_refusal(std::move(connection.error()), net::SystemClock().wall_now()));
  tell_state(options.on_state, LiveState::setup_pending);
  SetupMessage message;
  message.setup = std::move(options.setup);
  if (auto taken = co_await connection->initialize(std::move(message)); !taken)
    co_return fail(std::move(told_by_service(std::move(taken)).error()));
  std::unique_ptr<LiveLink> link =
      std::make_unique<LinkOver>(std::move(*connection), std::move(slot));
  co_return link;
}

}  // namespace

LiveUnreadable unreadable(const Error& why) {
  LiveUnreadable out;
  out.why = why.cause() ? why.cause()->message() : why.message();
  out.beginning = std::string(why.detail("body").value_or(""));
  return out;
}

void tell_state(const std::function<void(LiveState)>& on_state, LiveState state) {
  if (!on_state) return;
  try {
    on_state(state);
  } catch (...) {  // the session does not depend on who watches it
  }
}

Result<void> told_by_service(Result<void> outcome) {
  if (outcome) return outcome;
  const Error& error = outcome.error();
  const auto code = error.close_code();
  if (code == 0 || error.kind() == ErrorKind::timeout) return outcome;
  if (code == 1006 && error.kind() != ErrorKind::invalid_state) return outcome;
  if (code == 1006)
    return fail(Error(ErrorKind::disconnected, "the connection of the Live session was lost")
                    .with_close(code, error.close_reason())
                    .with_stage(error.stage()));
  return fail(live_error(code, error.close_reason()).with_stage(error.stage()));
}

Task<Result<void>> send_told(Task<Result<void>> sending) {
  auto sent = co_await std::move(sending);
  if (sent) co_return sent;
  auto why = std::move(told_by_service(std::move(sent)).error());
  if (why.stage() == Stage::none) why = std::move(why).with_stage(Stage::send);
  co_return fail(std::move(why));
}

Task<Result<std::unique_ptr<LiveLink>>> open_live_link(LiveOptions options, Backend backend) {
  const auto slot = std::make_shared<std::optional<LiveUnreadable>>();
  auto session = session_options(options, backend, slot);
  if (const std::string& key = backend.key().reveal(); key.starts_with("auth_tokens/")) {
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
  co_return co_await set_up(std::move(connection), std::move(options), slot);
}

}  // namespace detail
}  // namespace parley::gemini
