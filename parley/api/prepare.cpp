#include <algorithm>

#include <fmt/format.h>

#include "parley/api/detail/keys.hpp"
#include "parley/api/detail/session_state.hpp"
#include "parley/api/token_source.hpp"

namespace parley::api::detail {
namespace {

using Kind = AuthRule::Kind;

Result<void> apply(const ApiRules& api, const Secret& key, const SessionOptions& options,
                   PreparedConnection& out) {
  const auto* rule = rule_for(api, true);
  if (key.empty() || !rule) return {};
  auto& protocols = out.options.offer.subprotocols;
  if (rule->kind == Kind::subprotocol) {
    if (!rule->name.empty()) protocols.emplace_back(rule->name);
    protocols.push_back(std::string(rule->prefix) + key.reveal());
  } else if (rule->kind == Kind::message) {
    out.message_key = key;
  } else {
    return apply_key(api, *rule, key, options.user, out.options.offer.headers, out.url.target);
  }
  return {};
}

Task<Result<Secret>> fetch(std::shared_ptr<TokenSource> tokens, std::shared_ptr<Secret> last) {
  auto token = co_await tokens->token();
  if (token) *last = *token;
  co_return token;
}

// A token for each upgrade, and the project whose quota is used.
void authorize(const std::shared_ptr<TokenSource>& tokens, PreparedConnection& out) {
  const auto last = std::make_shared<Secret>();
  out.options.bearer = [tokens, last] { return fetch(tokens, last); };
  out.refused = [tokens, last](const Error& why) {
    if (why.http_status() == 401) tokens->drop(*last);
  };
  if (const auto& project = tokens->quota_project(); !project.empty())
    out.options.offer.headers.set("x-goog-user-project", project);
}

void set_limits(const EndpointRules& rules, const SessionOptions& options,
                net::ConnectOptions& out) {
  const auto connect = options.connect_timeout.value_or(rules.connect_timeout);
  auto& dial = out.dial;
  for (auto* step : {&dial.resolve_timeout, &dial.connect_timeout, &dial.proxy_timeout,
                     &dial.tls_timeout, &out.upgrade_timeout})
    *step = std::min(*step, connect);
  out.protocol.max_message = options.max_message.value_or(rules.max_message);
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
  if (!out.options.events) out.options.events = options.events;
  const std::string_view base =
      options.base_url.empty() ? rules.api->websocket_url : std::string_view(options.base_url);
  auto url = http::parse_url(base);
  if (!url) return fail(std::move(url.error()));
  auto path = options.path.empty() ? target.text() : Result<std::string>(options.path);
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
  if (options.tokens) {
    authorize(options.tokens, out);
  } else if (options.send_key) {
    const auto key = find_secret(*rules.api, options.key, options.use_environment);
    if (!key) return fail(key.error());
    if (auto applied = apply(*rules.api, *key, options, out); !applied)
      return fail(std::move(applied.error()));
  }
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
