#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/api/credentials.hpp"
#include "parley/api/detail/session_state.hpp"
#include "parley/base/text.hpp"

namespace parley::api::detail {
namespace {

using Kind = AuthRule::Kind;

bool is_optional(std::span<const AuthRule> auth) {
  return auth.empty() || std::ranges::find(auth, Kind::none, &AuthRule::kind) != auth.end();
}

Result<Secret> find_secret(const ApiRules& api, const SessionOptions& options) {
  if (!options.key.empty()) return options.key;
  std::vector<const char*> names;
  if (options.use_environment) names.assign(api.env_auth.begin(), api.env_auth.end());
  auto found = find_key(Secret(), names);
  if (found || !is_optional(api.auth)) {
    if (!found && names.empty())
      return fail(ErrorKind::missing_credentials,
                  fmt::format("no key for {}: set SessionOptions::key", api.name));
    return found;
  }
  return Secret();
}

Result<void> apply(const ApiRules& api, const Secret& key, const SessionOptions& options,
                   PreparedConnection& out) {
  if (key.empty()) return {};
  const auto rule = std::ranges::find_if(
      api.auth, [](const AuthRule& one) { return one.kind != Kind::none; });
  if (rule == api.auth.end()) return {};
  const std::string value = std::string(rule->prefix) + key.reveal();
  auto& headers = out.options.offer.headers;
  switch (rule->kind) {
    case Kind::none:
      break;
    case Kind::bearer:
      headers.set(rule->name.empty() ? "Authorization" : rule->name, "Bearer " + value);
      break;
    case Kind::header:
      headers.set(rule->name, value);
      break;
    case Kind::query:
      out.url.target += fmt::format("{}{}={}", out.url.target.find('?') == std::string::npos ? '?' : '&',
                                    http::percent_encode(rule->name), http::percent_encode(value));
      break;
    case Kind::basic: {
      std::string user = options.user;
      if (user.empty() && api.env_username)
        user = environment(api.env_username).value_or("");
      if (user.empty())
        return fail(ErrorKind::missing_credentials,
                    fmt::format("no user name for {}: set SessionOptions::user{}", api.name,
                                api.env_username ? fmt::format(" or {}", api.env_username) : ""));
      headers.set("Authorization", "Basic " + to_base64(as_bytes(user + ":" + value)));
      break;
    }
    case Kind::subprotocol:
      if (!rule->name.empty()) out.options.offer.subprotocols.emplace_back(rule->name);
      out.options.offer.subprotocols.push_back(value);
      break;
    case Kind::message:
      out.message_key = key;
      break;
  }
  return {};
}

void set_limits(const EndpointRules& rules, const SessionOptions& options,
                net::ConnectOptions& out) {
  const auto connect = options.connect_timeout.value_or(rules.connect_timeout);
  auto& dial = out.dial;
  for (auto* step : {&dial.resolve_timeout, &dial.connect_timeout, &dial.proxy_timeout,
                     &dial.tls_timeout, &out.upgrade_timeout})
    *step = std::min(*step, connect);
  out.protocol.max_message = rules.max_message;
  const auto idle = options.idle_timeout.value_or(rules.idle_timeout);
  if (idle.count() > 0) {
    out.protocol.idle_timeout = idle;
    out.protocol.ping_interval = idle / 2;
  }
  out.protocol.close_timeout = options.close_timeout.value_or(rules.close_timeout);
  if (options.compression.value_or(rules.compression) && !out.offer.deflate)
    out.offer.deflate.emplace();
}

}  // namespace

Result<PreparedConnection> prepare(const EndpointRules& rules, const Target& target,
                                   const SessionOptions& options) {
  PreparedConnection out;
  out.options = options.connect;
  const std::string_view base =
      options.base_url.empty() ? rules.api->websocket_url : std::string_view(options.base_url);
  auto url = http::parse_url(base);
  if (!url) return fail(std::move(url.error()));
  auto path = target.text();
  if (!path) return fail(std::move(path.error()));
  out.url = std::move(*url);
  while (out.url.target.ends_with('/')) out.url.target.pop_back();
  out.url.target += *path;
  auto& offer = out.options.offer;
  for (const auto& header : rules.api->headers) offer.headers.set(header.name, header.value);
  for (const auto& header : rules.headers) offer.headers.set(header.name, header.value);
  for (const auto& [name, value] : target.headers()) offer.headers.set(name, value);
  for (const auto& header : options.headers.all()) offer.headers.set(header.name, header.value);
  for (const auto& protocol : rules.subprotocols) offer.subprotocols.emplace_back(protocol);
  const auto key = find_secret(*rules.api, options);
  if (!key) return fail(key.error());
  if (auto applied = apply(*rules.api, *key, options, out); !applied)
    return fail(std::move(applied.error()));
  set_limits(rules, options, out.options);
  return out;
}

Result<void> close_result(const EndpointRules& rules, std::uint16_t code, const std::string& reason,
                          Result<void> otherwise) {
  const auto rule = std::ranges::find(rules.close_codes, code, &CloseRule::code);
  if (rule == rules.close_codes.end()) return otherwise;
  auto kind = ErrorKind::disconnected;
  switch (rule->close_class) {
    case CloseClass::normal:
      return {};
    case CloseClass::auth:
      kind = ErrorKind::unauthenticated;
      break;
    case CloseClass::fatal:
      kind = ErrorKind::service;
      break;
    case CloseClass::expired:
    case CloseClass::retryable:
      kind = ErrorKind::unavailable;
      break;
  }
  return fail(Error(kind, fmt::format("{} ended the session: {}", rules.api->name,
                                      reason.empty() ? rule->name : std::string_view(reason)))
                  .with_close(code, reason)
                  .with_service_status(std::string(rule->name)));
}

}  // namespace parley::api::detail
