#include "parley/narrative/detail/sqlite.hpp"

#include <fmt/format.h>

namespace parley::narrative::detail {

Error storage_error(sqlite3* database, std::string_view doing) {
  return Error(ErrorKind::storage, fmt::format("cannot {}: {}", doing, sqlite3_errmsg(database)));
}

Result<Database> open_database(const std::string& file, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(handle);
  if (code == SQLITE_CANTOPEN && (flags & SQLITE_OPEN_CREATE) == 0)
    return fail(ErrorKind::not_found, fmt::format("there is no database {}", file));
  if (code != SQLITE_OK) return fail(storage_error(handle, "open " + file));
  sqlite3_busy_timeout(handle, 5000);
  return database;
}

Result<Statement> prepare(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* made = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &made, &rest);
  Statement statement(made);
  if (code == SQLITE_AUTH)
    return fail(ErrorKind::permission_denied, "a condition may read and do nothing else");
  if (code != SQLITE_OK) return fail(ErrorKind::invalid_argument, sqlite3_errmsg(database));
  if (std::string_view(rest).find_first_not_of(" \t\r\n;") != std::string_view::npos || !made)
    return fail(ErrorKind::invalid_argument, "it is not one statement");
  return statement;
}

void bind(sqlite3_stmt* statement, int at, std::string_view text) {
  sqlite3_bind_text64(statement, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

Result<void> execute(sqlite3* database, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return fail(storage_error(database, "write"));
  return {};
}

}  // namespace parley::narrative::detail
