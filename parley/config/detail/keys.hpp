#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/config/node.hpp"
#include "parley/config/settings.hpp"

namespace parley::config::detail {

enum class Type { text, list, whole, number, fraction, time, kind, route, word };

struct Key {
  std::vector<std::string_view> path;  // "*": any name
  Type type;
  double least, most;
};

// The key at `path`; null: there is none.
const Key* key_at(const std::vector<std::string>& path);
// What may stand in the table at `path`, "*" for any name.
std::vector<std::string_view> names_in(const std::vector<std::string>& path);
// The value of a node for a key; what it must be instead in the error's message.
Result<Value> value_of(const Key& key, const Node& node);
// The same from text without quotes, as in the environment and on a command line.
Result<Value> value_of(const Key& key, std::string_view text);
// "providers.gemini.models.\"gemini-2.5-pro\".rpm". Error: invalid_argument.
Result<std::vector<std::string>> parse_key(std::string_view text);

}  // namespace parley::config::detail
