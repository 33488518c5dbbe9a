#include "parley/limit/limiter.hpp"

#include <gtest/gtest.h>

#include "parley/limit/estimate.hpp"
#include "parley/limit/pacific.hpp"

namespace parley::limit {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Clocks that are moved by hand, and one pool.
struct World {
  explicit World(const Limits& limits, const LearnOptions& learn = {}, const Price& price = {}) {
    auto made = limiter.configure("project", "model", limits, price, learn);
    EXPECT_TRUE(made);
    pool = made.value_or(0);
  }
  Moment now() const { return Moment(at, wall); }
  void pass(Duration duration) {
    at += duration;
    wall += std::chrono::duration_cast<milliseconds>(duration);
  }
  auto reserve(const Demand& demand = Demand()) { return limiter.reserve(pool, demand, now()); }
  TicketId enqueue(const Demand& demand, std::optional<TimePoint> deadline = {}) {
    return limiter.enqueue(pool, demand, deadline, now()).value();
  }
  std::vector<TicketId> granted() {
    std::vector<TicketId> tickets;
    while (auto answer = limiter.poll_answer()) {
      EXPECT_TRUE(answer->lease) << answer->lease.error().describe();
      tickets.push_back(answer->ticket);
      if (answer->lease) leases.push_back(*answer->lease);
    }
    return tickets;
  }
  bool settle(LeaseId lease, const Outcome& outcome) {
    return limiter.settle(lease, outcome, now());
  }
  std::int64_t used(Dimension dimension) {
    for (const auto& state : limiter.snapshot(pool, now()).states)
      if (state.dimension == dimension && !state.project_wide) return state.used;
    return 0;
  }
  std::optional<std::int64_t> effective(Dimension dimension) {
    for (const auto& state : limiter.snapshot(pool, now()).states)
      if (state.dimension == dimension && !state.project_wide) return state.effective;
    return std::nullopt;
  }

  TimePoint at = TimePoint() + hours(1);
  WallTime wall = from_unix_ms(1'767'000'000'000);  // 2025-12-29 09:20 UTC
  Limiter limiter;
  PoolId pool = 0;
  std::vector<LeaseId> leases;
};

Limits per_minute(std::int64_t requests, std::optional<std::int64_t> tokens = {}) {
  Limits limits;
  limits.requests_per_minute = requests;
  limits.input_tokens_per_minute = tokens;
  return limits;
}

Demand tokens(std::int64_t input, std::int64_t output = 0) {
  return Demand(Usage(input, output));
}

Error quota(std::string id, std::string value = {}) {
  Error error = Error(ErrorKind::rate_limited, "quota").with_detail("quota_id", std::move(id));
  if (!value.empty()) error = std::move(error).with_detail("quota_value", std::move(value));
  return error;
}

TEST(Limiter_D12, AbsentLimitsAreNoLimits) {
  World world{Limits()};
  for (int n = 0; n < 10'000; ++n) EXPECT_TRUE(world.reserve(tokens(1'000'000)));
}

TEST(Limiter_R1_D13, ARefusalChangesNothing) {
  Limits limits = per_minute(10, 1000);
  limits.requests_per_day = 100;
  limits.concurrency = 10;
  World world(limits);
  ASSERT_TRUE(world.reserve(tokens(800)));
  const auto before = world.limiter.snapshot(world.pool, world.now());
  for (int n = 0; n < 50; ++n) {
    const auto refused = world.reserve(tokens(300));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().dimension, Dimension::input_tokens_per_minute);
  }
  const auto after = world.limiter.snapshot(world.pool, world.now());
  ASSERT_EQ(before.states.size(), after.states.size());
  for (std::size_t i = 0; i < before.states.size(); ++i)
    EXPECT_EQ(before.states[i].used, after.states[i].used);
  EXPECT_TRUE(world.reserve(tokens(200))) << "the rest is still there";
}

TEST(Limiter_R3_B51, WhatCanNeverFitIsToldAtOnceWithTheLargestSize) {
  World world(per_minute(10, 1000));
  const auto refused = world.reserve(tokens(1001));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, Refusal::Why::never_fits);
  EXPECT_EQ(refused.error().largest, 1000);
  const auto queued = world.limiter.enqueue(world.pool, tokens(1001), {}, world.now());
  ASSERT_FALSE(queued);
  EXPECT_EQ(queued.error().kind(), ErrorKind::too_large);
  EXPECT_EQ(queued.error().detail("largest"), "1000");
  EXPECT_TRUE(world.reserve(tokens(1000)));
}

TEST(Limiter_R4_D22_B56, ADayOfRequestsEndsAtPacificMidnight) {
  Limits limits;
  limits.requests_per_day = 3;
  World world(limits);
  world.wall = next_pacific_midnight(world.wall) - hours(1);
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(world.reserve());
  const auto refused = world.reserve();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().dimension, Dimension::requests_per_day);
  EXPECT_EQ(refused.error().until, world.at + hours(1));
  world.pass(hours(1) - milliseconds(1));
  EXPECT_FALSE(world.reserve());
  world.pass(milliseconds(1));
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(world.reserve());
  EXPECT_FALSE(world.reserve());
}

TEST(Limiter_R16, AClockThatGoesBackGivesNothing) {
  Limits limits = per_minute(5);
  limits.requests_per_day = 8;
  World world(limits);
  for (int n = 0; n < 5; ++n) EXPECT_TRUE(world.reserve());
  const auto wall = world.wall;
  for (const int back : {1, 59, 61, 3599}) {
    world.at -= seconds(back);
    world.wall -= seconds(back);
    EXPECT_FALSE(world.reserve()) << back << " s";
    world.at += seconds(back);
    world.wall = wall;
  }
  // The wall clock over midnight and back, again and again: each day has its own count.
  world.pass(seconds(61));
  const auto today = world.wall;
  int granted = 0;
  for (int n = 0; n < 100; ++n) {
    world.wall = n % 2 == 0 ? today : today + hours(24);
    world.at += seconds(61);
    for (int m = 0; m < 5; ++m) granted += world.reserve() ? 1 : 0;
  }
  EXPECT_EQ(granted, 3 + 8);
}

TEST(Limiter_R16, ASleepOfTenDaysGivesOneMinuteAndOneDay) {
  Limits limits = per_minute(5);
  limits.requests_per_day = 7;
  World world(limits);
  for (int n = 0; n < 5; ++n) EXPECT_TRUE(world.reserve());
  world.pass(hours(240));
  int granted = 0;
  for (int n = 0; n < 20; ++n) granted += world.reserve() ? 1 : 0;
  EXPECT_EQ(granted, 5);
  // The wall clock slept, the monotonic one did not go on.
  world.wall += hours(240);
  EXPECT_FALSE(world.reserve()) << "the minute is still the same";
}

TEST(Limiter_R5, ALeaseEndsOnce) {
  Limits limits;
  limits.concurrency = 2;
  World world(limits);
  const auto first = world.reserve();
  ASSERT_TRUE(world.reserve());
  EXPECT_FALSE(world.reserve());
  EXPECT_TRUE(world.settle(*first, Outcome::Kind::failed));
  EXPECT_FALSE(world.settle(*first, Outcome::Kind::failed)) << "harmless";
  const auto third = world.reserve();
  ASSERT_TRUE(third);
  EXPECT_NE(*third, *first);
  EXPECT_FALSE(world.settle(*first, Outcome::Kind::cancelled)) << "its place has a new owner";
  EXPECT_FALSE(world.reserve());
  EXPECT_FALSE(world.settle(12345, Outcome::Kind::failed));
}

TEST(Limiter_R6_B51_D27, SurplusComesBackAndADeficitIsCharged) {
  World world(per_minute(100, 1000));
  auto lease = world.reserve(tokens(1000));
  EXPECT_FALSE(world.reserve(tokens(1)));
  world.settle(*lease, Outcome::success(Usage(300, 0)));
  EXPECT_EQ(world.used(Dimension::input_tokens_per_minute), 300);
  lease = world.reserve(tokens(700));
  ASSERT_TRUE(lease);
  world.pass(seconds(30));
  world.settle(*lease, Outcome::success(Usage(2000, 0)));
  EXPECT_EQ(world.used(Dimension::input_tokens_per_minute), 2300) << "below nothing";
  world.pass(seconds(31));
  EXPECT_EQ(world.used(Dimension::input_tokens_per_minute), 1300) << "the deficit is younger";
  EXPECT_FALSE(world.reserve(tokens(1)));
  world.pass(seconds(30));
  EXPECT_TRUE(world.reserve(tokens(1000)));
}

TEST(Limiter_R6, ALateSurplusMakesNoMoreThanTheBucket) {
  World world(per_minute(100, 1000));
  const auto lease = world.reserve(tokens(1000));
  world.pass(seconds(120));
  world.settle(*lease, Outcome::success(Usage(0, 0)));
  EXPECT_TRUE(world.reserve(tokens(1000)));
  EXPECT_FALSE(world.reserve(tokens(1)));
}

TEST(Limiter_R5, WhatNeverReachedTheServiceCountsForNothing) {
  Limits limits = per_minute(1, 100);
  limits.requests_per_day = 1;
  World world(limits);
  const auto lease = world.reserve(tokens(100));
  world.settle(*lease, Outcome::of(Error(ErrorKind::connect_failed, "")));
  EXPECT_TRUE(world.reserve(tokens(100)));
  World other(limits);
  other.settle(*other.reserve(tokens(100)), Outcome::of(Error(ErrorKind::disconnected, "")));
  EXPECT_FALSE(other.reserve(tokens(100))) << "failed: the service may have counted it";
}

TEST(Limiter_D19, MoneyOfADayIsReservedAndSettled) {
  Limits limits;
  limits.money_per_day = 1'000'000;  // one dollar
  World world(limits, LearnOptions(), Price(1, 10, 0.1));
  const auto lease = world.reserve(tokens(500'000, 40'000));  // 0.5 + 0.4
  ASSERT_TRUE(lease);
  const auto refused = world.reserve(tokens(200'000));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().dimension, Dimension::money_per_day);
  world.settle(*lease, Outcome::success(Usage(500'000, 10'000, 400'000)));  // 0.1 + 0.04 + 0.1
  EXPECT_EQ(world.used(Dimension::money_per_day), 240'000);
  EXPECT_TRUE(world.reserve(tokens(760'000)));
  EXPECT_FALSE(world.reserve(tokens(1)));
}

TEST(Limiter_R7_D25, ALiveSessionHoldsOnePlaceAndPaysForEachTurnOnce) {
  Limits limits = per_minute(10, 1000);
  limits.concurrency = 1;
  World world(limits);
  Demand session;
  session.requests = 0;
  const auto lease = world.reserve(session);
  ASSERT_TRUE(lease);
  Demand turn = tokens(50);
  turn.slots = 0;
  UsageMeter meter;
  for (const auto& total : {Usage(100, 10), Usage(180, 10), Usage(180, 60)})
    EXPECT_TRUE(world.limiter.charge(*lease, meter.advance(total), world.now()));
  EXPECT_EQ(world.used(Dimension::input_tokens_per_minute), 180) << "not 460";
  EXPECT_TRUE(world.reserve(turn)) << "a turn needs no place of its own";
  EXPECT_FALSE(world.reserve(session)) << "another session does";
  EXPECT_EQ(world.used(Dimension::requests_per_minute), 1);
  world.settle(*lease, Outcome::Kind::success);
  EXPECT_EQ(world.used(Dimension::input_tokens_per_minute), 230);
  EXPECT_FALSE(world.limiter.charge(*lease, Usage(1, 1), world.now()));
}

TEST(UsageMeter_R7, ASmallerTotalBeginsAnew) {
  UsageMeter meter;
  EXPECT_EQ(meter.advance(Usage(100, 5)), Usage(100, 5));
  EXPECT_EQ(meter.advance(Usage(130, 9)), Usage(30, 4));
  EXPECT_EQ(meter.advance(Usage(40, 2)), Usage(40, 2));
  meter.restart();
  EXPECT_EQ(meter.advance(Usage(50, 3)), Usage(50, 3));
}

TEST(Limiter_D15_B50, ModelsAndCallersAreApartAndAProjectMayShare) {
  Limiter limiter;
  Limits each = per_minute(3);
  each.caller_concurrency = 2;
  const auto a = *limiter.configure("p", "a", each);
  const auto b = *limiter.configure("p", "b", per_minute(3));
  const auto other = *limiter.configure("q", "a", per_minute(3));
  const Moment now(TimePoint() + hours(1), from_unix_ms(1'767'000'000'000));
  Demand demand;
  demand.caller = "ann";
  EXPECT_TRUE(limiter.reserve(a, demand, now));
  EXPECT_TRUE(limiter.reserve(a, demand, now));
  EXPECT_EQ(limiter.reserve(a, demand, now).error().dimension, Dimension::caller_concurrency);
  demand.caller = "bob";
  EXPECT_TRUE(limiter.reserve(a, demand, now));
  EXPECT_EQ(limiter.reserve(a, demand, now).error().dimension, Dimension::requests_per_minute);
  ASSERT_TRUE(limiter.configure_project("p", per_minute(4)));
  EXPECT_TRUE(limiter.reserve(b, Demand(), now));
  EXPECT_TRUE(limiter.reserve(other, Demand(), now));
}

TEST(Limiter_R9_B52, ARefusalNamesTheDimensionAndTheTime) {
  World world(per_minute(1));
  ASSERT_TRUE(world.reserve());
  world.pass(seconds(20));
  const auto refused = world.reserve();
  ASSERT_FALSE(refused);
  const Error error = world.limiter.error_of(refused.error(), world.pool, world.now());
  EXPECT_EQ(error.kind(), ErrorKind::rate_limited);
  EXPECT_EQ(error.detail("dimension"), "requests_per_minute");
  ASSERT_TRUE(error.retry_after());
  EXPECT_GE(*error.retry_after(), seconds(40));
  EXPECT_LE(*error.retry_after(), milliseconds(40'060));
  world.pass(*error.retry_after());
  EXPECT_TRUE(world.reserve()) << "it comes true";
}

TEST(Limiter_B50, NoConcurrencyIsNoLimit) {
  Limits limits;
  limits.concurrency = 0;
  World world(limits);
  for (int n = 0; n < 100; ++n) EXPECT_TRUE(world.reserve());
}

TEST(Limiter_R2, ABurstSpreadsTheRest) {
  Limits limits = per_minute(60);
  limits.burst = 2;
  World world(limits);
  EXPECT_TRUE(world.reserve());
  EXPECT_TRUE(world.reserve());
  const auto refused = world.reserve();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().until, world.at + seconds(1));
  world.pass(seconds(1));
  EXPECT_TRUE(world.reserve());
  EXPECT_FALSE(world.reserve());
}

TEST(Limiter_R13_R11, ADayQuotaStopsOneModelUntilMidnightWhateverRetryInfoSays) {
  World world(per_minute(100));
  const auto second = *world.limiter.configure("project", "other", per_minute(100));
  world.settle(*world.reserve(),
               Outcome::of(quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "250")
                               .with_retry_after(seconds(36))));
  world.pass(seconds(40));
  const auto refused = world.reserve();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().dimension, Dimension::requests_per_day);
  EXPECT_EQ(refused.error().until, world.at + (next_pacific_midnight(world.wall) - world.wall));
  EXPECT_TRUE(world.limiter.reserve(second, Demand(), world.now())) << "another model goes on";
  world.pass(next_pacific_midnight(world.wall) - world.wall);
  EXPECT_TRUE(world.reserve());
  EXPECT_EQ(world.effective(Dimension::requests_per_day), 250);
}

TEST(Limiter_R10_R11, AMinuteQuotaCoolsDownForAsLongAsTheServiceSays) {
  World world(per_minute(100));
  world.settle(*world.reserve(),
               Outcome::of(quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "10")
                               .with_retry_after(milliseconds(7300))));
  EXPECT_EQ(world.effective(Dimension::requests_per_minute), 10) << "told, and lower";
  auto refused = world.reserve();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().until, world.at + milliseconds(7300));
  world.pass(milliseconds(7300));
  const auto lease = world.reserve();
  ASSERT_TRUE(lease);
  world.settle(*lease, Outcome::of(Error(ErrorKind::rate_limited, "Resource has been exhausted")
                                       .with_retry_after(milliseconds(0))));
  refused = world.reserve();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().dimension, Dimension::retry_window);
  EXPECT_EQ(refused.error().until, world.at + seconds(1)) << "a zero: its own backoff";
}

TEST(Limiter_R11, AZeroQuotaIsForGood) {
  World world(per_minute(100));
  world.settle(*world.reserve(),
               Outcome::of(quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "0")
                               .with_retry_after(seconds(30))));
  world.pass(hours(100));
  const auto queued = world.limiter.enqueue(world.pool, Demand(), {}, world.now());
  ASSERT_FALSE(queued);
  EXPECT_EQ(queued.error().kind(), ErrorKind::permission_denied);
  EXPECT_FALSE(queued.error().retryable());
}

TEST(Limiter_R11, AProjectsQuotaStopsAllItsModels) {
  World world(per_minute(100));
  const auto second = *world.limiter.configure("project", "other", per_minute(100));
  world.settle(*world.reserve(),
               Outcome::of(quota("RequestsPerMinutePerProject").with_retry_after(seconds(5))));
  const auto refused = world.limiter.reserve(second, Demand(), world.now());
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().project_wide);
}

}  // namespace
}  // namespace parley::limit
