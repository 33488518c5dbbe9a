#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/cli/console.hpp"
#include "parley/narrative/content_book.hpp"

namespace parley::cli {

// What the screen asks of the content; ContentBook gives it.
struct ContentSource {
  ContentSource() = default;
  std::function<Result<std::vector<std::pair<std::string, std::int64_t>>>()> tables;
  std::function<Result<std::vector<narrative::ContentRow>>(const std::string& table)> rows;
  // From any status to that one.
  std::function<Result<void>(const std::string& table, const std::string& id,
                             const std::string& status)>
      change;
};

// A screen to look through content by keys: its tables, the items of one, one item; items are
// accepted and rejected. No terminal in it: keys in, text out.
class ContentScreen {
 public:
  ContentScreen(ContentSource source, Style style);

  // A key as a terminal sends it: "j", "\x1b[B", "\r" … False: the person leaves.
  bool key(std::string_view key);
  // The whole screen of so many columns and lines; lines end with "\r\n".
  std::string draw(std::size_t columns, std::size_t lines) const;

 private:
  enum class Level { tables, items, item };
  void load_tables();
  void load_items();
  void move(std::ptrdiff_t by);
  void enter();
  bool back();
  void settle(const std::string& status);
  std::vector<std::string> body(std::size_t columns, std::size_t lines) const;
  std::vector<std::string> item_lines(std::size_t columns) const;
  std::size_t count() const;

  ContentSource source_;
  Style style_;
  Level level_ = Level::tables;
  std::vector<std::pair<std::string, std::int64_t>> tables_;
  std::vector<narrative::ContentRow> rows_;
  std::size_t table_ = 0, row_ = 0;
  std::size_t scroll_ = 0;  // of one item, in lines
  std::string message_;     // what went wrong, or was done
};

// The keys in what a terminal has sent, one by one; the beginning of one that is not whole stays in
// `bytes`.
std::optional<std::string> take_key(std::string& bytes);

}  // namespace parley::cli
