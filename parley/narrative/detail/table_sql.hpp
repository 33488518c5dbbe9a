#pragma once

#include <string>
#include <vector>

#include "parley/narrative/ports.hpp"

namespace parley::narrative::detail {

// "name" with its quotes doubled: a name and nothing else, whatever is in it.
std::string quoted(std::string_view name);

enum class SqlDialect { sqlite, postgres };

// The SELECT of a table input: names are looked up among the table's columns, values are bound.
class TableSql {
 public:
  // `table`: as it stands in FROM; `id`: the column of TableRows::ids, as it stands in SQL.
  TableSql(const TableQuery& query, SqlDialect dialect, std::string table, std::string id,
           std::vector<std::string> known);

  // Errors: not_found (a column), invalid_argument (order_by).
  Result<std::string> make();

  std::vector<std::string> columns;  // that are read, without the id
  int bound = 0;                     // values of the query's `where`

 private:
  Result<void> check(std::string_view column) const;
  Result<std::string> ordered() const;

  const TableQuery& query_;
  SqlDialect dialect_;
  std::string table_, id_;
  std::vector<std::string> known_;
};

// pull_and_delete where it is not allowed: permission_denied.
Result<void> may_delete(bool allowed, const TableInput& input);

inline constexpr std::size_t kMostTableBytes = 10 * 1024 * 1024;  // of one query's rows

}  // namespace parley::narrative::detail
