#pragma once

#include "parley/emulator/live/session.hpp"
#include "parley/emulator/script/script.hpp"

namespace parley::emulator::detail {

// What a script says of Live sessions, over the server's own settings.
void apply(const Script::Live& wanted, LiveOptions& out);

}  // namespace parley::emulator::detail
