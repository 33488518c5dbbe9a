#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/time.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {

// A quota of a project, which its keys and models share as the names say.
struct QuotaLimit {
  QuotaLimit() = default;
  // "model=gemini-2.5-*; key=*; tier=paid; rpm=10; tpm=250000; rpd=500", in any order, at least one
  // of the last three. Errors (invalid_argument) name the part.
  static Result<QuotaLimit> parse(std::string_view text);

  std::string model = "*";  // "*" stands for any characters; each model has a count of its own
  std::string key = "*";    // likewise: each key is a project
  std::string tier = "FreeTier";  // as it stands in quota ids
  std::optional<std::int64_t> requests_per_minute, input_tokens_per_minute, requests_per_day;
};

// What a request was refused for.
struct QuotaRefusal {
  QuotaRefusal() = default;
  enum class Window { minute_requests, minute_tokens, day_requests };
  Window window = Window::minute_requests;
  std::string model;  // bare
  std::string tier = "FreeTier";
  std::int64_t limit = 10;
  std::chrono::milliseconds retry_in{7'500};

  // As the service names it: "GenerateRequestsPerMinutePerProjectPerModel-FreeTier".
  std::string quota_id() const;
  std::string quota_metric() const;
  // The words and the details of its error (Help, QuotaFailure, RetryInfo).
  std::string message() const;
  json::Array details() const;
};

// Quotas that a client does not know of, counted as the service does: over the last 60 seconds for
// minutes, and over the calendar day of America/Los_Angeles for days. What was refused does not
// count. Pure; not thread-safe.
class Quota {
 public:
  explicit Quota(std::vector<QuotaLimit> limits = {}) : limits_(std::move(limits)) {}

  // Counts a request with so many tokens of input, or says which quota has no room. The first limit
  // that fits model and key counts.
  std::optional<QuotaRefusal> take(std::string_view model, std::string_view key,
                                   std::int64_t input_tokens, WallTime now);
  // More tokens of a request that was taken: later turns of a Live session.
  std::optional<QuotaRefusal> take_tokens(std::string_view model, std::string_view key,
                                          std::int64_t input_tokens, WallTime now);
  // What is used, for a status page: {model, window, used, limit} without keys.
  json::Array used(WallTime now) const;
  bool empty() const { return limits_.empty(); }

 private:
  struct Count {
    Count() = default;
    QuotaLimit limit;
    std::deque<WallTime> requests;
    std::deque<std::pair<WallTime, std::int64_t>> tokens;
    std::int64_t of_day = 0;
    WallTime day_ends{};
  };
  Count* count_of(std::string_view model, std::string_view key, WallTime now);
  std::optional<QuotaRefusal> refuse(const Count& count, std::string_view model,
                                     std::int64_t requests, std::int64_t input_tokens,
                                     WallTime now) const;

  std::vector<QuotaLimit> limits_;
  std::map<std::pair<std::string, std::string>, Count> counts_;  // by model and key
};

// True where `pattern` fits all of `text`; "*" stands for any characters, also none.
bool fits(std::string_view pattern, std::string_view text);

// The end of the calendar day of America/Los_Angeles (tz database: PST8PDT by the rules of 2007).
WallTime pacific_midnight_after(WallTime now);

}  // namespace parley::emulator
