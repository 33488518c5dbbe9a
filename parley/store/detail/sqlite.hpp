#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "parley/base/error.hpp"

namespace parley::store::detail {

class Statement;

// One SQLite connection with its prepared statements. One thread at a time.
class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::string& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs statements without parameters or rows.
  Result<void> execute(const char* sql);
  // A prepared statement, ready to be bound; kept for the next time.
  Result<Statement> prepare(std::string_view sql);
  int changes() const { return sqlite3_changes(handle_); }
  // What SQLite says went wrong last, with the file's name.
  Error error(std::string_view doing) const;

 private:
  explicit Database(std::string file) : file_(std::move(file)) {}
  std::string file_;
  sqlite3* handle_ = nullptr;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

// A use of a prepared statement: bind in order, then step or run. Resets it when done.
class Statement {
 public:
  Statement(Database& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement) {}
  Statement(Statement&& other) noexcept
      : database_(other.database_),
        statement_(std::exchange(other.statement_, nullptr)),
        next_(other.next_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view text);  // copied

  // True: a row is there. False: no more.
  Result<bool> step();
  // For statements without rows.
  Result<void> run();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const;

 private:
  Database* database_;
  sqlite3_stmt* statement_;
  int next_ = 1;
};

}  // namespace parley::store::detail
