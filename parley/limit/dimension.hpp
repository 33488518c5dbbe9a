#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/base/time.hpp"

namespace parley::limit {

// What a limit counts.
enum class Dimension {
  requests_per_minute,
  input_tokens_per_minute,
  output_tokens_per_minute,
  requests_per_day,
  money_per_day,
  concurrency,
  caller_concurrency,
  retry_window,  // no count: the service asked to wait and did not say for which quota
};
inline constexpr std::size_t dimensions = 8;
inline constexpr std::size_t minute_dimensions = 3;  // the first ones

std::string_view to_string(Dimension dimension);
std::optional<Dimension> dimension_of(std::string_view name);
constexpr std::size_t index_of(Dimension dimension) {
  return static_cast<std::size_t>(dimension);
}

// Both clocks at one moment. Windows and waits follow the monotonic one, days the wall.
struct Moment {
  Moment() = default;
  Moment(TimePoint monotonic, WallTime wall_time) : at(monotonic), wall(wall_time) {}
  TimePoint at{};
  WallTime wall{};
};

// A limit of so much, or more, is none; unlike an absent one it stands over another limit.
inline constexpr std::int64_t unlimited = 1'000'000'000'000'000;

// Amounts of money are millionths of a US dollar.
using Micros = std::int64_t;

// What a project may do with a model. An absent member is no limit; 0 is a limit of nothing, but
// for the two concurrencies, where it is no limit either.
struct Limits {
  Limits() = default;
  std::optional<std::int64_t> requests_per_minute;
  std::optional<std::int64_t> input_tokens_per_minute;
  std::optional<std::int64_t> output_tokens_per_minute;
  std::optional<std::int64_t> requests_per_day;  // the day of America/Los_Angeles
  std::optional<Micros> money_per_day;
  std::optional<std::int64_t> concurrency;
  std::optional<std::int64_t> caller_concurrency;  // for each Demand::caller
  // The "minute" of the first three; 1 ms to 1 day. No closed interval of this length holds more
  // than a limit.
  std::chrono::milliseconds window{60'000};
  // How many requests may go at the same instant; the others are spread evenly, one each
  // window / requests_per_minute. 0: the whole limit may go at once.
  std::int64_t burst = 0;

  std::optional<std::int64_t> of(Dimension dimension) const;
  void set(Dimension dimension, std::optional<std::int64_t> value);
};

// Errors: invalid_argument for a negative limit or burst, or a window out of its range.
Result<void> check(const Limits& limits);

// Takes each member of `over` that is present, and the others of `under`.
Limits overlay(const Limits& over, const Limits& under);

// US dollars for a million tokens.
struct Price {
  Price() = default;
  Price(double input_price, double output_price, double cached_price)
      : input(input_price), output(output_price), cached(cached_price) {}
  double input = 0;
  double output = 0;
  double cached = 0;  // input that the service had in a cache
  // Prompts of more than `long_from` tokens cost `long_factor_…` times as much; 0: no such rule.
  std::int64_t long_from = 0;
  double long_factor_input = 1;
  double long_factor_output = 1;
};

// Tokens that a call used, or is thought to use. Not negative; cached tokens are input, too.
struct Usage {
  Usage() = default;
  Usage(std::int64_t input, std::int64_t output, std::int64_t cached = 0)
      : input_tokens(input), output_tokens(output), cached_tokens(cached) {}
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cached_tokens = 0;
  bool operator==(const Usage&) const = default;
};

// Rounded up to the next millionth of a dollar.
Micros cost_of(const Usage& usage, const Price& price);

// What one call needs before it may go.
struct Demand {
  Demand() = default;
  explicit Demand(const Usage& estimated) : estimate(estimated) {}
  Usage estimate;
  std::int64_t requests = 1;
  // Places held until the lease ends; 0 for a turn of a Live session. One without a request, for a
  // session, is not given while the service lets no request go (a cool-down, a spent day).
  std::int64_t slots = 1;
  int priority = 0;        // higher goes first
  std::string caller;      // for Limits::caller_concurrency; any text
};

}  // namespace parley::limit
