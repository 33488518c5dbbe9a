#include <iostream>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/narrate.hpp"
#include "parley/json/value.hpp"
#include "parley/json/writer.hpp"
#include "parley/narrative/content_book.hpp"

namespace parley::cli {
namespace {

using narrative::ContentBook;
using narrative::ContentRow;

std::string clean(std::string_view text) {
  return strip_control(to_valid_utf8(text));
}

int failed(const Error& error) {
  return narrate_failed(error.message(), error.kind() == ErrorKind::invalid_argument
                                             ? exit_code::usage
                                             : exit_code::failed);
}

// One line of JSON.
std::string line_of(const ContentRow& row) {
  json::Object out;
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const std::string*>>{
           {"id", &row.id},
           {"at", &row.at},
           {"run", &row.run},
           {"narrative", &row.narrative},
           {"act", &row.act},
           {"model", &row.model},
           {"status", &row.status},
           {"mistakes", &row.mistakes},
           {"item", &row.item},
           {"source", &row.source},
           {"note", &row.note}})
    out[name] = to_valid_utf8(*value);
  return json::to_string(out);
}

int list(ContentBook& book, const NarrateOptions& options, const std::string& table) {
  if (table.empty()) {
    const auto tables = book.tables();
    if (!tables) return failed(tables.error());
    for (const auto& [name, count] : *tables)
      std::cout << fmt::format("{}  {} items\n", clean(name), count);
    return exit_code::ok;
  }
  narrative::ContentFilter filter;
  filter.status = options.status;
  filter.last = options.last;
  const auto rows = book.rows(table, filter);
  if (!rows) return failed(rows.error());
  for (const auto& row : *rows) std::cout << line_of(row) << "\n";
  return exit_code::ok;
}

// For people: what it is, and the item.
void print(const ContentRow& row) {
  const auto style = Style::of(stdout);
  std::cout << style.bold(clean(row.id)) << "  " << clean(row.status) << "\n";
  for (const auto& [name, value] :
       {std::pair{"at", &row.at}, std::pair{"narrative", &row.narrative},
        std::pair{"act", &row.act}, std::pair{"model", &row.model}, std::pair{"run", &row.run},
        std::pair{"note", &row.note}})
    if (!value->empty()) std::cout << style.dim(fmt::format("{}: ", name)) << clean(*value) << "\n";
  if (row.mistakes != "[]") std::cout << style.yellow("mistakes: ") << clean(row.mistakes) << "\n";
  const auto item = json::parse(row.item, json::trusted_limits());
  std::cout << clean(item ? json::to_pretty_string(*item) : row.item) << "\n";
  if (!row.source.empty()) std::cout << style.dim("source:") << "\n" << clean(row.source) << "\n";
}

int show(ContentBook& book, const NarrateOptions& options) {
  if (options.words.size() != 3)
    return narrate_failed("content show needs a table and an item's id", exit_code::usage);
  const auto row = book.row(options.words[1], options.words[2]);
  if (!row) return failed(row.error());
  print(*row);
  return exit_code::ok;
}

// The newest item, of a table or of all.
int last(ContentBook& book, const NarrateOptions& options, const std::string& table) {
  std::vector<std::string> wanted{table};
  if (table.empty()) {
    const auto tables = book.tables();
    if (!tables) return failed(tables.error());
    wanted.clear();
    for (const auto& [name, count] : *tables) wanted.push_back(name);
  }
  std::optional<ContentRow> newest;
  for (const auto& name : wanted) {
    narrative::ContentFilter filter;
    filter.status = options.status;
    filter.last = 1;
    auto rows = book.rows(name, filter);
    if (!rows) return failed(rows.error());
    if (!rows->empty() && (!newest || rows->front().at > newest->at)) newest = rows->front();
  }
  if (!newest) return narrate_failed("there is no such item", exit_code::failed);
  print(*newest);
  return exit_code::ok;
}

int generations(ContentBook& book, const std::string& table) {
  const auto made = book.generations(table);
  if (!made) return failed(made.error());
  for (const auto& one : *made) {
    std::string items;
    for (const auto& [status, count] : one.items)
      items += fmt::format("{}{} {}", items.empty() ? "" : ", ", count, clean(status));
    std::cout << fmt::format("{}  {}  {}  run {}  {}\n", clean(one.at), clean(one.table),
                             clean(one.narrative), one.run.empty() ? "unknown" : clean(one.run),
                             items);
  }
  return exit_code::ok;
}

}  // namespace

int narrate_content(const NarrateOptions& options) {
  auto book = ContentBook::open(state_folder(options) + "/content.db");
  if (!book) return failed(book.error());
  const auto& words = options.words;
  const auto verb = words.empty() ? std::string() : words.front();
  const auto table = words.size() > 1 ? words[1] : std::string();
  int code = exit_code::ok;
  if (verb == "show")
    code = show(*book, options);
  else if (verb == "last" && words.size() < 3)
    code = last(*book, options, table);
  else if (verb == "generations" && words.size() < 3)
    code = generations(*book, table);
  else if (verb == "list" && words.size() < 3)
    code = list(*book, options, table);
  else if (words.size() < 2)
    code = list(*book, options, verb);
  else
    code =
        narrate_failed("content takes list, show, last, generations or a table", exit_code::usage);
  std::cout << std::flush;
  return code;
}

}  // namespace parley::cli
