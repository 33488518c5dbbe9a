#include "parley/narrative/postgres_tables.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/base/text.hpp"
#include "parley/narrative/detail/aside.hpp"
#include "parley/narrative/detail/postgres.hpp"
#include "parley/narrative/detail/table_sql.hpp"
#include "parley/narrative/diagnostic.hpp"

namespace parley::narrative {
namespace {

using detail::PgConnection;
using detail::quoted;

std::vector<std::string> texts_of(PGresult* result) {
  std::vector<std::string> out;
  for (int row = 0; row < PQntuples(result); ++row) out.emplace_back(PQgetvalue(result, row, 0));
  return out;
}

// "table" and "schema.table".
std::string name_of(std::string_view table) {
  const auto dot = table.find('.');
  if (dot == std::string_view::npos) return quoted(table);
  return quoted(table.substr(0, dot)) + "." + quoted(table.substr(dot + 1));
}

Result<std::vector<std::string>> columns_of(PgConnection& database, const std::string& table) {
  auto columns = database.query(
      "SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = "
      "pg_catalog.to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
      {name_of(table)});
  if (!columns) return fail(std::move(columns.error()));
  auto out = texts_of(columns->get());
  if (!out.empty()) return out;
  auto all = database.query(
      "SELECT relname::text FROM pg_catalog.pg_class WHERE relkind IN ('r', 'v', 'm', 'p', 'f') "
      "AND "
      "pg_catalog.pg_table_is_visible(oid) AND relnamespace <> 'pg_catalog'::regnamespace "
      "ORDER BY relname LIMIT 1000");
  if (!all) return fail(std::move(all.error()));
  const auto names = texts_of(all->get());
  const std::vector<std::string_view> views(names.begin(), names.end());
  return fail(ErrorKind::not_found,
              fmt::format("there is no table {}{}", table, did_you_mean(table, views)));
}

// The primary key, which must be one whole number.
Result<std::string> key_of(PgConnection& database, const std::string& table) {
  auto key = database.query(
      "SELECT attname::text FROM pg_catalog.pg_index JOIN pg_catalog.pg_attribute ON attrelid = "
      "indrelid AND attnum = ANY(indkey) WHERE indrelid = pg_catalog.to_regclass($1) AND "
      "indisprimary AND indnatts = 1 AND atttypid IN (20, 21, 23)",
      {name_of(table)});
  if (!key) return fail(std::move(key.error()));
  auto names = texts_of(key->get());
  if (names.size() == 1) return quoted(names.front());
  return fail(
      ErrorKind::invalid_argument,
      fmt::format("table {}: pull_and_delete needs a primary key of one whole number", table));
}

Result<TableRows> fetch(PgConnection& database, const TableQuery& query) {
  const auto& input = query.input;
  auto known = columns_of(database, input.name);
  if (!known) return fail(std::move(known.error()));
  std::string id;
  if (input.pull_and_delete) {
    auto key = key_of(database, input.name);
    if (!key) return fail(std::move(key.error()));
    id = std::move(*key);
  }
  detail::TableSql made(query, detail::SqlDialect::postgres, name_of(input.name), id,
                        std::move(*known));
  const auto sql = made.make();
  if (!sql) return fail(sql.error());
  std::vector<std::string> values;
  for (const auto& [column, value] : query.where) values.push_back(value);
  TableRows out;
  out.columns = made.columns;
  const int count = static_cast<int>(out.columns.size());
  std::size_t bytes = 0;
  auto read = database.rows(*sql, values, [&](PGresult* row) -> Result<void> {
    auto& cells = out.rows.emplace_back();
    for (int column = 0; column < count; ++column) {
      bytes += static_cast<std::size_t>(PQgetlength(row, 0, column));
      cells.push_back(detail::pg_value(row, column));
    }
    if (input.pull_and_delete) out.ids.push_back(std::atoll(PQgetvalue(row, 0, count)));
    if (bytes <= detail::kMostTableBytes) return {};
    return fail(ErrorKind::too_large, "the rows have more than 10 MB; choose columns or a limit");
  });
  if (!read)
    return fail(read.error().kind(),
                fmt::format("table {}: {}", input.name, read.error().message()));
  return out;
}

// What a thread needs, and owns.
struct PgWork {
  PgWork() = default;
  std::string name;
  Secret connection;
  std::chrono::seconds connect_timeout{10}, query_timeout{30};
};

Result<PgWork> work_of(const PostgresTablesOptions& options, const TableInput& input) {
  if (auto may = detail::may_delete(options.allow_delete, input); !may)
    return fail(std::move(may.error()));
  PgWork out;
  out.name = input.database.substr(input.database.find(':') + 1);
  if (!options.connection)
    return fail(ErrorKind::not_found, fmt::format("database {}: it has no connection", out.name));
  auto connection = options.connection(out.name);
  if (!connection) return fail(std::move(connection.error()));
  out.connection = std::move(*connection);
  out.connect_timeout = options.connect_timeout;
  out.query_timeout = options.query_timeout;
  return out;
}

Result<PgConnection> connect(const PgWork& work, const detail::Stop& stop) {
  return PgConnection::open(work.name, work.connection, work.connect_timeout, work.query_timeout,
                            stop);
}

// A transaction with its bounds.
Result<void> begin(PgConnection& database, std::string_view how, const PgWork& work) {
  if (auto begun = database.query(fmt::format("BEGIN {}", how)); !begun)
    return fail(std::move(begun.error()));
  const auto ms = std::chrono::milliseconds(work.query_timeout).count();
  if (auto set = database.query(fmt::format("SET LOCAL statement_timeout = {}", ms)); !set)
    return fail(std::move(set.error()));
  return {};
}

Result<TableRows> read_server(const PgWork& work, const TableQuery& query,
                              const detail::Stop& stop) {
  auto database = connect(work, stop);
  if (!database) return fail(std::move(database.error()));
  if (auto begun = begin(*database, "ISOLATION LEVEL REPEATABLE READ READ ONLY", work); !begun)
    return fail(std::move(begun.error()));
  return fetch(*database, query);
}

Result<void> remove_from_server(const PgWork& work, const TableQuery& query, const TableRows& read,
                                const detail::Stop& stop) {
  auto database = connect(work, stop);
  if (!database) return fail(std::move(database.error()));
  if (auto begun = begin(*database, "ISOLATION LEVEL READ COMMITTED READ WRITE", work); !begun)
    return begun;
  auto key = key_of(*database, query.input.name);
  if (!key) return fail(std::move(key.error()));
  auto gone = database->query(
      fmt::format("DELETE FROM {} WHERE {} = ANY($1::bigint[])", name_of(query.input.name), *key),
      {fmt::format("{{{}}}", fmt::join(read.ids, ","))});
  if (!gone) return fail(std::move(gone.error()));
  if (auto ended = database->query("COMMIT"); !ended) return fail(std::move(ended.error()));
  return {};
}

}  // namespace

PostgresTables::PostgresTables(PostgresTablesOptions options) : options_(std::move(options)) {}

Task<Result<TableRows>> PostgresTables::read(TableQuery query) {
  auto work = work_of(options_, query.input);
  if (!work) co_return fail(std::move(work.error()));
  std::function<Result<TableRows>(const detail::Stop&)> call =
      [work = std::move(*work), query = std::move(query)](const detail::Stop& stop) {
        return read_server(work, query, stop);
      };
  co_return co_await detail::aside(std::move(call));
}

Task<Result<void>> PostgresTables::remove(TableQuery query, TableRows read) {
  auto work = work_of(options_, query.input);
  if (!work) co_return fail(std::move(work.error()));
  if (read.ids.empty()) co_return Result<void>();
  std::function<Result<void>(const detail::Stop&)> call =
      [work = std::move(*work), query = std::move(query), read = std::move(read)](
          const detail::Stop& stop) { return remove_from_server(work, query, read, stop); };
  co_return co_await detail::aside(std::move(call));
}

}  // namespace parley::narrative
