#include <filesystem>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "parley/json/value.hpp"
#include "parley/narrative/detail/content_table.hpp"
#include "parley/narrative/sqlite_tables.hpp"

namespace parley::narrative {

namespace detail {

Result<Database> open_content(const std::string& file) {
  std::error_code failed;
  const auto folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, failed);
  return open_database(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

Result<void> content_columns(sqlite3* database, const std::string& table) {
  for (const std::string column : {"run", "note"}) {
    auto found =
        prepare(database, "SELECT 1 FROM pragma_table_info(?1) WHERE name = '" + column + "'");
    if (!found) return fail(std::move(found.error()));
    detail::bind(found->get(), 1, table);
    if (sqlite3_step(found->get()) == SQLITE_ROW) continue;
    auto added = execute(database, "ALTER TABLE " + detail::quoted(table) + " ADD COLUMN " +
                                       column + " TEXT NOT NULL DEFAULT ''");
    if (!added) return added;
  }
  return {};
}

}  // namespace detail

SqliteContent::SqliteContent(std::string file, const Clock& clock)
    : file_(std::move(file)), clock_(clock) {}

Result<void> SqliteContent::keep(const std::string& target, const ContentItem& item) {
  auto database = detail::open_content(file_);
  if (!database) return fail(std::move(database.error()));
  const auto name = detail::quoted(target);
  auto made = detail::execute(
      database->get(),
      "CREATE TABLE IF NOT EXISTS " + name +
          " (id TEXT PRIMARY KEY, at TEXT, narrative TEXT, act TEXT, model TEXT, status TEXT, "
          "mistakes TEXT, item TEXT, source TEXT)");
  if (made) made = detail::content_columns(database->get(), target);
  if (!made) return made;
  auto statement = detail::prepare(
      database->get(),
      "INSERT OR IGNORE INTO " + name +
          " (id, at, narrative, act, model, status, mistakes, item, source, run) VALUES "
          "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)");
  if (!statement)
    return fail(ErrorKind::storage,
                fmt::format("{}, table {}: {}", file_, target, statement.error().message()));
  json::Array mistakes;
  for (const auto& one : item.mistakes) mistakes.emplace_back(one);
  const std::string fields[] = {item.id,
                                to_iso8601(clock_.wall_now()),
                                item.narrative,
                                item.act,
                                item.model,
                                item.status,
                                json::to_string(mistakes),
                                json::to_string(*item.item),
                                item.source,
                                item.run};
  for (int i = 0; i < 10; ++i) detail::bind(statement->get(), i + 1, fields[i]);
  if (sqlite3_step(statement->get()) != SQLITE_DONE)
    return fail(detail::storage_error(database->get(), "write " + file_));
  return {};
}

}  // namespace parley::narrative
