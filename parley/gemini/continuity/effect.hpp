#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "parley/gemini/continuity/message.hpp"

namespace parley::gemini {

// A connection of a conversation: 1 is the first.
using LinkId = std::uint64_t;

// What Continuity wants done. Nothing else reaches the network.

// Connect, send the setup, wait for setupComplete: answered by opened() or failed().
struct OpenLink {
  LinkId link = 0;
  std::size_t service = 0;  // index of FailoverPolicy::services
  Setup setup;
};
// Send it; once the connection has taken it, written() with the stamp.
struct SendOnLink {
  LinkId link = 0;
  std::uint64_t stamp = 0;
  LiveMessage message;
};
// End it, or stop opening it: answered by ended(), or by nothing.
struct CloseLink {
  LinkId link = 0;
};
using ContinuityEffect = std::variant<OpenLink, SendOnLink, CloseLink>;

}  // namespace parley::gemini
