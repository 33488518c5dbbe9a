#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "parley/gemini/live.hpp"

namespace parley::gemini {

class LiveTools;

// What a LiveSession calls; what is empty is not called. On the session's thread, one at a time.
// What one throws is caught and told to `error`; the session goes on.
struct LiveHandlers {
  LiveHandlers() = default;

  std::function<void(const LiveEvent&)> message;  // every event, before its own handler
  std::function<void(const LiveText&)> text;
  std::function<void(const LiveAudio&)> audio;
  std::function<void(const LiveTranscript&)> transcript;
  // Answers that it gives are sent at once; their ids must be those of calls.
  std::function<std::vector<FunctionResponse>(const LiveToolCalls&)> tool_calls;
  std::function<void(const LiveToolCallsCancelled&)> tool_calls_cancelled;
  std::function<void()> interrupted, generation_complete;
  std::function<void(const LiveTurnComplete&)> turn_complete;
  std::function<void(const LiveUsage&)> usage;
  std::function<void(const LiveVoiceActivity&)> voice_activity;
  std::function<void(const LiveResumption&)> resumption;
  std::function<void(const LiveGoAway&)> go_away;
  // A frame that could not be read (invalid_response), an answer that could not be sent, a handler
  // that threw (internal). The session goes on.
  std::function<void(const Error&)> error;
  std::function<void(LiveState)> state;
  // Last, once: the outcome of the session.
  std::function<void(const Result<void>&)> closed;
};

// A Live session that calls handlers instead of being read. The same connection and rules as Live,
// which live() gives for sending. Belongs to one executor's thread. Destroying it closes the
// connection and calls no handler any more.
class LiveSession {
 public:
  // `tools` may be null; else it runs the functions that it has, and must outlive this.
  explicit LiveSession(LiveHandlers handlers, LiveTools* tools = nullptr);
  ~LiveSession();
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

  // Opens the connection; handlers are called from then on. Errors: those of Live::connect();
  // invalid_state "already connected (ready)" while there is one. After an end it may be called
  // again. LiveOptions::on_state is not used: the handler `state` is.
  Task<Result<void>> connect(LiveOptions options);
  // The session, for its verbs that send; do not read it. Errors: invalid_state, "not ready
  // (setup_pending)", with the state. Valid until the session has ended.
  Result<Live*> live();
  LiveState state() const;
  bool connected() const { return state() == LiveState::ready; }
  // Begins to close it; may be called at any time and again.
  void close();
  // Waits for the end; success for an orderly one. At once where there is no session.
  Task<Result<void>> ended();

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace parley::gemini
