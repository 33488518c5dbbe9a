#include "parley/narrative/extract.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/detail/tree.hpp"

namespace parley::narrative {
namespace {

struct Fence {
  std::string_view name, text;
};

// Blocks between lines of three or more backticks.
std::vector<Fence> fences_of(std::string_view answer) {
  std::vector<Fence> out;
  std::size_t at = 0;
  while ((at = answer.find("```", at)) != std::string_view::npos) {
    const auto line_end = answer.find('\n', at);
    if (line_end == std::string_view::npos) break;
    Fence fence;
    fence.name = trim(answer.substr(at + 3, line_end - at - 3));
    const auto end = answer.find("\n```", line_end);
    const auto close = answer.substr(line_end + 1).starts_with("```") ? line_end : end;
    if (close == std::string_view::npos) break;
    fence.text = answer.substr(line_end + 1, close - line_end > 0 ? close - line_end - 1 : 0);
    out.push_back(fence);
    at = close + 4;
  }
  return out;
}

// The text from the bracket at `start` to the one that closes it; empty: nothing closes it.
std::string_view balanced(std::string_view text, std::size_t start) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = start; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\')
        ++at;
      else if (c == '"')
        quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return text.substr(start, at + 1 - start);
  }
  return {};
}

Result<Extracted> parse_as(std::string_view text, Output::Format format) {
  Extracted out;
  out.text = std::string(trim(text));
  if (format == Output::Format::toml) {
    Diagnostics mistakes;
    const auto tree = detail::read_toml("answer", out.text, mistakes);
    if (!mistakes.empty())
      return fail(ErrorKind::invalid_argument,
                  fmt::format("line {}, column {}: {}", mistakes.front().place.line,
                              mistakes.front().place.column, mistakes.front().message));
    if (tree.members.empty()) return fail(ErrorKind::invalid_argument, "it is empty");
    out.value = json::Any(detail::to_json(tree));
    return out;
  }
  auto value = json::parse(out.text, json::trusted_limits());
  if (!value) return fail(std::move(value.error()));
  out.value = json::Any(std::move(*value));
  return out;
}

std::string cell(const json::Value& value) {
  if (value.is_null()) return "";
  if (const auto* text = value.if_string()) return std::string(*text);
  return json::to_string(value);
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string markdown_cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    if (c == '\n')
      out += "<br>";
    else if (c != '\r')
      out += c;
  }
  return out;
}

template <class Cell>
std::string line(const std::vector<std::string>& cells, std::string_view between, Cell&& written) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += between;
    out += written(cells[i]);
  }
  return out;
}

}  // namespace

Result<Extracted> extract(std::string_view answer, Output::Format format) {
  const bool toml = format == Output::Format::toml;
  auto whole = parse_as(answer, format);
  if (whole) return whole;
  std::optional<Error> best;
  for (const auto& fence : fences_of(answer)) {
    const auto name = to_lower_ascii(fence.name);
    if (!name.empty() && name != (toml ? "toml" : "json")) continue;
    auto found = parse_as(fence.text, format);
    if (found) return found;
    if (!best) best = std::move(found.error());
  }
  if (!toml) {
    int tries = 0;
    for (auto at = answer.find_first_of("{["); at != std::string_view::npos && tries < 50;
         ++tries) {
      const auto text = balanced(answer, at);
      if (!text.empty()) {
        auto found = parse_as(text, format);
        if (found) return found;
        if (!best) best = std::move(found.error());
      }
      at = answer.find_first_of("{[", at + 1);
    }
  }
  return fail(ErrorKind::invalid_argument,
              fmt::format("the answer has no valid {}: {}", toml ? "TOML" : "JSON",
                          best ? best->message() : whole.error().message()));
}

std::string render_table(const std::vector<std::string>& columns,
                         const std::vector<json::Array>& rows, TableInput::Format format) {
  std::string out;
  if (format == TableInput::Format::json) {
    json::Array list;
    for (const auto& row : rows) {
      json::Object object;
      for (std::size_t i = 0; i < columns.size() && i < row.size(); ++i)
        object[columns[i]] = row[i];
      list.push_back(std::move(object));
    }
    return json::to_pretty_string(list);
  }
  const auto cells = [](const json::Array& row) {
    std::vector<std::string> texts;
    for (const auto& value : row) texts.push_back(cell(value));
    return texts;
  };
  if (format == TableInput::Format::csv) {
    out = line(columns, ",", csv_cell) + "\n";
    for (const auto& row : rows) out += line(cells(row), ",", csv_cell) + "\n";
    return out;
  }
  out = "| " + line(columns, " | ", markdown_cell) + " |\n|";
  for (std::size_t i = 0; i < columns.size(); ++i) out += " --- |";
  out += "\n";
  for (const auto& row : rows) out += "| " + line(cells(row), " | ", markdown_cell) + " |\n";
  return out;
}

}  // namespace parley::narrative
