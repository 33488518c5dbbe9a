#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "parley/json/limits.hpp"

namespace parley::json::detail {

// One value of a parsed text, or the name of a member. Containers are followed by what they hold;
// a member is its name, then its value.
struct Node {
  union {
    const char* text;  // string: into the parsed text, or into Parser's own room if it had escapes
    std::int64_t whole;
    std::uint64_t positive;  // a whole number above the range of `whole`
    double real;
  };
  std::uint32_t size;  // string: its bytes; container: how many nodes follow that belong to it
  char tag;            // { [ " t f n, and l u d for the three forms of numbers
};

// What all cursors of one decode share; decoders use Cursor. `path` is built while the loops
// unwind, last part first.
struct Document {
  Document(const Limits& document_limits, const Node* parsed)
      : limits(document_limits), nodes(parsed) {}

  char tag(std::size_t index) const { return nodes[index].tag; }
  std::string_view text(std::size_t index) const { return {nodes[index].text, nodes[index].size}; }
  // Behind a value and what it holds.
  std::size_t after(std::size_t index) const {
    const Node& node = nodes[index];
    return index + 1 + (node.tag == '{' || node.tag == '[' ? node.size : 0);
  }

  void complain(std::string what) {
    if (message.empty()) message = std::move(what);
    failed = true;
  }
  void inside(std::string_view member);
  void inside(std::size_t element);

  const Limits& limits;
  const Node* nodes;
  bool failed = false;
  std::string message;
  std::string path;
};

}  // namespace parley::json::detail
