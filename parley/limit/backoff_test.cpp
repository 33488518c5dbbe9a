#include "parley/limit/backoff.hpp"

#include <gtest/gtest.h>

#include "parley/limit/quota.hpp"

namespace parley::limit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Error status(int code) {
  const ErrorKind kind = code == 429 ? ErrorKind::rate_limited : ErrorKind::unavailable;
  return Error(kind, "no").with_http_status(code);
}

Error quota(std::string id, std::string value = {}) {
  Error error = Error(ErrorKind::rate_limited, "You exceeded your current quota")
                    .with_detail("quota_id", std::move(id));
  if (!value.empty()) error = std::move(error).with_detail("quota_value", std::move(value));
  return error;
}

TEST(FailureClass_A32_D30, EachFailureHasItsClassOrNone) {
  using enum FailureClass;
  EXPECT_EQ(failure_class(status(429)), rate_limited);
  EXPECT_EQ(failure_class(status(503)), overloaded);
  for (const int code : {500, 502, 504}) EXPECT_EQ(failure_class(status(code)), server_error);
  EXPECT_EQ(failure_class(status(408)), request_timeout);
  EXPECT_EQ(failure_class(Error(ErrorKind::timeout, "")), request_timeout);
  EXPECT_EQ(failure_class(Error(ErrorKind::timeout, "").with_stage(Stage::connect)), connection);
  EXPECT_EQ(failure_class(Error(ErrorKind::connect_failed, "")), connection);
  EXPECT_EQ(failure_class(Error(ErrorKind::disconnected, "")), interruption);
  EXPECT_EQ(failure_class(Error(ErrorKind::upgrade_refused, "").with_http_status(503)), overloaded);
  EXPECT_EQ(failure_class(Error(ErrorKind::upgrade_refused, "").with_http_status(403)),
            std::nullopt);
  EXPECT_EQ(failure_class(Error(ErrorKind::disconnected, "").with_close(1007, "")), std::nullopt);
  for (const auto kind :
       {ErrorKind::invalid_argument, ErrorKind::unauthenticated, ErrorKind::not_found,
        ErrorKind::tls_failed, ErrorKind::invalid_response, ErrorKind::cancelled})
    EXPECT_EQ(failure_class(Error(kind, "")), std::nullopt) << to_string(kind);
}

TEST(FailureClass_R11, ASpentDayAndAZeroQuotaAreNotTriedAgain) {
  EXPECT_EQ(failure_class(quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")),
            FailureClass::rate_limited);
  EXPECT_EQ(failure_class(quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")),
            std::nullopt);
  EXPECT_EQ(failure_class(quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "0")),
            std::nullopt);
}

TEST(Backoff_A33_B9, DelaysGrowByTheFactorToTheirLimitWithJitter) {
  SeededRandom random(1);
  RetryPolicy policy = uniform_retries();
  policy.rules.fill(RetryRule(9, milliseconds(100), milliseconds(10'000)));
  policy.total = seconds(1000);
  Backoff backoff(policy, random, TimePoint());
  double plain = 100;
  for (int n = 0; n < 9; ++n) {
    const auto delay = backoff.next_delay(status(503), TimePoint());
    ASSERT_TRUE(delay);
    EXPECT_GE(static_cast<double>(delay->count()), plain);
    EXPECT_LE(static_cast<double>(delay->count()), plain * 1.5);
    plain = std::min(plain * 2, 10'000.0);
  }
  EXPECT_FALSE(backoff.next_delay(status(503), TimePoint()));
  EXPECT_EQ(backoff.retries(), 9);
}

TEST(Backoff_A33, ThreeRetriesWithinSixtySeconds) {
  SeededRandom random(1);
  Backoff backoff(uniform_retries(), random, TimePoint());
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(backoff.next_delay(status(500), TimePoint()));
  EXPECT_FALSE(backoff.next_delay(status(500), TimePoint()));
  Backoff late(uniform_retries(), random, TimePoint());
  EXPECT_FALSE(late.next_delay(status(500), TimePoint() + seconds(60)));
  Backoff once(no_retries(), random, TimePoint());
  EXPECT_FALSE(once.next_delay(status(500), TimePoint())) << "0 retries: a single try";
}

TEST(Backoff_B55, TheServicesDelayWinsAndIsTakenAsItIs) {
  SeededRandom random(1);
  Backoff backoff(gentle_retries(), random, TimePoint());
  EXPECT_EQ(backoff.next_delay(status(429).with_retry_after(milliseconds(7300)), TimePoint()),
            milliseconds(7300));
  EXPECT_EQ(backoff.next_delay(status(503).with_retry_after(milliseconds(50)), TimePoint()),
            milliseconds(50))
      << "a shorter one, too";
  EXPECT_FALSE(backoff.next_delay(status(429).with_retry_after(seconds(61)), TimePoint()))
      << "behind the total: not begun";
}

TEST(Backoff_B55, GentleRetriesAreThreeFromASecondWithAQuarterOfJitter) {
  SeededRandom random(1);
  for (int round = 0; round < 100; ++round) {
    Backoff backoff(gentle_retries(), random, TimePoint());
    for (const double plain : {1000.0, 2000.0, 4000.0}) {
      const auto delay = backoff.next_delay(status(503), TimePoint());
      ASSERT_TRUE(delay);
      EXPECT_GE(static_cast<double>(delay->count()), plain * 0.75 - 1);
      EXPECT_LE(static_cast<double>(delay->count()), plain * 1.25 + 1);
    }
    EXPECT_FALSE(backoff.next_delay(status(503), TimePoint()));
  }
}

TEST(Backoff_R10, AZeroDelayIsNoDelay) {
  SeededRandom random(1);
  Backoff backoff(gentle_retries(), random, TimePoint());
  const auto delay = backoff.next_delay(status(429).with_retry_after(milliseconds(0)), TimePoint());
  ASSERT_TRUE(delay);
  EXPECT_GE(*delay, milliseconds(750));
  EXPECT_LE(*delay, milliseconds(1250));
}

TEST(Backoff_D31, EachFailureHasItsStartCountAndCap) {
  struct Row {
    FailureClass failure;
    int first_ms, retries, cap_s;
  };
  using enum FailureClass;
  const RetryPolicy policy = retries_by_failure();
  for (const auto& row : {Row{rate_limited, 5000, 3, 40}, Row{overloaded, 2000, 5, 60},
                          Row{server_error, 1000, 3, 8}, Row{request_timeout, 2000, 4, 30},
                          Row{connection, 2000, 5, 60}, Row{interruption, 1000, 3, 10}}) {
    EXPECT_EQ(policy[row.failure].first_delay, milliseconds(row.first_ms));
    EXPECT_EQ(policy[row.failure].retries, row.retries) << to_string(row.failure);
    EXPECT_EQ(policy[row.failure].max_delay, seconds(row.cap_s));
  }
}

TEST(Quota_R11, AViolationIsReadFromItsIdMetricAndValue) {
  const auto error = Error(ErrorKind::rate_limited,
                           "You exceeded your current quota\n* Quota exceeded for metric: "
                           "g/free_tier_requests, limit: 0, model: gemini-2.5-pro\nPlease retry in "
                           "46.9s.")
                         .with_detail("quota_id", "GenerateRequestsPerDayPerProjectPerModel")
                         .with_detail("quota_metric", "g/free_tier_requests")
                         .with_detail("quota_id", "GenerateContentInputTokensPerModelPerMinute")
                         .with_detail("quota_metric", "g/input_token_count")
                         .with_detail("quota_value", "125000");
  const auto found = quota_violations(error);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].period, QuotaPeriod::day);
  EXPECT_EQ(found[0].subject, QuotaSubject::requests);
  EXPECT_EQ(found[0].allowed, 0) << "left out of the JSON, told by the message";
  EXPECT_EQ(found[1].period, QuotaPeriod::minute);
  EXPECT_EQ(found[1].subject, QuotaSubject::input_tokens);
  EXPECT_EQ(found[1].allowed, 125'000);
  EXPECT_TRUE(quota_is_zero(error));
  EXPECT_EQ(asked_delay(error), milliseconds(46'900));
  EXPECT_TRUE(quota_violations(Error(ErrorKind::rate_limited, "Resource exhausted")).empty());
  EXPECT_FALSE(quota_violations(quota("RequestsPerMinutePerProject"))[0].per_model);
  EXPECT_TRUE(
      quota_violations(quota("RequestsPerMinutePerProjectPerRegionPerBaseModel"))[0].per_model);
}

}  // namespace
}  // namespace parley::limit
