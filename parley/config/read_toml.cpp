#include <algorithm>
#include <sstream>
#include <toml++/toml.h>
#include <tuple>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "parley/base/text.hpp"
#include "parley/config/node.hpp"
#include "parley/json/value.hpp"

namespace parley::config {
namespace {

constexpr std::size_t kMostBytes = 4 * 1024 * 1024;

Place place_of(const ::toml::source_region& source, std::string_view file) {
  return Place(std::string(file), static_cast<int>(source.begin.line),
               static_cast<int>(source.begin.column));
}

template <class Value>
std::string printed(const Value& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Node convert(const ::toml::node& node, std::string_view file);

void convert_members(const ::toml::table& table, std::string_view file, Node& out) {
  for (const auto& [key, value] : table) {
    Member member;
    member.name = std::string(key.str());
    member.place = place_of(key.source(), file);
    member.value = convert(value, file);
    out.members.push_back(std::move(member));
  }
  std::ranges::stable_sort(out.members, [](const Member& a, const Member& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
}

Node convert(const ::toml::node& node, std::string_view file) {
  Node out;
  out.place = place_of(node.source(), file);
  if (const auto* text = node.as_string()) {
    out.kind = Node::Kind::text;
    out.text = text->get();
  } else if (const auto* whole = node.as_integer()) {
    out.kind = Node::Kind::whole;
    out.whole = whole->get();
    out.real = static_cast<double>(out.whole);
  } else if (const auto* real = node.as_floating_point()) {
    out.kind = Node::Kind::real;
    out.real = real->get();
  } else if (const auto* flag = node.as_boolean()) {
    out.kind = Node::Kind::flag;
    out.flag = flag->get();
  } else if (const auto* list = node.as_array()) {
    out.kind = Node::Kind::list;
    for (const auto& element : *list) out.elements.push_back(convert(element, file));
  } else if (const auto* table = node.as_table()) {
    convert_members(*table, file, out);
  } else {
    out.kind = Node::Kind::date;
    if (const auto* date = node.as_date()) out.text = printed(date->get());
    if (const auto* time = node.as_time()) out.text = printed(time->get());
    if (const auto* both = node.as_date_time()) out.text = printed(both->get());
  }
  return out;
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  const auto found = std::ranges::find(members, name, &Member::name);
  return found == members.end() ? nullptr : &found->value;
}

std::string_view to_string(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::text:
      return "a text";
    case Node::Kind::whole:
      return "a whole number";
    case Node::Kind::real:
      return "a number";
    case Node::Kind::flag:
      return "true or false";
    case Node::Kind::date:
      return "a date or time";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::table:
      return "a table";
  }
  return "";
}

Node read_toml(std::string_view file, std::string_view text, Diagnostics& diagnostics) {
  const Place whole(std::string(file), 0, 0);
  if (text.size() > kMostBytes) {
    diagnostics.emplace_back(whole, "toml_parse", "the file has more than 4 MB");
    return Node();
  }
  if (!is_valid_utf8(text)) {
    diagnostics.emplace_back(whole, "toml_parse", "the file is no valid UTF-8");
    return Node();
  }
  ::toml::table table;
  try {
    table = ::toml::parse(text, file);
  } catch (const ::toml::parse_error& error) {
    diagnostics.emplace_back(place_of(error.source(), file), "toml_parse",
                             "no valid TOML: " + to_valid_utf8(error.description()));
    return Node();
  }
  Node root = convert(table, file);
  root.place = Place(std::string(file), 1, 1);
  return root;
}

json::Value to_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::text:
    case Node::Kind::date:
      return json::Value(node.text);
    case Node::Kind::whole:
      return json::Value(node.whole);
    case Node::Kind::real:
      return json::Value(node.real);
    case Node::Kind::flag:
      return json::Value(node.flag);
    case Node::Kind::list: {
      json::Array list;
      for (const auto& element : node.elements) list.push_back(to_json(element));
      return list;
    }
    case Node::Kind::table:
      break;
  }
  json::Object object;
  for (const auto& member : node.members) object[member.name] = to_json(member.value);
  return object;
}

}  // namespace parley::config
