#include "parley/gemini/status.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "parley/api/retry_delay.hpp"
#include "parley/base/text.hpp"
#include "parley/limit/quota.hpp"
#include "parley/net/system.hpp"

namespace parley::gemini {
namespace {

std::string text_at(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  return value->is_primitive() && !value->is_null() ? json::to_string(*value) : std::string();
}

const json::Object* object_at(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value ? value->if_object() : nullptr;
}

// Canonical code of google.rpc.Code, or the HTTP status where it is missing.
ErrorKind kind_of(std::string_view status, int code) {
  if (status == "INVALID_ARGUMENT" || status == "OUT_OF_RANGE") return ErrorKind::invalid_argument;
  if (status == "FAILED_PRECONDITION" || status == "ALREADY_EXISTS" || status == "ABORTED")
    return ErrorKind::conflict;
  if (status == "UNAUTHENTICATED") return ErrorKind::unauthenticated;
  if (status == "PERMISSION_DENIED") return ErrorKind::permission_denied;
  if (status == "NOT_FOUND") return ErrorKind::not_found;
  if (status == "RESOURCE_EXHAUSTED") return ErrorKind::rate_limited;
  if (status == "CANCELLED") return ErrorKind::cancelled;
  if (status == "UNAVAILABLE" || status == "INTERNAL" || status == "DEADLINE_EXCEEDED")
    return ErrorKind::unavailable;
  switch (code) {
    case 400:
      return ErrorKind::invalid_argument;
    case 401:
      return ErrorKind::unauthenticated;
    case 403:
      return ErrorKind::permission_denied;
    case 404:
      return ErrorKind::not_found;
    case 409:
      return ErrorKind::conflict;
    case 413:
      return ErrorKind::too_large;
    case 429:
      return ErrorKind::rate_limited;
    case 408:
    case 500:
    case 502:
    case 503:
    case 504:
      return ErrorKind::unavailable;
    default:
      return ErrorKind::service;
  }
}

Error with_violations(Error error, const json::Object& detail, std::string_view list,
                      std::initializer_list<std::pair<std::string_view, const char*>> names) {
  const auto* violations = detail.if_contains(list);
  if (violations == nullptr || !violations->is_array()) return error;
  for (const auto& violation : violations->get_array()) {
    if (!violation.is_object()) continue;
    for (const auto& [member, name] : names)
      if (auto text = text_at(violation.get_object(), member); !text.empty())
        error = std::move(error).with_detail(name, std::move(text));
  }
  return error;
}

Error with_detail(Error error, const json::Object& detail) {
  const std::string type = text_at(detail, "@type");
  if (type.ends_with("google.rpc.RetryInfo")) {
    if (const auto delay = parse_duration(text_at(detail, "retryDelay")))
      error = std::move(error).with_retry_after(*delay);
  } else if (type.ends_with("google.rpc.ErrorInfo")) {
    for (const char* name : {"reason", "domain"})
      if (auto text = text_at(detail, name); !text.empty())
        error = std::move(error).with_detail(name, std::move(text));
    // How Vertex AI names a quota: quota_limit is the other form's quotaId.
    if (const auto* metadata = object_at(detail, "metadata"))
      for (const auto& [member, name] :
           {std::pair("quota_limit", "quota_id"), std::pair("quota_metric", "quota_metric"),
            std::pair("quota_limit_value", "quota_value")})
        if (auto text = text_at(*metadata, member); !text.empty())
          error = std::move(error).with_detail(name, std::move(text));
  } else if (type.ends_with("google.rpc.QuotaFailure")) {
    error = with_violations(
        std::move(error), detail, "violations",
        {{"quotaId", "quota_id"}, {"quotaMetric", "quota_metric"}, {"quotaValue", "quota_value"}});
  } else if (type.ends_with("google.rpc.BadRequest")) {
    error = with_violations(std::move(error), detail, "fieldViolations",
                            {{"field", "field"}, {"description", "field_description"}});
  }
  return error;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  return api::parse_duration(text);
}

namespace {

bool names_bad_key(const json::Value& details) {
  const auto* list = details.if_array();
  return list && std::ranges::any_of(*list, [](const auto& detail) {
           return detail.is_object() && text_at(detail.get_object(), "reason") == "API_KEY_INVALID";
         });
}

// `http_status` stands in where the document has no code of its own.
std::optional<Error> read_status(const json::Value& body, int http_status) {
  if (body.is_array()) {
    for (const auto& element : body.get_array())
      if (auto error = read_status(element, http_status)) return error;
    return std::nullopt;
  }
  const auto* top = body.if_object();
  const auto* status = top ? object_at(*top, "error") : nullptr;
  if (status == nullptr) return std::nullopt;
  int code = http_status;
  if (const auto* number = status->if_contains("code");
      number && number->is_int64() && number->get_int64() >= 0 && number->get_int64() < 1000)
    code = static_cast<int>(number->get_int64());
  const std::string canonical = text_at(*status, "status");
  std::string message = text_at(*status, "message");
  if (message.empty()) message = fmt::format("the service answered with an error (code {})", code);
  const auto* details = status->if_contains("details");
  // A bad key is told as a bad request.
  const auto kind = details && names_bad_key(*details) ? ErrorKind::unauthenticated
                                                       : kind_of(canonical, code);
  Error error(kind, std::move(message));
  error = std::move(error).with_http_status(code).with_service_status(canonical);
  if (details && details->is_array())
    for (const auto& detail : details->get_array())
      if (detail.is_object()) error = with_detail(std::move(error), detail.get_object());
  return error;
}

}  // namespace

std::optional<Error> error_of(const json::Value& body) {
  return read_status(body, 0);
}

Error error_of(const http::Response& response) {
  return error_of(response, net::SystemClock().wall_now());
}

Error error_of(const http::Response& response, WallTime now) {
  std::optional<Error> error;
  if (const auto body = json::parse(response.body, json::trusted_limits()))
    error = read_status(*body, response.status);
  if (!error) {
    const auto body = to_valid_utf8(std::string_view(response.body).substr(0, 800));
    const bool page = trim(body).starts_with('<');
    // A page for people comes from what stands before the API.
    const auto snippet =
        page ? std::string_view(
                   "with a web page, not as the API does; is the host right, and for "
                   "Vertex AI the location?")
             : trim(first_scalars(body, 200));
    error = Error(
        kind_of("", response.status),
        fmt::format("the service answered {} {}{}{}", response.status,
                    http::reason_phrase(response.status), snippet.empty() ? "" : ": ", snippet));
  }
  error = std::move(*error).with_http_status(response.status).with_stage(Stage::receive);
  if (const auto told = error->retry_after(); told && told->count() > 0) return *error;
  const bool no_quota = error->kind() == ErrorKind::rate_limited;
  if (const auto delay = api::retry_delay(response.headers, no_quota, now))
    error = std::move(*error).with_retry_after(*delay);
  return *error;
}

Error told_by_refusal(Error refused, WallTime now) {
  if (refused.kind() != ErrorKind::upgrade_refused) return refused;
  http::Response answer(refused.http_status());
  answer.body = refused.detail("body").value_or("");
  constexpr std::string_view header = "header ";  // as ws::check_response() keeps them
  for (const auto& [name, value] : refused.details())
    if (name.starts_with(header)) answer.headers.add(name.substr(header.size()), value);
  const Error told = error_of(answer, now);
  if (const auto delay = limit::asked_delay(told))
    refused = std::move(refused).with_retry_after(*delay);
  for (const auto& [name, value] : told.details())
    refused = std::move(refused).with_detail(name, value);
  return refused;
}

}  // namespace parley::gemini
