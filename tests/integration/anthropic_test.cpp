// Anthropic's Messages API behind Provider and Router, against a service that answers as it is
// told.
#include "parley/gemini/anthropic/anthropic.hpp"

#include <gtest/gtest.h>

#include "parley/api/limiter_permits.hpp"
#include "parley/api/test_service.hpp"
#include "parley/gemini/answer.hpp"
#include "parley/gemini/router/router.hpp"

#include "house.hpp"

namespace parley {
namespace {

using api::testing::Reply;
using api::testing::ScriptedService;
using api::testing::Told;
using api::testing::with_service;

constexpr const char* kAnswer =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":)"
    R"([{"type":"text","text":"from here"}],"stop_reason":"end_turn","stop_sequence":null,)"
    R"("usage":{"input_tokens":10,"cache_read_input_tokens":90,"output_tokens":7}})";
constexpr const char* kStart =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":"
    "\"claude-x\",\"usage\":{\"input_tokens\":20,\"output_tokens\":1}}}\n\n";
constexpr const char* kText =
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
    "event: ping\ndata: {\"type\":\"ping\"}\n\n"
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
    "{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
    "{\"type\":\"text_delta\",\"text\":\"b\"}}\n\n";
constexpr const char* kEnd =
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
    "\"max_tokens\"},\"usage\":{\"output_tokens\":5}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
constexpr const char* kOverloaded =
    R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},)"
    R"("request_id":"req_1"})";

Reply events(std::string text) {
  return Reply(200, std::move(text)).with("Content-Type", "text/event-stream");
}
gemini::AnthropicOptions options_for(const ScriptedService& service) {
  gemini::AnthropicOptions options;
  options.base_url = service.url().text();
  options.api_key = Secret("sk-canary");
  return options;
}

Task<void> whole(ScriptedService& service) {
  Told told;
  auto options = options_for(service);
  options.calls.events = told.sink();
  std::string seen_limit;
  options.on_headers = [&seen_limit](std::string_view model, const http::Headers& headers) {
    seen_limit = std::string(model) + " " +
                 std::string(headers.find("anthropic-ratelimit-requests-limit").value_or(""));
  };
  const auto provider = gemini::anthropic_provider(std::move(options)).value();
  service.then(Reply(200, kAnswer).with("anthropic-ratelimit-requests-limit", "50"));
  auto request = gemini::prompt("Hello");
  const auto answer = co_await provider->generate("claude-x", request);
  EXPECT_TRUE(answer) << answer.error().describe();
  if (!answer) co_return;
  EXPECT_EQ(gemini::text_of(*answer), "from here");
  EXPECT_EQ(answer->usage_metadata->prompt_token_count, 100);
  EXPECT_EQ(seen_limit, "claude-x 50");
  const auto& sent = service.requests().at(0);
  EXPECT_EQ(sent.target, "/v1/messages");
  EXPECT_EQ(sent.headers.find("x-api-key"), "sk-canary");
  EXPECT_EQ(sent.headers.find("anthropic-version"), "2023-06-01");
  EXPECT_FALSE(sent.headers.find("Authorization"));
  EXPECT_EQ(told.field("gemini.generate_start", "provider"), "anthropic");
  EXPECT_EQ(told.field("gemini.generate_stop", "prompt_tokens"), "100");
  EXPECT_EQ(told.field("gemini.generate_stop", "cached_tokens"), "90");
  EXPECT_EQ(told.field("gemini.generate_stop", "finish"), "STOP");

  service.then(Reply(529, kOverloaded));
  const auto ill = co_await provider->generate("claude-x", request);
  EXPECT_EQ(ill.error().describe(), "unavailable: Overloaded [stage receive, HTTP 529]");
  EXPECT_EQ(ill.error().detail("request_id"), "req_1");
  EXPECT_EQ(told.count("gemini.generate_exception"), 1u);

  constexpr const char* kLimited =
      R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})";
  service.then(Reply(429, kLimited).with("retry-after", "7").with("request-id", "req_2"));
  const auto limited = co_await provider->generate("claude-x", request);
  EXPECT_EQ(limited.error().describe(),
            "rate_limited: slow [stage receive, HTTP 429, retry after 7000 ms]");
  EXPECT_EQ(limited.error().detail("request_id"), "req_2");
  service.then(Reply(429, kLimited)
                   .with("anthropic-ratelimit-requests-remaining", "0")
                   .with("anthropic-ratelimit-requests-reset", "9")
                   .with("anthropic-ratelimit-tokens-remaining", "40")
                   .with("anthropic-ratelimit-tokens-reset", "50"));
  const auto reset = co_await provider->generate("claude-x", request);
  EXPECT_EQ(reset.error().retry_after(), std::chrono::milliseconds(9'000));
}

TEST(AnthropicProvider_D28, AWholeAnswerItsErrorsAndItsHeadersAreTold) {
  with_service(whole);
}

Task<void> streamed(ScriptedService& service) {
  Told told;
  auto options = options_for(service);
  options.name = "house";
  options.calls.events = told.sink();
  const auto provider = gemini::anthropic_provider(std::move(options)).value();
  auto request = gemini::prompt("Hello");
  const auto read = [](gemini::Stream& stream) -> Task<std::string> {
    std::string text;
    while (auto part = co_await stream.next()) {
      text += gemini::text_of(*part);
      if (const auto finish = gemini::finish_reason_of(*part); !finish.empty())
        text += "|" + finish;
    }
    co_return text;
  };
  service.then(events(std::string(kStart) + kText + kEnd));
  auto stream = co_await provider->stream("claude-x", request);
  EXPECT_TRUE(stream) << stream.error().describe();
  if (!stream) co_return;
  EXPECT_EQ(co_await read(*stream), "ab|MAX_TOKENS");
  EXPECT_TRUE(stream->outcome());
  EXPECT_EQ(told.field("gemini.generate_stop", "provider"), "house");
  EXPECT_EQ(told.field("gemini.generate_stop", "total_tokens"), "25");

  // The end of the connection is no end of the message, and an error may come in the middle.
  service.then(events(std::string(kStart) + kText));
  auto cut = co_await provider->stream("claude-x", request);
  EXPECT_EQ(co_await read(*cut), "ab");
  EXPECT_EQ(cut->outcome().error().kind(), ErrorKind::disconnected);
  service.then(events(std::string(kStart) + kText + "event: error\ndata: " + kOverloaded + "\n\n"));
  auto ill = co_await provider->stream("claude-x", request);
  EXPECT_EQ(co_await read(*ill), "ab");
  EXPECT_EQ(ill->outcome().error().describe(), "unavailable: Overloaded [stage receive, HTTP 529]");
  service.then(Reply(529, kOverloaded));
  const auto refused = co_await provider->stream("claude-x", request);
  EXPECT_EQ(refused.error().kind(), ErrorKind::unavailable);
}

TEST(AnthropicProvider_D28, AStreamIsToldToItsEndOrWhyThereIsNone) {
  with_service(streamed);
}

Task<void> composed(ScriptedService& service) {
  api::Limiter limiter;
  limit::Limits limits;
  limits.input_tokens_per_minute = 100'000;
  limits.output_tokens_per_minute = 100'000;
  const auto pool = *limiter.configure("p", "claude-x", limits);
  auto options = options_for(service);
  options.calls.permit = api::limiter_permits(limiter, pool);
  options.calls.retry = limit::uniform_retries();
  for (auto& rule : options.calls.retry.rules) rule.first_delay = std::chrono::milliseconds(1);
  const auto provider = gemini::anthropic_provider(std::move(options)).value();
  auto request = gemini::prompt("Hello");
  service.then(Reply(529, kOverloaded));
  service.then(events(std::string(kStart) + kText + kEnd));
  auto stream = co_await provider->stream("claude-x", request);
  EXPECT_TRUE(stream) << stream.error().describe();
  if (!stream) co_return;
  while (co_await stream->next()) continue;
  EXPECT_EQ(stream->report().attempts.size(), 2u) << "the first was overloaded";
  std::int64_t input = 0, output = 0;
  for (const auto& one : limiter.snapshot(pool).states) {
    if (one.dimension == limit::Dimension::input_tokens_per_minute) input = one.used;
    if (one.dimension == limit::Dimension::output_tokens_per_minute) output = one.used;
  }
  EXPECT_GE(input, 20) << "told at the stream's beginning";
  EXPECT_EQ(output, 5 + 1000) << "told at its end; the refused attempt may have been counted";
}

TEST(AnthropicProvider_D28_R7, RetriesAndLimitsComposeAroundIt) {
  with_service(composed);
}

TEST(Router_D19, AModelOfAnthropicIsAskedByItsName) {
  testing::in_house([](testing::House& house) -> Task<void> {
    ScriptedService service(house.executor);
    gemini::RouterOptions options;
    options.providers.emplace("anthropic",
                              gemini::anthropic_provider(options_for(service)).value());
    options.fallback_models = {"gemini-2.5-flash"};
    options.limiter.emplace();
    gemini::ClientOptions client;
    client.api_key = Secret("test-key");
    client.base_url = house.emulator.base_url();
    const auto router =
        gemini::Router::make(gemini::Client::make(std::move(client)).value(), std::move(options))
            .value();
    gemini::RouteRequest request(gemini::prompt("repeat: instead"));
    request.model = "anthropic/claude-x";
    service.then(Reply(200, kAnswer));
    const auto answer = co_await router.generate(request);
    EXPECT_TRUE(answer) << answer.error().describe();
    if (!answer) co_return;
    EXPECT_EQ(gemini::text_of(answer->response), "from here");
    EXPECT_EQ(answer->way, gemini::Way::provider);
    // An overloaded service is passed over, and it is said.
    service.then(Reply(529, kOverloaded));
    const auto other = co_await router.generate(request);
    EXPECT_TRUE(other) << other.error().describe();
    if (!other) co_return;
    EXPECT_EQ(gemini::text_of(other->response), "instead");
    EXPECT_EQ(other->attempts.front().error->http_status(), 529);
  });
}

}  // namespace
}  // namespace parley
