#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/base/random.hpp"
#include "parley/base/time.hpp"

namespace parley::limit {

// Failures that may pass, sorted by how they are tried again.
enum class FailureClass {
  rate_limited,     // 429 with a quota of a minute, or none named
  overloaded,       // 503
  server_error,     // 500, 502, 504
  request_timeout,  // 408, or no answer in time
  connection,       // no connection: resolving, connecting, proxy, upgrade, setup
  interruption,     // the answer was cut
};
inline constexpr std::size_t failure_classes = 6;

std::string_view to_string(FailureClass failure);

// Empty: the same request cannot do better later (bad input, credentials, a spent day, a quota of
// zero), or it was cancelled.
std::optional<FailureClass> failure_class(const Error& error);

struct RetryRule {
  RetryRule() = default;
  RetryRule(int retry_count, std::chrono::milliseconds first, std::chrono::milliseconds cap)
      : retries(retry_count), first_delay(first), max_delay(cap) {}
  int retries = 3;  // attempts after the first; 0: a single try
  // The delay before retry n is first_delay × factor^(n−1), at most max_delay, then the jitter.
  std::chrono::milliseconds first_delay{100};
  std::chrono::milliseconds max_delay{10'000};
};

// When and how often a request is tried again. Data: change what you like.
struct RetryPolicy {
  RetryPolicy() = default;
  explicit RetryPolicy(const RetryRule& rule) { rules.fill(rule); }
  RetryRule& operator[](FailureClass failure) { return rules[static_cast<std::size_t>(failure)]; }
  const RetryRule& operator[](FailureClass failure) const {
    return rules[static_cast<std::size_t>(failure)];
  }

  std::array<RetryRule, failure_classes> rules{};
  double factor = 2;
  // Each delay is multiplied by a random number of [1 − jitter_down, 1 + jitter_up].
  double jitter_down = 0;
  double jitter_up = 0.5;
  std::chrono::milliseconds total{60'000};  // from the first attempt to the last one's start
  std::chrono::milliseconds attempt_timeout{30'000};  // for one attempt; kept by the caller
};

// One try, no more.
RetryPolicy no_retries();
// 3 retries, 100 ms, ×2, at most 10 s, jitter up to +50 %, 60 s in all.
RetryPolicy uniform_retries();
// 3 retries, 1 s, ×2, ±25 %: for a service that says itself when to come again.
RetryPolicy gentle_retries();
// By failure: 429 5 s, 3 times, at most 40 s; 503 2 s, 5, 60 s; 500, 502, 504 1 s, 3, 8 s; 408 2 s,
// 4, 30 s; connection 2 s, 5, 60 s; interruption 1 s, 3, 10 s. 5 minutes in all.
RetryPolicy retries_by_failure();

// The state of one request's retries, without clock or network. One thread at a time.
class Backoff {
 public:
  // `random` must outlive this. `started`: when the first attempt began.
  Backoff(const RetryPolicy& policy, Random& random, TimePoint started)
      : policy_(policy), random_(&random), started_(started) {}

  // How long to wait before the next attempt; empty: there is none, tell the error. What the
  // service asks for (see asked_delay) is waited for instead of the own delay, without jitter; a
  // delay that ends behind `total` is not begun. Waiting for a limiter comes on top of it: pass
  // through the limiter again for each attempt.
  std::optional<std::chrono::milliseconds> next_delay(const Error& error, TimePoint now);

  // Retries that were granted so far.
  int retries() const { return retries_; }

 private:
  RetryPolicy policy_;
  Random* random_;
  TimePoint started_;
  int retries_ = 0;
};

// first × factor^n, at most `cap`, times a random number of [1 − down, 1 + up].
std::chrono::milliseconds delay_of(std::chrono::milliseconds first, std::chrono::milliseconds cap,
                                   double factor, int n, double down, double up, Random& random);

}  // namespace parley::limit
