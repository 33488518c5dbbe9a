#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "parley/base/random.hpp"
#include "parley/base/time.hpp"
#include "parley/gemini/continuity/effect.hpp"
#include "parley/gemini/continuity/policy.hpp"
#include "parley/gemini/continuity/snapshot.hpp"

namespace parley::gemini {

// What a conversation has used and done, over all its connections.
struct ConversationCounters {
  ConversationCounters() = default;
  std::uint64_t attempts = 0;
  std::uint64_t connections = 0;    // that were set up
  std::uint64_t losses = 0;         // connections that ended unasked
  std::uint64_t hand_overs = 0;     // to another connection, planned or after a loss
  std::uint64_t turns = 0;          // that were completed
  std::uint64_t replayed = 0;       // messages
  std::uint64_t dropped_audio = 0;  // PCM bytes that had no room
};

// The rules by which a Live conversation survives its connections, without I/O, clock or threads:
// inputs are what the program sends and what each connection tells; then effects and events are to
// be drained, and next_timeout() asked anew. gemini::Conversation is its asynchronous form.
//
// What it promises, where the policy turns it on. Per message of the program that was accepted: it
// reaches the service's state exactly once, in the order of sending, but for answers of functions,
// which go first; with transparent resumption always; with handles alone, but for the messages that
// MessagesReplayed calls doubtful; without a handle, as far as the history has it in words. Per
// turn of the model: it is told whole once, where what AnswerVoided takes back is not counted.
class Continuity {
 public:
  // `random` (delays) must outlive this. `setup` is without a handle, or with one to begin with.
  Continuity(Setup setup, ContinuityPolicy policy, Random& random);
  // Goes on with what another process exported.
  Continuity(ConversationSnapshot from, ContinuityPolicy policy, Random& random);
  Continuity(Continuity&&) noexcept;
  ~Continuity();

  // Commands of the program.
  void start(TimePoint now);
  // Taken, and sent in its order once a connection is there. Errors: too_large (see queue_bytes;
  // while no connection is there, the oldest audio is dropped instead), invalid_state (the
  // conversation has ended; marks of activity where the service finds it itself, or the other way
  // round), invalid_argument (an answer whose call is not open).
  Result<void> send(LiveMessage message, TimePoint now);
  // The service is to stop the answer that it gives or makes; as far as is known, where there is
  // none nothing is sent. By a mark of activity (interrupt_way()) what the user says next belongs
  // to that activity, and the program's own mark of its beginning is not sent. Errors: those of
  // send() and interrupt_way(); invalid_state where a mark is the way and an activity has begun.
  Result<void> interrupt(TimePoint now);
  // So much sound of that answer was heard, and no more is: the player threw its rest away. The
  // history, and with it snapshots and what a new connection is told, keeps the words up to there
  // (audio::SpokenText), and AnswerCut tells it. `turn` is as audio::TurnCounter numbers them,
  // which Duplex and Playout do; the eight newest are known, others and answers without sound stay
  // as they are. What the service itself remembers is what it had sent: a handle brings that back.
  void heard(std::uint64_t turn, Duration sound);
  // Another setup (voice, tools, instruction, model) from the next turn boundary on, by a hand-over
  // that nothing else shows. The handle is not read from it. Errors: invalid_state for another
  // model where no history is kept that it could be told.
  Result<void> change(Setup setup, TimePoint now);
  // A hand-over at the next turn boundary, as if the service had asked for it.
  void hand_over(TimePoint now);
  void close(TimePoint now);

  // What the connections tell. Calls about one that is not open any more change nothing.
  void opened(LinkId link, TimePoint now);
  void failed(LinkId link, Error why, TimePoint now);
  void received(LinkId link, LiveEvent event, TimePoint now);
  void written(LinkId link, std::uint64_t stamp, TimePoint now);
  void ended(LinkId link, Result<void> outcome, TimePoint now);
  void handle_timeout(TimePoint now);

  std::optional<ContinuityEffect> poll_effect();
  std::optional<ConversationEvent> poll_event();
  std::optional<TimePoint> next_timeout() const;

  // A connection is there that takes messages.
  bool is_connected() const;
  bool is_over() const;
  // Success for an end that was asked for or orderly; else why.
  Result<void> outcome() const;
  // Of messages that no connection has taken.
  std::size_t unsent_bytes() const;
  // Of all that is kept: messages, history.
  std::size_t kept_bytes() const;
  // Of the next connection, without the handle.
  const Setup& setup() const;
  // The newest handle; empty: none, or it is not good any more.
  const std::string& handle() const;
  Usage usage() const;
  const ConversationCounters& counters() const;
  // All that another process needs to go on: what was said and the handle, not what waits to be
  // answered. Both times are those of the moment.
  ConversationSnapshot snapshot(WallTime wall, TimePoint now) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::gemini
