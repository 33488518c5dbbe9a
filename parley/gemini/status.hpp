#pragma once

#include <optional>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/base/time.hpp"
#include "parley/http/message.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini {

// The error in a body of the service: {"error": {google.rpc.Status}}, or the same in an array. The
// service's own words, status, RetryInfo ("retry_after") and details are kept: "reason", "domain",
// "quota_id", "quota_metric", "quota_value", "field", "field_description". Empty: the value is no
// error.
std::optional<Error> error_of(const json::Value& body);

// The error of an answer that is not 200, whatever its body is: JSON, HTML, text, nothing. Where
// the body names no time to wait, or zero, api::retry_delay() of its header fields. `now`: for
// dates in them; the first form takes the machine's clock.
Error error_of(const http::Response& response);
Error error_of(const http::Response& response, WallTime now);

// An upgrade that was refused (ErrorKind::upgrade_refused), with what the service said in the
// answer that it refused it by: when to come again, quotas, "reason" and "domain", as error_of()
// has them. Other errors as they are.
Error told_by_refusal(Error refused, WallTime now);

// "34.074824224s" of a google.protobuf.Duration; nullopt for anything else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace parley::gemini
