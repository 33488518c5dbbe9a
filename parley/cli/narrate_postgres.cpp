#include "parley/cli/narrate_postgres.hpp"

#if PARLEY_POSTGRES

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"
#include "parley/cli/settings.hpp"
#include "parley/narrative/postgres_tables.hpp"

namespace parley::cli {
namespace {

std::string variable_of(const std::string& name) {
  const auto config = settings_or_complain("narrate");
  if (const auto* setting = config.find(fmt::format("databases.{}.url_env", name)))
    if (const auto* text = std::get_if<std::string>(&setting->value)) return *text;
  std::string out = "PARLEY_DATABASE_";
  for (const char c : name)
    out += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

Result<Secret> connection_of(const std::string& name) {
  const auto variable = variable_of(name);
  if (auto text = api::environment(variable.c_str())) return Secret(std::move(*text));
  return fail(ErrorKind::not_found,
              fmt::format("database {}: the variable {} with its connection string is not set",
                          name, variable));
}

}  // namespace

std::unique_ptr<narrative::Tables> postgres_tables(bool allow_delete) {
  narrative::PostgresTablesOptions options;
  options.connection = connection_of;
  options.allow_delete = allow_delete;
  return std::make_unique<narrative::PostgresTables>(std::move(options));
}

}  // namespace parley::cli

#else

namespace parley::cli {

std::unique_ptr<narrative::Tables> postgres_tables(bool) {
  return nullptr;
}

}  // namespace parley::cli

#endif
