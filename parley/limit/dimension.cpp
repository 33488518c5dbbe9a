#include "parley/limit/dimension.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace parley::limit {
namespace {

constexpr std::string_view names[] = {"requests_per_minute",
                                      "input_tokens_per_minute",
                                      "output_tokens_per_minute",
                                      "requests_per_day",
                                      "money_per_day",
                                      "concurrency",
                                      "caller_concurrency",
                                      "retry_window"};

std::optional<std::int64_t> Limits::*const members[] = {&Limits::requests_per_minute,
                                                        &Limits::input_tokens_per_minute,
                                                        &Limits::output_tokens_per_minute,
                                                        &Limits::requests_per_day,
                                                        &Limits::money_per_day,
                                                        &Limits::concurrency,
                                                        &Limits::caller_concurrency};

}  // namespace

std::string_view to_string(Dimension dimension) {
  return names[index_of(dimension)];
}

std::optional<Dimension> dimension_of(std::string_view name) {
  const auto* const found = std::ranges::find(names, name);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<Dimension>(found - std::begin(names));
}

std::optional<std::int64_t> Limits::of(Dimension dimension) const {
  if (dimension == Dimension::retry_window) return std::nullopt;
  const auto limit = this->*members[index_of(dimension)];
  const bool places =
      dimension == Dimension::concurrency || dimension == Dimension::caller_concurrency;
  if ((places && limit == 0) || limit >= unlimited) return std::nullopt;
  return limit;
}

void Limits::set(Dimension dimension, std::optional<std::int64_t> value) {
  if (dimension != Dimension::retry_window) this->*members[index_of(dimension)] = value;
}

Result<void> check(const Limits& limits) {
  for (std::size_t i = 0; i < std::size(members); ++i)
    if (const auto value = limits.*members[i]; value && *value < 0)
      return fail(ErrorKind::invalid_argument,
                  fmt::format("the limit {} is {}: it must not be negative", names[i], *value));
  if (limits.burst < 0)
    return fail(ErrorKind::invalid_argument,
                fmt::format("burst is {}: it must not be negative", limits.burst));
  if (limits.window < std::chrono::milliseconds(1) || limits.window > std::chrono::hours(24))
    return fail(
        ErrorKind::invalid_argument,
        fmt::format("the window is {} ms: it must be 1 ms to 1 day", limits.window.count()));
  return {};
}

Limits overlay(const Limits& over, const Limits& under) {
  Limits both = under;
  for (const auto member : members)
    if (over.*member) both.*member = over.*member;
  if (over.window != Limits().window) both.window = over.window;
  if (over.burst != 0) both.burst = over.burst;
  return both;
}

Micros cost_of(const Usage& usage, const Price& price) {
  const bool is_long = price.long_from > 0 && usage.input_tokens > price.long_from;
  const double input_factor = is_long ? price.long_factor_input : 1;
  const double output_factor = is_long ? price.long_factor_output : 1;
  const auto cached = std::min(usage.cached_tokens, usage.input_tokens);
  // Dollars for a million tokens are micros for one.
  const double micros =
      input_factor * (static_cast<double>(usage.input_tokens - cached) * price.input +
                      static_cast<double>(cached) * price.cached) +
      output_factor * static_cast<double>(usage.output_tokens) * price.output;
  constexpr double most = 1e15;
  return static_cast<Micros>(std::ceil(std::clamp(micros - 1e-6, 0.0, most)));
}

}  // namespace parley::limit
