// The router's limiter: what the answers of each service teach it, and that it alone reserves.
#include <algorithm>

#include <gtest/gtest.h>

#include "parley/api/limiter_permits.hpp"
#include "parley/api/test_service.hpp"
#include "parley/gemini/anthropic/anthropic.hpp"
#include "parley/gemini/openai/openai.hpp"
#include "parley/gemini/router/router.hpp"

#include "house.hpp"

namespace parley {
namespace {

using api::testing::Reply;
using api::testing::ScriptedService;
using api::testing::with_service;
using limit::Dimension;

constexpr const char* kOpenAi = R"({"choices":[{"index":0,"finish_reason":"stop","message":)"
                                R"({"role":"assistant","content":"from here"}}]})";
constexpr const char* kOpenAiEvents =
    "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";
constexpr const char* kClaude =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":)"
    R"([{"type":"text","text":"from here"}],"stop_reason":"end_turn","stop_sequence":null,)"
    R"("usage":{"input_tokens":10,"output_tokens":7}})";
constexpr const char* kGemini =
    R"({"candidates":[{"content":{"role":"model","parts":[{"text":"from here"}]},)"
    R"("finishReason":"STOP"}]})";

Reply with_limits(Reply reply, int requests, int left, std::string family = "x-ratelimit-") {
  const bool named_last = family != "anthropic-ratelimit-";
  const auto name = [&](const char* what) {
    return named_last ? family + what + "-requests" : family + "requests-" + what;
  };
  return std::move(reply)
      .with(name("limit"), std::to_string(requests))
      .with(name("remaining"), std::to_string(left))
      .with(name("reset"), named_last ? "30s" : "2100-01-01T00:00:00Z");
}
Reply events(std::string text) {
  return Reply(200, std::move(text)).with("Content-Type", "text/event-stream");
}

gemini::Client client_of(const ScriptedService& service, api::CallOptions calls = {}) {
  gemini::ClientOptions options;
  options.api_key = Secret("test-key");
  options.base_url = service.url().text();
  options.calls = std::move(calls);
  return gemini::Client::make(std::move(options)).value();
}
gemini::RouterOptions options_of(const ScriptedService& service) {
  gemini::RouterOptions options;
  gemini::OpenAiOptions openai;
  openai.base_url = service.url("/v1").text();
  options.providers.emplace("openai", gemini::openai_provider(std::move(openai)).value());
  gemini::AnthropicOptions claude;
  claude.base_url = service.url().text();
  options.providers.emplace("anthropic", gemini::anthropic_provider(std::move(claude)).value());
  options.limiter.emplace();
  options.wait = api::WaitOptions(std::chrono::milliseconds(0));
  return options;
}
gemini::RouteRequest ask(std::string model) {
  gemini::RouteRequest request(gemini::prompt("Hello"));
  request.model = std::move(model);
  return request;
}
std::optional<std::int64_t> known(const gemini::Router& router, std::string_view model) {
  const auto all = router.limits_of(model).value();
  const auto found = std::ranges::find(all.states, Dimension::requests_per_minute,
                                       &limit::DimensionState::dimension);
  return found == all.states.end() ? std::nullopt : found->effective;
}

// Nothing is configured: what is known was told by the answer's header fields.
Task<void> answers(ScriptedService& service) {
  const auto router = gemini::Router::make(client_of(service), options_of(service)).value();
  service.then(with_limits(Reply(200, kOpenAi), 50, 49));
  auto plain = ask("openai/m");
  const auto first = co_await router.generate(plain);
  EXPECT_TRUE(first) << first.error().describe();
  EXPECT_EQ(known(router, "openai/m"), 50);

  service.then(with_limits(Reply(200, kClaude), 60, 59, "anthropic-ratelimit-"));
  auto claude = ask("anthropic/m");
  const auto second = co_await router.generate(claude);
  EXPECT_TRUE(second) << second.error().describe();
  EXPECT_EQ(known(router, "anthropic/m"), 60);

  // What stands before Gemini may tell as well.
  service.then(with_limits(Reply(200, kGemini), 70, 69));
  auto own = ask("gemini-2.5-flash");
  const auto third = co_await router.generate(own);
  EXPECT_TRUE(third) << third.error().describe();
  EXPECT_EQ(known(router, "gemini-2.5-flash"), 70);
  EXPECT_EQ(known(router, "openai/m"), 50) << "each model its own";

  // The last one of the minute was answered; the next is not even sent.
  service.then(with_limits(events(kOpenAiEvents), 50, 0));
  auto last = ask("openai/m");
  auto stream = co_await router.stream(last);
  EXPECT_TRUE(stream) << stream.error().describe();
  if (!stream) co_return;
  while (co_await stream->next()) continue;
  EXPECT_TRUE(stream->outcome());
  const auto sent = service.requests().size();
  const auto refused = co_await router.generate(last);
  EXPECT_EQ(refused.error().kind(), ErrorKind::rate_limited);
  EXPECT_EQ(refused.error().detail("dimension"), "requests_per_minute");
  EXPECT_EQ(service.requests().size(), sent);

  // A refusal teaches, too, and a limit of nothing is none.
  service.then(with_limits(Reply(529, "{}"), 40, 39, "anthropic-ratelimit-"));
  const auto ill = co_await router.generate(claude);
  EXPECT_EQ(ill.error().kind(), ErrorKind::unavailable);
  EXPECT_EQ(known(router, "anthropic/m"), 40);
  service.then(with_limits(Reply(200, kGemini), 0, 5));
  const auto fourth = co_await router.generate(own);
  EXPECT_TRUE(fourth) << fourth.error().describe();
  EXPECT_EQ(known(router, "gemini-2.5-flash"), 70);
}
TEST(Router_D28_R10, HeaderFieldsOfEachAnswerTeachTheLimiter) {
  with_service(answers);
}

Task<void> permits(ScriptedService& service) {
  api::Limiter limiter;
  const auto pool = *limiter.configure("p", "m", limit::Limits());
  gemini::OpenAiOptions options;
  options.base_url = service.url("/v1").text();
  options.calls.permit = api::limiter_permits(limiter, pool);
  const auto provider = gemini::openai_provider(std::move(options)).value();
  service.then(with_limits(Reply(200, kOpenAi), 50, 49));
  auto request = gemini::prompt("Hello");
  EXPECT_TRUE(co_await provider->generate("m", request));
  EXPECT_EQ(limiter.snapshot(pool).states.at(0).effective, 50);
  service.then(with_limits(events(kOpenAiEvents), 45, 44));
  auto stream = co_await provider->stream("m", request);
  EXPECT_TRUE(stream);
  EXPECT_EQ(limiter.snapshot(pool).states.at(0).effective, 45) << "before the answer is whole";
}
TEST(LimiterPermits_D28, HeaderFieldsOfEachAnswerTeachTheLimiter) {
  with_service(permits);
}

Task<void> twice(ScriptedService& service) {
  api::Limiter limiter;
  api::CallOptions calls;
  calls.permit = api::limiter_permits(limiter, *limiter.configure("p", "m", limit::Limits()));
  const auto client = gemini::Router::make(client_of(service, calls), options_of(service));
  EXPECT_FALSE(client);
  EXPECT_EQ(client.error().describe(),
            "invalid_argument: the router has a limiter, and the calls of the client have a permit "
            "of their own: each would be paid for twice; leave out RouterOptions::limiter, or "
            "`permit` of ClientOptions::calls");
  auto options = options_of(service);
  gemini::OpenAiOptions local;
  local.base_url = service.url("/v1").text();
  local.calls = calls;
  options.providers.emplace("local", gemini::openai_provider(std::move(local)).value());
  const auto provider = gemini::Router::make(client_of(service), options);
  EXPECT_FALSE(provider);
  EXPECT_NE(provider.error().message().find("the provider 'local'"), std::string::npos)
      << provider.error().describe();
  // One of both is well.
  options.limiter.reset();
  EXPECT_TRUE(gemini::Router::make(client_of(service, calls), options));
  EXPECT_TRUE(gemini::Router::make(client_of(service), options_of(service)));
  EXPECT_TRUE(service.requests().empty());
  co_return;
}
TEST(Router_R1_R14, ACallIsReservedByOneOfThePermitAndTheRouter) {
  with_service(twice);
}

Task<void> falls_back(ScriptedService& service) {
  gemini::RouterOptions options;
  options.limiter.emplace();
  options.fallback_models = {"gemini-2.5-flash"};
  options.fallback_after = std::chrono::milliseconds(20);
  options.limits = [](std::string_view) {
    gemini::ModelLimits limits;
    limits.limits.requests_per_minute = 1;
    return limits;
  };
  const auto router = gemini::Router::make(client_of(service), std::move(options)).value();
  for (const char* model : {"gemini-2.5-pro", "gemini-2.5-flash"}) {
    service.then(Reply(200, kGemini));
    auto request = ask("gemini-2.5-pro");
    const auto answer = co_await router.generate(request);
    EXPECT_TRUE(answer) << answer.error().describe();
    if (!answer) co_return;
    EXPECT_EQ(answer->model, model) << "it does not wait for the minute to end";
  }
  auto last = ask("gemini-2.5-pro");
  last.wait = api::WaitOptions(std::chrono::milliseconds(0));
  const auto none = co_await router.generate(last);
  EXPECT_EQ(none.error().kind(), ErrorKind::rate_limited);
  EXPECT_EQ(none.error().detail("models"), "gemini-2.5-pro, gemini-2.5-flash");
}
TEST(Router_D28, AFallbackIsAskedBeforeALimitIsWaitedFor) {
  with_service(falls_back);
}

}  // namespace
}  // namespace parley
