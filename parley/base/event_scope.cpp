#include "parley/base/event_scope.hpp"

#include <atomic>

namespace parley {

std::string new_event_id() {
  static std::atomic<std::uint64_t> last = 0;
  return std::to_string(last.fetch_add(1, std::memory_order_relaxed) + 1);
}

Event EventScope::event(std::string_view suffix) const {
  Event event(name_ + std::string(suffix));
  event.with("id", id_);
  return event;
}

Event EventScope::exception(const Error& error) const {
  Event event = this->event("_exception");
  event.with("kind", std::string(to_string(error.kind())));
  event.with("message", error.message());
  if (error.stage() != Stage::none) event.with("stage", std::string(to_string(error.stage())));
  if (error.http_status() != 0) event.with("status", std::to_string(error.http_status()));
  if (error.close_code() != 0) event.with("code", std::to_string(error.close_code()));
  return event;
}

void EventScope::finish(const Event& event) {
  const EventSink sink = std::exchange(sink_, nullptr);
  sink(event);
}

void EventScope::end_dropped() noexcept {
  fail_with(Error(ErrorKind::cancelled, "dropped before its end"));
}

}  // namespace parley
