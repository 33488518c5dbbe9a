#pragma once

#include <vector>

#include "parley/schematic/map_reader.hpp"

namespace parley::schematic::detail {

std::vector<Condition> read_match(const Tree& tree, Diagnostics& diagnostics);
void read_types(const Tree& tree, Definition& out, Diagnostics& diagnostics);
void read_websocket(const Tree& tree, WebSocketApi& out, Diagnostics& diagnostics);
void read_rest(const Tree& tree, RestApi& out, Diagnostics& diagnostics);
std::vector<ConnectionParam> read_params(const Tree* tree, Diagnostics& diagnostics);

}  // namespace parley::schematic::detail
