#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/random.hpp"
#include "parley/base/seal.hpp"
#include "parley/base/time.hpp"
#include "parley/gemini/live_event.hpp"
#include "parley/gemini/types.hpp"

namespace parley::gemini {

// A conversation at rest: what another process needs to go on with it. It holds what was said, and
// a handle that is good without any password but the key of the same project: keep it sealed.
struct ConversationSnapshot {
  ConversationSnapshot() = default;
  bool operator==(const ConversationSnapshot&) const = default;

  Setup setup;         // without the handle
  std::string handle;  // empty: none
  WallTime taken{};
  // Until when the handle is taken to be good: two hours on the Developer API.
  WallTime handle_expires{};
  std::vector<Content> history;
  std::size_t history_in_handle = 0;  // turns at its beginning that the handle contains
  Usage usage;
  std::uint64_t turns = 0;
};

// JSON: {"parleyConversation": 1, "taken": "…Z", "handle": …, "setup": {…}, "history": […], …}.
std::string to_json(const ConversationSnapshot& snapshot);
// Errors: invalid_argument for what is no snapshot, another version, members that are unknown or of
// another kind, with the place.
Result<ConversationSnapshot> snapshot_from_json(std::string_view text);

// Encrypted and authenticated (parley/base/seal.hpp); printable.
std::string seal_snapshot(const ConversationSnapshot& snapshot, const SealKey& key, Random& random);
struct SnapshotRules {
  SnapshotRules() = default;
  WallTime now{};
  // Of another model than this: refused. Empty: any.
  std::string model;
  // Older than this: refused. Zero: any age.
  std::chrono::milliseconds max_age{std::chrono::hours(24)};
};
// Errors: invalid_argument (no sealed snapshot, or damaged, or not made with this key), conflict
// (expired; from the future; of another model). A handle whose time has passed is left out, and the
// conversation goes on from its history; where there is no history either: conflict.
Result<ConversationSnapshot> open_snapshot(std::string_view sealed, const SealKey& key,
                                           const SnapshotRules& rules);

}  // namespace parley::gemini
