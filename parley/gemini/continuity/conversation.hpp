#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/gemini/continuity/continuity.hpp"
#include "parley/gemini/live.hpp"

namespace parley::gemini {

// Another service for a conversation: what its connection needs, as for Live::connect(). Of its
// setup the model and speechConfig (the voice) are used; the rest is the conversation's, and so are
// limits and, where it has none, events.
struct LiveFallback {
  LiveFallback(std::string its_name, LiveOptions options)
      : name(std::move(its_name)), live(std::move(options)) {}
  std::string name;  // in events
  LiveOptions live;  // Gemini elsewhere, openai_live() …
  // Further changes to the conversation's setup, for what this service has no word for. Must not
  // throw.
  std::function<void(Setup&)> adapt;
};

struct ConversationOptions {
  explicit ConversationOptions(LiveOptions each) : live(std::move(each)) {}

  // Of each connection. `dial` is called for each as well; `inbox_bytes` bounds what is kept while
  // nobody calls next(). `limits` are paid once for all connections. Not used: open_calls.
  LiveOptions live;
  // Sees the options of each connection before it is opened and may change them: another key (a
  // short-lived token is good for one connection), headers, another address. Must not throw.
  std::function<void(LinkId, LiveOptions&)> prepare;
  ContinuityPolicy policy;  // by default one attempt and one connection: as Live
  // Where the conversation goes on when `live` cannot be used, in order (FailoverPolicy, whose
  // `services` are made of them). The history goes with it, so `policy.history` must be enabled,
  // and what was spoken is known from transcription only.
  std::vector<LiveFallback> fallbacks;
};

class LiveTools;

// A conversation with a Live model that outlives its connections, as far as its policy says: the
// verbs of Live, its events and those of Continuity. Belongs to its executor's thread; one
// coroutine may read while others send. Destroying it closes its connections.
class Conversation {
 public:
  // Waits until the first connection is set up. Errors: those of Live::connect(), the last one
  // where the policy made several attempts; cancelled where the policy's hook stopped them, or the
  // task was cancelled, which ends the attempt at once; invalid_argument for fallbacks without a
  // history.
  static Task<Result<Conversation>> open(ConversationOptions options);
  // Goes on with an exported conversation. The setup is the snapshot's, and options.live.setup is
  // not used.
  static Task<Result<Conversation>> resume(ConversationOptions options, ConversationSnapshot from);
  Conversation(Conversation&&) noexcept;
  Conversation& operator=(Conversation&&) noexcept;
  ~Conversation();

  // The next event; empty: the end, see outcome(). One at a time.
  Task<std::optional<ConversationEvent>> next();
  // The same with an end to the waiting. Errors: timeout (stage receive; nothing is lost, ask
  // again), disconnected where the conversation has ended in order, else the error of outcome().
  Task<Result<ConversationEvent>> receive(
      std::chrono::milliseconds limit = std::chrono::minutes(1));

  // As the verbs of Live, but for this: they succeed while no connection is there, and send later,
  // in their order; while one is there they wait where more than half of the queue is taken.
  // Errors: those of Continuity::send(), invalid_argument as Live's.
  Task<Result<void>> say(std::string_view text);
  Task<Result<void>> send_turns(std::vector<Content> turns, bool complete = true);
  Task<Result<void>> send_turn(std::string_view text);
  Task<Result<void>> send_text(std::string_view text);
  Task<Result<void>> send_audio(Bytes pcm, int rate = 16'000);
  Task<Result<void>> send_image(Bytes image, std::string_view mime_type = "image/jpeg");
  Task<Result<void>> end_audio();
  Task<Result<void>> begin_activity();
  Task<Result<void>> end_activity();
  Task<Result<void>> interrupt();  // Continuity::interrupt()
  Task<Result<void>> respond(std::vector<FunctionResponse> responses);
  Task<Result<void>> update_context(ContextUpdate update);

  // Continuity::heard(): so much sound of an answer was heard before its rest was thrown away.
  void heard(std::uint64_t turn, Duration sound);

  // Another voice, tools, instruction or model by a hidden hand-over at the next turn boundary; do
  // not wait for it. Begin from setup(). Errors: those of check_live_setup(), invalid_state
  // (Continuity::change()).
  Result<void> change(Setup setup);
  // To another connection at the next turn boundary.
  void hand_over();
  // Ends it when what was sent has gone out; next() tells the rest. Calling it again changes
  // nothing.
  void close();

  // Success for an orderly end, or none yet; else why it ended.
  Result<void> outcome() const;
  bool is_over() const;
  bool is_connected() const;
  const Setup& setup() const;
  const std::string& handle() const;  // the newest; empty: none
  Usage usage() const;                // of all connections
  const ConversationCounters& counters() const;
  // Bytes that no connection has taken yet.
  std::size_t unsent_bytes() const;
  // What another process needs to go on; see seal_snapshot().
  ConversationSnapshot snapshot() const;

 private:
  friend class LiveTools;
  struct State;
  explicit Conversation(std::shared_ptr<State> state);
  static Task<Result<Conversation>> begin(std::shared_ptr<State> state);
  Task<Result<void>> send(LiveMessage message);
  static Task<Result<void>> send_on(std::shared_ptr<State> state, LiveMessage message);
  static Task<Result<void>> send_to(std::shared_ptr<State> state, LiveMessage message);
  static Task<Result<void>> send_paid(std::shared_ptr<State> state, LiveMessage message);
  std::shared_ptr<State> state_;
};

}  // namespace parley::gemini
