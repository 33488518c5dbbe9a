#include "parley/narrative/detail/postgres.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <poll.h>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::narrative::detail {
namespace {

// Types by their number (PostgreSQL, pg_type.dat).
enum Type : Oid {
  kBool = 16,
  kBytes = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kJson = 114,
  kFloat4 = 700,
  kFloat8 = 701,
  kNumeric = 1700,
  kJsonb = 3802
};

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

template <class T>
std::optional<T> number(std::string_view text) {
  T out{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// "\x00ff"
std::string base64_of_hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t at = 2; at + 1 < text.size(); at += 2) {
    unsigned value = 0;
    std::from_chars(text.data() + at, text.data() + at + 2, value, 16);
    bytes.push_back(static_cast<std::byte>(value));
  }
  return to_base64(bytes);
}

Error cancelled() {
  return Error(ErrorKind::cancelled, "it was cancelled");
}

// What the connection has been told, times its hosts: each may be tried for so long.
std::chrono::seconds connect_limit(PGconn* connection, std::chrono::seconds usual) {
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfo(connection));
  auto limit = usual;
  std::int64_t hosts = 1;
  for (const auto* one = options.get(); one && one->keyword; ++one) {
    const std::string_view keyword(one->keyword);
    const std::string_view value(one->val ? one->val : "");
    if (keyword == "connect_timeout")
      if (const auto told = number<int>(value)) limit = std::chrono::seconds(std::max(*told, 0));
    if (keyword == "host" || keyword == "hostaddr")
      hosts = std::max<std::int64_t>(hosts, std::ranges::count(value, ',') + 1);
  }
  return limit * hosts;
}

}  // namespace

json::Value pg_value(PGresult* row, int column) {
  if (PQgetisnull(row, 0, column)) return json::Value(nullptr);
  const std::string_view text(PQgetvalue(row, 0, column),
                              static_cast<std::size_t>(PQgetlength(row, 0, column)));
  switch (PQftype(row, column)) {
    case kBool:
      return json::Value(text == "t");
    case kInt2:
    case kInt4:
    case kInt8:
      if (const auto whole = number<std::int64_t>(text)) return json::Value(*whole);
      break;
    case kFloat4:
    case kFloat8:
    case kNumeric:
      // What a double cannot hold stays a text.
      if (const auto real = number<double>(text); real && std::isfinite(*real) && text.size() <= 16)
        return json::Value(*real);
      break;
    case kJson:
    case kJsonb:
      if (auto value = json::parse(text, json::trusted_limits())) return std::move(*value);
      break;
    case kBytes:
      if (text.starts_with("\\x")) return json::Value(base64_of_hex(text));
      break;
    default:
      break;
  }
  return json::Value(to_valid_utf8(text));
}

Error PgConnection::error_of(std::string_view words, bool lost) const {
  std::string told(trim(words));
  const auto& password = password_.reveal();
  for (auto at = password.empty() ? std::string::npos : told.find(password);
       at != std::string::npos; at = told.find(password, at + 3))
    told.replace(at, password.size(), "***");
  for (auto& c : told)
    if (c == '\n' || c == '\t') c = ' ';
  return Error(lost ? ErrorKind::storage : ErrorKind::invalid_argument,
               fmt::format("database {}: {}", name_, to_valid_utf8(told)));
}

Result<PgConnection> PgConnection::open(const std::string& name, const Secret& connection,
                                        std::chrono::seconds timeout,
                                        std::chrono::seconds query_timeout, const Stop& stop) {
  // What is wrong with it would be told with parts of it.
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(
      PQconninfoParse(connection.reveal().c_str(), nullptr));
  if (!options)
    return fail(ErrorKind::invalid_argument,
                fmt::format("database {}: its connection string cannot be read; it must be "
                            "postgresql://… or key=value pairs",
                            name));
  Secret password;
  for (const auto* one = options.get(); one->keyword; ++one)
    if (std::string_view(one->keyword) == "password" && one->val) password = Secret(one->val);
  const char* names[] = {"dbname", "client_encoding", "fallback_application_name", nullptr};
  const char* values[] = {connection.reveal().c_str(), "UTF8", "parley", nullptr};
  PgConnection out(PQconnectStartParams(names, values, 1), name, std::move(password), stop);
  out.patience_ = query_timeout + std::chrono::seconds(5);
  if (auto connected = out.connect(timeout); !connected) return fail(std::move(connected.error()));
  return out;
}

Result<void> PgConnection::connect(std::chrono::seconds timeout) {
  auto* connection = connection_.get();
  if (PQstatus(connection) == CONNECTION_BAD)
    return fail(error_of(PQerrorMessage(connection), true));
  timeout = connect_limit(connection, timeout);
  std::optional<std::chrono::steady_clock::time_point> deadline;
  if (timeout.count() > 0) deadline = std::chrono::steady_clock::now() + timeout;
  auto wants = PGRES_POLLING_WRITING;
  while (wants != PGRES_POLLING_OK) {
    if (wants == PGRES_POLLING_FAILED) return fail(error_of(PQerrorMessage(connection), true));
    const short events = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    const auto waited = wait_for(PQsocket(connection), events, deadline, *stop_);
    if (waited == Waited::stopped) return fail(cancelled());
    if (waited == Waited::late)
      return fail(error_of(fmt::format("no connection within {} seconds", timeout.count()), true));
    wants = PQconnectPoll(connection);
  }
  PQsetnonblocking(connection, 1);
  return {};
}

// The server may run it for long: it is asked to end, over a connection of libpq's own.
void PgConnection::cancel_statement() {
  auto* cancel = PQgetCancel(connection_.get());
  if (!cancel) return;
  char words[256];
  PQcancel(cancel, words, sizeof words);
  PQfreeCancel(cancel);
}

Result<void> PgConnection::wait(short events) {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  const auto waited = wait_for(PQsocket(connection_.get()), events, deadline, *stop_);
  if (waited == Waited::ready) return {};
  if (waited == Waited::late)
    return fail(
        error_of(fmt::format("the server said nothing for {} seconds", patience_.count()), true));
  cancel_statement();
  return fail(cancelled());
}

Result<void> PgConnection::flush() {
  for (int left = PQflush(connection_.get()); left != 0; left = PQflush(connection_.get())) {
    if (left < 0) return fail(error_of(PQerrorMessage(connection_.get()), true));
    if (auto ready = wait(POLLIN | POLLOUT); !ready) return ready;
    // A server that says something before it has read all would wait for us as well.
    if (PQconsumeInput(connection_.get()) != 1)
      return fail(error_of(PQerrorMessage(connection_.get()), true));
  }
  return {};
}

Result<PgResult> PgConnection::next() {
  while (PQisBusy(connection_.get()) == 1) {
    if (auto ready = wait(POLLIN); !ready) return fail(std::move(ready.error()));
    if (PQconsumeInput(connection_.get()) != 1)
      return fail(error_of(PQerrorMessage(connection_.get()), true));
  }
  return PgResult(PQgetResult(connection_.get()));
}

Result<PgResult> PgConnection::checked(PgResult result) {
  const auto status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE)
    return result;
  const bool lost = PQstatus(connection_.get()) != CONNECTION_OK;
  const char* words = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  return fail(error_of(words ? words : PQerrorMessage(connection_.get()), lost));
}

Result<void> PgConnection::send(const std::string& sql, const std::vector<std::string>& values) {
  std::vector<const char*> bound;
  for (const auto& value : values) {
    if (value.find('\0') != std::string::npos)
      return fail(error_of("a value has a byte 0, which PostgreSQL does not take", false));
    bound.push_back(value.c_str());
  }
  if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(bound.size()), nullptr,
                        bound.data(), nullptr, nullptr, 0) == 1)
    return {};
  return fail(error_of(PQerrorMessage(connection_.get()), true));
}

Result<PgResult> PgConnection::query(const std::string& sql,
                                     const std::vector<std::string>& values) {
  if (auto sent = send(sql, values); !sent) return fail(std::move(sent.error()));
  if (auto gone = flush(); !gone) return fail(std::move(gone.error()));
  Result<PgResult> out = fail(error_of("the server gave no answer", true));
  for (;;) {
    auto result = next();
    if (!result) return result;
    if (!*result) return out;
    out = checked(std::move(*result));
  }
}

Result<void> PgConnection::rows(const std::string& sql, const std::vector<std::string>& values,
                                const std::function<Result<void>(PGresult*)>& take) {
  if (auto sent = send(sql, values); !sent) return sent;
  PQsetSingleRowMode(connection_.get());
  if (auto gone = flush(); !gone) return gone;
  // After an error the rest is not read: the owner ends the connection.
  for (;;) {
    auto result = next();
    if (!result) return fail(std::move(result.error()));
    if (!*result) return {};
    auto good = checked(std::move(*result));
    if (!good) return fail(std::move(good.error()));
    if (PQntuples(good->get()) == 0) continue;
    if (auto taken = take(good->get()); !taken) return taken;
  }
}

}  // namespace parley::narrative::detail
