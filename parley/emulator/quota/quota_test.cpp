#include "parley/emulator/quota/quota.hpp"

#include <gtest/gtest.h>

namespace parley::emulator {
namespace {

using namespace std::chrono_literals;
using Window = QuotaRefusal::Window;

WallTime at(std::string_view day, std::chrono::milliseconds time) {
  using namespace std::chrono;
  const auto number = [&](int from, int size) {
    return std::stoi(
        std::string(day.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(size))));
  };
  const year_month_day date(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                            std::chrono::day(static_cast<unsigned>(number(8, 2))));
  return WallTime(sys_days(date)) + time;
}
Quota quota_of(std::string_view text) {
  const auto limit = QuotaLimit::parse(text);
  EXPECT_TRUE(limit) << limit.error().message();
  return Quota({limit.value_or(QuotaLimit())});
}

TEST(HiddenQuota_W23, RequestsCountOverTheLastSixtySeconds) {
  auto quota = quota_of("rpm=2");
  const auto begin = at("2026-03-01", 10h);
  EXPECT_FALSE(quota.take("m", "k", 1, begin));
  EXPECT_FALSE(quota.take("m", "k", 1, begin + 20s));
  const auto refused = quota.take("m", "k", 1, begin + 30s);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->window, Window::minute_requests);
  EXPECT_EQ(refused->retry_in, 30s);
  EXPECT_TRUE(quota.take("m", "k", 1, begin + 59'999ms)) << "what was refused does not count";
  EXPECT_FALSE(quota.take("m", "k", 1, begin + 60s));
  EXPECT_FALSE(quota.take("other", "k", 1, begin + 60s)) << "each model has a count of its own";
  EXPECT_FALSE(quota.take("m", "other", 1, begin + 60s)) << "each key is a project";
}

TEST(HiddenQuota_W23, TokensOfInputCountAsWell) {
  auto quota = quota_of("tpm=100; model=gemini-2.5-*");
  const auto begin = at("2026-03-01", 10h);
  EXPECT_FALSE(quota.take("gemini-2.5-pro", "k", 60, begin));
  EXPECT_FALSE(quota.take_tokens("gemini-2.5-pro", "k", 30, begin + 5s));
  const auto refused = quota.take("gemini-2.5-pro", "k", 20, begin + 10s);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->window, Window::minute_tokens);
  EXPECT_EQ(refused->retry_in, 50s);
  const auto too_large = quota.take("gemini-2.5-pro", "k", 101, begin + 10min);
  ASSERT_TRUE(too_large);
  EXPECT_EQ(too_large->retry_in, 60s);
  EXPECT_FALSE(quota.take("gemini-3-pro", "k", 1'000'000, begin)) << "no limit fits that model";
}

TEST(HiddenQuota_W23, ADayEndsAtMidnightOfCalifornia) {
  EXPECT_EQ(pacific_midnight_after(at("2026-01-15", 7h + 59min)), at("2026-01-15", 8h));
  EXPECT_EQ(pacific_midnight_after(at("2026-01-15", 8h)), at("2026-01-16", 8h));
  EXPECT_EQ(pacific_midnight_after(at("2026-07-01", 7h)), at("2026-07-02", 7h));
  // The clocks change on 8 March and 1 November 2026, at two in the morning.
  EXPECT_EQ(pacific_midnight_after(at("2026-03-08", 9h)), at("2026-03-09", 7h));
  EXPECT_EQ(pacific_midnight_after(at("2026-11-01", 8h)), at("2026-11-02", 8h));
  auto quota = quota_of("rpd=1");
  EXPECT_FALSE(quota.take("m", "k", 1, at("2026-01-15", 7h)));
  ASSERT_TRUE(quota.take("m", "k", 1, at("2026-01-15", 7h + 59min)));
  EXPECT_FALSE(quota.take("m", "k", 1, at("2026-01-15", 8h)));
}

TEST(HiddenQuota_W23, RefusalsAreWordedAsTheServiceWordsThem) {
  auto quota = quota_of("rpd=0; tier=paid");
  const auto refused = quota.take("gemini-2.5-flash", "k", 1, at("2026-01-15", 7h));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->quota_id(), "GenerateRequestsPerDayPerProjectPerModel-PaidTier");
  EXPECT_EQ(refused->quota_metric(),
            "generativelanguage.googleapis.com/generate_content_paid_tier_requests");
  EXPECT_NE(refused->message().find("limit: 0, model: gemini-2.5-flash\nPlease retry in 30s."),
            std::string::npos);
  const auto details = refused->details();
  ASSERT_EQ(details.size(), 3u);
  EXPECT_EQ(details[1].as_object().at("@type"), "type.googleapis.com/google.rpc.QuotaFailure");
  EXPECT_EQ(details[2].as_object().at("retryDelay"), "30s");
}

TEST(HiddenQuota_W23, WhatIsUsedIsShownWithoutKeys) {
  auto quota = quota_of("rpm=5; rpd=9");
  const auto begin = at("2026-03-01", 10h);
  EXPECT_FALSE(quota.take("m", "canary-key", 1, begin));
  const auto text = json::to_string(quota.used(begin));
  EXPECT_EQ(text.find("canary"), std::string::npos);
  EXPECT_NE(text.find(R"("window":"requests per minute","used":1,"limit":5)"), std::string::npos)
      << text;
  EXPECT_NE(json::to_string(quota.used(begin + 61s)).find(R"(minute","used":0)"),
            std::string::npos);
}

TEST(HiddenQuota_W23, WhatIsNoQuotaIsNamed) {
  for (const char* bad : {"", "model=x", "rpm=x", "rpm=-1", "requests=3; rpm=1", "tier=best; rpm=1",
                          "rpm=99999999999999999999", "rpm"})
    EXPECT_FALSE(QuotaLimit::parse(bad)) << bad;
  const auto refused = QuotaLimit::parse("rpm=1; rpw=2");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("\"rpw=2\""), std::string::npos);
}

}  // namespace
}  // namespace parley::emulator
