#include "parley/narrative/sqlite_tables.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/detail/sqlite.hpp"
#include "parley/narrative/diagnostic.hpp"

namespace parley::narrative {
namespace {

constexpr std::size_t kMostBytes = 10 * 1024 * 1024;  // of one query's rows

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

class Query {
 public:
  Query(const TableQuery& query, std::vector<std::string> known)
      : query_(query), known_(std::move(known)) {}

  Result<std::string> sql() {
    const auto& input = query_.input;
    const auto& wanted = input.columns.empty() ? known_ : input.columns;
    std::string out = "SELECT ";
    for (const auto& column : wanted) {
      if (auto good = check(column); !good) return fail(good.error());
      out += (columns.empty() ? "" : ", ") + detail::quoted(column);
      columns.push_back(column);
    }
    if (input.pull_and_delete) out += ", rowid";
    out += " FROM " + detail::quoted(input.name);
    std::string between = " WHERE ";
    for (const auto& [column, value] : query_.where) {
      if (auto good = check(column); !good) return fail(good.error());
      // Texts and numbers alike: a template gives a text.
      out += fmt::format("{}CAST({} AS TEXT) = ?{}", between, detail::quoted(column), ++bound);
      between = " AND ";
    }
    if (!input.where_sql.empty()) out += between + "(" + input.where_sql + "\n)";
    auto order = ordered();
    if (!order) return order;
    return out + *order +
           fmt::format(" LIMIT {} OFFSET {}", input.sample > 0 ? input.sample : input.limit,
                       input.offset);
  }

  std::vector<std::string> columns;
  int bound = 0;

 private:
  Result<void> check(std::string_view column) const {
    if (std::ranges::find(known_, column) != known_.end()) return {};
    const std::vector<std::string_view> names(known_.begin(), known_.end());
    return fail(ErrorKind::not_found, fmt::format("table {} has no column {}{}", query_.input.name,
                                                  column, did_you_mean(column, names)));
  }

  Result<std::string> ordered() const {
    const auto& input = query_.input;
    if (input.sample > 0) return std::string(" ORDER BY random()");
    if (input.order_by.empty()) return std::string();
    std::string out;
    for (const auto part : split(input.order_by, ',')) {
      auto name = trim(part);
      std::string_view direction;
      if (const auto space = name.find(' '); space != std::string_view::npos) {
        direction = trim(name.substr(space));
        name = name.substr(0, space);
      }
      if (auto good = check(name); !good) return fail(good.error());
      const auto word = to_lower_ascii(direction);
      if (!word.empty() && word != "asc" && word != "desc")
        return fail(ErrorKind::invalid_argument,
                    fmt::format("order_by: \"{}\" must be asc or desc", direction));
      out += (out.empty() ? " ORDER BY " : ", ") + detail::quoted(name) +
             (word == "desc" ? " DESC" : "");
    }
    return out;
  }

  const TableQuery& query_;
  std::vector<std::string> known_;
};

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
    if (bytes > kMostBytes)
      return fail(ErrorKind::too_large, "the rows have more than 10 MB; choose columns or a limit");
  }
}

Result<void> may_delete(const SqliteTablesOptions& options, const TableInput& input) {
  if (!input.pull_and_delete || options.allow_delete) return {};
  return fail(ErrorKind::permission_denied,
              fmt::format("table {}: pull_and_delete is not allowed here; nothing was read "
                          "(--allow-delete allows it)",
                          input.name));
}

}  // namespace

SqliteTables::SqliteTables(SqliteTablesOptions options) : options_(options) {}

Result<TableRows> SqliteTables::read(const TableQuery& query) {
  const auto& input = query.input;
  if (auto may = may_delete(options_, input); !may) return fail(std::move(may.error()));
  if (input.database.empty())
    return fail(
        ErrorKind::invalid_argument,
        fmt::format("table {}: no database is named; write database = \"file.db\"", input.name));
  if (input.database.find("://") != std::string::npos)
    return fail(ErrorKind::invalid_argument,
                fmt::format("table {}: databases are SQLite files here", input.name));
  auto database = detail::open_database(input.database, SQLITE_OPEN_READONLY);
  if (!database) return fail(std::move(database.error()));
  auto known = columns_of(database->get(), input.name);
  if (!known) return fail(std::move(known.error()));
  Query made(query, std::move(*known));
  const auto sql = made.sql();
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

Result<void> SqliteTables::remove(const TableQuery& query, const TableRows& read) {
  if (auto may = may_delete(options_, query.input); !may) return may;
  auto database = detail::open_database(query.input.database, SQLITE_OPEN_READWRITE);
  if (!database) return fail(std::move(database.error()));
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

}  // namespace parley::narrative
