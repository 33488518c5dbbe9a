#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "parley/limit/detail/state_text.hpp"
#include "parley/limit/dimension.hpp"
#include "parley/limit/learner.hpp"
#include "parley/limit/limiter.hpp"
#include "parley/limit/pacific.hpp"
#include "parley/limit/quota.hpp"
#include "parley/limit/window.hpp"

namespace parley::limit::detail {

// By dimension. That of retry_window is the number of requests.
using Amounts = std::array<std::int64_t, dimensions>;
Amounts amounts_of(const Demand& demand, const Price& price);
// Of one call in one dimension. More is taken for so much, so that sums do not overflow.
inline constexpr std::int64_t largest_amount = 1'000'000'000'000;

constexpr std::optional<std::size_t> learner_of(Dimension dimension) {
  if (index_of(dimension) < minute_dimensions) return index_of(dimension);
  if (dimension == Dimension::concurrency) return minute_dimensions;
  return std::nullopt;
}

// What a lease took from an account.
struct Booking {
  TimePoint at{};
  std::array<std::int64_t, minute_dimensions> taken{};  // at that time, less what came back
  std::optional<std::int32_t> day;                      // empty: no limit of a day was set
  std::array<std::uint32_t, learners> eras{};
};

// What stands in an account's way: nothing where `mask` is 0.
struct Verdict {
  std::uint32_t mask = 0;  // bit i: dimension i blocks
  Dimension dimension{};   // the one that blocks longest
  std::optional<TimePoint> until;
  bool never = false;
  std::int64_t largest = 0;

  void add(Dimension blocking, std::optional<TimePoint> free_at);
  void add_never(Dimension blocking, std::int64_t most);
};

// The counters of one model in one project, or of a whole project.
class Account {
 public:
  Account(const Limits& limits, const LearnOptions& learn);
  // Counts stay, where the window's length does.
  void configure(const Limits& limits, const LearnOptions& learn);

  // Changes nothing that can be seen.
  Verdict verdict(const Amounts& amounts, const std::string& caller, const Moment& now);
  Booking take(const Amounts& amounts, const std::string& caller, const Moment& now);
  void release(std::int64_t slots, const std::string& caller);
  // Gives back a surplus to where it was taken from; charges a deficit at once. What was charged
  // since the reservation was used, and does not come back.
  void rebook(Booking& booking, Dimension dimension, std::int64_t booked, std::int64_t actual,
              const Moment& now);

  void succeeded(const Booking& booking, const Amounts& amounts, const Moment& now);
  void refused(const Booking& booking, Dimension dimension, const Moment& now);
  // What a quota or a header says; lower than the configured limit, it holds instead.
  void know(Dimension dimension, std::int64_t allowed);
  // True where nothing limits anything: then nothing need be counted.
  bool inert(TimePoint now) const {
    return limitless_ && now >= cooling_until_ && !blocked_day_ && !any_level_;
  }
  // Nothing that counts in this dimension goes before then. An absent delay: twice the last one
  // that was, from 1 s to 60 s. Gives the end.
  TimePoint cool_down(Dimension dimension, std::optional<std::chrono::milliseconds> delay,
                      TimePoint now);
  // No request goes before the next Pacific midnight. Gives that.
  TimePoint block_day(const Moment& now);

  // The configured limit or the one that the service told, whichever is lower.
  std::optional<std::int64_t> hard(Dimension dimension) const {
    const auto limit = hard_[index_of(dimension)];
    return limit == unlimited ? std::nullopt : std::optional(limit);
  }
  // The same with what was learnt.
  std::optional<std::int64_t> effective(Dimension dimension) const {
    const auto limit = effective_[index_of(dimension)];
    return limit == unlimited ? std::nullopt : std::optional(limit);
  }
  std::int64_t used(Dimension dimension, const Moment& now);
  std::optional<TimePoint> cooldown(Dimension dimension, TimePoint now) const;
  std::optional<std::int64_t> learnt(Dimension dimension) const;
  const Limits& limits() const { return limits_; }
  bool unlimited_callers() const { return !limits_.caller_concurrency; }

  AccountState save(const std::string& owner) const;
  // Takes these counts instead of its own; the places that it holds itself stay.
  void load(const AccountState& state, const std::string& owner, TimePoint now);

 private:
  void refresh();
  DayCount& day_of(std::int32_t day);
  DayCount count_of(std::int32_t day) const;
  bool too_large_ever(const Amounts& amounts, Verdict& found) const;
  void minutes(const Amounts& amounts, TimePoint now, Verdict& found);
  void days(const Amounts& amounts, const Moment& now, Verdict& found);
  void places(const Amounts& amounts, const std::string& caller, TimePoint now,
              Verdict& found) const;

  Limits limits_;
  LearnOptions learn_;
  std::array<SlidingWindow, minute_dimensions> windows_;
  SlidingWindow refused_;  // requests that the service did not take
  std::optional<Gcra> pace_;
  std::vector<DayCount> days_;  // the last few, by the number of the day
  std::int64_t slots_ = 0;
  std::vector<Holder> others_;  // places that other processes hold
  std::int64_t foreign_slots_ = 0;
  std::map<std::string, std::int64_t> callers_;
  std::array<TimePoint, dimensions> cooldowns_{};
  std::array<int, dimensions> strikes_{};
  std::optional<std::int32_t> blocked_day_;
  TimePoint cooling_until_{};  // the last of them
  PacificDay today_;
  std::array<std::optional<std::int64_t>, dimensions> known_{};
  std::array<std::int64_t, dimensions> hard_{};       // the lower of both; `unlimited`: none
  std::array<std::int64_t, dimensions> effective_{};  // with what was learnt
  bool limitless_ = true;                             // all of them
  bool any_level_ = false;                            // a learner has a level
  std::array<Learner, learners> learners_{};
};

}  // namespace parley::limit::detail
