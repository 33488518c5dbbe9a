#include "parley/api/retry_delay.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "parley/json/value.hpp"
#include "parley/limit/headers.hpp"

namespace parley::api {

std::optional<std::chrono::milliseconds> retry_delay(const http::Headers& headers, bool no_quota,
                                                     WallTime now) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& field : headers.all()) fields.emplace_back(field.name, field.value);
  const auto told = limit::read_rate_headers(fields, now);
  if (told.retry_after || !no_quota) return told.retry_after;
  std::optional<std::chrono::milliseconds> delay;
  for (const auto& one : told.of)
    if (one.remaining == 0 && one.reset) delay = std::max(delay.value_or(*one.reset), *one.reset);
  return delay;
}

namespace {

std::optional<std::chrono::milliseconds> retry_info(const json::Value& body) {
  if (const auto* list = body.if_array()) {
    for (const auto& one : *list)
      if (const auto delay = retry_info(one)) return delay;
    return std::nullopt;
  }
  const auto* top = body.if_object();
  const auto* error = top ? top->if_contains("error") : nullptr;
  const auto* status = error ? error->if_object() : nullptr;
  const auto* member = status ? status->if_contains("details") : nullptr;
  const auto* details = member ? member->if_array() : nullptr;
  if (details == nullptr) return std::nullopt;
  for (const auto& detail : *details) {
    const auto* object = detail.if_object();
    const auto* type = object ? object->if_contains("@type") : nullptr;
    const auto* delay = object ? object->if_contains("retryDelay") : nullptr;
    if (type && type->is_string() && delay && delay->is_string() &&
        std::string_view(type->get_string()).ends_with("google.rpc.RetryInfo"))
      return parse_duration(delay->get_string());
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> retry_delay(const http::Response& response, WallTime now) {
  if (response.body.find("google.rpc.RetryInfo") != std::string::npos)
    if (const auto body = json::parse(response.body, json::trusted_limits()))
      if (const auto delay = retry_info(*body); delay && delay->count() > 0) return delay;
  return retry_delay(response.headers, response.status == 429, now);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (!text.ends_with('s')) return std::nullopt;
  text.remove_suffix(1);
  double seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code != std::errc() || end != text.data() + text.size() || !(seconds >= 0) || seconds > 1e9)
    return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

}  // namespace parley::api
