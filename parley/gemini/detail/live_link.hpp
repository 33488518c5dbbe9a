#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "parley/api/session.hpp"
#include "parley/gemini/live.hpp"

namespace parley::gemini::detail {

// One connection, whichever method of the service it is.
class LiveLink {
 public:
  virtual ~LiveLink() = default;
  virtual Task<Result<void>> send(ClientContentMessage message) = 0;
  virtual Task<Result<void>> send(RealtimeInputMessage message) = 0;
  virtual Task<Result<void>> send(ToolResponseMessage message) = 0;
  virtual Task<Result<void>> send(ContextUpdateMessage message) = 0;
  virtual Task<Result<void>> close() = 0;
  virtual Task<std::optional<std::vector<LiveEvent>>> next() = 0;
  // Waits until next() need not, at most `limit`; zero: not at all.
  virtual Task<bool> wait(std::chrono::milliseconds limit) = 0;
  // The connection has ended, whatever is still to be read.
  virtual bool ended() const = 0;
  virtual Result<void> outcome() const = 0;
};

// Where a session's hook puts the frame that the next empty message stands for.
using UnreadableSlot = std::shared_ptr<std::optional<LiveUnreadable>>;
// What the options say about the connection; `connect` and `events` are moved from.
api::SessionOptions session_options(LiveOptions& options, const Backend& backend,
                                    const UnreadableSlot& slot);

// Connected, and the setup taken by the service: over a WebSocket, or over what options.dial opens.
Task<Result<std::unique_ptr<LiveLink>>> open_live_link(LiveOptions options, Backend backend);
Task<Result<std::unique_ptr<LiveLink>>> open_dialed_link(LiveOptions options);
// Tells LiveOptions::on_state; what it throws is dropped.
void tell_state(const std::function<void(LiveState)>& on_state, LiveState state);
// What a frame that cannot be read says.
LiveUnreadable unreadable(const Error& why);
// An end by a close code becomes what the service meant by it; a network that was lost is
// `disconnected`, whoever found it first.
Result<void> told_by_service(Result<void> outcome);
// The same for a message that is being sent.
Task<Result<void>> send_told(Task<Result<void>> sending);

}  // namespace parley::gemini::detail
