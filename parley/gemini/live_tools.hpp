#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "parley/base/event.hpp"
#include "parley/gemini/continuity/conversation.hpp"
#include "parley/gemini/functions.hpp"
#include "parley/gemini/live.hpp"

namespace parley::gemini {

// When the model uses the answer of a NON_BLOCKING function: at once, after what it is saying
// (the service's default), or only when it is asked about it.
enum class LiveScheduling { interrupt, when_idle, silent };
std::string_view to_string(LiveScheduling scheduling);  // "WHEN_IDLE"

// The functions of a Live session or of a Conversation, run as the model calls them, while the
// conversation goes on: an answer is sent when its function is done. Where a call is cancelled (the
// user spoke), its function is asked to stop and its answer is never sent; the same at the
// session's end. What a function throws is answered as {"error": …}. Belongs to the session's
// executor.
//
// Over a Conversation a call survives its connection: it runs once, a hand-over waits for it, and
// its answer goes to whichever connection asks for it. Where none does any more, the conversation
// cancels the call, or tells the answer in MessagesLost.
class LiveTools {
 public:
  // `events` is told "gemini.tool_call" {name, id}, "gemini.tool_done" {name, id}, and why not:
  // "gemini.tool_failed" {name, id, why}, "gemini.tool_dropped" {name, id, why: the answer came too
  // late, or could not be sent}. May be empty.
  explicit LiveTools(EventSink events = nullptr);
  ~LiveTools();  // stop_all()
  LiveTools(const LiveTools&) = delete;
  LiveTools& operator=(const LiveTools&) = delete;

  // A plain function holds the session up while it runs; a coroutine does not, and hears of a
  // cancellation by CallContext::stop.
  void add(FunctionDeclaration declaration, Functions::Plain run);
  void add(FunctionDeclaration declaration, Functions::Async run);
  // How the answers of a function are scheduled, which must be NON_BLOCKING (Live::respond()).
  void schedule(std::string_view function, LiveScheduling when);
  // All of them into the setup.
  void declare_in(LiveOptions& options) const;

  // The session's next event; the calls of functions that are here are run, and are told like all
  // other events. Calls of other functions are the caller's to answer.
  Task<std::optional<LiveEvent>> next(Live& live);
  // The same for those who read the session themselves: acts upon calls and cancellations.
  void handle(Live& live, const LiveEvent& event);

  Task<std::optional<ConversationEvent>> next(Conversation& conversation);
  void handle(Conversation& conversation, const ConversationEvent& event);

  bool has(std::string_view function) const;
  // Calls whose function has not finished.
  std::size_t running() const;
  void stop_all();

 private:
  static Task<Result<void>> send_to_live(std::weak_ptr<Live::State> session,
                                         FunctionResponse response);
  static Task<Result<void>> send_to_conversation(std::weak_ptr<Conversation::State> conversation,
                                                 FunctionResponse response);
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace parley::gemini
