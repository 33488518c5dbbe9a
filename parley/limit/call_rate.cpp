#include "parley/limit/call_rate.hpp"

#include <algorithm>
#include <cmath>

namespace parley::limit {
namespace {

constexpr double kLeast = 1e-6;  // per second

Duration interval_of(double per_second) {
  return Duration(static_cast<std::int64_t>(std::ceil(1e9 / std::max(per_second, kLeast))));
}

}  // namespace

CallRate::CallRate(CallRateOptions options)
    : options_(options),
      in_window_(std::max<std::int64_t>(static_cast<std::int64_t>(options.per_second), 1)),
      bucket_(interval_of(options.per_second), std::max<std::int64_t>(options.burst, 1)),
      window_(std::chrono::seconds(1)) {}

TimePoint CallRate::ready_at(TimePoint now) {
  const auto from = std::max(now, last_);
  if (options_.by == CallRateOptions::By::token_bucket) return std::max(from, bucket_.ready_at());
  return std::max(from, window_.fits_at(from, 1, in_window_));
}

std::optional<TimePoint> CallRate::reserve(TimePoint now) {
  const auto at = ready_at(now);
  if (at - now > options_.most_wait) return std::nullopt;
  if (options_.by == CallRateOptions::By::token_bucket)
    bucket_.take(at);
  else
    window_.take(at, 1);
  last_ = at;
  return at;
}

}  // namespace parley::limit
