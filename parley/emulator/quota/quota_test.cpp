#include "parley/emulator/quota/quota.hpp"

#include <gtest/gtest.h>

namespace parley::emulator {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr WallTime at(std::chrono::year_month_day day, std::chrono::milliseconds time = 0ms) {
  return sys_days(day) + time;
}
QuotaLimit limit(std::string_view text) {
  return QuotaLimit::parse(text).value();
}
const WallTime kNoon = at(2026y / 11 / 26, 12h);

TEST(Quota_W23, AMinuteIsTheLastSixtySecondsAndTellsWhenThereIsRoom) {
  Quota quota({limit("rpm=2")});
  EXPECT_FALSE(quota.take("m", "k", 1, kNoon));
  EXPECT_FALSE(quota.take("m", "k", 1, kNoon + 10s));
  const auto refused = quota.take("m", "k", 1, kNoon + 20s);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->retry_in, 40s);
  EXPECT_EQ(refused->quota_id(), "GenerateRequestsPerMinutePerProjectPerModel-FreeTier");
  EXPECT_EQ(refused->limit, 2);
  EXPECT_TRUE(quota.take("m", "k", 1, kNoon + 60s - 1ms)) << "what is refused does not count";
  EXPECT_FALSE(quota.take("m", "k", 1, kNoon + 60s));
  EXPECT_TRUE(quota.take("m", "k", 1, kNoon + 60s));
}

TEST(Quota_W23, ModelsAndKeysHaveCountsOfTheirOwn) {
  Quota quota({limit("model=gemini-2.5-*; rpm=1"), limit("rpm=0; key=poor")});
  EXPECT_FALSE(quota.take("gemini-2.5-pro", "a", 1, kNoon));
  EXPECT_TRUE(quota.take("gemini-2.5-pro", "a", 1, kNoon));
  EXPECT_FALSE(quota.take("gemini-2.5-flash", "a", 1, kNoon));
  EXPECT_FALSE(quota.take("gemini-2.5-pro", "b", 1, kNoon));
  EXPECT_FALSE(quota.take("gemini-3.8", "b", 1, kNoon));
  EXPECT_TRUE(quota.take("gemini-3.8", "poor", 1, kNoon));
}

TEST(Quota_W23, TokensOfInputAreCounted) {
  Quota quota({limit("tpm=100; tier=paid")});
  EXPECT_FALSE(quota.take("m", "k", 60, kNoon));
  const auto refused = quota.take("m", "k", 50, kNoon + 15s);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->retry_in, 45s);
  EXPECT_EQ(refused->quota_id(), "GenerateContentInputTokensPerModelPerMinute-PaidTier");
  EXPECT_FALSE(quota.take_tokens("m", "k", 40, kNoon + 15s));
  EXPECT_TRUE(quota.take_tokens("m", "k", 1, kNoon + 15s));
  EXPECT_FALSE(quota.take("m", "k", 60, kNoon + 60s));
}

TEST(Quota_W23, ADayEndsAtMidnightInLosAngeles) {
  Quota quota({limit("rpd=1")});
  const auto evening = at(2026y / 11 / 26, 7h);  // 23:00 of the 25th there
  EXPECT_FALSE(quota.take("m", "k", 1, evening));
  const auto refused = quota.take("m", "k", 1, evening + 59min);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->quota_id(), "GenerateRequestsPerDayPerProjectPerModel-FreeTier");
  EXPECT_FALSE(quota.take("m", "k", 1, evening + 60min));
}

TEST(Quota_W23, SummerTimeMovesTheEndOfTheDay) {
  EXPECT_EQ(pacific_midnight_after(at(2026y / 1 / 15, 12h)), at(2026y / 1 / 16, 8h));
  EXPECT_EQ(pacific_midnight_after(at(2026y / 7 / 15, 12h)), at(2026y / 7 / 16, 7h));
  // The 8th of March has 23 hours, the 1st of November 25.
  EXPECT_EQ(pacific_midnight_after(at(2026y / 3 / 8, 8h)), at(2026y / 3 / 9, 7h));
  EXPECT_EQ(pacific_midnight_after(at(2026y / 11 / 1, 7h)), at(2026y / 11 / 2, 8h));
}

TEST(Quota_W23, TheRefusalHasTheServicesWords) {
  QuotaRefusal refusal;
  refusal.model = "gemini-2.5-flash";
  EXPECT_NE(refusal.message().find("* Quota exceeded for metric: generativelanguage.googleapis.com/"
                                   "generate_content_free_tier_requests, limit: 10, model: "
                                   "gemini-2.5-flash\nPlease retry in 7.5s."),
            std::string::npos)
      << refusal.message();
  const auto details = refusal.details();
  ASSERT_EQ(details.size(), 3u);
  EXPECT_EQ(details[2].as_object().at("retryDelay").as_string(), "7.5s");
}

TEST(QuotaLimit_W23, EveryPartIsReadAndWhatDoesNotFitIsNamed) {
  const auto read = limit("model=a*; key=b; tier=paid; rpm=1; tpm=2; rpd=3");
  EXPECT_EQ(read.model, "a*");
  EXPECT_EQ(read.key, "b");
  EXPECT_EQ(read.tier, "PaidTier");
  EXPECT_EQ(read.requests_per_minute, 1);
  EXPECT_EQ(read.input_tokens_per_minute, 2);
  EXPECT_EQ(read.requests_per_day, 3);
  for (const char* wrong : {"rpm=x", "rpm=", "rps=1", "tier=gold", "rpm=1; rpm=2", "model=a", ""})
    EXPECT_FALSE(QuotaLimit::parse(wrong)) << wrong;
  EXPECT_NE(QuotaLimit::parse("rps=1").error().message().find("\"rps\""), std::string::npos);
}

}  // namespace
}  // namespace parley::emulator
