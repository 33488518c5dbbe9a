#include "parley/narrative/detail/postgres.hpp"

#include <charconv>
#include <cmath>

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
                                        std::chrono::seconds timeout) {
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
  const auto seconds = std::to_string(std::max<std::int64_t>(timeout.count(), 2));
  const char* names[] = {"connect_timeout", "dbname", "client_encoding",
                         "fallback_application_name", nullptr};
  const char* values[] = {seconds.c_str(), connection.reveal().c_str(), "UTF8", "parley", nullptr};
  PgConnection out(PQconnectdbParams(names, values, 1), name, std::move(password));
  if (PQstatus(out.connection_.get()) != CONNECTION_OK)
    return fail(out.error_of(PQerrorMessage(out.connection_.get()), true));
  return out;
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
  Result<PgResult> out = fail(error_of("the server gave no answer", true));
  for (PgResult next(PQgetResult(connection_.get())); next;
       next.reset(PQgetResult(connection_.get())))
    out = checked(std::move(next));
  return out;
}

Result<void> PgConnection::rows(const std::string& sql, const std::vector<std::string>& values,
                                const std::function<Result<void>(PGresult*)>& take) {
  if (auto sent = send(sql, values); !sent) return sent;
  PQsetSingleRowMode(connection_.get());
  Result<void> done;
  // After an error the rest is read and dropped; where there is much of it, the owner ends the
  // connection instead.
  for (PgResult next(PQgetResult(connection_.get())); next && done;
       next.reset(PQgetResult(connection_.get()))) {
    auto good = checked(std::move(next));
    if (!good)
      done = fail(std::move(good.error()));
    else if (PQntuples(good->get()) > 0)
      done = take(good->get());
  }
  return done;
}

}  // namespace parley::narrative::detail
