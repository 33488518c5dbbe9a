#include "parley/limit/detail/account.hpp"

#include <algorithm>

#include "parley/limit/pacific.hpp"

namespace parley::limit::detail {
namespace {

constexpr std::size_t kept_days = 8;

TimePoint midnight_after(std::int32_t day, const Moment& now) {
  return now.at + (pacific_midnight(day + 1) - now.wall);
}

}  // namespace

Amounts amounts_of(const Demand& demand, const Price& price) {
  Amounts amounts{};
  const auto set = [&amounts](Dimension dimension, std::int64_t amount) {
    amounts[index_of(dimension)] = std::clamp<std::int64_t>(amount, 0, largest_amount);
  };
  set(Dimension::requests_per_minute, demand.requests);
  set(Dimension::requests_per_day, demand.requests);
  set(Dimension::retry_window, std::max(demand.requests, demand.slots));  // whatever goes at all
  set(Dimension::input_tokens_per_minute, demand.estimate.input_tokens);
  set(Dimension::output_tokens_per_minute, demand.estimate.output_tokens);
  set(Dimension::money_per_day, cost_of(demand.estimate, price));
  set(Dimension::concurrency, demand.slots);
  set(Dimension::caller_concurrency, demand.slots);
  return amounts;
}

void Verdict::add(Dimension blocking, std::optional<TimePoint> free_at) {
  const bool longer = mask == 0 || (until && (!free_at || *free_at > *until));
  mask |= 1u << index_of(blocking);
  if (!longer || never) return;
  dimension = blocking;
  until = free_at;
}

void Verdict::add_never(Dimension blocking, std::int64_t most) {
  mask |= 1u << index_of(blocking);
  if (never && most >= largest) return;
  never = true;
  dimension = blocking;
  largest = most;
  until.reset();
}

Account::Account(const Limits& limits, const LearnOptions& learn)
    : windows_{SlidingWindow(limits.window), SlidingWindow(limits.window),
               SlidingWindow(limits.window)},
      refused_(limits.window) {
  configure(limits, learn);
}

void Account::configure(const Limits& limits, const LearnOptions& learn) {
  if (limits.window != limits_.window || limits.window != windows_[0].span()) {
    windows_.fill(SlidingWindow(limits.window));
    refused_ = SlidingWindow(limits.window);
  }
  const auto due = pace_ ? pace_->due() : TimePoint();
  pace_.reset();
  if (limits.burst > 0 && limits.requests_per_minute.value_or(0) > 0) {
    const auto cells = *limits.requests_per_minute;
    const Duration window = limits.window;
    pace_.emplace(Duration((window.count() + cells - 1) / cells), limits.burst);
    pace_->restore(due);
  }
  for (std::size_t i = 0; i < learners; ++i)
    if (!(i < minute_dimensions ? learn.rate : learn.concurrency)) learners_[i] = Learner();
  const bool unset = !learners_[0].level();
  if (unset && learn.rate && learn.start > 0 && !limits.requests_per_minute)
    learners_[0] = Learner(static_cast<double>(learn.start));
  if (learn.concurrency && !learners_[minute_dimensions].level()) {
    const auto ceiling = limits.concurrency.value_or(learn.concurrency_ceiling);
    learners_[minute_dimensions] =
        Learner(static_cast<double>(std::min(ceiling, learn.concurrency_ceiling)));
  }
  limits_ = limits;
  learn_ = learn;
  refresh();
}

void Account::refresh() {
  limitless_ = true;
  for (std::size_t i = 0; i < dimensions; ++i) {
    hard_[i] = std::min(limits_.of(static_cast<Dimension>(i)).value_or(unlimited),
                        known_[i].value_or(unlimited));
    limitless_ = limitless_ && hard_[i] == unlimited;
  }
  any_level_ = std::ranges::any_of(
      learners_, [](const Learner& learner) { return learner.level().has_value(); });
  for (std::size_t i = 0; i < dimensions; ++i)
    effective_[i] = std::min(hard_[i], learnt(static_cast<Dimension>(i)).value_or(unlimited));
}

void Account::know(Dimension dimension, std::int64_t allowed) {
  known_[index_of(dimension)] = std::clamp<std::int64_t>(allowed, 0, unlimited);
  refresh();
}

std::optional<std::int64_t> Account::learnt(Dimension dimension) const {
  const auto learner = learner_of(dimension);
  if (!learner || !any_level_) return std::nullopt;
  return learners_[*learner].level();
}

std::optional<TimePoint> Account::cooldown(Dimension dimension, TimePoint now) const {
  const auto until = cooldowns_[index_of(dimension)];
  if (now >= cooling_until_ || until <= now) return std::nullopt;
  return until;
}

DayCount& Account::day_of(std::int32_t day) {
  const auto at = std::ranges::lower_bound(days_, day, {}, &DayCount::day);
  if (at != days_.end() && at->day == day) return *at;
  if (days_.size() == kept_days && at == days_.begin()) return days_.front();
  DayCount count;
  count.day = day;
  const auto offset = at - days_.begin();
  days_.insert(at, count);
  if (days_.size() <= kept_days) return days_[static_cast<std::size_t>(offset)];
  days_.erase(days_.begin());
  return days_[static_cast<std::size_t>(offset - 1)];
}

// A day before all that are kept counts with the oldest one: a clock that is set far back gives
// nothing.
DayCount Account::count_of(std::int32_t day) const {
  const auto at = std::ranges::lower_bound(days_, day, {}, &DayCount::day);
  if (at == days_.end()) return DayCount();
  const bool oldest = days_.size() == kept_days && at == days_.begin();
  return at->day == day || oldest ? *at : DayCount();
}

bool Account::too_large_ever(const Amounts& amounts, Verdict& found) const {
  for (std::size_t i = 0; i < dimensions; ++i) {
    if (amounts[i] == 0) continue;
    if (hard_[i] != unlimited && amounts[i] > hard_[i])
      found.add_never(static_cast<Dimension>(i), hard_[i]);
  }
  return found.never;
}

void Account::minutes(const Amounts& amounts, TimePoint now, Verdict& found) {
  const bool cooling = now < cooling_until_;
  for (std::size_t i = 0; i < minute_dimensions; ++i) {
    if (amounts[i] == 0) continue;
    const auto dimension = static_cast<Dimension>(i);
    if (cooling)
      if (const auto until = cooldown(dimension, now)) found.add(dimension, until);
    if (effective_[i] == unlimited) continue;
    // What was learnt is no last word: a larger request goes when nothing else does.
    const auto limit = std::max(effective_[i], amounts[i]);
    if (windows_[i].used(now) + amounts[i] > limit)
      found.add(dimension, windows_[i].fits_at(now, amounts[i], limit));
  }
  // A place for a session is of no use while no request of it may go.
  if (cooling && amounts[index_of(Dimension::retry_window)] > 0)
    for (const auto dimension : {Dimension::retry_window, Dimension::requests_per_minute})
      if (const auto until = cooldown(dimension, now)) found.add(dimension, until);
  if (pace_ && amounts[0] > 0 && now < pace_->ready_at())
    found.add(Dimension::requests_per_minute, pace_->ready_at());
}

void Account::days(const Amounts& amounts, const Moment& now, Verdict& found) {
  const auto requests = amounts[index_of(Dimension::requests_per_day)];
  const auto money = amounts[index_of(Dimension::money_per_day)];
  const auto request_limit = hard(Dimension::requests_per_day);
  const auto money_limit = hard(Dimension::money_per_day);
  const bool goes = amounts[index_of(Dimension::retry_window)] > 0;
  if (const auto until = cooldown(Dimension::requests_per_day, now.at); until && goes)
    found.add(Dimension::requests_per_day, until);
  if (!request_limit && !money_limit && !blocked_day_) return;
  const auto today = today_.of(now.wall);
  const bool blocked = blocked_day_ == today && goes;
  const DayCount count = count_of(today);
  if (blocked || (request_limit && requests > 0 && count.requests + requests > *request_limit))
    found.add(Dimension::requests_per_day, midnight_after(today, now));
  if (money_limit && money > 0 && count.money + money > *money_limit)
    found.add(Dimension::money_per_day, midnight_after(today, now));
}

void Account::places(const Amounts& amounts, const std::string& caller, TimePoint now,
                     Verdict& found) const {
  const auto slots = amounts[index_of(Dimension::concurrency)];
  if (slots == 0) return;
  if (const auto until = cooldown(Dimension::concurrency, now))
    found.add(Dimension::concurrency, until);
  const auto limit = effective(Dimension::concurrency);
  if (limit && slots_ + foreign_slots_ + slots > std::max(*limit, slots))
    found.add(Dimension::concurrency, std::nullopt);
  if (unlimited_callers()) return;
  const auto own = callers_.find(caller);
  const auto held = own == callers_.end() ? 0 : own->second;
  if (held + slots > *limits_.caller_concurrency)
    found.add(Dimension::caller_concurrency, std::nullopt);
}

Verdict Account::verdict(const Amounts& amounts, const std::string& caller, const Moment& now) {
  Verdict found;
  if (too_large_ever(amounts, found)) return found;
  minutes(amounts, now.at, found);
  days(amounts, now, found);
  places(amounts, caller, now.at, found);
  return found;
}

Booking Account::take(const Amounts& amounts, const std::string& caller, const Moment& now) {
  Booking booking;
  booking.at = now.at;
  for (std::size_t i = 0; i < minute_dimensions; ++i) {
    windows_[i].take(now.at, amounts[i]);
    booking.taken[i] = amounts[i];
  }
  if (pace_ && amounts[0] > 0) pace_->take(now.at);
  if (hard(Dimension::requests_per_day) || hard(Dimension::money_per_day)) {
    booking.day = today_.of(now.wall);
    DayCount& count = day_of(*booking.day);
    count.requests += amounts[index_of(Dimension::requests_per_day)];
    count.money += amounts[index_of(Dimension::money_per_day)];
  }
  const auto slots = amounts[index_of(Dimension::concurrency)];
  slots_ += slots;
  if (slots > 0 && !unlimited_callers()) callers_[caller] += slots;
  for (std::size_t i = 0; i < learners; ++i) booking.eras[i] = learners_[i].era();
  return booking;
}

void Account::release(std::int64_t slots, const std::string& caller) {
  slots_ -= slots;
  if (slots == 0) return;
  const auto own = callers_.find(caller);
  if (own == callers_.end()) return;
  own->second -= std::min(slots, own->second);
  if (own->second == 0) callers_.erase(own);
}

void Account::rebook(Booking& booking, Dimension dimension, std::int64_t booked,
                     std::int64_t actual, const Moment& now) {
  if (actual == booked) return;
  if (index_of(dimension) < minute_dimensions) {
    auto& window = windows_[index_of(dimension)];
    window.used(now.at);
    if (actual > booked) {
      window.take(now.at, actual - booked);
      return;
    }
    auto& taken = booking.taken[index_of(dimension)];
    const auto given = std::min(booked - actual, taken);
    taken -= given;
    window.give_back(booking.at, given);
    return;
  }
  if (!booking.day) return;
  DayCount& count = day_of(actual > booked ? today_.of(now.wall) : *booking.day);
  if (actual < booked && count.day != *booking.day) return;  // that day is forgotten
  auto& sum = dimension == Dimension::money_per_day ? count.money : count.requests;
  sum = std::max<std::int64_t>(sum + actual - booked, 0);
}

}  // namespace parley::limit::detail
