#pragma once

#include <libpq-fe.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/secret.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/detail/aside.hpp"
#include "parley/narrative/postgres_tables.hpp"

namespace parley::narrative::detail {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, ClearResult>;

// A connection that ends with it. What the server says is told without the password. Every wait
// ends at its time limit, and at once where `stop` is requested, which outlives it (error:
// cancelled): the server is then asked to end the statement that it runs.
class PgConnection {
 public:
  // `timeout`: where neither the connection string nor PGCONNECT_TIMEOUT says more (0: none), for
  // each of its hosts. A statement that gives nothing for `query_timeout` and 5 seconds is given
  // up. Errors: invalid_argument (the connection string), storage (no connection), cancelled. Names
  // of hosts are looked up by libpq, which no time limit and no stop ends.
  static Result<PgConnection> open(const std::string& name, const Secret& connection,
                                   std::chrono::seconds timeout, std::chrono::seconds query_timeout,
                                   const Stop& stop);

  // One statement with bound texts, all its rows. Errors: invalid_argument with the server's words,
  // storage where the connection is lost.
  Result<PgResult> query(const std::string& sql, const std::vector<std::string>& values = {});
  // The same, row by row into `take`, which may end it with an error.
  Result<void> rows(const std::string& sql, const std::vector<std::string>& values,
                    const std::function<Result<void>(PGresult*)>& take);

 private:
  struct Close {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  PgConnection(PGconn* connection, std::string name, Secret password, const Stop& stop)
      : connection_(connection),
        name_(std::move(name)),
        password_(std::move(password)),
        stop_(&stop) {}
  Result<void> connect(std::chrono::seconds timeout);
  Result<void> flush();
  // The statement's next result; null: there is none left.
  Result<PgResult> next();
  Result<void> wait(short events);
  void cancel_statement();
  Result<void> send(const std::string& sql, const std::vector<std::string>& values);
  Result<PgResult> checked(PgResult result);
  Error error_of(std::string_view words, bool lost) const;

  std::unique_ptr<PGconn, Close> connection_;
  std::string name_;
  Secret password_;
  const Stop* stop_;
  std::chrono::seconds patience_{35};
};

// A value of a row as JSON, by its type: numbers, truth values, JSON; bytea as base64; the rest as
// text.
json::Value pg_value(PGresult* row, int column);

}  // namespace parley::narrative::detail
