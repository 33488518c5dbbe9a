#include "parley/gemini/status.hpp"

#include <gtest/gtest.h>

#include "parley/gemini/client.hpp"
#include "parley/gemini/live.hpp"

namespace parley::gemini {
namespace {

using std::chrono::milliseconds;

Error error(int status, std::string body) {
  http::Response response(status);
  response.body = std::move(body);
  return error_of(response);
}

TEST(GoogleRpcStatus, AQuotaErrorKeepsItsRetryTimeAndQuota_R10) {
  const auto quota = error(429, R"({"error": {"code": 429, "message": "You exceeded your quota.",
    "status": "RESOURCE_EXHAUSTED", "details": [
    {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
      "quotaMetric": "m", "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "250"}]},
    {"@type": "type.googleapis.com/google.rpc.Help"},
    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.074824224s"}]}})");
  EXPECT_EQ(quota.kind(), ErrorKind::rate_limited);
  EXPECT_TRUE(quota.retryable());
  EXPECT_EQ(quota.retry_after(), milliseconds(36'075)) << "rounded up";
  EXPECT_EQ(quota.service_status(), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(quota.http_status(), 429);
  EXPECT_EQ(quota.detail("quota_id"), "GenerateRequestsPerDayPerProjectPerModel-FreeTier");
  EXPECT_EQ(quota.detail("quota_value"), "250");
}

TEST(GoogleRpcStatus_R10, VertexNamesItsQuotaInTheMetadata) {
  const auto body = json::parse(
      R"({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded",
          "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
                       "reason": "RATE_LIMIT_EXCEEDED", "domain": "googleapis.com",
                       "metadata": {"quota_limit": "RequestsPerMinutePerProjectPerRegion",
                                    "quota_metric": "aiplatform.googleapis.com/requests",
                                    "quota_limit_value": "5"}}]}})");
  const auto error = error_of(*body);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->detail("reason"), "RATE_LIMIT_EXCEEDED");
  EXPECT_EQ(error->detail("quota_id"), "RequestsPerMinutePerProjectPerRegion");
  EXPECT_EQ(error->detail("quota_metric"), "aiplatform.googleapis.com/requests");
  EXPECT_EQ(error->detail("quota_value"), "5");
}

TEST(GoogleRpcStatus, EachCanonicalCodeHasItsKind) {
  const std::pair<const char*, ErrorKind> codes[] = {
      {"INVALID_ARGUMENT", ErrorKind::invalid_argument},
      {"FAILED_PRECONDITION", ErrorKind::conflict},
      {"UNAUTHENTICATED", ErrorKind::unauthenticated},
      {"PERMISSION_DENIED", ErrorKind::permission_denied},
      {"NOT_FOUND", ErrorKind::not_found},
      {"UNAVAILABLE", ErrorKind::unavailable},
      {"INTERNAL", ErrorKind::unavailable},
      {"DEADLINE_EXCEEDED", ErrorKind::unavailable},
      {"CANCELLED", ErrorKind::cancelled},
  };
  for (const auto& [status, kind] : codes)
    EXPECT_EQ(error(400, std::string(R"({"error": {"message": "m", "status": ")") + status + "\"}}")
                  .kind(),
              kind)
        << status;
}

TEST(GoogleRpcStatus, TheArrayFormAndFieldViolationsAreRead) {
  const auto bad =
      error(400, R"([{"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT",
    "details": [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [
      {"field": "contents", "description": "contents is not specified"}]}]}}])");
  EXPECT_EQ(bad.detail("field"), "contents");
  EXPECT_EQ(bad.detail("field_description"), "contents is not specified");
}

TEST(GoogleRpcStatus, BodiesThatAreNoStatusStillGiveAnError) {
  for (const char* body :
       {"", "<html>502</html>", "upstream failed", "{}", "[]", "null", "{\"error\":\"x\"}",
        "\xff\xfe", "{\"error\":{\"code\":\"abc\",\"details\":[1,{}]}}"}) {
    const auto answer = error(502, body);
    EXPECT_EQ(answer.kind(), ErrorKind::unavailable) << body;
    EXPECT_EQ(answer.http_status(), 502);
    EXPECT_FALSE(answer.message().empty());
  }
}

TEST(GoogleRpcStatus, RetryAfterIsReadWhereTheBodySaysNothing) {
  http::Response response(503);
  response.headers.set("Retry-After", "7");
  EXPECT_EQ(error_of(response).retry_after(), milliseconds(7000));
  const WallTime now{std::chrono::seconds(1'792'567'680)};  // Wed, 21 Oct 2026 07:28:00 GMT
  response.headers.set("Retry-After", "Wed, 21 Oct 2026 07:28:09 GMT");
  EXPECT_EQ(error_of(response, now).retry_after(), milliseconds(9000));
}

TEST(GoogleRpcStatus_W30_R10, AZeroRetryInfoGivesWayToTheHeaderFields) {
  http::Response response(429);
  response.body = R"({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0s"}]}})";
  response.headers.set("x-ratelimit-remaining-requests", "0");
  response.headers.set("x-ratelimit-reset-requests", "12s");
  EXPECT_EQ(error_of(response).retry_after(), milliseconds(12'000));
  response.headers.set("Retry-After", "7");
  EXPECT_EQ(error_of(response).retry_after(), milliseconds(7000));
}

TEST(Refusal_W30, AnUpgradeIsRefusedWithTheServicesOwnTimeAndQuota) {
  const WallTime now{std::chrono::seconds(1'792'567'680)};
  const auto refused = [](std::string_view body) {
    return Error(ErrorKind::upgrade_refused, "no")
        .with_http_status(429)
        .with_detail("header content-type", "application/json")
        .with_detail("body", std::string(body));
  };
  const auto told = told_by_refusal(refused(R"({"error": {"code": 429, "message": "quota",
    "status": "RESOURCE_EXHAUSTED", "details": [
    {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
      "quotaId": "SessionsPerMinutePerProjectPerModel", "quotaValue": "3"}]},
    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.5s"}]}})"),
                                    now);
  EXPECT_EQ(told.kind(), ErrorKind::upgrade_refused) << "what else depends on it stays";
  EXPECT_EQ(told.http_status(), 429);
  EXPECT_EQ(told.message(), "no");
  EXPECT_EQ(told.retry_after(), milliseconds(36'500));
  EXPECT_EQ(told.detail("quota_id"), "SessionsPerMinutePerProjectPerModel");
  EXPECT_EQ(told.detail("quota_value"), "3");
  // Words, a date, nothing at all, and what is no refusal.
  EXPECT_EQ(told_by_refusal(
                refused(R"({"error": {"code": 429, "message": "Please retry in 4.2s."}})"), now)
                .retry_after(),
            milliseconds(4200));
  EXPECT_EQ(
      told_by_refusal(
          refused("<html>").with_detail("header retry-after", "Wed, 21 Oct 2026 07:28:09 GMT"), now)
          .retry_after(),
      milliseconds(9000));
  EXPECT_FALSE(told_by_refusal(refused(""), now).retry_after());
  EXPECT_FALSE(told_by_refusal(Error(ErrorKind::disconnected, "x"), now).retry_after());
}

TEST(LiveError_W30, ACloseReasonsTimeIsTheErrors) {
  const auto told = live_error(1011, "Quota exceeded for sessions. Please retry in 7.25s.");
  EXPECT_EQ(told.kind(), ErrorKind::rate_limited);
  EXPECT_EQ(told.retry_after(), milliseconds(7250));
  EXPECT_FALSE(live_error(1011, "Quota exceeded. Please retry in").retry_after()) << "cut there";
  EXPECT_FALSE(live_error(1011, "").retry_after());
}

TEST(GoogleRpcStatus, DurationsAreSecondsWithAnS_B32) {
  EXPECT_EQ(parse_duration("30s"), milliseconds(30'000));
  EXPECT_EQ(parse_duration("30.5s"), milliseconds(30'500));
  EXPECT_EQ(parse_duration("0s"), milliseconds(0));
  for (const char* bad : {"", "s", "30", "30ms", "-1s", "1e400s", "nans", "infs"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(GeminiClient_B7, AMissingKeyFailsBeforeAnythingIsSent) {
  unsetenv("GOOGLE_API_KEY");
  unsetenv("GEMINI_API_KEY");
  const auto client = Client::make();
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().kind(), ErrorKind::missing_credentials);
  for (const char* name : {"GOOGLE_API_KEY", "GEMINI_API_KEY"})
    EXPECT_NE(client.error().message().find(name), std::string::npos);
  setenv("GEMINI_API_KEY", "from-env", 1);
  EXPECT_TRUE(Client::make());
  unsetenv("GEMINI_API_KEY");
}

TEST(GeminiClient, ABadBaseUrlIsNamed) {
  ClientOptions options;
  options.api_key = Secret("k");
  for (const char* bad : {"no url", "ftp://h", "ws://h"}) {
    options.base_url = bad;
    const auto client = Client::make(options);
    ASSERT_FALSE(client) << bad;
    EXPECT_EQ(client.error().kind(), ErrorKind::invalid_argument);
  }
}

TEST(GeminiClient_D3, ThePrefixIsAddedOnce) {
  EXPECT_EQ(model_resource("gemini-2.5-flash"), "models/gemini-2.5-flash");
  EXPECT_EQ(model_resource("models/gemini-2.5-flash"), "models/gemini-2.5-flash");
  EXPECT_EQ(model_resource("tunedModels/x"), "tunedModels/x");
}

}  // namespace
}  // namespace parley::gemini
