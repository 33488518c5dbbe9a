#pragma once

#include <string>

#include "parley/api/endpoint_rules.hpp"
#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/http/message.hpp"

namespace parley::api::detail {

// The key that was given, else the first that the environment has; empty where the API needs none.
// Errors: missing_credentials.
Result<Secret> find_secret(const ApiRules& api, const Secret& given, bool use_environment);

// Puts a key where an HTTP request carries it. Subprotocols and messages are the caller's.
// Errors: missing_credentials for a user's name.
Result<void> apply_key(const ApiRules& api, const AuthRule& rule, const Secret& key,
                       const std::string& user, http::Headers& headers, std::string& target);

// The rule that a key goes by: the first that is one, for a socket also subprotocol and message.
const AuthRule* rule_for(const ApiRules& api, bool socket);

}  // namespace parley::api::detail
