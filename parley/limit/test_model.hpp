#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "parley/limit/dimension.hpp"

// What the limiter should do, told as simply as can be: a list of what was taken.
namespace parley::limit {

inline constexpr int pools = 2;

inline Limits limits_of(int pool) {
  Limits limits;
  limits.requests_per_minute = pool == 0 ? 6 : 20;
  limits.input_tokens_per_minute = pool == 0 ? 1000 : 300;
  limits.output_tokens_per_minute = pool == 0 ? 500 : 900;
  limits.requests_per_day = pool == 0 ? 40 : 25;
  limits.money_per_day = 9'000;
  limits.concurrency = pool == 0 ? 4 : 3;
  return limits;
}

inline Limits shared_limits() {
  Limits limits;
  limits.requests_per_minute = 18;
  limits.concurrency = 5;
  return limits;
}

inline const Price price(1, 2, 1);

// What was taken, and from when to when it counts.
struct Taken {
  int pool;
  Dimension dimension;
  TimePoint from, until;
  std::int32_t day;
  std::int64_t amount;
  std::uint64_t lease;
  bool first;  // by the reservation, not as a deficit
};

class Model {
 public:
  static bool is_of_minute(Dimension dimension) { return index_of(dimension) < minute_dimensions; }
  std::int64_t used(int pool, Dimension dimension, TimePoint now, std::int32_t day) const {
    std::int64_t sum = 0;
    for (const auto& taken : all_) {
      if (taken.dimension != dimension || (pool >= 0 && taken.pool != pool)) continue;
      const bool counts = is_of_minute(dimension)               ? now < taken.until
                          : dimension == Dimension::concurrency ? true
                                                                : taken.day == day;
      if (counts) sum += taken.amount;
    }
    return sum;
  }
  bool fits(int pool, const Usage& usage, TimePoint now, std::int32_t day) const {
    const auto needs = needs_of(usage);
    const auto fit = [&](int of, const Limits& limits) {
      for (const auto& [dimension, amount] : needs) {
        const auto limit = limits.of(dimension);
        if (limit && amount > 0 && used(of, dimension, now, day) + amount > *limit) return false;
      }
      return true;
    };
    return fit(pool, limits_of(pool)) && fit(-1, shared_limits());
  }
  void take(int pool, const Usage& usage, TimePoint now, std::int32_t day, std::uint64_t lease) {
    for (const auto& [dimension, amount] : needs_of(usage))
      add(pool, dimension, amount, now, day, lease, true);
  }
  // What is used replaces what was thought.
  void correct(int pool, const Usage& usage, TimePoint now, std::int32_t day, std::uint64_t lease) {
    const std::pair<Dimension, std::int64_t> actual[] = {
        {Dimension::input_tokens_per_minute, usage.input_tokens},
        {Dimension::output_tokens_per_minute, usage.output_tokens},
        {Dimension::money_per_day, cost_of(usage, price)}};
    for (const auto& [dimension, amount] : actual) {
      auto change = amount - booked_[{lease, dimension}];
      booked_[{lease, dimension}] = amount;
      if (change > 0) add(pool, dimension, change, now, day, lease, false);
      if (change >= 0) continue;
      for (auto& taken : all_) {
        if (taken.lease != lease || taken.dimension != dimension || !taken.first) continue;
        give_back(taken, -change, now);
      }
    }
  }
  void give_back_requests(std::uint64_t lease, TimePoint now) {
    for (auto& taken : all_)
      if (taken.lease == lease && taken.first &&
          (taken.dimension == Dimension::requests_per_minute ||
           taken.dimension == Dimension::requests_per_day))
        give_back(taken, taken.amount, now);
  }
  void end(std::uint64_t lease) {
    std::erase_if(all_, [&](const Taken& taken) {
      return taken.lease == lease && taken.dimension == Dimension::concurrency;
    });
  }
  // The most that the reservations of one closed minute hold, at the end of a run.
  std::int64_t densest_requests(int pool) const {
    std::int64_t most = 0;
    for (const auto& last : all_) {
      std::int64_t sum = 0;
      for (const auto& other : all_)
        if (other.dimension == Dimension::requests_per_minute && (pool < 0 || other.pool == pool) &&
            other.from <= last.from && last.from - other.from <= std::chrono::seconds(60))
          sum += other.amount;
      most = std::max(most, sum);
    }
    return most;
  }

 private:
  using Needs = std::vector<std::pair<Dimension, std::int64_t>>;
  static Needs needs_of(const Usage& usage) {
    return {{Dimension::requests_per_minute, 1},
            {Dimension::input_tokens_per_minute, usage.input_tokens},
            {Dimension::output_tokens_per_minute, usage.output_tokens},
            {Dimension::requests_per_day, 1},
            {Dimension::money_per_day, cost_of(usage, price)},
            {Dimension::concurrency, 1}};
  }
  void add(int pool, Dimension dimension, std::int64_t amount, TimePoint now, std::int32_t day,
           std::uint64_t lease, bool first) {
    constexpr Duration slot = std::chrono::milliseconds(60);
    const TimePoint slot_end((now.time_since_epoch() / slot + 1) * slot);
    all_.push_back(Taken{pool, dimension, now, slot_end + std::chrono::seconds(60), day, amount,
                         lease, first});
    if (first) booked_[{lease, dimension}] = amount;
  }
  void give_back(Taken& taken, std::int64_t amount, TimePoint now) {
    if (is_of_minute(taken.dimension) && now >= taken.until) return;
    if (is_of_minute(taken.dimension)) amount = std::min(amount, taken.amount);
    taken.amount -= amount;
  }

  std::vector<Taken> all_;
  std::map<std::pair<std::uint64_t, Dimension>, std::int64_t> booked_;
};

}  // namespace parley::limit
