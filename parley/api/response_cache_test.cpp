#include "parley/api/response_cache.hpp"

#include <gtest/gtest.h>

#include "parley/api/endpoint_health.hpp"

namespace parley::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint t0{};

http::Response answer(std::string body, int status = 200) {
  http::Response response(status);
  response.body = std::move(body);
  return response;
}

TEST(ResponseCache_A35, TheDefaultsAreTheDocuments) {
  const CacheOptions options;
  EXPECT_EQ(options.ttl, seconds(300));
  EXPECT_EQ(options.max_entries, 1000u);
  ResponseCache cache(options);
  EXPECT_TRUE(cache.may_keep(http::Request("GET", "/")));
  EXPECT_FALSE(cache.may_keep(http::Request("POST", "/")));
}

TEST(ResponseCache_A35, AnAnswerLivesForItsTime) {
  ResponseCache cache{CacheOptions()};
  cache.store("a", answer("x"), t0);
  EXPECT_EQ(cache.find("a", t0 + seconds(299))->body, "x");
  EXPECT_EQ(cache.find("a", t0 + seconds(300)), nullptr);
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_EQ(cache.hits(), 1u);
  EXPECT_EQ(cache.misses(), 1u);
}

TEST(ResponseCache_A35, TheLeastRecentlyUsedGoesFirst) {
  CacheOptions options;
  options.max_entries = 2;
  ResponseCache cache(options);
  cache.store("a", answer("1"), t0);
  cache.store("b", answer("2"), t0);
  EXPECT_TRUE(cache.find("a", t0));
  cache.store("c", answer("3"), t0);
  EXPECT_TRUE(cache.find("a", t0));
  EXPECT_FALSE(cache.find("b", t0));
  EXPECT_TRUE(cache.find("c", t0));
}

TEST(ResponseCache_A35, BytesAreBounded) {
  CacheOptions options;
  options.max_bytes = 100;
  ResponseCache cache(options);
  cache.store("a", answer(std::string(60, 'x')), t0);
  cache.store("b", answer(std::string(60, 'y')), t0);
  EXPECT_FALSE(cache.find("a", t0));
  EXPECT_TRUE(cache.find("b", t0));
  cache.store("c", answer(std::string(200, 'z')), t0);
  EXPECT_FALSE(cache.find("c", t0));
  EXPECT_TRUE(cache.find("b", t0)) << "what is too large puts nothing out";
}

TEST(ResponseCache_A35, NoErrorIsKeptAndNothingThatMustNotBe) {
  ResponseCache cache{CacheOptions()};
  for (const int status : {206, 301, 400, 429, 500}) cache.store("a", answer("x", status), t0);
  auto private_answer = answer("x");
  private_answer.headers.set("Cache-Control", "private, no-store");
  cache.store("a", private_answer, t0);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(ResponseCache_A35, TheKeyHasAllThatMatters) {
  const auto origin = *http::parse_url("https://h");
  http::Request request("POST", "/a?x=1");
  request.headers.set("Accept", "application/json");
  request.headers.set("x-goog-api-key", "secret");
  request.body = "body";
  const auto key = cache_key(origin, request);
  EXPECT_EQ(key, cache_key(origin, request));
  EXPECT_EQ(key.find("secret"), std::string::npos);
  EXPECT_NE(key, cache_key(*http::parse_url("https://h:8443"), request));
  const auto changed = [&](auto change) {
    http::Request other = request;
    change(other);
    return cache_key(origin, other);
  };
  EXPECT_NE(key, changed([](http::Request& other) { other.method = "PUT"; }));
  EXPECT_NE(key, changed([](http::Request& other) { other.target = "/a?x=2"; }));
  EXPECT_NE(key, changed([](http::Request& other) { other.body = "Body"; }));
  EXPECT_NE(key, changed([](http::Request& other) { other.headers.set("Accept", "*/*"); }));
  EXPECT_NE(key, changed([](http::Request& other) { other.headers.set("x-goog-api-key", "b"); }));
  EXPECT_NE(key, changed([](http::Request& other) { other.headers.set("X-New", ""); }));
}

TEST(EndpointHealth_A9_A38, AnEndpointIsIllAfterThreeFailuresAndAskedLast) {
  EndpointHealth health(HealthOptions(), 2, t0);
  EXPECT_EQ(health.due(t0), (std::vector<std::size_t>{0, 1}));
  health.begun(0);
  EXPECT_EQ(health.due(t0), (std::vector<std::size_t>{1}));
  TimePoint now = t0;
  for (int n = 0; n < 2; ++n) {
    EXPECT_FALSE(health.note(0, false, now));
    EXPECT_TRUE(health.healthy(0));
    now += seconds(30);
  }
  EXPECT_FALSE(health.note(0, true, now)) << "one good answer, and the count begins anew";
  for (int n = 0; n < 2; ++n) EXPECT_FALSE(health.note(0, false, now));
  EXPECT_TRUE(health.note(0, false, now));
  EXPECT_FALSE(health.healthy(0));
  EXPECT_EQ(health.order(), (std::vector<std::size_t>{1, 0}));
  EXPECT_FALSE(health.note(1, true, now));
  EXPECT_EQ(health.next_due(), now + seconds(30));
  EXPECT_TRUE(health.due(now + seconds(29)).empty());
  EXPECT_TRUE(health.note(0, true, now + seconds(30)));
  EXPECT_EQ(health.order(), (std::vector<std::size_t>{0, 1}));
}

}  // namespace
}  // namespace parley::api
