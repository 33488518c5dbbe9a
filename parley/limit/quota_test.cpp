#include <gtest/gtest.h>

#include "parley/limit/test_quota.hpp"

// bench_limit_quota prints the same runs as a table, with more of them.
namespace parley::limit::simulation {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Score play(const Service& service, Client& client) {
  return Run(service, client, 1).play(minutes(30), hours(2));
}

TEST(HiddenQuota_R20_R12, AtLeast95PercentIsUsedAndAtMostTwoPercentOfTheAnswersAreRefusals) {
  for (const auto rule : {QuotaRule::sliding, QuotaRule::aligned})
    for (const auto refusals : {Refusals::with_value, Refusals::with_time, Refusals::bare})
      for (const std::int64_t quota : {15, 100, 250})
        for (const bool configured : {false, true}) {
          Service service;
          service.quota = quota;
          service.rule = rule;
          service.refusals = refusals;
          const auto client = adaptive(configured ? std::optional(10 * quota) : std::nullopt);
          const auto score = play(service, *client);
          const auto text = testing::Message()
                            << "quota " << quota << ", rule " << static_cast<int>(rule)
                            << ", refusals " << static_cast<int>(refusals)
                            << (configured ? ", configured too high" : ", nothing configured");
          EXPECT_GE(score.used, 0.95) << text;
          EXPECT_LE(score.refusals, 0.02) << text;
        }
}

TEST(HiddenQuota_R20, AFixedLimitAndAPlainAimdDoWorse) {
  const Service service;
  Fixed low(service.quota / 2), high(10 * service.quota);
  EXPECT_LE(play(service, low).used, 0.51);
  EXPECT_GE(play(service, high).refusals, 0.5);
  PlainAimd plain(10);
  EXPECT_LE(play(service, plain).used, 0.9);
}

TEST(HiddenQuota_R19, TheSameSeedGivesTheSameRun) {
  const Service service;
  const auto first = adaptive(std::nullopt), second = adaptive(std::nullopt);
  const auto a = play(service, *first), b = play(service, *second);
  EXPECT_EQ(a.served, b.served);
  EXPECT_EQ(a.refused, b.refused);
}

}  // namespace
}  // namespace parley::limit::simulation
