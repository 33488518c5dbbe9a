#pragma once

#include <optional>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/http/message.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini {

// The error in a body of the service: {"error": {google.rpc.Status}}, or the same in an array. The
// service's own words, status, RetryInfo ("retry_after") and details are kept: "reason", "domain",
// "quota_id", "quota_metric", "quota_value", "field", "field_description". Empty: the value is no
// error.
std::optional<Error> error_of(const json::Value& body);

// The error of an answer that is not 200, whatever its body is: JSON, HTML, text, nothing.
Error error_of(const http::Response& response);

// "34.074824224s" of a google.protobuf.Duration; nullopt for anything else.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace parley::gemini
