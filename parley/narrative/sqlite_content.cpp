#include <filesystem>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "parley/json/value.hpp"
#include "parley/narrative/detail/sqlite.hpp"
#include "parley/narrative/sqlite_tables.hpp"

namespace parley::narrative {

SqliteContent::SqliteContent(std::string file, const Clock& clock)
    : file_(std::move(file)), clock_(clock) {}

Result<void> SqliteContent::keep(const std::string& target, const ContentItem& item) {
  std::error_code failed;
  const auto folder = std::filesystem::path(file_).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, failed);
  auto database = detail::open_database(file_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!database) return fail(std::move(database.error()));
  const auto name = detail::quoted(target);
  auto made = detail::execute(
      database->get(),
      "CREATE TABLE IF NOT EXISTS " + name +
          " (id TEXT PRIMARY KEY, at TEXT, narrative TEXT, act TEXT, model TEXT, status TEXT, "
          "mistakes TEXT, item TEXT, source TEXT)");
  if (!made) return made;
  auto statement = detail::prepare(
      database->get(), "INSERT OR IGNORE INTO " + name + " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)");
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
                                item.source};
  for (int i = 0; i < 9; ++i) detail::bind(statement->get(), i + 1, fields[i]);
  if (sqlite3_step(statement->get()) != SQLITE_DONE)
    return fail(detail::storage_error(database->get(), "write " + file_));
  return {};
}

Result<std::vector<std::pair<std::string, std::int64_t>>> content_targets(const std::string& file) {
  auto database = detail::open_database(file, SQLITE_OPEN_READONLY);
  if (!database) return fail(std::move(database.error()));
  auto names = detail::prepare(database->get(),
                               "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  if (!names) return fail(std::move(names.error()));
  std::vector<std::pair<std::string, std::int64_t>> out;
  while (sqlite3_step(names->get()) == SQLITE_ROW)
    out.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(names->get(), 0)), 0);
  for (auto& [name, count] : out) {
    auto counted = detail::prepare(database->get(), "SELECT count(*) FROM " + detail::quoted(name));
    if (counted && sqlite3_step(counted->get()) == SQLITE_ROW)
      count = sqlite3_column_int64(counted->get(), 0);
  }
  return out;
}

}  // namespace parley::narrative
