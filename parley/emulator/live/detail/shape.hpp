#pragma once

#include <optional>

#include "parley/emulator/live/session.hpp"

namespace parley::emulator::detail {

// What a fault does to one message: how it goes out, and which message goes before it. The faults
// that end or hold up a session (close, cut, silence, delay) are the session's.
std::optional<LiveOutput> shape_by_fault(const LiveFault& fault, LiveOutput& output);

}  // namespace parley::emulator::detail
