#include "parley/api/caller.hpp"

#include <gtest/gtest.h>

#include "parley/api/test_service.hpp"
#include "parley/api/transport.hpp"

namespace parley::api {
namespace {

using std::chrono::milliseconds;
using testing::Reply;
using testing::ScriptedService;
using testing::Told;
using testing::with_service;

limit::RetryPolicy quick(int retries) {
  limit::RetryPolicy policy(limit::RetryRule(retries, milliseconds(1), milliseconds(2)));
  return policy;
}
CallOptions retrying(int retries = 3) {
  CallOptions options;
  options.retry = quick(retries);
  return options;
}
Caller caller_of(const ScriptedService& service, CallOptions options) {
  return Caller(service.url(), net::HttpClientOptions(), std::move(options));
}

CallTerms reported() {
  CallTerms terms;
  terms.report = std::make_shared<CallReport>();
  return terms;
}

Task<void> retries(ScriptedService& service) {
  service.then(Reply(503));
  service.then(Reply(500));
  service.then(Reply(200, "good"));
  Told told;
  auto options = retrying();
  options.events = told.sink();
  const auto caller = caller_of(service, options);
  const auto terms = reported();
  const auto& report = terms.report;
  http::Request request("GET", "/thing?key=secret");
  const auto answer = co_await caller.send(std::move(request), terms);
  EXPECT_EQ(answer->body, "good");
  EXPECT_EQ(service.requests().size(), 3u);
  EXPECT_EQ(report->attempts.size(), 3u);
  if (report->attempts.size() != 3) co_return;
  EXPECT_EQ(report->attempts[0].status, 503);
  EXPECT_EQ(report->attempts[0].error->kind(), ErrorKind::unavailable);
  EXPECT_GE(report->attempts[1].waited, milliseconds(1));
  EXPECT_EQ(report->attempts[2].status, 200);
  EXPECT_FALSE(report->attempts[2].error);
  EXPECT_FALSE(report->fell_back);
  EXPECT_EQ(told.count("api.attempt_start"), 3u);
  EXPECT_EQ(told.count("api.attempt_exception"), 2u);
  EXPECT_EQ(told.count("api.attempt_stop"), 1u);
  EXPECT_EQ(told.count("api.retry"), 2u);
  EXPECT_EQ(told.field("api.call_stop", "attempts"), "3");
  for (const auto& event : told.events)
    for (const auto& [key, value] : event.fields)
      EXPECT_EQ(value.find("secret"), std::string::npos) << event.name << " " << key;
}
TEST(Caller_A33_R14, FailuresAreTriedAgainAndEachAttemptIsSeen) {
  with_service(retries);
}

Task<void> once(ScriptedService& service) {
  service.then(Reply(503, "no"));
  const auto plain = caller_of(service, CallOptions());
  http::Request request("GET", "/");
  const auto answer = co_await plain.send(request);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(service.requests().size(), 1u);
  // Bad input, and what the service wants to wait for longer than the call may last.
  service.then(Reply(400));
  service.then(Reply(429).with("Retry-After", "3600"));
  service.then(Reply(404));
  const auto caller = caller_of(service, retrying());
  for (const int status : {400, 429, 404}) {
    const auto refused = co_await caller.send(request);
    EXPECT_EQ(refused->status, status);
  }
  EXPECT_EQ(service.requests().size(), 4u);
}
TEST(Caller_A32_B9, WithoutAPolicyOrAReasonThereIsOneAttempt) {
  with_service(once);
}

Task<void> spent(ScriptedService& service) {
  for (int n = 0; n < 3; ++n) service.then(Reply(503, "still ill"));
  const auto caller = caller_of(service, retrying(2));
  http::Request request("GET", "/");
  const auto last = co_await caller.send(request);
  EXPECT_EQ(last->status, 503);
  EXPECT_EQ(last->body, "still ill") << "the last answer is given as it is";
  EXPECT_EQ(service.requests().size(), 3u);
  for (int n = 0; n < 3; ++n) service.then(Reply(200, "cut").cut_at(1));
  const auto broken = co_await caller.send(request);
  EXPECT_FALSE(broken);
  if (broken) co_return;
  EXPECT_EQ(broken.error().kind(), ErrorKind::disconnected);
  EXPECT_EQ(broken.error().detail("attempts"), "3");
}
TEST(Caller_A33, TheBudgetOfAttemptsIsKept) {
  with_service(spent);
}

Task<void> slow(ScriptedService& service) {
  service.then(Reply::never());
  service.then(Reply(200, "second"));
  auto options = retrying();
  options.retry.attempt_timeout = milliseconds(20);
  const auto caller = caller_of(service, options);
  const auto terms = reported();
  const auto& report = terms.report;
  http::Request request("GET", "/");
  const auto answer = co_await caller.send(std::move(request), terms);
  EXPECT_EQ(answer->body, "second");
  EXPECT_EQ(report->attempts.at(0).error->kind(), ErrorKind::timeout);
}
TEST(Caller_A33, AnAttemptHasItsOwnLimit) {
  with_service(slow);
}

constexpr const char* kOne = "data: one\n\n";
constexpr const char* kTwo = "data: one\n\ndata: two\n\n";

Transport transport_of(const ScriptedService& service, CallOptions options) {
  Endpoint endpoint;
  endpoint.base = service.url();
  return Transport(std::move(endpoint), net::HttpClientOptions(), std::move(options));
}

Task<void> streams(ScriptedService& service) {
  service.then(Reply(503));
  service.then(Reply(200, std::string(": preamble\n\n") + kTwo).cut_at(14));
  service.then(Reply(200, kTwo).cut_at(3));
  service.then(Reply(200, kTwo));
  auto transport = transport_of(service, retrying());
  auto events = co_await transport.open_events("/stream", "{}");
  EXPECT_TRUE(events);
  std::string all;
  while (auto event = co_await events->next()) all += event->data + " ";
  EXPECT_EQ(all, "one two ") << "what failed before the first event was not seen";
  EXPECT_TRUE(events->outcome());
  EXPECT_EQ(events->report().attempts.size(), 4u);
  EXPECT_EQ(service.requests().size(), 4u);
}
TEST(Caller_R15, AStreamBeginsAgainBeforeItsFirstEvent) {
  with_service(streams);
}

Task<void> content(ScriptedService& service) {
  service.then(Reply(200, kTwo).cut_at(std::string_view(kOne).size()));
  service.then(Reply(200, kTwo));
  auto transport = transport_of(service, retrying());
  auto events = co_await transport.open_events("/stream", "{}");
  EXPECT_EQ((co_await events->next())->data, "one");
  EXPECT_FALSE(co_await events->next());
  EXPECT_FALSE(events->outcome());
  EXPECT_EQ(events->outcome().error().kind(), ErrorKind::disconnected);
  EXPECT_EQ(service.requests().size(), 1u) << "behind the content nothing is tried";
}
TEST(Caller_R15, BehindTheFirstEventTheFailureIsTold) {
  with_service(content);
}

Task<void> told_in_events(ScriptedService& service) {
  auto options = retrying();
  options.error_in_event = [](std::string_view data) -> std::optional<Error> {
    if (data != "overloaded") return std::nullopt;
    return Error(ErrorKind::unavailable, "overloaded").with_http_status(503);
  };
  service.then(Reply(200, "data: overloaded\n\n"));
  service.then(Reply(200, kTwo));
  service.then(Reply(200, "data: one\n\ndata: overloaded\n\n"));
  auto transport = transport_of(service, options);
  auto first = co_await transport.open_events("/stream", "{}");
  EXPECT_EQ((co_await first->next())->data, "one");
  auto second = co_await transport.open_events("/stream", "{}");
  EXPECT_EQ((co_await second->next())->data, "one");
  EXPECT_EQ((co_await second->next())->data, "overloaded");
  EXPECT_EQ(service.requests().size(), 3u);
}
TEST(Caller_R15, AnErrorInTheFirstEventIsTriedAgain) {
  with_service(told_in_events);
}

Task<void> breaks(ScriptedService& service) {
  CallOptions options;
  options.breaker = limit::usual_breaker();
  Told told;
  options.events = told.sink();
  const auto caller = caller_of(service, options);
  http::Request request("GET", "/");
  for (int n = 0; n < 5; ++n) {
    service.then(Reply(500));
    EXPECT_EQ((co_await caller.send(request))->status, 500);
  }
  EXPECT_EQ(caller.breaker(0), limit::Breaker::State::open);
  const auto refused = co_await caller.send(request);
  EXPECT_FALSE(refused);
  if (refused) co_return;
  EXPECT_EQ(refused.error().kind(), ErrorKind::unavailable);
  EXPECT_TRUE(refused.error().retry_after());
  EXPECT_EQ(service.requests().size(), 5u) << "an open breaker asks nobody";
  EXPECT_EQ(told.count("api.breaker_open"), 1u);
  EXPECT_EQ(told.count("api.call_start"),
            told.count("api.call_stop") + told.count("api.call_exception"));
}
TEST(Caller_A34, AnOpenBreakerAsksNobody) {
  with_service(breaks);
}

Task<void> falls_over(ScriptedService& second) {
  const auto executor = co_await boost::asio::this_coro::executor;
  ScriptedService first(executor, {Reply(503), Reply(400, "bad"), Reply(429), Reply(200, "own")});
  CallOptions options;
  FallbackEndpoint fallback(second.url("/other"));
  fallback.headers.set("x-goog-api-key", "second-key");
  options.fallbacks.push_back(fallback);
  Told told;
  options.events = told.sink();
  const Caller caller(first.url("/base"), net::HttpClientOptions(), options);
  http::Request request("GET", "/base/v1/thing?x=1");
  request.headers.set("x-goog-api-key", "first-key");
  const auto terms = reported();
  const auto& report = terms.report;
  EXPECT_EQ((co_await caller.send(request, terms))->body, "default");
  EXPECT_TRUE(report->fell_back);
  EXPECT_EQ(report->endpoint, second.url().origin());
  EXPECT_EQ(report->attempts.size(), 2u);
  EXPECT_EQ(report->attempts.at(1).waited, milliseconds(0));
  EXPECT_EQ(second.requests().at(0).target, "/other/v1/thing?x=1");
  EXPECT_EQ(second.requests().at(0).headers.find("x-goog-api-key"), "second-key");
  EXPECT_EQ(told.field("api.fallback", "kind"), "unavailable");
  // A request that is bad here is bad there.
  EXPECT_EQ((co_await caller.send(request, terms))->body, "bad");
  EXPECT_FALSE(report->fell_back);
  // A quota may be left there.
  EXPECT_EQ((co_await caller.send(request, terms))->body, "default");
  EXPECT_EQ((co_await caller.send(request, terms))->body, "own");
  EXPECT_FALSE(report->fell_back) << "the first endpoint is asked first again";
}
TEST(Caller_A38_W32, AnotherEndpointIsAskedAtOnceAndSaid) {
  with_service(falls_over);
}

Task<void> stream_falls_over(ScriptedService& second) {
  const auto executor = co_await boost::asio::this_coro::executor;
  ScriptedService first(executor, {Reply(200, kTwo).cut_at(2)});
  second.then(Reply(200, kTwo));
  CallOptions options;
  options.fallbacks.emplace_back(second.url());
  Transport transport = transport_of(first, options);
  auto events = co_await transport.open_events("/stream", "{}");
  EXPECT_EQ((co_await events->next())->data, "one");
  EXPECT_TRUE(events->report().fell_back);
  EXPECT_EQ(events->report().attempts.at(0).error->kind(), ErrorKind::disconnected);
}
TEST(Caller_R15_W32, AStreamThatBreaksEarlyGoesToAnotherEndpoint) {
  with_service(stream_falls_over);
}

Task<void> caches(ScriptedService& service) {
  CallOptions options;
  options.cache.emplace();
  options.cache->may_keep = [](const http::Request&) { return true; };
  const auto caller = caller_of(service, options);
  const auto terms = reported();
  const auto& report = terms.report;
  http::Request request("POST", "/ask");
  request.body = "one";
  request.headers.set("x-goog-api-key", "a");
  service.then(Reply(503));
  service.then(Reply(200, "first"));
  service.then(Reply(200, "second"));
  service.then(Reply(200, "third"));
  EXPECT_EQ((co_await caller.send(request, terms))->status, 503) << "no error is kept";
  EXPECT_EQ((co_await caller.send(request, terms))->body, "first");
  EXPECT_FALSE(report->from_cache);
  EXPECT_EQ((co_await caller.send(request, terms))->body, "first");
  EXPECT_TRUE(report->from_cache);
  EXPECT_TRUE(report->attempts.empty());
  auto other = request;
  other.body = "two";
  EXPECT_EQ((co_await caller.send(other))->body, "second");
  auto another = request;
  another.headers.set("x-goog-api-key", "b");
  EXPECT_EQ((co_await caller.send(another))->body, "third") << "another user's answer is not ours";
  caller.clear_cache();
  EXPECT_EQ((co_await caller.send(request))->body, "default");
}
TEST(Caller_A35, AnAnswerIsKeptForTheSameRequestAlone) {
  with_service(caches);
}

Task<void> rated(ScriptedService& service) {
  Told told;
  CallOptions options;
  options.events = told.sink();
  options.rate.emplace();
  options.rate->per_second = 200;
  options.rate->burst = 2;
  options.rate->most_wait = milliseconds(8);
  const auto caller = caller_of(service, options);
  for (int n = 0; n < 3; ++n) {
    http::Request request("GET", "/");
    EXPECT_TRUE(co_await caller.send(std::move(request)));
  }
  options.rate->per_second = 0.001;
  options.rate->burst = 1;
  const auto slow = caller_of(service, options);
  http::Request first("GET", "/"), second("GET", "/");
  EXPECT_TRUE(co_await slow.send(std::move(first)));
  const auto refused = co_await slow.send(std::move(second));
  EXPECT_EQ(refused.error().kind(), ErrorKind::rate_limited);
  EXPECT_GT(refused.error().retry_after(), milliseconds(900'000));
  EXPECT_EQ(service.requests().size(), 4u) << "nothing was sent";
}
TEST(Caller_A35, CallsThatComeTooFastWaitOrAreRefused) {
  with_service(rated);
}

Task<void> packs(ScriptedService& service) {
  for (const auto coding : {http::Coding::gzip, http::Coding::deflate, http::Coding::br}) {
    CallOptions options;
    options.packing.coding = coding;
    const auto caller = caller_of(service, options);
    http::Request request("POST", "/");
    request.body = std::string(1024, 'x');
    EXPECT_TRUE(co_await caller.send(request));
    const auto& seen = service.requests().back();
    EXPECT_EQ(seen.headers.find("Content-Encoding"), http::to_string(coding));
    EXPECT_EQ(http::decode_content(coding, seen.body, 2000).value(), request.body);
    request.body.pop_back();
    EXPECT_TRUE(co_await caller.send(request));
    EXPECT_EQ(service.requests().back().body, request.body) << "below 1024 bytes it goes plain";
    EXPECT_FALSE(service.requests().back().headers.find("Content-Encoding"));
  }
}
TEST(Caller_A36, LargeRequestsArePacked) {
  with_service(packs);
}

Task<void> keep_checking(Caller caller) {
  co_await caller.keep_checking();
}

Task<void> health(ScriptedService& second) {
  const auto executor = co_await boost::asio::this_coro::executor;
  ScriptedService first(executor, {Reply(500), Reply(503)});
  CallOptions options;
  options.fallbacks.emplace_back(second.url());
  options.health.emplace();
  options.health->every = milliseconds(1);
  options.health->failures = 2;
  options.health->path = "/alive";
  Told told;
  options.events = told.sink();
  const auto caller = caller_of(first, options);
  boost::asio::cancellation_signal stop;
  bool ended = false;
  boost::asio::co_spawn(executor, keep_checking(caller),
                        boost::asio::bind_cancellation_slot(
                            stop.slot(), [&ended](std::exception_ptr) { ended = true; }));
  while (told.count("api.health_change") < 1) co_await sleep_for(milliseconds(1));
  EXPECT_EQ(told.field("api.health_change", "healthy"), "false");
  EXPECT_EQ(first.requests().at(0).target, "/alive");
  while (told.count("api.health_change") < 2) co_await sleep_for(milliseconds(1));
  EXPECT_TRUE(caller.healthy(0)) << "it is well again";
  stop.emit(boost::asio::cancellation_type::terminal);
  while (!ended) co_await sleep_for(milliseconds(1));
}
TEST(Caller_A9_A38, EndpointsAreCheckedBesideTheCalls) {
  with_service(health);
}

}  // namespace
}  // namespace parley::api
