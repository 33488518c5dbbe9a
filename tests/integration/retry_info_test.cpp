// When to come again, as the service says it: a refused Live session, over the real socket.
#include <gtest/gtest.h>

#include "parley/api/test_service.hpp"
#include "parley/gemini/continuity/conversation.hpp"
#include "parley/gemini/live.hpp"
#include "parley/gemini/openai/realtime.hpp"

#include "house.hpp"

namespace parley {
namespace {

using api::testing::Reply;
using api::testing::ScriptedService;
using api::testing::with_service;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::House;
using testing::in_house;

constexpr const char* kModel = "gemini-live-2.5-flash-preview";
constexpr const char* kQuota =
    R"({"error": {"code": 429, "message": "You exceeded your quota.", "status":)"
    R"( "RESOURCE_EXHAUSTED", "details": [{"@type": "type.googleapis.com/google.rpc.QuotaFailure",)"
    R"( "violations": [{"quotaId": "SessionsPerMinutePerProjectPerModel", "quotaValue": "3"}]},)"
    R"( {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "40s"}]}})";

gemini::LiveOptions options_to(std::string base_url) {
  gemini::LiveOptions options(kModel);
  options.key = Secret("test-key");
  options.base_url = std::move(base_url);
  options.answer_in(gemini::Modality::text);
  return options;
}

Task<void> refused(ScriptedService& service) {
  api::Limiter limiter;
  const auto pool = *limiter.configure("p", kModel, limit::Limits());
  auto options = options_to(service.url().text());
  options.limits.emplace(limiter, pool);
  options.limits->wait = api::WaitOptions(milliseconds(0));
  service.then(Reply(429, kQuota));
  auto first = options;
  const auto live = co_await gemini::Live::connect(std::move(first));
  EXPECT_EQ(live.error().kind(), ErrorKind::upgrade_refused) << live.error().describe();
  EXPECT_EQ(live.error().retry_after(), seconds(40));
  EXPECT_EQ(live.error().detail("quota_id"), "SessionsPerMinutePerProjectPerModel");
  // The next one is not even sent.
  const auto sent = service.requests().size();
  const auto second = co_await gemini::Live::connect(std::move(options));
  EXPECT_EQ(second.error().kind(), ErrorKind::rate_limited) << second.error().describe();
  EXPECT_GT(second.error().retry_after(), seconds(30));
  EXPECT_EQ(service.requests().size(), sent);
  EXPECT_EQ(limiter.snapshot(pool).leases, 0u);
}
TEST(LiveRetryInfo_W30, ARefusedUpgradeSaysWhenAndTheLimiterKnows) {
  with_service(refused);
}

Task<void> in_a_conversation(ScriptedService& service) {
  gemini::ConversationOptions options(options_to(service.url().text()));
  options.policy.retry = net::ReconnectPolicy();
  options.policy.retry.max_attempts = 3;
  options.policy.retry.first_delay = milliseconds(1);
  options.policy.retry.total = seconds(20);
  service.then(Reply(429, kQuota));
  const auto talk = co_await gemini::Conversation::open(std::move(options));
  EXPECT_EQ(talk.error().http_status(), 429) << talk.error().describe();
  EXPECT_EQ(service.requests().size(), 1u) << "40 s end behind the time that it may take";
}
TEST(LiveRetryInfo_W30, AConversationDoesNotComeBackBefore) {
  with_service(in_a_conversation);
}

Task<void> realtime(ScriptedService& service) {
  gemini::OpenAiLiveOptions options("gpt-realtime");
  options.base_url = service.url("/v1").text();
  options.key = Secret("sk-canary");
  service.then(Reply(429, R"({"error":{"message":"slow down"}})").with("Retry-After", "7"));
  auto live = gemini::openai_live(std::move(options)).value();
  const auto session = co_await gemini::Live::connect(std::move(live));
  EXPECT_EQ(session.error().kind(), ErrorKind::rate_limited) << session.error().describe();
  EXPECT_EQ(session.error().retry_after(), seconds(7));
}
TEST(LiveRetryInfo_W30, AnotherServicesRefusalSaysWhenToo) {
  with_service(realtime);
}

}  // namespace
}  // namespace parley
