#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/base/time.hpp"

namespace parley::limit {

struct BreakerOptions {
  BreakerOptions() = default;
  int failures = 0;  // in a row, before it opens; 0: never (off). 5 is a good number
  std::chrono::milliseconds open_for{60'000};
  int successes = 2;  // of probes, before it closes again
};
// 5 failures, 60 s, 2 successes.
BreakerOptions usual_breaker();

// Stops asking a service that fails: closed → (failures in a row) → open → (time) → half open,
// where one probe at a time goes through → (successes) → closed, or (one failure) → open again.
// Without clock; one thread at a time.
class Breaker {
 public:
  enum class State { closed, open, half_open };
  // A request that was let through. End it by succeeded(), failed() or cancelled(); one of an
  // earlier state is not counted.
  using Pass = std::uint64_t;

  explicit Breaker(const BreakerOptions& options) : options_(options) {}

  // Error: unavailable with retry_after, while it is open or its probe is under way.
  Result<Pass> admit(TimePoint now);
  void succeeded(Pass pass);
  void failed(Pass pass, TimePoint now);
  // The request ended without saying anything about the service.
  void cancelled(Pass pass);
  // succeeded() or failed() by what the error says: bad input, credentials and quotas are answers
  // of a healthy service; cancellation counts for nothing.
  void ended(Pass pass, const Result<void>& outcome, TimePoint now);

  State state(TimePoint now) const;
  // When a probe may go; empty while it is closed.
  std::optional<TimePoint> opens_at() const { return until_; }

 private:
  void open(TimePoint now);

  BreakerOptions options_;
  std::uint64_t age_ = 0;  // counts changes of the state; a pass carries the age of its admission
  int failures_ = 0;
  int successes_ = 0;
  bool probing_ = false;
  std::optional<TimePoint> until_;
};

std::string_view to_string(Breaker::State state);
// True for failures that a service which is ill would give: no connection, no answer, 5xx.
bool is_illness(const Error& error);

}  // namespace parley::limit
