#include "parley/narrative/detail/table_sql.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/narrative/diagnostic.hpp"

namespace parley::narrative::detail {

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

TableSql::TableSql(const TableQuery& query, SqlDialect dialect, std::string table, std::string id,
                   std::vector<std::string> known)
    : query_(query),
      dialect_(dialect),
      table_(std::move(table)),
      id_(std::move(id)),
      known_(std::move(known)) {}

Result<std::string> TableSql::make() {
  const auto& input = query_.input;
  const auto& wanted = input.columns.empty() ? known_ : input.columns;
  std::string out = "SELECT ";
  for (const auto& column : wanted) {
    if (auto good = check(column); !good) return fail(good.error());
    out += (columns.empty() ? "" : ", ") + detail::quoted(column);
    columns.push_back(column);
  }
  if (input.pull_and_delete) out += ", " + id_;
  out += " FROM " + table_;
  std::string between = " WHERE ";
  for (const auto& [column, value] : query_.where) {
    if (auto good = check(column); !good) return fail(good.error());
    // Texts and numbers alike: a template gives a text.
    out += fmt::format("{}CAST({} AS TEXT) = {}{}", between, detail::quoted(column),
                       dialect_ == SqlDialect::sqlite ? '?' : '$', ++bound);
    between = " AND ";
  }
  if (!input.where_sql.empty()) out += between + "(" + input.where_sql + "\n)";
  auto order = ordered();
  if (!order) return order;
  return out + *order +
         fmt::format(" LIMIT {} OFFSET {}", input.sample > 0 ? input.sample : input.limit,
                     input.offset);
}

Result<void> TableSql::check(std::string_view column) const {
  if (std::ranges::find(known_, column) != known_.end()) return {};
  const std::vector<std::string_view> names(known_.begin(), known_.end());
  return fail(ErrorKind::not_found, fmt::format("table {} has no column {}{}", query_.input.name,
                                                column, did_you_mean(column, names)));
}

Result<std::string> TableSql::ordered() const {
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

Result<void> may_delete(bool allowed, const TableInput& input) {
  if (!input.pull_and_delete || allowed) return {};
  return fail(ErrorKind::permission_denied,
              fmt::format("table {}: pull_and_delete is not allowed here; nothing was read "
                          "(--allow-delete allows it)",
                          input.name));
}

}  // namespace parley::narrative::detail
