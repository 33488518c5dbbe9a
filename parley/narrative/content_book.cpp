#include "parley/narrative/content_book.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/narrative/detail/content_table.hpp"
#include "parley/narrative/diagnostic.hpp"

namespace parley::narrative {
namespace {

using detail::quoted;

constexpr std::string_view kColumns =
    "id, run, at, narrative, act, model, status, mistakes, item, source, note";

std::string text_of(sqlite3_stmt* row, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  return text ? std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(row, column)))
              : std::string();
}

ContentRow row_of(sqlite3_stmt* row) {
  ContentRow out;
  int column = 0;
  for (auto* field : {&out.id, &out.run, &out.at, &out.narrative, &out.act, &out.model, &out.status,
                      &out.mistakes, &out.item, &out.source, &out.note})
    *field = text_of(row, column++);
  return out;
}

}  // namespace

struct ContentBook::State {
  detail::Database database;
  bool write = false;
};

ContentBook::ContentBook(std::unique_ptr<State> state) : state_(std::move(state)) {}
ContentBook::ContentBook(ContentBook&&) noexcept = default;
ContentBook& ContentBook::operator=(ContentBook&&) noexcept = default;
ContentBook::~ContentBook() = default;

Result<ContentBook> ContentBook::open(const std::string& file, bool write) {
  auto database =
      write ? detail::open_content(file) : detail::open_database(file, SQLITE_OPEN_READWRITE);
  if (!database && database.error().kind() == ErrorKind::not_found)
    return fail(ErrorKind::not_found,
                fmt::format("no narrative has made content here yet: there is no {}", file));
  if (!database) return fail(std::move(database.error()));
  auto state = std::make_unique<State>();
  state->database = std::move(*database);
  state->write = write;
  // What has another status must have it after a power cut as well.
  if (auto set = detail::execute(state->database.get(), "PRAGMA synchronous = FULL"); !set)
    return fail(std::move(set.error()));
  return ContentBook(std::move(state));
}

Result<std::vector<std::pair<std::string, std::int64_t>>> ContentBook::tables() {
  auto* database = state_->database.get();
  auto names = detail::prepare(database,
                               "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  if (!names) return fail(std::move(names.error()));
  std::vector<std::pair<std::string, std::int64_t>> out;
  while (sqlite3_step(names->get()) == SQLITE_ROW) out.emplace_back(text_of(names->get(), 0), 0);
  for (auto& [name, count] : out) {
    auto counted = detail::prepare(database, "SELECT count(*) FROM " + quoted(name));
    if (counted && sqlite3_step(counted->get()) == SQLITE_ROW)
      count = sqlite3_column_int64(counted->get(), 0);
  }
  return out;
}

Result<void> ContentBook::know(const std::string& table) {
  const auto all = tables();
  if (!all) return fail(all.error());
  std::vector<std::string_view> names;
  for (const auto& [name, count] : *all) names.push_back(name);
  if (std::ranges::find(names, table) == names.end())
    return fail(ErrorKind::not_found, fmt::format("there is no table of content {}{}", table,
                                                  did_you_mean(table, names)));
  return detail::content_columns(state_->database.get(), table);
}

Result<std::vector<ContentRow>> ContentBook::rows(const std::string& table,
                                                  const ContentFilter& filter) {
  if (auto known = know(table); !known) return fail(std::move(known.error()));
  auto statement = detail::prepare(
      state_->database.get(),
      fmt::format("SELECT {} FROM {} WHERE ?1 = '' OR status = ?1 ORDER BY rowid {} LIMIT {}",
                  kColumns, quoted(table), filter.last > 0 ? "DESC" : "ASC",
                  filter.last > 0 ? filter.last : -1));
  if (!statement) return fail(std::move(statement.error()));
  detail::bind(statement->get(), 1, filter.status);
  std::vector<ContentRow> out;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement->get())) == SQLITE_ROW)
    out.push_back(row_of(statement->get()));
  if (code != SQLITE_DONE)
    return fail(detail::storage_error(state_->database.get(), "read " + table));
  return out;
}

Result<ContentRow> ContentBook::row(const std::string& table, const std::string& id) {
  if (auto known = know(table); !known) return fail(std::move(known.error()));
  auto statement =
      detail::prepare(state_->database.get(),
                      fmt::format("SELECT {} FROM {} WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2",
                                  kColumns, quoted(table)));
  if (!statement) return fail(std::move(statement.error()));
  detail::bind(statement->get(), 1, id);
  if (id.size() < 6 || sqlite3_step(statement->get()) != SQLITE_ROW)
    return fail(ErrorKind::not_found, fmt::format("table {} has no item {}", table, id));
  auto out = row_of(statement->get());
  if (out.id != id && sqlite3_step(statement->get()) == SQLITE_ROW)
    return fail(ErrorKind::conflict,
                fmt::format("table {} has several items whose id begins with {}", table, id));
  return out;
}

Result<std::vector<Generation>> ContentBook::generations(const std::string& table) {
  std::vector<std::pair<std::string, std::int64_t>> wanted{{table, 0}};
  if (table.empty()) {
    auto all = tables();
    if (!all) return fail(std::move(all.error()));
    wanted = std::move(*all);
  }
  std::vector<Generation> out;
  for (const auto& [name, count] : wanted) {
    if (auto known = know(name); !known) return fail(std::move(known.error()));
    auto statement = detail::prepare(
        state_->database.get(),
        fmt::format("SELECT run, narrative, min(at), status, count(*) FROM {} GROUP BY run, status "
                    "ORDER BY min(rowid)",
                    quoted(name)));
    if (!statement) return fail(std::move(statement.error()));
    const auto first = out.size();
    while (sqlite3_step(statement->get()) == SQLITE_ROW) {
      const auto run = text_of(statement->get(), 0);
      auto found = std::find_if(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
                                [&run](const Generation& one) { return one.run == run; });
      if (found == out.end()) {
        Generation made;
        made.table = name;
        made.run = run;
        made.narrative = text_of(statement->get(), 1);
        made.at = text_of(statement->get(), 2);
        found = out.insert(out.end(), std::move(made));
      }
      found->at = std::min(found->at, text_of(statement->get(), 2));
      found->items.emplace_back(text_of(statement->get(), 3),
                                sqlite3_column_int64(statement->get(), 4));
    }
  }
  std::ranges::stable_sort(out, std::ranges::greater(), &Generation::at);
  return out;
}

Result<std::optional<ContentRow>> ContentBook::take(const std::string& table,
                                                    const std::string& from,
                                                    const std::string& to) {
  if (auto known = know(table); !known) return fail(std::move(known.error()));
  // One statement: of two processes one comes too late for the row.
  auto statement = detail::prepare(
      state_->database.get(),
      fmt::format(
          "UPDATE {0} SET status = ?2, note = '' WHERE rowid = (SELECT rowid FROM {0} WHERE "
          "status = ?1 ORDER BY rowid LIMIT 1) RETURNING {1}",
          quoted(table), kColumns));
  if (!statement) return fail(std::move(statement.error()));
  detail::bind(statement->get(), 1, from);
  detail::bind(statement->get(), 2, to);
  const int code = sqlite3_step(statement->get());
  if (code == SQLITE_DONE) return std::optional<ContentRow>();
  if (code != SQLITE_ROW)
    return fail(detail::storage_error(state_->database.get(), "change " + table));
  auto row = row_of(statement->get());
  // The change is on the disk when the statement has ended.
  if (sqlite3_step(statement->get()) != SQLITE_DONE)
    return fail(detail::storage_error(state_->database.get(), "change " + table));
  return std::optional<ContentRow>(std::move(row));
}

Result<void> ContentBook::change(const std::string& table, const std::string& id,
                                 const std::string& from, const std::string& to,
                                 const std::string& note) {
  if (auto known = know(table); !known) return known;
  auto statement = detail::prepare(
      state_->database.get(),
      fmt::format("UPDATE {} SET status = ?3, note = ?4 WHERE id = ?1 AND (?2 = '' OR status = ?2)",
                  quoted(table)));
  if (!statement) return fail(std::move(statement.error()));
  int at = 0;
  for (const auto* value : {&id, &from, &to, &note}) detail::bind(statement->get(), ++at, *value);
  if (sqlite3_step(statement->get()) != SQLITE_DONE)
    return fail(detail::storage_error(state_->database.get(), "change " + table));
  if (sqlite3_changes(state_->database.get()) == 1) return {};
  return fail(ErrorKind::conflict,
              fmt::format("table {}: item {} is not there, or is not {}", table, id, from));
}

}  // namespace parley::narrative
