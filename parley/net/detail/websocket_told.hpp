#pragma once

#include <chrono>
#include <string_view>

#include "parley/base/event_scope.hpp"
#include "parley/base/time.hpp"

namespace parley::net::detail {

// What a connection tells of itself, where somebody listens (docs/telemetry.md).
struct WebSocketTold {
  WebSocketTold(const EventSink& sink, std::string_view host, std::string_view parent);

  void sent(std::size_t bytes, bool binary);
  void received(std::size_t bytes, bool binary);
  void close_begins(std::uint16_t code, bool already_over);
  // `graceful`: the peer has answered our close frame, or we its.
  void ended(const Result<void>& outcome, bool graceful, std::uint16_t code);

  EventSink events;
  EventScope session, closing;
  TimePoint last_received;
};

}  // namespace parley::net::detail
