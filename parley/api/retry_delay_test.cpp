#include "parley/api/retry_delay.hpp"

#include <gtest/gtest.h>

#include "parley/api/rest.hpp"

namespace parley::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Wed, 21 Oct 2026 07:28:00 GMT.
const WallTime kNow{seconds(1'792'567'680)};

std::optional<milliseconds> delay(std::initializer_list<std::pair<const char*, const char*>> fields,
                                  bool no_quota = true) {
  http::Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return retry_delay(headers, no_quota, kNow);
}

TEST(RetryDelay_W30, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(delay({{"Retry-After", "7"}}), seconds(7));
  EXPECT_EQ(delay({{"retry-after", "1.5"}}), milliseconds(1500));
  EXPECT_EQ(delay({{"Retry-After", "Wed, 21 Oct 2026 07:28:30 GMT"}}), seconds(30));
  EXPECT_EQ(delay({{"Retry-After", "Wed, 21 Oct 2026 07:27:00 GMT"}}), seconds(0));
  EXPECT_EQ(delay({{"Retry-After", "9"}, {"retry-after-ms", "250"}}), milliseconds(250));
}

TEST(RetryDelay_W30, WhatMakesNoSenseSaysNothing) {
  for (const char* value : {"", "soon", "-7", "7 apples", "Wed, 99 Foo 2026 07:28:30 GMT"})
    EXPECT_FALSE(delay({{"Retry-After", value}})) << value;
  EXPECT_FALSE(delay({}));
}

TEST(RetryDelay_R10, ThenTheLastLimitThatIsUsedUpCounts) {
  const std::initializer_list<std::pair<const char*, const char*>> used_up = {
      {"x-ratelimit-remaining-requests", "0"},      {"x-ratelimit-reset-requests", "12s"},
      {"x-ratelimit-remaining-tokens", "0"},        {"x-ratelimit-reset-tokens", "6m0s"},
      {"x-ratelimit-remaining-output-tokens", "9"}, {"x-ratelimit-reset-output-tokens", "1h"}};
  EXPECT_EQ(delay(used_up), seconds(360));
  EXPECT_FALSE(delay(used_up, false)) << "an illness is none of a quota";
  EXPECT_EQ(delay({{"Retry-After", "3"},
                   {"anthropic-ratelimit-requests-remaining", "0"},
                   {"anthropic-ratelimit-requests-reset", "2026-10-21T07:30:00Z"}}),
            seconds(3));
  EXPECT_EQ(delay({{"anthropic-ratelimit-requests-remaining", "0"},
                   {"anthropic-ratelimit-requests-reset", "2026-10-21T07:30:00Z"}}),
            seconds(120));
}

TEST(RetryDelay_W30, RetryInfoOfTheBodyComesFirstWhereItSaysSomething) {
  http::Response answer(503);
  answer.headers.set("Retry-After", "7");
  const auto with = [&](std::string_view delay) {
    answer.body = R"({"error": {"code": 503, "details": [{"@type": "x"}, 7, )"
                  R"({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": )" +
                  std::string(delay) + "}]}}";
    return retry_delay(answer, kNow);
  };
  EXPECT_EQ(with(R"("36.5s")"), milliseconds(36'500));
  for (const char* nothing : {R"("0s")", R"("")", R"("soon")", "null", "7"})
    EXPECT_EQ(with(nothing), seconds(7)) << nothing;
  with(R"("36.5s")");
  answer.body = "[" + answer.body + "]";
  EXPECT_EQ(retry_delay(answer, kNow), milliseconds(36'500));
  answer.body.pop_back();
  EXPECT_EQ(retry_delay(answer, kNow), seconds(7)) << "a body that is cut";
}

TEST(RetryDelay_W30, GeneratedClientsTellItWithTheirError) {
  http::Response answer(429);
  answer.body = R"({"error": {"details": [)"
                R"({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}]}})";
  EXPECT_EQ(error_of(answer).retry_after(), seconds(3));
}

}  // namespace
}  // namespace parley::api
