#pragma once

#include <memory>
#include <string>

#include <sqlite3.h>

#include "parley/base/error.hpp"
#include "parley/narrative/detail/table_sql.hpp"

namespace parley::narrative::detail {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

// `flags` as sqlite3_open_v2 takes them. Errors: not_found where it may not be made and is not
// there; storage.
Result<Database> open_database(const std::string& file, int flags);
// One statement. Errors: invalid_argument with SQLite's words.
Result<Statement> prepare(sqlite3* database, const std::string& sql);
void bind(sqlite3_stmt* statement, int at, std::string_view text);
// Runs statements without rows. Errors: storage.
Result<void> execute(sqlite3* database, const std::string& sql);
Error storage_error(sqlite3* database, std::string_view doing);

}  // namespace parley::narrative::detail
