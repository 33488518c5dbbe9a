#pragma once

#include <memory>

#include "parley/narrative/ports.hpp"

namespace parley::cli {

// PostgreSQL for table inputs; null where this program was built without it. The connection string
// of "postgres:NAME" is in the variable that [databases.NAME] url_env of parley.toml names, else in
// PARLEY_DATABASE_NAME.
std::unique_ptr<narrative::Tables> postgres_tables(bool allow_delete);

}  // namespace parley::cli
