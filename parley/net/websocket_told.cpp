#include "parley/net/detail/websocket_told.hpp"

#include "parley/net/detail/websocket_state.hpp"
#include "parley/net/system.hpp"

namespace parley::net::detail {
namespace {

void with_message(Event& event, std::size_t bytes, bool binary) {
  event.with("bytes", std::to_string(bytes)).with("type", binary ? "binary" : "text");
}

}  // namespace

WebSocketTold::WebSocketTold(const EventSink& sink, std::string_view host, std::string_view parent)
    : events(sink), last_received(net::now()) {
  session = EventScope::begin(
      events, "net.ws_session", [&](Event& event) { event.with("host", std::string(host)); },
      parent);
}

void WebSocketTold::sent(std::size_t bytes, bool binary) {
  session.note("send", [&](Event& event) { with_message(event, bytes, binary); });
}

void WebSocketTold::received(std::size_t bytes, bool binary) {
  const auto waited = net::now() - std::exchange(last_received, net::now());
  session.note("receive", [&](Event& event) {
    with_message(event, bytes, binary);
    event.with(
        "waited_ms",
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(waited).count()));
  });
}

void WebSocketTold::close_begins(std::uint16_t code, bool already_over) {
  if (closing.open()) return;
  closing = EventScope::begin(
      events, "net.ws_close", [&](Event& event) { event.with("code", std::to_string(code)); },
      session.id());
  if (already_over) closing.stop([](Event& event) { event.with("how", "already_closed"); });
}

void WebSocketTold::ended(const Result<void>& outcome, bool graceful, std::uint16_t code) {
  const auto fill = [&](Event& event) {
    event.with("code", std::to_string(code)).with("how", graceful ? "graceful" : "forced");
  };
  closing.stop(fill);
  if (outcome)
    session.stop(fill);
  else
    session.fail_with(outcome.error(),
                      [&](Event& event) { event.with("how", graceful ? "graceful" : "forced"); });
}

void WebSocketState::tell_end() {
  if (!told) return;
  const bool graceful = connection.closed() && !failure && !aborted &&
                        connection.timed_out() == Stage::none &&
                        connection.close_code() != ws::close_code::abnormal;
  const Result<void> how =
      aborted ? Result<void>(fail(ErrorKind::cancelled, "the connection was dropped")) : outcome();
  told->ended(how, graceful, connection.close_code());
}

Result<void> WebSocketState::outcome() const {
  if (failure) return fail(*failure);
  const auto code = connection.close_code();
  if (code == ws::close_code::normal || code == ws::close_code::going_away ||
      code == ws::close_code::no_status || code == 0)
    return {};
  const auto& reason = connection.close_reason();
  if (const auto stage = connection.timed_out(); stage != Stage::none)
    return fail(Error(ErrorKind::timeout, "the WebSocket was given up: " + reason)
                    .with_close(code, reason)
                    .with_stage(stage));
  return fail(Error(ErrorKind::disconnected, "the WebSocket was closed with code " +
                                                 std::to_string(code) +
                                                 (reason.empty() ? "" : ": ") + reason)
                  .with_close(code, reason)
                  .with_stage(Stage::receive));
}

}  // namespace parley::net::detail
