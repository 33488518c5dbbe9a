#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "parley/base/time.hpp"
#include "parley/http/message.hpp"

namespace parley::api {

// How long the header fields of an answer ask to wait before the next attempt: Retry-After (seconds
// or a date, RFC 9110, 10.2.3), retry-after-ms; else, where a quota is used up (`no_quota`), until
// the last of the limits that have nothing left is whole again (x-ratelimit-*-reset,
// anthropic-ratelimit-*-reset, see limit::read_rate_headers). Not negative. Empty: they do not say.
std::optional<std::chrono::milliseconds> retry_delay(const http::Headers& headers, bool no_quota,
                                                     WallTime now);

// The same of an answer that is an error: RetryInfo in its body where that is above zero (Google's
// services: {"error": {"details": [{"@type": "…google.rpc.RetryInfo", "retryDelay": "36.5s"}]}}, or
// the same in an array), else its header fields; 429 is a quota.
std::optional<std::chrono::milliseconds> retry_delay(const http::Response& response, WallTime now);

// "34.074824224s" of a google.protobuf.Duration, rounded up; nullopt for anything else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace parley::api
