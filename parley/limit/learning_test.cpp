#include <gtest/gtest.h>

#include "parley/limit/limiter.hpp"

namespace parley::limit {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Moment start(TimePoint() + hours(1), from_unix_ms(1'767'000'000'000));

Moment later(Duration duration) {
  return Moment(start.at + duration,
                start.wall + std::chrono::duration_cast<milliseconds>(duration));
}

DimensionState state_of(Limiter& limiter, PoolId pool, Dimension dimension, const Moment& now) {
  for (const auto& state : limiter.snapshot(pool, now).states)
    if (state.dimension == dimension && !state.project_wide) return state;
  return DimensionState();
}

Error refused(std::string id) {
  Error error(ErrorKind::rate_limited, "no");
  return id.empty() ? error : std::move(error).with_detail("quota_id", std::move(id));
}

TEST(Learning_R12_B54, ConcurrencyFallsByAQuarterAndRisesByOneForASuccessToItsCeiling) {
  LearnOptions learn;
  learn.concurrency = true;
  learn.successes = 1;
  Limiter limiter;
  Limits limits;
  limits.concurrency = 20;
  const auto pool = *limiter.configure("p", "m", limits, Price(), learn);
  const auto level = [&] {
    return state_of(limiter, pool, Dimension::concurrency, start).effective;
  };
  EXPECT_EQ(level(), 8) << "the ceiling of what is learnt";
  std::vector<LeaseId> open;
  while (auto lease = limiter.reserve(pool, Demand(), start)) open.push_back(*lease);
  EXPECT_EQ(open.size(), 8u);
  for (int n = 0; n < 3; ++n)
    limiter.settle(open[static_cast<std::size_t>(n)], Outcome::of(refused("ConcurrentRequests")),
                   start);
  EXPECT_EQ(level(), 6) << "once for the cascade";
  for (std::size_t n = 3; n < 8; ++n) limiter.settle(open[n], Outcome::Kind::success, start);
  EXPECT_EQ(level(), 6) << "they began before the fall";
  for (const int expected : {7, 8, 8}) {
    open.clear();
    while (auto lease = limiter.reserve(pool, Demand(), start)) open.push_back(*lease);
    limiter.settle(open[0], Outcome::Kind::success, start);
    EXPECT_EQ(level(), expected);
    for (const auto lease : open) limiter.settle(lease, Outcome::Kind::failed, start);
  }
}

TEST(Learning_R12, ConcurrencyAndRateAreLearntSeparately) {
  LearnOptions learn;
  learn.concurrency = true;
  Limiter limiter;
  Limits limits;
  limits.requests_per_minute = 100;
  limits.concurrency = 8;
  const auto pool = *limiter.configure("p", "m", limits, Price(), learn);
  auto lease = limiter.reserve(pool, Demand(), start);
  limiter.settle(*lease, Outcome::of(Error(ErrorKind::unavailable, "").with_http_status(503)),
                 start);
  EXPECT_EQ(state_of(limiter, pool, Dimension::requests_per_minute, start).effective, 100);
  EXPECT_EQ(state_of(limiter, pool, Dimension::concurrency, start).effective, 6);
  lease = limiter.reserve(pool, Demand(), start);
  limiter.settle(*lease, Outcome::of(refused("RequestsPerMinutePerProjectPerModel")), start);
  EXPECT_EQ(state_of(limiter, pool, Dimension::requests_per_minute, start).effective, 75);
  EXPECT_EQ(state_of(limiter, pool, Dimension::concurrency, start).effective, 6);
}

TEST(Learning_R12_D28, HeadersReplaceAHigherLimitAndCoolDownWhenNothingIsLeft) {
  Limiter limiter;
  Limits limits;
  limits.requests_per_minute = 100;
  limits.output_tokens_per_minute = 10;
  const auto pool = *limiter.configure("p", "m", limits);
  limiter.learn(pool,
                read_rate_headers({{"anthropic-ratelimit-requests-limit", "50"},
                                   {"anthropic-ratelimit-requests-remaining", "0"},
                                   {"anthropic-ratelimit-requests-reset", "8"},
                                   {"anthropic-ratelimit-output-tokens-limit", "4000"}},
                                  start.wall),
                start);
  EXPECT_EQ(state_of(limiter, pool, Dimension::requests_per_minute, start).effective, 50);
  EXPECT_EQ(state_of(limiter, pool, Dimension::output_tokens_per_minute, start).effective, 10)
      << "the lower one holds";
  const auto blocked = limiter.reserve(pool, Demand(), start);
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().until, start.at + seconds(8));
  EXPECT_TRUE(limiter.reserve(pool, Demand(), later(seconds(8))));
}

TEST(Snapshot_R18, ItTellsUsedFreeNextQueueLearntAndCooldown) {
  Limiter limiter;
  Limits limits;
  limits.requests_per_minute = 4;
  limits.concurrency = 2;
  const auto pool = *limiter.configure("project", "model", limits);
  const auto first = limiter.reserve(pool, Demand(), start);
  const auto second = limiter.reserve(pool, Demand(), start);
  ASSERT_TRUE(first && second);
  ASSERT_TRUE(limiter.enqueue(pool, Demand(), {}, start));
  auto snapshot = limiter.snapshot(pool, start);
  EXPECT_EQ(snapshot.project, "project");
  EXPECT_EQ(snapshot.model, "model");
  EXPECT_EQ(snapshot.waiting, 1u);
  EXPECT_EQ(snapshot.leases, 2u);
  auto rate = state_of(limiter, pool, Dimension::requests_per_minute, start);
  EXPECT_EQ(rate.used, 2);
  EXPECT_EQ(rate.free, 2);
  EXPECT_FALSE(rate.next_free) << "at once";
  EXPECT_EQ(state_of(limiter, pool, Dimension::concurrency, start).free, 0);
  limiter.settle(
      *first,
      Outcome::of(refused("RequestsPerMinutePerProjectPerModel").with_retry_after(seconds(9))),
      start);
  rate = state_of(limiter, pool, Dimension::requests_per_minute, start);
  EXPECT_EQ(rate.configured, 4);
  EXPECT_EQ(rate.learnt, 3);
  EXPECT_EQ(rate.effective, 3);
  EXPECT_EQ(rate.free, 1);
  EXPECT_EQ(rate.cooldown, start.at + seconds(9));
  EXPECT_EQ(rate.next_free, start.at + seconds(9));
}

TEST(Notices_B48, ARetryWindowIsToldWithItsEnd) {
  Limiter limiter;
  limiter.keep_notices(true);
  Limits limits;
  limits.requests_per_minute = 100;
  const auto pool = *limiter.configure("p", "m", limits);
  const auto lease = limiter.reserve(pool, Demand(), start);
  limiter.settle(*lease, Outcome::of(refused("").with_retry_after(seconds(3))), start);
  EXPECT_FALSE(limiter.reserve(pool, Demand(), later(seconds(1))));
  EXPECT_TRUE(limiter.reserve(pool, Demand(), later(seconds(3))));
  std::vector<Notice::Kind> kinds;
  while (const auto notice = limiter.poll_notice()) kinds.push_back(notice->kind);
  using Kind = Notice::Kind;
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::reserved, Kind::window_start, Kind::window_hit,
                                      Kind::window_stop, Kind::reserved}));
}

TEST(Limits_A35, TenASecondAsASlidingWindowOrAsATokenBucket) {
  Limiter limiter;
  Limits sliding;
  sliding.requests_per_minute = 10;
  sliding.window = seconds(1);
  Limits bucket = sliding;
  bucket.burst = 1;
  const auto a = *limiter.configure("p", "sliding", sliding);
  const auto b = *limiter.configure("p", "bucket", bucket);
  int at_once = 0, spread = 0;
  for (int n = 0; n < 20; ++n) at_once += limiter.reserve(a, Demand(), start) ? 1 : 0;
  for (int ms = 0; ms < 1000; ++ms)
    spread += limiter.reserve(b, Demand(), later(milliseconds(ms))) ? 1 : 0;
  EXPECT_EQ(at_once, 10);
  EXPECT_EQ(spread, 10);
  EXPECT_FALSE(limiter.reserve(a, Demand(), later(milliseconds(1000))));
  EXPECT_TRUE(limiter.reserve(a, Demand(), later(milliseconds(1001))));
}

TEST(Limits_R1, ANegativeLimitOrAWindowOfNothingIsRefused) {
  Limiter limiter;
  Limits limits;
  limits.requests_per_day = -1;
  const auto refusal = limiter.configure("p", "m", limits);
  ASSERT_FALSE(refusal);
  EXPECT_NE(refusal.error().message().find("requests_per_day"), std::string::npos);
  Limits none;
  none.window = milliseconds(0);
  EXPECT_FALSE(limiter.configure("p", "m", none));
  LearnOptions learn;
  learn.decrease = 1.5;
  EXPECT_FALSE(limiter.configure("p", "m", Limits(), Price(), learn));
  EXPECT_FALSE(limiter.find("p", "m"));
}

TEST(Limiter_W30_R11, ASessionsPlaceWaitsWhileItsRequestsMayNotGo) {
  Demand session, nothing;
  session.requests = nothing.requests = nothing.slots = 0;
  session.slots = 1;
  for (const char* quota : {"", "RequestsPerMinutePerModel", "RequestsPerDayPerModel"}) {
    Limiter limiter;
    const auto pool = *limiter.configure("p", "m", Limits());
    const auto lease = limiter.reserve(pool, Demand(), start);
    EXPECT_TRUE(limiter.reserve(pool, session, start)) << quota;
    auto why = refused(quota).with_retry_after(seconds(30));
    limiter.settle(*lease, Outcome::of(why), start);
    const auto second = limiter.reserve(pool, session, start);
    EXPECT_FALSE(second) << quota;
    EXPECT_TRUE(limiter.reserve(pool, nothing, start)) << quota << ": it does not go anywhere";
    const bool day = std::string_view(quota).starts_with("RequestsPerDay");
    EXPECT_EQ(limiter.reserve(pool, session, later(seconds(31))).has_value(), !day) << quota;
  }
}

}  // namespace
}  // namespace parley::limit
