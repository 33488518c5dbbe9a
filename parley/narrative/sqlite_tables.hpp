#pragma once

#include <memory>
#include <string>

#include "parley/narrative/ports.hpp"

namespace parley::narrative {

struct SqliteTablesOptions {
  SqliteTablesOptions() = default;
  bool allow_delete = false;  // pull_and_delete; without it files are opened for reading alone
};

// Table inputs from SQLite files (TableInput::database). Names of columns are looked up, and a
// condition in SQL may read and do nothing else. Belongs to one thread.
class SqliteTables final : public Tables {
 public:
  explicit SqliteTables(SqliteTablesOptions options = SqliteTablesOptions());
  Task<Result<TableRows>> read(TableQuery query) override;
  Task<Result<void>> remove(TableQuery query, TableRows read) override;

 private:
  SqliteTablesOptions options_;
};

// Content in a SQLite file, a table for each target with the columns id, at, narrative, act, model,
// status, mistakes (JSON), item (JSON), source, run and note: other narratives can read it as a
// table input. Belongs to one thread.
class SqliteContent final : public ContentStore {
 public:
  // `clock` outlives it.
  SqliteContent(std::string file, const Clock& clock);
  Result<void> keep(const std::string& target, const ContentItem& item) override;

 private:
  std::string file_;
  const Clock& clock_;
};

}  // namespace parley::narrative
