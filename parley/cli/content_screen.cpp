#include "parley/cli/content_screen.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::cli {
namespace {

std::string clean(std::string_view text) {
  return strip_control(to_valid_utf8(text));
}

// One line of a text: line breaks become spaces.
std::string one_line(std::string_view text, std::size_t columns) {
  std::string out = to_valid_utf8(text);
  std::ranges::replace(out, '\n', ' ');
  const auto line = strip_control(out);
  return std::string(first_scalars(std::string_view(line), columns));
}

// A text in lines that fit; cut anywhere.
void wrap(std::string_view text, std::size_t columns, std::vector<std::string>& out) {
  const auto valid = to_valid_utf8(text);
  for (const auto part : split(valid, '\n')) {
    const auto whole = strip_control(part);
    std::string_view line = whole;
    do {
      const auto piece = first_scalars(line, std::max<std::size_t>(columns, 1));
      out.emplace_back(piece);
      line.remove_prefix(piece.size());
    } while (!line.empty());
  }
}

}  // namespace

ContentScreen::ContentScreen(ContentSource source, Style style)
    : source_(std::move(source)), style_(style) {
  load_tables();
}

void ContentScreen::load_tables() {
  auto found = source_.tables();
  if (!found) message_ = found.error().message();
  tables_ = found ? std::move(*found) : std::vector<std::pair<std::string, std::int64_t>>();
  table_ = std::min(table_, tables_.empty() ? 0 : tables_.size() - 1);
}

void ContentScreen::load_items() {
  auto found = source_.rows(tables_[table_].first);
  if (!found) message_ = found.error().message();
  rows_ = found ? std::move(*found) : std::vector<narrative::ContentRow>();
  row_ = std::min(row_, rows_.empty() ? 0 : rows_.size() - 1);
}

std::size_t ContentScreen::count() const {
  return level_ == Level::tables ? tables_.size() : rows_.size();
}

void ContentScreen::move(std::ptrdiff_t by) {
  if (level_ == Level::item) {
    const auto at = static_cast<std::ptrdiff_t>(scroll_) + by;
    scroll_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(at, 0));
    return;
  }
  auto& at = level_ == Level::tables ? table_ : row_;
  const auto last = static_cast<std::ptrdiff_t>(count()) - 1;
  at = static_cast<std::size_t>(
      std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(at) + by, 0, std::max(last, {})));
}

void ContentScreen::enter() {
  if (count() == 0 || level_ == Level::item) return;
  if (level_ == Level::tables) {
    level_ = Level::items;
    row_ = 0;
    load_items();
  } else {
    level_ = Level::item;
    scroll_ = 0;
  }
}

// False: there is nothing above.
bool ContentScreen::back() {
  if (level_ == Level::tables) return false;
  level_ = level_ == Level::item ? Level::items : Level::tables;
  if (level_ == Level::tables) load_tables();
  return true;
}

void ContentScreen::settle(const std::string& status) {
  if (level_ == Level::tables || rows_.empty()) return;
  auto& row = rows_[row_];
  // What has gone out stays as it is.
  if (row.status == "posted" || row.status == "posting") {
    message_ = fmt::format("it is {}: see parley bots settle", row.status);
    return;
  }
  const auto done = source_.change(tables_[table_].first, row.id, status);
  message_ = done ? fmt::format("{} is {}", short_id(row.id), status) : done.error().message();
  const auto before = row_;
  load_items();
  if (done && level_ == Level::items && before + 1 < rows_.size()) row_ = before + 1;
}

bool ContentScreen::key(std::string_view key) {
  message_.clear();
  if (key == "q" || key == "\x03" || key == "\x04") return false;
  if (key == "j" || key == "\x1b[B")
    move(1);
  else if (key == "k" || key == "\x1b[A")
    move(-1);
  else if (key == " " || key == "\x1b[6~")
    move(10);
  else if (key == "b" || key == "\x1b[5~")
    move(-10);
  else if (key == "\r" || key == "\n" || key == "l" || key == "\x1b[C")
    enter();
  else if (key == "\x1b" || key == "h" || key == "\x1b[D" || key == "\x7f")
    return back();
  else if (key == "a")
    settle("accepted");
  else if (key == "r")
    settle("rejected");
  return true;
}

std::vector<std::string> ContentScreen::item_lines(std::size_t columns) const {
  std::vector<std::string> out;
  const auto& row = rows_[row_];
  for (const auto& [name, value] :
       {std::pair{"status", &row.status}, std::pair{"note", &row.note}, std::pair{"at", &row.at},
        std::pair{"narrative", &row.narrative}, std::pair{"act", &row.act},
        std::pair{"model", &row.model}, std::pair{"run", &row.run}})
    if (!value->empty()) wrap(fmt::format("{}: {}", name, *value), columns, out);
  if (row.mistakes != "[]") wrap("mistakes: " + row.mistakes, columns, out);
  out.emplace_back();
  const auto item = json::parse(row.item, json::trusted_limits());
  wrap(item ? json::to_pretty_string(*item) : row.item, columns, out);
  if (row.source.empty()) return out;
  out.emplace_back();
  wrap(row.source, columns, out);
  return out;
}

std::vector<std::string> ContentScreen::body(std::size_t columns, std::size_t lines) const {
  std::vector<std::string> out;
  if (level_ == Level::item) {
    out = item_lines(columns);
    const auto from = std::min(scroll_, out.empty() ? 0 : out.size() - 1);
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(from));
    if (out.size() > lines) out.resize(lines);
    return out;
  }
  const auto chosen = level_ == Level::tables ? table_ : row_;
  const auto from = chosen >= lines ? chosen - lines + 1 : 0;
  for (auto at = from; at < count() && out.size() < lines; ++at) {
    const auto text =
        level_ == Level::tables
            ? fmt::format("{}  {} items", clean(tables_[at].first), tables_[at].second)
            : fmt::format("{:<9} {}  {}", rows_[at].status, short_id(clean(rows_[at].id)),
                          rows_[at].item);
    const auto line = one_line(text, columns > 2 ? columns - 2 : 1);
    out.push_back(at == chosen ? style_.bold("> " + line) : "  " + line);
  }
  if (out.empty()) out.emplace_back(level_ == Level::tables ? "(no content yet)" : "(no items)");
  return out;
}

std::string ContentScreen::draw(std::size_t columns, std::size_t lines) const {
  const auto room = std::max<std::size_t>(lines, 3) - 2;
  std::string title = "content";
  if (level_ != Level::tables) title += " / " + clean(tables_[table_].first);
  if (level_ == Level::item) title += " / " + short_id(clean(rows_[row_].id));
  std::string out = "\x1b[H\x1b[2J" + style_.cyan(one_line(title, columns)) + "\r\n";
  auto text = body(columns, room);
  text.resize(room);
  for (const auto& line : text) out += line + "\r\n";
  constexpr std::string_view kKeys = "j k move  Enter open  Esc back  a accept  r reject  q quit";
  return out + style_.dim(one_line(message_.empty() ? kKeys : std::string_view(message_), columns));
}

std::optional<std::string> take_key(std::string& bytes) {
  if (bytes.empty()) return std::nullopt;
  std::size_t size = 1;
  // "\x1b[…" up to a letter or '~'; an Escape alone is one where nothing follows.
  if (bytes.size() > 1 && bytes[0] == '\x1b' && bytes[1] == '[') {
    size = 2;
    while (size < bytes.size() && (bytes[size] < '@' || bytes[size] > '~')) ++size;
    if (size == bytes.size()) return std::nullopt;
    ++size;
  }
  auto out = bytes.substr(0, size);
  bytes.erase(0, size);
  return out;
}

}  // namespace parley::cli
