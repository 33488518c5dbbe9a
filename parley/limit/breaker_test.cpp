#include "parley/limit/breaker.hpp"

#include <gtest/gtest.h>

namespace parley::limit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = Breaker::State;

void fail_times(Breaker& breaker, int times, TimePoint now) {
  for (int n = 0; n < times; ++n) {
    const auto pass = breaker.admit(now);
    ASSERT_TRUE(pass);
    breaker.failed(*pass, now);
  }
}

TEST(Breaker_A34, ItIsOffByDefault) {
  Breaker breaker{BreakerOptions()};
  fail_times(breaker, 100, TimePoint());
  EXPECT_EQ(breaker.state(TimePoint()), State::closed);
}

TEST(Breaker_A34, FiveFailuresInARowOpenItForSixtySeconds) {
  Breaker breaker(usual_breaker());
  TimePoint now{};
  fail_times(breaker, 4, now);
  breaker.succeeded(*breaker.admit(now));
  fail_times(breaker, 4, now);
  EXPECT_EQ(breaker.state(now), State::closed) << "not in a row";
  fail_times(breaker, 1, now);
  const auto refused = breaker.admit(now + seconds(59));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::unavailable);
  EXPECT_EQ(refused.error().retry_after(), milliseconds(1000));
  EXPECT_TRUE(breaker.admit(now + seconds(60)));
}

TEST(Breaker_A34, HalfOpenLetsOneProbeThroughAndClosesAfterTwoSuccesses) {
  Breaker breaker(usual_breaker());
  fail_times(breaker, 5, TimePoint());
  const TimePoint now = TimePoint() + seconds(60);
  auto probe = breaker.admit(now);
  ASSERT_TRUE(probe);
  EXPECT_FALSE(breaker.admit(now)) << "one at a time";
  breaker.cancelled(*probe);
  probe = breaker.admit(now);
  ASSERT_TRUE(probe) << "a cancelled probe makes place for another";
  breaker.succeeded(*probe);
  EXPECT_EQ(breaker.state(now), State::half_open);
  breaker.succeeded(*breaker.admit(now));
  EXPECT_EQ(breaker.state(now), State::closed);
  fail_times(breaker, 4, now);
  EXPECT_EQ(breaker.state(now), State::closed) << "it counts from the beginning";
}

TEST(Breaker_A34, AFailedProbeOpensItAgain) {
  Breaker breaker(usual_breaker());
  fail_times(breaker, 5, TimePoint());
  const TimePoint now = TimePoint() + seconds(60);
  fail_times(breaker, 1, now);
  EXPECT_EQ(breaker.state(now + seconds(59)), State::open);
  EXPECT_EQ(breaker.opens_at(), now + seconds(60));
}

TEST(Breaker_A34, WhatBeganBeforeTheStateChangedIsNotCounted) {
  Breaker breaker(usual_breaker());
  const auto old = breaker.admit(TimePoint());
  fail_times(breaker, 5, TimePoint());
  breaker.succeeded(*old);
  breaker.succeeded(*old);
  EXPECT_EQ(breaker.state(TimePoint() + seconds(1)), State::open);
  breaker.failed(*old, TimePoint() + seconds(30));
  EXPECT_EQ(breaker.opens_at(), TimePoint() + seconds(60));
}

TEST(Breaker_A34, OnlyIllnessCounts) {
  Breaker breaker(usual_breaker());
  const TimePoint now{};
  for (const auto kind : {ErrorKind::invalid_argument, ErrorKind::unauthenticated,
                          ErrorKind::rate_limited, ErrorKind::cancelled})
    for (int n = 0; n < 5; ++n) breaker.ended(*breaker.admit(now), fail(kind, ""), now);
  EXPECT_EQ(breaker.state(now), State::closed);
  for (int n = 0; n < 5; ++n)
    breaker.ended(*breaker.admit(now), fail(ErrorKind::connect_failed, ""), now);
  EXPECT_EQ(breaker.state(now), State::open);
}

}  // namespace
}  // namespace parley::limit
