#pragma once

#include <string>

#include "parley/narrative/detail/sqlite.hpp"

namespace parley::narrative::detail {

// A file of content, made with its folder where it is not there.
Result<Database> open_content(const std::string& file);
// Gives a table of content the columns that came later.
Result<void> content_columns(sqlite3* database, const std::string& table);

}  // namespace parley::narrative::detail
