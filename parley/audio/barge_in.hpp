#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "parley/base/time.hpp"

namespace parley::audio {

struct BargeInOptions {
  // What a guess does to the answer: stop it, or make it softer. Both can be taken back.
  enum class Reaction { hold, duck };
  Reaction reaction = Reaction::hold;
  // The service confirms within that time from the beginning of the user's sound,
  Duration confirm_within = std::chrono::milliseconds(1500);
  // and within that time from its end; otherwise it was a cough, and the answer goes on.
  Duration after_speech = std::chrono::milliseconds(700);
  // An answer that begins while an earlier one is held is the answer to what the user said: the
  // earlier one is thrown away. Otherwise both are heard.
  bool new_reply_confirms = true;
};

struct BargeInEvent {
  enum class Kind {
    hold,    // Playout::hold(), or, ducking, Playout::set_gain() to something below 1
    resume,  // Playout::resume(), or set_gain(1); follows each hold once
    flush,   // Playout::flush(turn)
  };
  enum class Reason {
    user_speaks,    // a guess of this side
    interrupted,    // the service says so
    new_reply,      // the service has begun to answer
    not_confirmed,  // the service said nothing in time
    finished,       // nothing is left to be heard
  };
  Kind kind = Kind::hold;
  std::uint64_t turn = 0;
  Reason reason = Reason::user_speaks;
  bool operator==(const BargeInEvent&) const = default;
};

// The user talks into an answer. This side guesses it first (VoiceActivity), which holds the
// answer; the service's `interrupted` confirms, which throws the rest away; its silence lets the
// answer go on where it stopped. A guess is about the answers that are there when the user begins:
// no later one is held or cut by it. Turns have the numbers that Playout gets.
class BargeIn {
 public:
  explicit BargeIn(BargeInOptions options = BargeInOptions()) : options_(options) {}

  // This side hears the user begin and end.
  void local_started(TimePoint now);
  void local_ended(TimePoint now);
  // The service has stopped that turn; audio of it that is under way is not wanted either.
  void interrupted(std::uint64_t turn);
  // Audio of a turn came; again and again is fine.
  void reply_audio(std::uint64_t turn);
  // The turn was heard to its end (PlayoutEvent::finished).
  void reply_finished(std::uint64_t turn);

  void handle_timeout(TimePoint now);
  std::optional<TimePoint> next_timeout() const { return deadline_; }
  // Drain after each call above.
  std::optional<BargeInEvent> poll_event();

  // An answer is there that was not heard to its end.
  bool replying() const { return newest_ > over_; }
  // It is held, or ducked.
  bool guessing() const { return deadline_.has_value(); }

 private:
  void tell(BargeInEvent::Kind kind, std::uint64_t turn, BargeInEvent::Reason reason);
  void take_back(BargeInEvent::Reason reason);

  BargeInOptions options_;
  // Turn numbers, one higher, so that 0 is none: the newest of which audio came, the newest that
  // was heard or flushed, and the newest when the guess was made.
  std::uint64_t newest_ = 0, over_ = 0, guessed_ = 0;
  std::optional<TimePoint> deadline_;
  std::deque<BargeInEvent> events_;
};

}  // namespace parley::audio
