#include "parley/limit/breaker.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/limit/backoff.hpp"

namespace parley::limit {

BreakerOptions usual_breaker() {
  BreakerOptions options;
  options.failures = 5;
  return options;
}

std::string_view to_string(Breaker::State state) {
  constexpr std::string_view names[] = {"closed", "open", "half_open"};
  return names[static_cast<std::size_t>(state)];
}

bool is_illness(const Error& error) {
  const auto failure = failure_class(error);
  return failure && *failure != FailureClass::rate_limited;
}

Breaker::State Breaker::state(TimePoint now) const {
  if (!until_) return State::closed;
  return now < *until_ ? State::open : State::half_open;
}

Result<Breaker::Pass> Breaker::admit(TimePoint now) {
  const State state_of_now = state(now);
  if (state_of_now == State::closed) return age_;
  if (state_of_now == State::half_open && !probing_) {
    probing_ = true;
    return age_;
  }
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(*until_ - now);
  const auto wait = std::max(left, milliseconds(1));
  if (state_of_now == State::open)
    return fail(
        Error(ErrorKind::unavailable,
              fmt::format("the service failed {} times in a row and is left alone for {} ms",
                          options_.failures, wait.count()))
            .with_retry_after(wait));
  return fail(
      Error(ErrorKind::unavailable,
            "the service failed, and one request is under way to see whether it is well again"));
}

void Breaker::open(TimePoint now) {
  ++age_;
  until_ = now + options_.open_for;
  failures_ = 0;
  successes_ = 0;
  probing_ = false;
}

void Breaker::succeeded(Pass pass) {
  if (pass != age_) return;
  failures_ = 0;
  if (!until_) return;
  probing_ = false;
  if (++successes_ < options_.successes) return;
  ++age_;
  until_.reset();
}

void Breaker::failed(Pass pass, TimePoint now) {
  if (pass != age_ || options_.failures <= 0) return;
  if (until_ || ++failures_ >= options_.failures) open(now);
}

void Breaker::cancelled(Pass pass) {
  if (pass == age_) probing_ = false;
}

void Breaker::ended(Pass pass, const Result<void>& outcome, TimePoint now) {
  if (outcome)
    succeeded(pass);
  else if (outcome.error().kind() == ErrorKind::cancelled)
    cancelled(pass);
  else if (is_illness(outcome.error()))
    failed(pass, now);
  else
    succeeded(pass);
}

}  // namespace parley::limit
