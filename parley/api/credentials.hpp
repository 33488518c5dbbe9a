#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"

namespace parley::api {

// An environment variable that is set and not empty.
std::optional<std::string> environment(const char* name);

// The key that was given, else the first of `names` that the environment has. Errors:
// missing_credentials, which lists all names that were tried.
Result<Secret> find_key(const Secret& given, const std::vector<const char*>& names);

}  // namespace parley::api
