#include "parley/narrative/detail/table_reader.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace parley::narrative::detail {

using NodeKind = Node::Kind;

FileContext::FileContext(std::string file_name, std::string_view text, Diagnostics& list)
    : file(std::move(file_name)), diagnostics(list), text_(text), lines_{0} {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
    lines_.push_back(at + 1);
}

Place FileContext::inside_quotes(const Node& text) const {
  Place place = text.place;
  const auto line = static_cast<std::size_t>(place.line - 1);
  if (place.line < 1 || line >= lines_.size()) return place;
  const auto at = lines_[line] + static_cast<std::size_t>(std::max(place.column, 1) - 1);
  const auto rest = text_.substr(std::min(at, text_.size()));
  if (rest.starts_with("\"\"\"\n") || rest.starts_with("'''\n") || rest.starts_with("\"\"\"\r\n") ||
      rest.starts_with("'''\r\n"))
    return Place(place.file, place.line + 1, 1);
  place.column += rest.starts_with("\"\"\"") || rest.starts_with("'''") ? 3 : 1;
  return place;
}

Template FileContext::read_template(const Node& text) {
  return parse_template(text.text, inside_quotes(text), diagnostics);
}

TableReader::TableReader(FileContext& context, const Node& table, std::string what)
    : context_(context), table_(table), what_(std::move(what)) {}

const Node* TableReader::take(std::string_view name, std::initializer_list<NodeKind> kinds) {
  asked_.push_back(name);
  const Node* node = table_.find(name);
  if (!node || kinds.size() == 0 || std::ranges::find(kinds, node->kind) != kinds.end())
    return node;
  std::vector<std::string_view> wanted;
  for (const auto kind : kinds) wanted.push_back(to_string(kind));
  wrong_type(*node, name, fmt::format("{}", fmt::join(wanted, " or ")));
  return nullptr;
}

void TableReader::wrong_type(const Node& node, std::string_view name, std::string_view wanted) {
  complain(node.place, "wrong_type",
           fmt::format("{} is {}, and must be {}", name, to_string(node.kind), wanted));
}

std::string TableReader::text(std::string_view name) {
  const Node* node = take(name, {NodeKind::text});
  return node ? node->text : std::string();
}

std::optional<Template> TableReader::maybe_template(std::string_view name) {
  const Node* node = take(name, {NodeKind::text});
  if (!node) return std::nullopt;
  return context_.read_template(*node);
}

Template TableReader::template_of(std::string_view name) {
  return maybe_template(name).value_or(Template());
}

std::optional<double> TableReader::number(std::string_view name, double least, double most) {
  const Node* node = take(name, {NodeKind::real, NodeKind::whole});
  if (!node) return std::nullopt;
  if (node->real >= least && node->real <= most) return node->real;
  complain(node->place, "out_of_range",
           fmt::format("{} is {}, and must be from {} to {}", name, node->real, least, most));
  return std::nullopt;
}

std::optional<std::int64_t> TableReader::whole(std::string_view name, std::int64_t least,
                                               std::int64_t most) {
  const Node* node = take(name, {NodeKind::whole});
  if (!node) return std::nullopt;
  if (node->whole >= least && node->whole <= most) return node->whole;
  complain(node->place, "out_of_range",
           fmt::format("{} is {}, and must be from {} to {}", name, node->whole, least, most));
  return std::nullopt;
}

std::optional<bool> TableReader::flag(std::string_view name) {
  const Node* node = take(name, {NodeKind::flag});
  if (!node) return std::nullopt;
  return node->flag;
}

std::vector<std::string> TableReader::texts(std::string_view name) {
  std::vector<std::string> out;
  const Node* node = take(name, {NodeKind::list, NodeKind::text});
  if (!node) return out;
  if (node->kind == NodeKind::text) return {node->text};
  for (const auto& element : node->elements) {
    if (element.kind == NodeKind::text)
      out.push_back(element.text);
    else
      wrong_type(element, fmt::format("an element of {}", name), "a text");
  }
  return out;
}

std::optional<std::chrono::milliseconds> TableReader::duration(std::string_view name) {
  const Node* node = take(name, {NodeKind::text, NodeKind::whole, NodeKind::real});
  if (!node) return std::nullopt;
  std::optional<std::chrono::milliseconds> time;
  if (node->kind == NodeKind::text)
    time = parse_time(node->text);
  else
    time = parse_time(fmt::format("{}s", node->real));
  if (!time)
    complain(node->place, "out_of_range",
             fmt::format("{} must be a time such as \"500ms\", \"10s\", \"5m\" or \"2h\", of at "
                         "most a year",
                         name));
  return time;
}

std::optional<std::size_t> TableReader::choice(std::string_view name,
                                               std::initializer_list<std::string_view> names) {
  const Node* node = take(name, {NodeKind::text});
  if (!node) return std::nullopt;
  const auto found = std::ranges::find(names, node->text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  complain(node->place, "out_of_range",
           fmt::format("{} is \"{}\", and must be one of {}{}", name, node->text,
                       fmt::join(names, ", "), did_you_mean(node->text, names)));
  return std::nullopt;
}

void TableReader::finish() {
  for (const auto& member : table_.members) {
    if (std::ranges::find(asked_, member.name) != asked_.end()) continue;
    complain(member.place, "unknown_key",
             fmt::format("unknown key \"{}\"{}", member.name, did_you_mean(member.name, asked_)));
  }
}

}  // namespace parley::narrative::detail
