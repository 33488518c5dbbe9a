#include "parley/api/rest.hpp"

#include <fmt/format.h>

#include "parley/api/caller.hpp"
#include "parley/api/detail/keys.hpp"
#include "parley/api/retry_delay.hpp"
#include "parley/base/text.hpp"
#include "parley/http/curl.hpp"
#include "parley/net/system.hpp"

namespace parley::api {

struct RestClient::State {
  State(const ApiRules& of, RestOptions with) : rules(of), options(std::move(with)) {}
  const ApiRules& rules;
  RestOptions options;
  http::Url base;
  Secret key;
  std::optional<Caller> client;
};

Result<RestClient> RestClient::make(const ApiRules& rules, RestOptions options) {
  auto state = std::make_shared<State>(rules, std::move(options));
  const auto& given = state->options;
  auto base =
      http::parse_url(given.base_url.empty() ? rules.rest_url : std::string_view(given.base_url));
  if (!base) return fail(std::move(base.error()));
  state->base = std::move(*base);
  auto key = detail::find_secret(rules, given.key, given.use_environment);
  if (!key) return fail(std::move(key.error()));
  state->key = std::move(*key);
  state->client.emplace(state->base, given.http, given.calls);
  return RestClient(std::move(state));
}

Result<http::Request> RestClient::request_of(std::string method, const Target& target,
                                             const std::string& content_type,
                                             std::string body) const {
  auto path = target.text();
  if (!path) return fail(std::move(path.error()));
  std::string whole = state_->base.target;
  while (whole.ends_with('/')) whole.pop_back();
  http::Request request(method, whole + *path);
  request.headers.set("User-Agent", "parley/0.1");
  request.headers.set("Accept", "*/*");
  for (const auto& header : state_->rules.headers) request.headers.set(header.name, header.value);
  for (const auto& [name, value] : target.headers()) request.headers.set(name, value);
  for (const auto& header : state_->options.headers.all())
    request.headers.set(header.name, header.value);
  if (const auto* rule = detail::rule_for(state_->rules, false); rule && !state_->key.empty()) {
    auto applied = detail::apply_key(state_->rules, *rule, state_->key, state_->options.user,
                                     request.headers, request.target);
    if (!applied) return fail(std::move(applied.error()));
  }
  if (!body.empty() || !content_type.empty()) request.headers.set("Content-Type", content_type);
  request.body = std::move(body);
  return request;
}

Error error_of(const http::Response& response) {
  auto kind = ErrorKind::service;
  switch (response.status) {
    case 400:
    case 422:
      kind = ErrorKind::invalid_argument;
      break;
    case 401:
      kind = ErrorKind::unauthenticated;
      break;
    case 403:
      kind = ErrorKind::permission_denied;
      break;
    case 404:
      kind = ErrorKind::not_found;
      break;
    case 409:
      kind = ErrorKind::conflict;
      break;
    case 413:
      kind = ErrorKind::too_large;
      break;
    case 429:
      kind = ErrorKind::rate_limited;
      break;
    case 408:
    case 500:
    case 502:
    case 503:
    case 504:
      kind = ErrorKind::unavailable;
      break;
    default:
      break;
  }
  Error error(kind, fmt::format("the service answered {}", response.status));
  if (const auto delay = retry_delay(response, net::SystemClock().wall_now()))
    error = std::move(error).with_retry_after(*delay);
  return std::move(error)
      .with_http_status(response.status)
      .with_detail("body", redact(to_valid_utf8(std::string_view(response.body).substr(0, 4096))));
}

Result<std::string> RestClient::curl(std::string method, const Target& target,
                                     const std::string& content_type, std::string body) const {
  const auto request = request_of(std::move(method), target, content_type, std::move(body));
  if (!request) return fail(request.error());
  return http::curl_line(state_->base, *request);
}

Task<Result<http::Response>> RestClient::send(std::string method, Target target,
                                              std::string content_type, std::string body) {
  const auto state = state_;
  auto request = request_of(std::move(method), target, content_type, std::move(body));
  if (!request) co_return fail(std::move(request.error()));
  auto response = co_await state->client->send(std::move(*request));
  if (!response) co_return response;
  if (response->status < 200 || response->status > 299) co_return fail(error_of(*response));
  co_return response;
}

Task<Result<EventStream>> RestClient::open_events(std::string method, Target target,
                                                  std::string content_type, std::string body) {
  const auto state = state_;
  auto request = request_of(std::move(method), target, content_type, std::move(body));
  if (!request) co_return fail(std::move(request.error()));
  request->headers.set("Accept", "text/event-stream");
  auto stream = co_await state->client->open(std::move(*request));
  if (!stream) co_return fail(std::move(stream.error()));
  const int status = stream->head().status;
  if (status < 200 || status > 299) {
    http::Response whole = stream->head();
    auto rest = co_await stream->read_all();
    if (rest) whole.body = std::move(*rest);
    co_return fail(error_of(whole));
  }
  co_return EventStream(std::move(*stream), 256 * 1024 * 1024);
}

}  // namespace parley::api
