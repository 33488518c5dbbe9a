#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"

namespace parley {

// A number that no other event of this process has. Thread-safe.
std::string new_event_id();

// An operation that is told by a pair of events with one field "id": "NAME_start", then either
// "NAME_stop" or "NAME_exception" {kind, message}, exactly once. An operation that is dropped
// before its end, cancelled or destroyed, is an exception of the kind "cancelled". Without a sink
// nothing is made and nothing told. One thread at a time; movable, and empty once moved from.
class EventScope {
 public:
  EventScope() = default;
  // `fill(Event&)` adds fields to the start event, and is called only where there is a sink.
  // `parent` is the id of the operation that this one belongs to.
  template <class Fill>
  static EventScope begin(const EventSink& sink, std::string_view name, Fill fill,
                          std::string_view parent = {}) {
    if (!sink) return {};
    EventScope scope(sink, name);
    Event event = scope.event("_start");
    if (!parent.empty()) event.with("parent", std::string(parent));
    fill(event);
    scope.tell(event);
    return scope;
  }

  EventScope(EventScope&& other) noexcept { swap(other); }
  EventScope& operator=(EventScope&& other) noexcept {
    EventScope old(std::move(other));
    swap(old);
    return *this;
  }
  ~EventScope() {
    if (open()) end_dropped();
  }

  // Tells "NAME_stop" with the fields that `fill(Event&)` adds. Later ends are not told.
  template <class Fill>
  void stop(Fill fill) {
    if (!open()) return;
    Event event = this->event("_stop");
    fill(event);
    finish(event);
  }
  void stop() {
    stop([](Event&) {});
  }
  // Tells "NAME_exception" with the error's kind, message, stage, HTTP status and close code.
  template <class Fill>
  void fail_with(const Error& error, Fill fill) {
    if (!open()) return;
    Event event = exception(error);
    fill(event);
    finish(event);
  }
  void fail_with(const Error& error) {
    fail_with(error, [](Event&) {});
  }

  // Tells "NAME_`what`" in between, with the same id: "chunk".
  template <class Fill>
  void note(std::string_view what, Fill fill) const {
    if (!open()) return;
    Event event = this->event("_" + std::string(what));
    fill(event);
    tell(event);
  }

  bool open() const { return static_cast<bool>(sink_); }
  // Empty where nothing is told.
  const std::string& id() const { return id_; }

 private:
  EventScope(const EventSink& sink, std::string_view name)
      : sink_(sink), name_(name), id_(new_event_id()) {}
  Event event(std::string_view suffix) const;
  Event exception(const Error& error) const;
  void tell(const Event& event) const { sink_(event); }
  void finish(const Event& event);
  void end_dropped() noexcept;
  void swap(EventScope& other) noexcept {
    std::swap(sink_, other.sink_);
    std::swap(name_, other.name_);
    std::swap(id_, other.id_);
  }

  EventSink sink_;
  std::string name_, id_;
};

}  // namespace parley
