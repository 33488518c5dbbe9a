#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parley/config/diagnostic.hpp"
#include "parley/json/free_form.hpp"

namespace parley::config {

struct Member;

// A TOML value with its place. Members are in the order of the file.
struct Node {
  enum class Kind { text, whole, real, flag, date, list, table };
  Node() = default;

  Kind kind = Kind::table;
  Place place;
  std::string text;  // text, and date in its RFC 3339 form
  std::int64_t whole = 0;
  double real = 0;
  bool flag = false;
  std::vector<Node> elements;
  std::vector<Member> members;

  const Node* find(std::string_view name) const;
};

struct Member {
  Member() = default;
  std::string name;
  Place place;  // of the name
  Node value;
};

std::string_view to_string(Node::Kind kind);
// Reads TOML 1.0 of at most 4 MB. Mistakes go to `diagnostics`; the table is empty then.
Node read_toml(std::string_view file, std::string_view text, Diagnostics& diagnostics);
// Dates become texts.
json::Value to_json(const Node& node);

}  // namespace parley::config
