#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/api/response_cache.hpp"
#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/http/coding.hpp"
#include "parley/http/message.hpp"
#include "parley/http/url.hpp"
#include "parley/limit/backoff.hpp"
#include "parley/limit/breaker.hpp"
#include "parley/limit/call_rate.hpp"
#include "parley/limit/dimension.hpp"
#include "parley/net/task.hpp"

// What may happen around one call. Everything is off until it is asked for; the order, from the
// outside in: cache, retries, fail-over, breaker, permit, attempt (docs/resilience.md).
namespace parley::api {

// Another place that offers the same API. Keys that a request carries go there as well.
struct FallbackEndpoint {
  FallbackEndpoint() = default;
  explicit FallbackEndpoint(http::Url url) : base(std::move(url)) {}
  http::Url base;         // its path stands in place of the first endpoint's
  http::Headers headers;  // win over the request's: another key
};

struct RequestPacking {
  RequestPacking() = default;
  http::Coding coding = http::Coding::identity;  // identity: off
  int level = 6;                                 // 1 (fast) to 9 (small)
  std::size_t from_bytes = 1024;                 // smaller bodies go as they are
};

struct HealthOptions {
  HealthOptions() = default;
  std::string path = "/";  // asked by GET; an answer below 500 is a good one
  std::chrono::milliseconds every{30'000};
  std::chrono::milliseconds timeout{5'000};
  int failures = 3;   // in a row, before an endpoint is asked last
  int successes = 1;  // in a row, before it is asked in its turn again
};

// The right to make one attempt, kept until its answer is whole. Destroyed without ended(): it was
// cancelled.
class CallPermit {
 public:
  virtual ~CallPermit() = default;
  // The header fields of the attempt's answer, good or not: what they say of limits.
  virtual void answered(const http::Headers&) {}
  // `used`: the most that the answer told of each (CallOptions::usage_in).
  virtual void ended(const Result<void>& outcome, const std::optional<limit::Usage>& used) = 0;
};

struct Attempt {
  Attempt() = default;
  int number = 0;                       // from 1
  std::string endpoint;                 // "https://host"
  std::chrono::milliseconds waited{0};  // before it, by the retry policy
  std::chrono::milliseconds took{0};    // to the answer's header; for a whole answer to its end
  int status = 0;                       // 0: no answer
  std::optional<Error> error;           // empty: this attempt's answer was given back
};

// What became of a call: what would else stay unseen.
struct CallReport {
  CallReport() = default;
  std::vector<Attempt> attempts;  // in their order; none where the cache answered
  std::string endpoint;           // that answered last
  http::Headers headers;          // of the last answer, good or not; empty: none, or of the cache
  bool fell_back = false;         // it is not the first of the endpoints
  bool from_cache = false;
};

// What one call is, for what is composed around it.
struct CallTerms {
  CallTerms() = default;
  std::string model;                   // whose limits count; empty: it is about no model
  limit::Demand demand;                // what one attempt is thought to use
  std::shared_ptr<CallReport> report;  // filled in any case; null: nobody asks for it
};

struct CallOptions {
  CallOptions();

  // Further attempts. An attempt is made again only before the first event of a stream was given;
  // behind it the failure is the stream's outcome. limit::uniform_retries() has the usual numbers.
  limit::RetryPolicy retry;
  // For each endpoint one. While it is open the endpoint is not asked; limit::usual_breaker().
  limit::BreakerOptions breaker;
  // Asked in their order, at once and without a delay, after an endpoint that is ill (no
  // connection, no answer, 5xx) or has no quota left (429).
  std::vector<FallbackEndpoint> fallbacks;
  std::optional<HealthOptions> health;  // see Caller::keep_checking()
  std::optional<CacheOptions> cache;
  // How often attempts may begin: further ones wait for their place, and fail with rate_limited
  // (retry_after says when) where that is further away than most_wait. {} is 10 a second.
  std::optional<limit::CallRateOptions> rate;
  RequestPacking packing;
  // Called before each attempt, and may wait: an error ends the call. limiter_permits() makes one
  // of an api::Limiter.
  std::function<Task<Result<std::unique_ptr<CallPermit>>>(CallTerms)> permit;
  // What a good answer's body, or an event of a stream, tells of usage. Asked only with a permit.
  std::function<std::optional<limit::Usage>(std::string_view text)> usage_in;

  // The error that an answer stands for, as the API tells it (delays in the body, quotas).
  std::function<Error(const http::Response&)> error_of;
  // The error that an event of a stream stands for; empty: it is content. For the first event.
  std::function<std::optional<Error>(std::string_view data)> error_in_event;

  // "api.call_start" {method, endpoint, path}, "_stop" {attempts, endpoint} or "_exception";
  // "api.attempt_start" {parent, attempt, endpoint}, "_stop" {status} or "_exception"; "api.retry"
  // {id, attempt, delay_ms, kind}, "api.fallback" {id, from, to, kind}, "api.cache_hit" {id},
  // "api.rate_wait" {id, delay_ms}, "api.breaker_open" {id, endpoint}; "api.health_change"
  // {endpoint, healthy}.
  EventSink events;

  // True where a call is one plain attempt.
  bool off() const;
};

}  // namespace parley::api
