#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/time.hpp"
#include "parley/limit/dimension.hpp"

namespace parley::limit {

// What the headers of an answer say about one limit.
struct RateHeader {
  RateHeader() = default;
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
  std::optional<std::chrono::milliseconds> reset;  // until it is whole again, from the answer on
};

// By dimension: requests, input tokens (also tokens of both kinds) and output tokens per minute,
// requests per day.
struct RateHeaders {
  RateHeaders() = default;
  std::array<RateHeader, 4> of{};
  std::optional<std::chrono::milliseconds> retry_after;
  bool empty() const;
};

// Reads, without case: Retry-After (seconds or a date), retry-after-ms;
// x-ratelimit-{limit,remaining,reset}[-requests|-tokens|-input-tokens|-output-tokens][-day|-minute]
// (OpenAI, Mistral, Groq, Azure); anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-
// {limit,remaining,reset}; ratelimit-{limit,remaining,reset}
// (draft-ietf-httpapi-ratelimit-headers). A reset is "1s", "6m0s", "20ms", a number of seconds (a
// Unix time where it is so large), or a date (RFC 3339). What does not make sense is left out, a
// limit of 0 as well.
RateHeaders read_rate_headers(const std::vector<std::pair<std::string, std::string>>& headers,
                              WallTime now);

}  // namespace parley::limit
