#pragma once

#include "parley/narrative/diagnostic.hpp"
#include "parley/narrative/narrative.hpp"

namespace parley::narrative::detail {

// What holds for Live narratives alone, and what only they may have.
void check_live(const Narrative& narrative, Diagnostics& diagnostics);

// What it hears: the media of an act that are spoken.
bool is_spoken(const Input& input);
// The user may speak at any time: the service finds speech by itself.
bool hears_always(const Narrative& narrative);

}  // namespace parley::narrative::detail
