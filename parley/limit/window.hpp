#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

#include "parley/base/time.hpp"

namespace parley::limit {

// The sum of what was taken in the last `span`, exact to the safe side: time is cut into slots of a
// thousandth of the span, and what was taken in a slot counts until `span` has passed since the
// slot's end. So whoever takes only what fits has in no closed interval of length `span` more than
// the limit, whatever the clock does: let an interval [t, t+span] hold the last taking, at time u.
// Everything else in it was taken at t or later, in a slot that ends behind t, so it still counts
// at u, and the sum with it is at most the limit. The price is at most one slot of waiting. Memory:
// at most 1001 slots of 16 bytes. `now` must not go backwards.
class SlidingWindow {
 public:
  struct Slot {
    std::int64_t number;
    std::int64_t amount;
  };
  static constexpr std::int64_t slots_of_a_span = 1000;

  // Of a slot, in ns.
  static constexpr std::int64_t width_of(Duration span) {
    return std::max<std::int64_t>(span.count() / slots_of_a_span, 1);
  }

  explicit SlidingWindow(Duration span) : span_(span), width_(width_of(span)) {}

  std::int64_t used(TimePoint now) {
    while (!slots_.empty() && end_of(slots_.front()) <= now) {
      sum_ -= slots_.front().amount;
      slots_.pop_front();
    }
    return sum_;
  }
  // The amount may be more than fits: debts wait like everything else.
  void take(TimePoint now, std::int64_t amount) { take_slot(number_of(now), amount); }
  void take_slot(std::int64_t number, std::int64_t amount);
  // As if it had been taken at `then`; nothing where that is out of the window.
  void take_then(TimePoint now, TimePoint then, std::int64_t amount);
  // Gives back what was taken at `then`, at most all of that slot. Nothing once the slot is out of
  // the window: its room has come back already.
  void give_back(TimePoint then, std::int64_t amount);
  // When `amount` fits below `limit`, if nothing else is taken or given back.
  TimePoint fits_at(TimePoint now, std::int64_t amount, std::int64_t limit);

  Duration span() const { return span_; }
  const std::deque<Slot>& slots() const { return slots_; }
  void clear();

 private:
  std::int64_t number_of(TimePoint time) const {
    const auto ns = time.time_since_epoch().count();
    return ns >= 0 ? ns / width_ : -((-ns + width_ - 1) / width_);
  }
  TimePoint end_of(const Slot& slot) const {
    return TimePoint(Duration((slot.number + 1) * width_)) + span_;
  }

  Duration span_;
  std::int64_t width_;  // ns
  std::int64_t sum_ = 0;
  std::deque<Slot> slots_;
};

// The generic cell rate algorithm (ITU-T I.371): one cell each `interval`, `burst` of them at once.
// In any interval of length T it admits at most burst + T / interval. Takes one number for a key.
class Gcra {
 public:
  Gcra(Duration interval, std::int64_t burst)
      : interval_(interval), room_(interval * std::max<std::int64_t>(burst - 1, 0)) {}

  // The earliest time at which the next cell conforms.
  TimePoint ready_at() const { return due_ - room_; }
  bool take(TimePoint now) {
    if (now < ready_at()) return false;
    due_ = std::max(due_, now) + interval_;
    return true;
  }
  TimePoint due() const { return due_; }
  void restore(TimePoint due) { due_ = due; }

 private:
  Duration interval_;
  Duration room_;
  TimePoint due_{};  // the theoretical arrival time
};

}  // namespace parley::limit
