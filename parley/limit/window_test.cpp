#include "parley/limit/window.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "parley/base/random.hpp"

namespace parley::limit {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

struct Taken {
  TimePoint at;
  std::int64_t amount;
};

// The largest sum in any closed interval of the span.
std::int64_t densest(const std::vector<Taken>& all, Duration span) {
  std::int64_t most = 0, sum = 0;
  std::size_t from = 0;
  for (const auto& last : all) {
    sum += last.amount;
    while (last.at - all[from].at > span) sum -= all[from++].amount;
    most = std::max(most, sum);
  }
  return most;
}

TEST(SlidingWindow_D23_R2, NoClosedIntervalHoldsMoreThanTheLimit) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed);
    SlidingWindow window(seconds(60));
    const auto limit = static_cast<std::int64_t>(1 + random.below(200));
    std::vector<Taken> taken;
    TimePoint now(nanoseconds(random.below(1'000'000'000)));
    for (int step = 0; step < 4000; ++step) {
      const bool jump = random.below(20) == 0;
      now += nanoseconds(random.below(jump ? 90'000'000'000 : 700'000'000));
      const auto amount = static_cast<std::int64_t>(1 + random.below(5));
      if (amount > limit || window.used(now) + amount > limit) continue;
      window.take(now, amount);
      taken.push_back(Taken{now, amount});
    }
    EXPECT_LE(densest(taken, seconds(60)), limit) << "seed " << seed;
  }
}

TEST(SlidingWindow_D23, TheEdgeOfAMinuteDoesNotDoubleIt) {
  SlidingWindow window(seconds(60));
  TimePoint now = TimePoint() + seconds(59);
  window.take(now, 10);
  EXPECT_EQ(window.used(now + seconds(2)), 10) << "a fixed window would begin anew here";
  EXPECT_EQ(window.used(now + seconds(60)), 10) << "closed: the same second counts on both sides";
  EXPECT_EQ(window.used(now + milliseconds(60'060)), 0) << "at most one slot later";
}

TEST(SlidingWindow_R6, WhatIsGivenBackIsNeverMoreThanWasTaken) {
  SlidingWindow window(seconds(60));
  const TimePoint then{};
  window.take(then, 10);
  window.take(then + seconds(1), 5);
  window.give_back(then, 1000);
  EXPECT_EQ(window.used(then + seconds(1)), 5);
  window.give_back(then + seconds(2), 5);
  EXPECT_EQ(window.used(then + seconds(2)), 5) << "nothing was taken then";
  EXPECT_EQ(window.used(then + seconds(62)), 0);
  window.give_back(then + seconds(1), 5);
  EXPECT_EQ(window.used(then + seconds(62)), 0) << "it is out of the window";
}

TEST(SlidingWindow_R9, ItTellsWhenAnAmountFits) {
  SlidingWindow window(seconds(60));
  const TimePoint start{};
  window.take(start, 6);
  window.take(start + seconds(10), 4);
  const auto later = start + seconds(20);
  EXPECT_EQ(window.fits_at(later, 6, 10), start + milliseconds(60'060));
  EXPECT_EQ(window.fits_at(later, 7, 10), start + milliseconds(70'020));
  window.take(later, 5);
  EXPECT_GT(window.fits_at(later, 1, 10), start + seconds(60)) << "debts wait, too";
}

TEST(SlidingWindow_R16, ALongSleepGivesOneWindowNoMore) {
  SlidingWindow window(seconds(60));
  TimePoint now{};
  window.take(now, 10);
  now += std::chrono::hours(240);
  EXPECT_EQ(window.used(now), 0);
  window.take(now, 10);
  EXPECT_EQ(window.used(now), 10);
  EXPECT_EQ(window.used(now + seconds(59)), 10);
}

TEST(Gcra_R2, AnIntervalHoldsAtMostItsShareAndTheBurst) {
  SeededRandom random(3);
  Gcra gcra(seconds(1), 5);
  std::vector<Taken> taken;
  TimePoint now = TimePoint() + seconds(1000);
  for (int step = 0; step < 20'000; ++step) {
    now += nanoseconds(random.below(random.below(30) == 0 ? 9'000'000'000 : 400'000'000));
    if (gcra.take(now)) taken.push_back(Taken{now, 1});
  }
  for (const int span : {1, 7, 60})
    EXPECT_LE(densest(taken, seconds(span)), 5 + span) << span << " s";
  EXPECT_GT(taken.size(), 1000u);
}

}  // namespace
}  // namespace parley::limit
