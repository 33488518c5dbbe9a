#include "parley/schematic/map_reader.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::schematic {
namespace {

std::string_view kind_name(const Tree& tree) {
  if (tree.is_map()) return "a map";
  if (tree.is_list()) return "a list";
  return tree.is_null() ? "nothing" : "a scalar";
}

}  // namespace

std::string list_names(const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out += fmt::format("{}{}", i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
  return out;
}

MapReader::MapReader(const Tree& tree, std::string what, Diagnostics& diagnostics)
    : tree_(tree), what_(std::move(what)), diagnostics_(diagnostics) {
  if (!tree.is_map())
    diagnostics_.error(tree.at, "E0101",
                       fmt::format("{} must be a map, found {}", what_, kind_name(tree)));
}

const Tree* MapReader::take(std::string_view key) {
  asked_.push_back(key);
  const Tree* found = tree_.find(key);
  return found && !found->is_null() ? found : nullptr;
}

const Tree* MapReader::require(std::string_view key) {
  const Tree* found = take(key);
  if (!found && ok())
    diagnostics_.error(tree_.at, "E0103", fmt::format("{} has no \"{}\"", what_, key));
  return found;
}

bool MapReader::text(std::string_view key, std::string& out) {
  const Tree* found = take(key);
  if (!found) return false;
  if (!found->is_scalar()) {
    diagnostics_.error(found->at, "E0101",
                       fmt::format("\"{}\" must be text, found {}", key, kind_name(*found)));
    return false;
  }
  out = found->text;
  return true;
}

void MapReader::require_text(std::string_view key, std::string& out) {
  if (require(key)) text(key, out);
}

void MapReader::flag(std::string_view key, bool& out) {
  const Tree* found = take(key);
  if (!found) return;
  const auto value = found->value();
  if (value.is_bool())
    out = value.as_bool();
  else
    diagnostics_.error(found->at, "E0101", fmt::format("\"{}\" must be true or false", key));
}

void MapReader::number(std::string_view key, std::optional<double>& out) {
  const Tree* found = take(key);
  if (!found) return;
  const auto value = found->value();
  if (value.is_number())
    out = value.to_number<double>();
  else
    diagnostics_.error(found->at, "E0101", fmt::format("\"{}\" must be a number", key));
}

void MapReader::count(std::string_view key, std::size_t& out) {
  const Tree* found = take(key);
  if (!found) return;
  const auto value = found->value();
  if (value.is_int64() && value.as_int64() >= 0)
    out = static_cast<std::size_t>(value.as_int64());
  else
    diagnostics_.error(found->at, "E0101", fmt::format("\"{}\" must be a whole number", key));
}

void MapReader::duration(std::string_view key, std::chrono::milliseconds& out) {
  const Tree* found = take(key);
  if (!found) return;
  if (const auto value = read_duration(*found))
    out = *value;
  else
    diagnostics_.error(found->at, "E0105",
                       fmt::format("\"{}\" must be a time such as 15s, 500ms or 2m, found \"{}\"",
                                   key, found->text));
}

void MapReader::texts(std::string_view key, std::vector<std::string>& out) {
  const Tree* found = take(key);
  if (!found) return;
  if (found->is_scalar()) {
    out.push_back(found->text);
    return;
  }
  for (const auto& item : found->items)
    if (item.is_scalar())
      out.push_back(item.text);
    else
      diagnostics_.error(item.at, "E0101", fmt::format("\"{}\" is a list of texts", key));
  if (found->is_map())
    diagnostics_.error(found->at, "E0101", fmt::format("\"{}\" must be a list of texts", key));
}

void MapReader::pairs(std::string_view key, std::vector<std::pair<std::string, std::string>>& out) {
  const Tree* found = take(key);
  if (!found) return;
  if (!found->is_map()) {
    diagnostics_.error(found->at, "E0101", fmt::format("\"{}\" must be a map", key));
    return;
  }
  for (const auto& member : found->members)
    if (member.value.is_scalar())
      out.emplace_back(member.key, member.value.text);
    else
      diagnostics_.error(member.value.at, "E0101",
                         fmt::format("\"{}\" in \"{}\" must be text", member.key, key));
}

void MapReader::type(std::string_view key, Type& out) {
  if (const Tree* found = take(key)) out = read_type(*found, diagnostics_);
}

void MapReader::unknown_word(const Tree& at, std::string_view key, std::string_view found,
                             const std::vector<std::string_view>& names) {
  diagnostics_.error(at.at, "E0105",
                     fmt::format("\"{}\" must be {}, found \"{}\"", key, list_names(names), found));
}

void MapReader::finish() {
  for (const auto& member : tree_.members) {
    if (std::ranges::find(asked_, member.key) != asked_.end()) continue;
    const auto near = nearest_name(member.key, asked_);
    diagnostics_.error(member.at, "E0102",
                       fmt::format("{} has no member \"{}\"{}", what_, member.key,
                                   near ? fmt::format("; did you mean \"{}\"?", *near) : ""));
  }
}

Type read_type(const Tree& tree, Diagnostics& diagnostics) {
  Type type;
  if (!tree.is_scalar()) {
    diagnostics.error(tree.at, "E0104", "a type is a text such as list<string>");
    return type;
  }
  // YAML's own booleans and numbers are literals; so is a text that stands in quotes of its own.
  auto parsed = parse_type(tree.text);
  if (!parsed)
    diagnostics.error(tree.at, "E0104", parsed.error().message());
  else
    type = std::move(*parsed);
  type.at = tree.at;
  return type;
}

std::optional<std::chrono::milliseconds> read_duration(const Tree& tree) {
  if (!tree.is_scalar()) return std::nullopt;
  std::int64_t number = 0;
  const auto *first = tree.text.data(), *last = first + tree.text.size();
  const auto [end, error] = std::from_chars(first, last, number);
  if (error != std::errc() || number < 0 || number > 1'000'000'000) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(last - end));
  std::chrono::milliseconds time(number);
  if (unit == "s")
    time = std::chrono::seconds(number);
  else if (unit == "m")
    time = std::chrono::minutes(number);
  else if (!unit.empty() && unit != "ms")
    return std::nullopt;
  if (time > std::chrono::days(366)) return std::nullopt;
  return time;
}

}  // namespace parley::schematic
