#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/json/value.hpp"
#include "parley/schematic/diagnostic.hpp"

namespace parley::schematic {

// A YAML or JSON document with the place of every node; members keep their order.
struct Tree {
  enum class Kind { scalar, list, map };
  struct Member;

  Tree() = default;

  // Null where there is no such member.
  const Tree* find(std::string_view key) const;
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  // A plain scalar that the YAML 1.2 core schema reads as null.
  bool is_null() const;
  // The value by the YAML 1.2 core schema: true, 12, 1.5, null; a quoted scalar is a string.
  json::Value value() const;

  Kind kind = Kind::scalar;
  Location at;
  std::string text;     // of a scalar, without its quotes
  bool quoted = false;  // a string whatever it looks like
  std::vector<Tree> items;
  std::vector<Member> members;
};

struct Tree::Member {
  Member() = default;
  std::string key;
  Location at;
  Tree value;
};

struct TreeLimits {
  TreeLimits() = default;
  std::size_t max_nodes = 1'000'000;  // with what aliases repeat
  int max_depth = 200;
};

// Reads one YAML 1.2 document; JSON is YAML. Anchors and aliases are followed within the limits.
// Errors (invalid_argument) begin with "line:column: ": bad syntax, a name that stands twice in one
// map, a key that is no scalar, an unknown tag, a second document, malformed UTF-8.
Result<Tree> parse_yaml(std::string_view text, const TreeLimits& limits = TreeLimits());
// The same for a JSON text (RFC 8259), whose escapes YAML does not all know.
Result<Tree> parse_json(std::string_view text, const TreeLimits& limits = TreeLimits());
// JSON where the first character is '{' or '[' and the text parses so, else YAML.
Result<Tree> parse_document(std::string_view text, const TreeLimits& limits = TreeLimits());

// Takes the "line:column: " off an error of the parsers.
Location location_of(const Error& error);
std::string message_of(const Error& error);

}  // namespace parley::schematic
