#include <algorithm>

#include "parley/limit/detail/account.hpp"
#include "parley/limit/pacific.hpp"

namespace parley::limit::detail {

using std::chrono::milliseconds;

std::int64_t Account::used(Dimension dimension, const Moment& now) {
  switch (dimension) {
    case Dimension::requests_per_minute:
    case Dimension::input_tokens_per_minute:
    case Dimension::output_tokens_per_minute:
      return windows_[index_of(dimension)].used(now.at);
    case Dimension::requests_per_day:
    case Dimension::money_per_day: {
      const auto count = count_of(today_.of(now.wall));
      return dimension == Dimension::money_per_day ? count.money : count.requests;
    }
    case Dimension::concurrency:
      return slots_ + foreign_slots_;
    default:
      return 0;
  }
}

void Account::succeeded(const Booking& booking, const Amounts& amounts, const Moment& now) {
  strikes_.fill(0);
  if (!any_level_) return;
  for (std::size_t i = 0; i < learners; ++i) {
    const auto dimension =
        i < minute_dimensions ? static_cast<Dimension>(i) : Dimension::concurrency;
    const auto level = learners_[i].level();
    if (!level) continue;
    const bool pressure = 2 * used(dimension, now) >= *level;
    learners_[i].succeeded(static_cast<double>(amounts[index_of(dimension)]), pressure,
                           booking.eras[i], learn_, now.at);
    if (dimension == Dimension::concurrency)
      learners_[i].cap(static_cast<double>(learn_.concurrency_ceiling));
  }
  refresh();
}

void Account::refused(const Booking& booking, Dimension dimension, const Moment& now) {
  const auto learner = learner_of(dimension);
  if (!learner) return;
  const bool places = dimension == Dimension::concurrency;
  if (places ? !learn_.concurrency : !learn_.rate) return;
  // Of a cascade of refusals the first one saw how many were under way.
  if (places && booking.eras[*learner] != learners_[*learner].era()) return;
  auto served = used(dimension, now);
  if (dimension == Dimension::requests_per_minute) {
    refused_.take_then(now.at, booking.at, 1);
    served -= refused_.used(now.at);
  }
  learners_[*learner].refused(effective(dimension), static_cast<double>(served),
                              booking.eras[*learner], learn_, now.at);
  refresh();
}

TimePoint Account::block_day(const Moment& now) {
  blocked_day_ = pacific_day(now.wall);
  return now.at + (pacific_midnight(*blocked_day_ + 1) - now.wall);
}

TimePoint Account::cool_down(Dimension dimension, std::optional<milliseconds> delay,
                             TimePoint now) {
  auto& until = cooldowns_[index_of(dimension)];
  if (!delay) {
    // Refusals while it cools down belong to the one that began it.
    if (until > now) return until;
    const int strikes = std::min(strikes_[index_of(dimension)]++, 6);
    delay = std::min(milliseconds(1000LL << strikes), milliseconds(60'000));
  }
  until = std::max(until, now + *delay);
  cooling_until_ = std::max(cooling_until_, until);
  return until;
}

}  // namespace parley::limit::detail
