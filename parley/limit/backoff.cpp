#include "parley/limit/backoff.hpp"

#include <algorithm>
#include <cmath>

#include "parley/limit/quota.hpp"

namespace parley::limit {
namespace {

using std::chrono::milliseconds;

std::optional<FailureClass> class_of_status(int status) {
  switch (status) {
    case 429:
      return FailureClass::rate_limited;
    case 503:
      return FailureClass::overloaded;
    case 500:
    case 502:
    case 504:
      return FailureClass::server_error;
    case 408:
      return FailureClass::request_timeout;
    default:
      return std::nullopt;
  }
}

bool before_the_answer(Stage stage) {
  return stage == Stage::resolve || stage == Stage::connect || stage == Stage::proxy ||
         stage == Stage::tls || stage == Stage::upgrade || stage == Stage::setup;
}

// Close codes that say nothing against the request (RFC 6455, 7.4.1 and its registry).
bool is_passing_code(std::uint16_t code) {
  constexpr std::uint16_t passing[] = {0, 1001, 1005, 1006, 1011, 1012, 1013, 1014};
  return std::ranges::find(passing, code) != std::end(passing);
}

}  // namespace

std::string_view to_string(FailureClass failure) {
  constexpr std::string_view names[] = {"rate_limited",    "overloaded", "server_error",
                                        "request_timeout", "connection", "interruption"};
  return names[static_cast<std::size_t>(failure)];
}

std::optional<FailureClass> failure_class(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::rate_limited:
      if (quota_is_zero(error) || quota_is_spent_for_the_day(error)) return std::nullopt;
      return FailureClass::rate_limited;
    case ErrorKind::unavailable:
      return class_of_status(error.http_status()).value_or(FailureClass::overloaded);
    case ErrorKind::timeout:
      return before_the_answer(error.stage()) ? FailureClass::connection
                                              : FailureClass::request_timeout;
    case ErrorKind::resolve_failed:
    case ErrorKind::connect_failed:
      return FailureClass::connection;
    case ErrorKind::upgrade_refused:
      return class_of_status(error.http_status());
    case ErrorKind::disconnected:
      if (!is_passing_code(error.close_code())) return std::nullopt;
      return before_the_answer(error.stage()) ? FailureClass::connection
                                              : FailureClass::interruption;
    case ErrorKind::service:
      return class_of_status(error.http_status());
    default:
      return std::nullopt;
  }
}

RetryPolicy no_retries() {
  return RetryPolicy(RetryRule(0, milliseconds(100), milliseconds(10'000)));
}

RetryPolicy uniform_retries() {
  return RetryPolicy();
}

RetryPolicy gentle_retries() {
  RetryPolicy policy(RetryRule(3, milliseconds(1000), milliseconds(10'000)));
  policy.jitter_down = 0.25;
  policy.jitter_up = 0.25;
  return policy;
}

RetryPolicy retries_by_failure() {
  RetryPolicy policy;
  const auto set = [&policy](FailureClass failure, int first, int retries, int cap_seconds) {
    policy[failure] = RetryRule(retries, milliseconds(first), milliseconds(1000 * cap_seconds));
  };
  set(FailureClass::rate_limited, 5000, 3, 40);
  set(FailureClass::overloaded, 2000, 5, 60);
  set(FailureClass::server_error, 1000, 3, 8);
  set(FailureClass::request_timeout, 2000, 4, 30);
  set(FailureClass::connection, 2000, 5, 60);
  set(FailureClass::interruption, 1000, 3, 10);
  policy.total = milliseconds(300'000);
  return policy;
}

milliseconds delay_of(milliseconds first, milliseconds cap, double factor, int n, double down,
                      double up, Random& random) {
  const double plain = static_cast<double>(first.count()) * std::pow(factor, n);
  const double limited = std::min(plain, static_cast<double>(cap.count()));
  const double share = static_cast<double>(random.below(1'000'001)) / 1e6;
  return milliseconds(static_cast<std::int64_t>(limited * (1 - down + (down + up) * share)));
}

std::optional<milliseconds> Backoff::next_delay(const Error& error, TimePoint now) {
  const auto failure = failure_class(error);
  if (!failure) return std::nullopt;
  const RetryRule& rule = policy_[*failure];
  if (retries_ >= rule.retries) return std::nullopt;
  auto delay = asked_delay(error);
  if (!delay)
    delay = delay_of(rule.first_delay, rule.max_delay, policy_.factor, retries_,
                     policy_.jitter_down, policy_.jitter_up, *random_);
  if (now + *delay - started_ > policy_.total) return std::nullopt;
  ++retries_;
  return delay;
}

}  // namespace parley::limit
