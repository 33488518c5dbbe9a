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

void SlidingWindow::give_back(TimePoint then, std::int64_t amount) {
  const auto number = number_of(then);
  const auto found =
      std::ranges::lower_bound(slots_, number, {}, [](const Slot& slot) { return slot.number; });
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
