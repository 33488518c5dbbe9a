#include "parley/api/detail/keys.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"
#include "parley/http/url.hpp"

namespace parley::api::detail {

using Kind = AuthRule::Kind;

Result<Secret> find_secret(const ApiRules& api, const Secret& given, bool use_environment) {
  if (!given.empty()) return given;
  std::vector<const char*> names;
  if (use_environment) names.assign(api.env_auth.begin(), api.env_auth.end());
  auto found = find_key(Secret(), names);
  if (found) return found;
  const bool needed = !api.auth.empty() &&
                      std::ranges::find(api.auth, Kind::none, &AuthRule::kind) == api.auth.end();
  if (!needed) return Secret();
  if (names.empty())
    return fail(ErrorKind::missing_credentials,
                fmt::format("no key for {}: set the option `key`", api.name));
  return found;
}

const AuthRule* rule_for(const ApiRules& api, bool socket) {
  for (const auto& rule : api.auth) {
    if (rule.kind == Kind::none) continue;
    if (!socket && (rule.kind == Kind::subprotocol || rule.kind == Kind::message)) continue;
    return &rule;
  }
  return nullptr;
}

Result<void> apply_key(const ApiRules& api, const AuthRule& rule, const Secret& key,
                       const std::string& user, http::Headers& headers, std::string& target) {
  const std::string value = std::string(rule.prefix) + key.reveal();
  if (rule.kind == Kind::bearer) {
    headers.set(rule.name.empty() ? "Authorization" : rule.name, "Bearer " + value);
  } else if (rule.kind == Kind::header) {
    headers.set(rule.name, value);
  } else if (rule.kind == Kind::query) {
    target += fmt::format("{}{}={}", target.find('?') == std::string::npos ? '?' : '&',
                          http::percent_encode(rule.name), http::percent_encode(value));
  } else if (rule.kind == Kind::basic) {
    std::string name = user;
    if (name.empty() && api.env_username) name = environment(api.env_username).value_or("");
    if (name.empty())
      return fail(ErrorKind::missing_credentials,
                  fmt::format("no user name for {}: set the option `user`{}", api.name,
                              api.env_username ? fmt::format(" or {}", api.env_username) : ""));
    headers.set("Authorization", "Basic " + to_base64(as_bytes(name + ":" + value)));
  }
  return {};
}

}  // namespace parley::api::detail
