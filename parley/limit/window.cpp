#include "parley/limit/window.hpp"

namespace parley::limit {

void SlidingWindow::take_slot(std::int64_t number, std::int64_t amount) {
  if (amount == 0) return;
  if (!slots_.empty() && slots_.back().number >= number)
    slots_.back().amount += amount;
  else
    slots_.push_back(Slot{number, amount});
  sum_ += amount;
}

void SlidingWindow::take_then(TimePoint now, TimePoint then, std::int64_t amount) {
  const Slot slot{number_of(then), amount};
  if (end_of(slot) <= now) return;
  const auto at = std::ranges::lower_bound(slots_, slot.number, {}, &Slot::number);
  if (at != slots_.end() && at->number == slot.number)
    at->amount += amount;
  else
    slots_.insert(at, slot);
  sum_ += amount;
}

void SlidingWindow::give_back(TimePoint then, std::int64_t amount) {
  const auto number = number_of(then);
  auto found = slots_.end();
  if (!slots_.empty() && slots_.back().number == number)
    --found;  // the usual case of a short call
  else
    found = std::ranges::lower_bound(slots_, number, {}, &Slot::number);
  if (found == slots_.end() || found->number != number) return;
  const auto given = std::min(amount, found->amount);
  found->amount -= given;
  sum_ -= given;
}

TimePoint SlidingWindow::fits_at(TimePoint now, std::int64_t amount, std::int64_t limit) {
  std::int64_t over = used(now) + amount - limit;
  for (const auto& slot : slots_) {
    if (over <= 0) break;
    over -= slot.amount;
    now = end_of(slot);
  }
  return now;
}

void SlidingWindow::clear() {
  slots_.clear();
  sum_ = 0;
}

}  // namespace parley::limit
