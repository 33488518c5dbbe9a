#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "parley/base/secret.hpp"
#include "parley/narrative/ports.hpp"

namespace parley::narrative {

struct PostgresTablesOptions {
  PostgresTablesOptions() = default;
  // The connection string (URI or key=value, as libpq takes them) of the database that a narrative
  // names "postgres:NAME". Errors: not_found, saying where one would be looked for.
  std::function<Result<Secret>(const std::string& name)> connection;
  bool allow_delete = false;                 // pull_and_delete; without it everything is read only
  std::chrono::seconds connect_timeout{10};  // where the connection string says nothing
  std::chrono::seconds query_timeout{30};    // of one statement
};

// Table inputs from PostgreSQL (TableInput::database "postgres:NAME", TableInput::name "table" or
// "schema.table"). Each read is one transaction, READ ONLY and REPEATABLE READ, in a connection of
// its own. pull_and_delete needs a primary key of one whole number, which makes TableRows::ids.
// Each has a thread of its own while it lasts, so that the loop goes on; cancelling the task ends
// the connection's attempt, or the query on the server. Errors are those of Tables, with the
// server's words; no connection string or password is in them. Built with PARLEY_POSTGRES.
class PostgresTables final : public Tables {
 public:
  explicit PostgresTables(PostgresTablesOptions options);
  Task<Result<TableRows>> read(TableQuery query) override;
  Task<Result<void>> remove(TableQuery query, TableRows read) override;

 private:
  PostgresTablesOptions options_;
};

}  // namespace parley::narrative
