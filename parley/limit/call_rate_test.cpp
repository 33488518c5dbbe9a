#include "parley/limit/call_rate.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "parley/base/random.hpp"

namespace parley::limit {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint kStart{1h};

TEST(CallRate_A35, ABucketGivesTenAtOnceAndThenTenASecond) {
  CallRate rate{CallRateOptions()};
  for (int n = 0; n < 10; ++n) EXPECT_EQ(rate.reserve(kStart), kStart);
  EXPECT_EQ(rate.ready_at(kStart), kStart + 100ms);
  for (int n = 1; n <= 5; ++n) EXPECT_EQ(rate.reserve(kStart), kStart + 100ms * n);
  EXPECT_EQ(rate.reserve(kStart + 10s), kStart + 10s) << "it is full again";
  for (int n = 1; n < 10; ++n) EXPECT_EQ(rate.reserve(kStart + 10s), kStart + 10s);
  EXPECT_EQ(rate.reserve(kStart + 10s), kStart + 10s + 100ms);
}

TEST(CallRate_A35, WhoWouldWaitTooLongIsRefusedAndTakesNoPlace) {
  CallRateOptions options;
  options.most_wait = 150ms;
  CallRate rate(options);
  for (int n = 0; n < 11; ++n) EXPECT_TRUE(rate.reserve(kStart));
  EXPECT_FALSE(rate.reserve(kStart));
  EXPECT_FALSE(rate.reserve(kStart));
  EXPECT_EQ(rate.reserve(kStart + 50ms), kStart + 200ms);
}

TEST(CallRate_A35, NoSecondOfASlidingWindowHasMoreThanTheLimit) {
  CallRateOptions options;
  options.by = CallRateOptions::By::sliding_window;
  CallRate rate(options);
  SeededRandom random(7);
  std::vector<TimePoint> begun;
  auto now = kStart;
  for (int n = 0; n < 2000; ++n) {
    now += std::chrono::milliseconds(random.below(180));
    const auto at = rate.reserve(now);
    ASSERT_TRUE(at);
    EXPECT_GE(*at, now);
    if (!begun.empty()) {
      EXPECT_GE(*at, begun.back());
    }
    begun.push_back(*at);
    if (begun.size() > 10) {
      EXPECT_GT(begun.back() - begun[begun.size() - 11], 1s);
    }
  }
}

}  // namespace
}  // namespace parley::limit
