#include "parley/narrative/sqlite_tables.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/detail/aside.hpp"
#include "parley/narrative/detail/sqlite.hpp"
#include "parley/narrative/detail/table_sql.hpp"
#include "parley/narrative/diagnostic.hpp"

namespace parley::narrative {
namespace {

// What a query of the file's author may do.
int read_only(void*, int action, const char*, const char* name, const char*, const char*) {
  const bool function = action == SQLITE_FUNCTION;
  if (function && name && std::string_view(name) == "load_extension") return SQLITE_DENY;
  return action == SQLITE_SELECT || action == SQLITE_READ || function || action == SQLITE_RECURSIVE
             ? SQLITE_OK
             : SQLITE_DENY;
}

Result<std::vector<std::string>> columns_of(sqlite3* database, const std::string& table) {
  auto statement = detail::prepare(database, "SELECT name FROM pragma_table_info(?1)");
  if (!statement) return fail(std::move(statement.error()));
  detail::bind(statement->get(), 1, table);
  std::vector<std::string> out;
  while (sqlite3_step(statement->get()) == SQLITE_ROW)
    out.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement->get(), 0)));
  if (!out.empty()) return out;
  auto all =
      detail::prepare(database, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')");
  std::vector<std::string> names;
  while (all && sqlite3_step(all->get()) == SQLITE_ROW)
    names.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(all->get(), 0)));
  const std::vector<std::string_view> views(names.begin(), names.end());
  return fail(ErrorKind::not_found,
              fmt::format("there is no table {}{}", table, did_you_mean(table, views)));
}

json::Value value_of(sqlite3_stmt* row, int column) {
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
      return json::Value(static_cast<std::int64_t>(sqlite3_column_int64(row, column)));
    case SQLITE_FLOAT:
      return json::Value(sqlite3_column_double(row, column));
    case SQLITE_NULL:
      return json::Value(nullptr);
    default:
      break;
  }
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
  const std::string_view view(bytes ? bytes : "",
                              static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
  if (sqlite3_column_type(row, column) == SQLITE_BLOB)
    return json::Value(to_base64(as_bytes(view)));
  return json::Value(to_valid_utf8(view));
}

Result<TableRows> fetch(sqlite3* database, sqlite3_stmt* statement,
                        std::vector<std::string> columns, bool with_ids) {
  TableRows out;
  out.columns = std::move(columns);
  const int count = static_cast<int>(out.columns.size());
  std::size_t bytes = 0;
  for (;;) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) return out;
    if (code != SQLITE_ROW) return fail(detail::storage_error(database, "read"));
    auto& row = out.rows.emplace_back();
    for (int column = 0; column < count; ++column) {
      bytes += static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
      row.push_back(value_of(statement, column));
    }
    if (with_ids) out.ids.push_back(sqlite3_column_int64(statement, count));
    if (bytes > detail::kMostTableBytes)
      return fail(ErrorKind::too_large, "the rows have more than 10 MB; choose columns or a limit");
  }
}

// Ends a statement between its steps where nobody waits for it.
int is_stopped(void* stop) {
  return static_cast<const detail::Stop*>(stop)->requested();
}
void obey(sqlite3* database, const detail::Stop& stop) {
  constexpr int kSteps = 1000;
  sqlite3_progress_handler(database, kSteps, is_stopped, const_cast<detail::Stop*>(&stop));
}

Result<TableRows> read_file(const SqliteTablesOptions& options, const TableQuery& query,
                            const detail::Stop& stop) {
  const auto& input = query.input;
  if (auto may = detail::may_delete(options.allow_delete, input); !may)
    return fail(std::move(may.error()));
  if (input.database.empty())
    return fail(
        ErrorKind::invalid_argument,
        fmt::format("table {}: no database is named; write database = \"file.db\"", input.name));
  if (is_postgres(input.database))
    return fail(ErrorKind::invalid_argument,
                fmt::format("table {}: databases are SQLite files here", input.name));
  auto database = detail::open_database(input.database, SQLITE_OPEN_READONLY);
  if (!database) return fail(std::move(database.error()));
  obey(database->get(), stop);
  auto known = columns_of(database->get(), input.name);
  if (!known) return fail(std::move(known.error()));
  detail::TableSql made(query, detail::SqlDialect::sqlite, detail::quoted(input.name), "rowid",
                        std::move(*known));
  const auto sql = made.make();
  if (!sql) return fail(sql.error());
  sqlite3_set_authorizer(database->get(), read_only, nullptr);
  auto statement = detail::prepare(database->get(), *sql);
  if (!statement)
    return fail(statement.error().kind(),
                fmt::format("table {}: {}", input.name, statement.error().message()));
  for (int i = 0; i < made.bound; ++i)
    detail::bind(statement->get(), i + 1, query.where[static_cast<std::size_t>(i)].second);
  return fetch(database->get(), statement->get(), std::move(made.columns), input.pull_and_delete);
}

Result<void> remove_from_file(const SqliteTablesOptions& options, const TableQuery& query,
                              const TableRows& read, const detail::Stop& stop) {
  if (auto may = detail::may_delete(options.allow_delete, query.input); !may) return may;
  auto database = detail::open_database(query.input.database, SQLITE_OPEN_READWRITE);
  if (!database) return fail(std::move(database.error()));
  obey(database->get(), stop);
  if (auto begun = detail::execute(database->get(), "BEGIN IMMEDIATE"); !begun) return begun;
  auto statement = detail::prepare(
      database->get(), "DELETE FROM " + detail::quoted(query.input.name) + " WHERE rowid = ?1");
  if (!statement) return fail(std::move(statement.error()));
  for (const auto id : read.ids) {
    sqlite3_bind_int64(statement->get(), 1, id);
    if (sqlite3_step(statement->get()) != SQLITE_DONE)
      return fail(detail::storage_error(database->get(), "delete rows of " + query.input.name));
    sqlite3_reset(statement->get());
  }
  return detail::execute(database->get(), "COMMIT");
}

}  // namespace

SqliteTables::SqliteTables(SqliteTablesOptions options) : options_(options) {}

Task<Result<TableRows>> SqliteTables::read(TableQuery query) {
  std::function<Result<TableRows>(const detail::Stop&)> work =
      [options = options_, query = std::move(query)](const detail::Stop& stop) {
        return read_file(options, query, stop);
      };
  co_return co_await detail::aside(std::move(work));
}

Task<Result<void>> SqliteTables::remove(TableQuery query, TableRows read) {
  std::function<Result<void>(const detail::Stop&)> work =
      [options = options_, query = std::move(query), read = std::move(read)](
          const detail::Stop& stop) { return remove_from_file(options, query, read, stop); };
  co_return co_await detail::aside(std::move(work));
}

}  // namespace parley::narrative
