#pragma once

#include "parley/config/node.hpp"
#include "parley/narrative/diagnostic.hpp"

namespace parley::narrative::detail {

using config::Member;
using config::Node;
using config::read_toml;
using config::to_json;
using config::to_string;

}  // namespace parley::narrative::detail
