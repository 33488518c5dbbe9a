#pragma once

#include "parley/narrative/narrative.hpp"

namespace parley::narrative {

// What can be told of a book without running it, all at once: names in templates, in `after` and
// `history`; circles among acts and among narratives; carousels that no round fits in. load() calls
// it.
void check(const Book& book, Diagnostics& diagnostics);

// True for variables that may hold a key, token or password: no template may read them.
bool looks_secret(std::string_view variable);

}  // namespace parley::narrative
