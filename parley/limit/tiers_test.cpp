#include "parley/limit/tiers.hpp"

#include <gtest/gtest.h>

#include "parley/limit/estimate.hpp"
#include "parley/limit/headers.hpp"
#include "parley/limit/learner.hpp"

namespace parley::limit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Tiers_D17, TheBuiltInTableHasADateAndTheDocumentsNumbers) {
  const auto& tables = built_in_tables();
  EXPECT_EQ(tables.date, "2025-11");
  struct Row {
    const char *tier, *model;
    std::int64_t requests, tokens;
    std::optional<std::int64_t> day, places;
  };
  for (const auto& row : {
           Row{"free", "a-model-of-tomorrow", 10, 250'000, 250, 1},
           Row{"free", "gemini-2.5-pro", 2, 125'000, 50, 1},
           Row{"free", "gemini-2.5-flash", 10, 250'000, 250, 1},
           Row{"free", "gemini-2.5-flash-lite", 15, 250'000, 1000, 1},
           Row{"free", "gemini-2.0-flash", 15, 1'000'000, 200, 1},
           Row{"tier1", "a-model-of-tomorrow", 1000, 1'000'000, {}, {}},
           Row{"tier1", "gemini-2.5-pro", 150, 2'000'000, 10'000, {}},
           Row{"tier1", "gemini-2.5-flash-lite", 4000, 4'000'000, {}, {}},
           Row{"tier1", "gemini-2.0-flash", 2000, 4'000'000, {}, {}},
           Row{"tier3", "gemini-2.5-flash", 10'000, 8'000'000, {}, {}},
       }) {
    const auto limits = limits_for(tables, "gemini", row.tier, row.model);
    EXPECT_EQ(limits.of(Dimension::requests_per_minute), row.requests) << row.model;
    EXPECT_EQ(limits.of(Dimension::input_tokens_per_minute), row.tokens) << row.model;
    EXPECT_EQ(limits.of(Dimension::requests_per_day), row.day) << row.tier << ' ' << row.model;
    EXPECT_EQ(limits.of(Dimension::concurrency), row.places) << row.tier << ' ' << row.model;
  }
  EXPECT_FALSE(limits_for(tables, "gemini", "free", "gemini-live-2.5-flash-preview")
                   .of(Dimension::requests_per_minute));
}

TEST(Tiers_D3_D21, AVersionCountsAsItsModelAndAnotherModelDoesNot) {
  const auto& tables = built_in_tables();
  const auto of = [&](std::string_view model) {
    return limits_for(tables, "gemini", "free", model).of(Dimension::requests_per_minute);
  };
  EXPECT_EQ(of("models/gemini-2.5-pro"), 2);
  EXPECT_EQ(of("gemini-2.5-pro-002"), 2);
  EXPECT_EQ(of("gemini-2.5-flash-preview-09-2025"), 10);
  EXPECT_EQ(of("gemini-2.5-flash-lite-latest"), 15);
  EXPECT_EQ(of("gemini-2.5-flash-preview-tts"), 3);
  EXPECT_EQ(of("gemini-2.5-professor"), 10) << "the tier's own row";
  EXPECT_FALSE(limits_for(tables, "anthropic", "free", "any").requests_per_minute);
}

TEST(Tiers_D21, WhatAnOverrideLeavesOutComesFromTheTier) {
  Limits own;
  own.requests_per_minute = 3;
  own.requests_per_day = unlimited;
  const auto both =
      overlay(own, limits_for(built_in_tables(), "gemini", "free", "gemini-2.5-flash"));
  EXPECT_EQ(both.of(Dimension::requests_per_minute), 3);
  EXPECT_EQ(both.of(Dimension::input_tokens_per_minute), 250'000);
  EXPECT_FALSE(both.of(Dimension::requests_per_day)) << "lifted";
}

TEST(Tiers_D16_B53, NamesAreReadWithoutCaseAndAnUnknownOneIsFreeWithAWarning) {
  for (const char* name : {"Pay-as-you-go", "payasyougo", "Tier 1", "tier_1", "PAID"})
    EXPECT_EQ(tier_name(name), "tier1") << name;
  EXPECT_EQ(tier_name("Free"), "free");
  EXPECT_EQ(tier_name("prod"), "prod");
  std::string warning;
  EXPECT_EQ(tier_or_free("free", warning), "free");
  EXPECT_TRUE(warning.empty());
  EXPECT_EQ(tier_or_free("platinum", warning), "free");
  EXPECT_NE(warning.find("'platinum'"), std::string::npos);
  EXPECT_EQ(limits_for(built_in_tables(), "gemini", "prod", "m").input_tokens_per_minute, 500'000);
  EXPECT_EQ(limits_for(built_in_tables(), "gemini", "dev", "m").concurrency, 4);
  struct Row {
    const char* name;
    std::int64_t places, tokens;
  };
  for (const auto& row :
       {Row{"profile_free", 2, 32'000}, Row{"profile paid 1", 10, 1'000'000},
        Row{"Profile-Paid2", 20, 2'000'000}, Row{"profile_paid3", 30, 4'000'000}}) {
    const auto limits = limits_for(built_in_tables(), "gemini", tier_name(row.name).value(), "m");
    EXPECT_EQ(limits.concurrency, row.places) << row.name;
    EXPECT_EQ(limits.input_tokens_per_minute, row.tokens) << row.name;
  }
}

TEST(Tiers_D20, AMultiplierOutsideItsRangeIsRefused) {
  Limits limits;
  limits.requests_per_minute = 2;
  limits.input_tokens_per_minute = 1000;
  Multipliers by;
  const auto part = scaled(limits, by);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->requests_per_minute, 1);
  EXPECT_EQ(part->input_tokens_per_minute, 800);
  for (const double wrong : {0.0, -1.0, 1.01, std::numeric_limits<double>::quiet_NaN()}) {
    by.tokens_per_minute = wrong;
    const auto refused = scaled(limits, by);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_NE(refused.error().message().find("tokens_per_minute"), std::string::npos);
  }
  Multipliers other;
  other.requests_per_day = 0.5;
  EXPECT_EQ(least(other, Multipliers()).requests_per_day, 0.5);
}

TEST(Prices_D17_D19, TokensCostWhatTheTableSays) {
  const auto price = price_for(built_in_tables(), "gemini", "models/gemini-2.5-pro");
  ASSERT_TRUE(price);
  EXPECT_EQ(cost_of(Usage(100'000, 1000), *price), 125'000 + 10'000);
  EXPECT_EQ(cost_of(Usage(100'000, 0, 100'000), *price), 12'500);
  EXPECT_EQ(cost_of(Usage(300'000, 1000), *price), 750'000 + 15'000) << "a long prompt";
  EXPECT_EQ(cost_of(Usage(1, 0), Price(0.1, 0, 0)), 1) << "rounded up";
  EXPECT_EQ(cost_of(Usage(), *price), 0);
  EXPECT_FALSE(price_for(built_in_tables(), "gemini", "unknown"));
}

TEST(Estimate_D27_B53, AQuarterOfTheBytesAndTheLongestAnswer) {
  EXPECT_EQ(estimate_usage(400), Usage(100, 1000));
  EXPECT_EQ(estimate_usage(0, 50), Usage(1, 50));
  EXPECT_EQ(estimate_usage(40, 50, 900), Usage(910, 50, 900));
}

TEST(RateHeaders_D28_R10, EachProvidersFormIsRead) {
  const WallTime now = from_unix_ms(1'767'000'000'000);  // 2025-12-29T09:20:00Z
  const auto openai = read_rate_headers({{"X-RateLimit-Limit-Requests", "60"},
                                         {"x-ratelimit-remaining-requests", "0"},
                                         {"x-ratelimit-reset-requests", "6m0s"},
                                         {"x-ratelimit-limit-tokens", "150000"},
                                         {"x-ratelimit-reset-tokens", "20ms"}},
                                        now);
  EXPECT_EQ(openai.of[0].limit, 60);
  EXPECT_EQ(openai.of[0].remaining, 0);
  EXPECT_EQ(openai.of[0].reset, seconds(360));
  EXPECT_EQ(openai.of[1].limit, 150'000);
  EXPECT_EQ(openai.of[1].reset, milliseconds(20));
  const auto anthropic =
      read_rate_headers({{"anthropic-ratelimit-requests-limit", "50"},
                         {"anthropic-ratelimit-output-tokens-remaining", "7"},
                         {"anthropic-ratelimit-requests-reset", "2025-12-29T09:20:30.5Z"},
                         {"retry-after", "12"}},
                        now);
  EXPECT_EQ(anthropic.of[0].limit, 50);
  EXPECT_EQ(anthropic.of[2].remaining, 7);
  EXPECT_EQ(anthropic.of[0].reset, seconds(30)) << "to the second";
  EXPECT_EQ(anthropic.retry_after, seconds(12));
  const auto others = read_rate_headers({{"x-ratelimit-limit-requests-day", "1000"},
                                         {"x-ratelimit-reset", "1767000090"},
                                         {"ratelimit-limit", "100, 100;w=60"},
                                         {"Retry-After", "Mon, 29 Dec 2025 09:20:45 GMT"}},
                                        now);
  EXPECT_EQ(others.of[3].limit, 1000);
  EXPECT_EQ(others.of[0].limit, 100);
  EXPECT_EQ(others.of[0].reset, seconds(90)) << "a Unix time";
  EXPECT_EQ(others.retry_after, seconds(45));
  EXPECT_EQ(read_rate_headers({{"retry-after-ms", "250"}, {"retry-after", "9"}}, now).retry_after,
            milliseconds(250));
}

TEST(RateHeaders_D28, NonsenseIsLeftOut) {
  for (const char* text : {"", "soon", "-5", "1e99", "5x", "99999999999999999999999",
                           "2025-13-40T99:00:00Z", "nan", "s", "1m2"}) {
    const auto read = read_rate_headers({{"retry-after", text},
                                         {"x-ratelimit-reset-requests", text},
                                         {"x-ratelimit-limit-bananas", "5"}},
                                        from_unix_ms(1'767'000'000'000));
    EXPECT_TRUE(read.empty()) << text;
  }
}

TEST(Learner_R12_B54, ItFallsByAQuarterOnceInACascadeAndRisesByOneIn25) {
  LearnOptions options;
  Learner learner(100.0);
  const TimePoint now{};
  learner.refused(100, 100, learner.era(), options, now);
  EXPECT_EQ(learner.level(), 75);
  for (int n = 0; n < 10; ++n) learner.refused(100, 100, 0, options, now);
  EXPECT_EQ(learner.level(), 75) << "the same cascade";
  for (int n = 0; n < 25; ++n) learner.succeeded(1, true, learner.era(), options, now);
  EXPECT_EQ(learner.level(), 76);
  for (int n = 0; n < 25; ++n) learner.succeeded(1, true, 0, options, now);
  for (int n = 0; n < 25; ++n) learner.succeeded(1, false, learner.era(), options, now);
  EXPECT_EQ(learner.level(), 76) << "from before the fall, or without using the level: no news";
}

TEST(Learner_R12, ItStaysAtTheSoftCeilingAndTriesALittleMoreNowAndThen) {
  LearnOptions options;
  Learner learner(100.0);
  TimePoint now{};
  learner.refused(100, 100, 0, options, now);
  for (int n = 0; n < 10'000; ++n) learner.succeeded(1, true, 1, options, now);
  EXPECT_EQ(learner.level(), 100);
  now += std::chrono::minutes(11);
  learner.succeeded(1, true, 1, options, now);
  EXPECT_EQ(learner.level(), 101);
  learner.refused(101, 100, 1, options, now);
  EXPECT_EQ(learner.level(), 100) << "a try that fails takes back the try alone";
}

TEST(Learner_R12, ASlowStartDoublesUntilTheFirstRefusal) {
  LearnOptions options;
  Learner learner(10.0);
  for (const int expected : {20, 40, 80}) {
    const auto level = *learner.level();
    for (int n = 0; n < level; ++n) learner.succeeded(1, true, 0, options, TimePoint());
    EXPECT_EQ(learner.level(), expected);
  }
  learner.refused(80, 60, 0, options, TimePoint());
  EXPECT_EQ(learner.level(), 45);
}

TEST(Learner_R12, FarBelowItsLimitARefusalSaysLittle) {
  LearnOptions options;
  Learner learner;
  learner.refused(1000, 3, 0, options, TimePoint());
  EXPECT_EQ(learner.level(), 750) << "not 2: somebody else uses the quota";
  Learner without;
  without.refused(std::nullopt, 3, 0, options, TimePoint());
  EXPECT_EQ(without.level(), std::nullopt) << "too few to learn from";
}

}  // namespace
}  // namespace parley::limit
