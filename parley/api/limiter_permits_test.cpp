#include "parley/api/limiter_permits.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "parley/api/test_service.hpp"
#include "parley/api/transport.hpp"

namespace parley::api {
namespace {

using std::chrono::milliseconds;
using testing::Reply;
using testing::ScriptedService;
using testing::with_service;

constexpr const char* kTwo = "data: one\n\ndata: two\n\n";

CallOptions retrying() {
  CallOptions options;
  options.retry = limit::RetryPolicy(limit::RetryRule(3, milliseconds(1), milliseconds(2)));
  return options;
}
Transport transport_of(const ScriptedService& service, CallOptions options) {
  Endpoint endpoint;
  endpoint.base = service.url();
  return Transport(std::move(endpoint), net::HttpClientOptions(), std::move(options));
}

Task<Result<std::unique_ptr<CallPermit>>> no_permit(CallTerms) {
  co_return fail(ErrorKind::rate_limited, "not today");
}

Task<void> permits(ScriptedService& service) {
  Limiter limiter;
  limit::Limits limits;
  limits.concurrency = 1;
  const auto pool = *limiter.configure("p", "m", limits);
  auto options = retrying();
  options.permit = limiter_permits(limiter, pool);
  service.then(Reply(503));
  service.then(Reply(200, kTwo));
  auto transport = transport_of(service, options);
  {
    auto events = co_await transport.open_events("/stream", "{}");
    EXPECT_EQ((co_await events->next())->data, "one");
    EXPECT_EQ(limiter.try_acquire(pool, limit::Demand()).error().kind(), ErrorKind::rate_limited)
        << "the stream has the place";
    while (co_await events->next()) {
    }
    EXPECT_TRUE(limiter.try_acquire(pool, limit::Demand()));
  }
  service.then(Reply(200, kTwo));
  {
    auto dropped = co_await transport.open_events("/stream", "{}");
    EXPECT_TRUE(co_await dropped->next());
  }
  EXPECT_TRUE(limiter.try_acquire(pool, limit::Demand())) << "dropping it gives the place back";
  auto refusing = retrying();
  refusing.permit = no_permit;
  const Caller caller(service.url(), net::HttpClientOptions(), refusing);
  http::Request request("GET", "/");
  const auto refused = co_await caller.send(request);
  EXPECT_EQ(refused.error().message(), "not today");
  EXPECT_EQ(service.requests().size(), 3u) << "without a permit nothing is sent, nor tried again";
}
TEST(Caller_R14_A30, EachAttemptPassesTheLimiter) {
  with_service(permits);
}

// Each word of an answer is a token of it.
std::optional<limit::Usage> words_of(std::string_view text) {
  return limit::Usage(1, std::ranges::count(text, ' ') + 1);
}

std::int64_t output_used(const Limiter& limiter, limit::PoolId pool) {
  for (const auto& state : limiter.snapshot(pool).states)
    if (state.dimension == limit::Dimension::output_tokens_per_minute) return state.used;
  return -1;
}

Task<void> usage(ScriptedService& service) {
  Limiter limiter;
  limit::Limits limits;
  limits.output_tokens_per_minute = 1000;
  const auto pool = *limiter.configure("p", "m", limits);
  auto options = retrying();
  options.permit = limiter_permits(limiter, pool);
  options.usage_in = words_of;
  auto transport = transport_of(service, options);
  CallTerms terms;
  terms.demand = limit::Demand(limit::Usage(1, 500));
  service.then(Reply(200, "three small words"));
  EXPECT_TRUE(co_await transport.send("POST", "/", "{}", terms));
  EXPECT_EQ(output_used(limiter, pool), 3) << "what was reserved and not used came back";
  service.then(Reply(200, "data: one\n\ndata: one two\n\n"));
  auto events = co_await transport.open_events("/stream", "{}", terms);
  EXPECT_TRUE(co_await events->next());
  EXPECT_EQ(output_used(limiter, pool), 503);
  while (co_await events->next()) {
  }
  EXPECT_EQ(output_used(limiter, pool), 5) << "of a stream the last count";
  service.then(Reply(200, kTwo));
  {
    auto dropped = co_await transport.open_events("/stream", "{}", terms);
    EXPECT_TRUE(co_await dropped->next());
  }
  EXPECT_EQ(output_used(limiter, pool), 6) << "what it had told when it was dropped";
}
TEST(Caller_R5_R14, ACallIsChargedWhatItsAnswerTells) {
  with_service(usage);
}

}  // namespace
}  // namespace parley::api
