#include "parley/api/credentials.hpp"

#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/base/text.hpp"

namespace parley::api {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

Result<Secret> find_key(const Secret& given, const std::vector<const char*>& names) {
  if (!given.empty()) return given;
  for (const char* name : names)
    if (auto value = environment(name)) return Secret(std::string(trim(*value)));
  return fail(ErrorKind::missing_credentials,
              fmt::format("no API key: pass one, or set {}", fmt::join(names, " or ")));
}

}  // namespace parley::api
