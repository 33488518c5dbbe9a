#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/error.hpp"

// What an error of the service says about quotas. Source: google.rpc.QuotaFailure as the Gemini API
// fills it (quotaId, quotaMetric, quotaValue), in the details that gemini::error_of() keeps.
namespace parley::limit {

// The period after which a quota is whole again, by the words of its id.
enum class QuotaPeriod {
  unknown,  // the id is missing or says nothing: back off
  minute,   // "…PerMinute…": cool down for as long as the service says
  day,      // "…PerDay…": nothing helps before midnight, Pacific time, whatever RetryInfo says
  at_once,  // "…Concurrent…": too many at the same time
};

// What a quota counts.
enum class QuotaSubject { requests, input_tokens, output_tokens };

struct QuotaViolation {
  QuotaViolation() = default;
  std::string id;      // "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"; may be empty
  std::string metric;  // "generativelanguage.googleapis.com/…"; may be empty
  QuotaPeriod period = QuotaPeriod::unknown;
  QuotaSubject subject = QuotaSubject::requests;
  bool per_model = true;                // false: the id names the project alone
  std::optional<std::int64_t> allowed;  // quotaValue, or "limit: N" of the message
};

// The violations that the error names, in its order; empty where it names none.
std::vector<QuotaViolation> quota_violations(const Error& error);

// True where waiting for seconds or minutes cannot help: a quota of a day is spent, or a quota is
// zero (the tier does not have the model).
bool quota_is_zero(const Error& error);
bool quota_is_spent_for_the_day(const Error& error);

// How long the service asks to wait: Error::retry_after(), or "Please retry in 46.9s" of the
// message or close reason. Empty where it says nothing or zero: back off by your own rule.
std::optional<std::chrono::milliseconds> asked_delay(const Error& error);

}  // namespace parley::limit
