#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "parley/audio/spoken_text.hpp"
#include "parley/audio/turn_counter.hpp"
#include "parley/base/time.hpp"
#include "parley/gemini/continuity/event.hpp"

namespace parley::gemini::detail {

// The newest answers of the model, their words beside their sound, and how much of each the user
// heard, where that was told: what of them belongs to the history.
class Answers {
 public:
  // A turn of the history begins; what was not committed is no answer: its words are forgotten,
  // its sound keeps its place, because a player may have played it.
  void begin();
  void words(std::string_view more) { current().spoken.words(more); }
  // Words that were heard as sound: behind an interruption they still belong to the turn before.
  void transcript(std::string_view more);
  void sound(Duration time);
  void interrupted() { counter_.interrupted(); }
  void turn_complete() { counter_.completed(); }

  // What was said since begin(), as far as it was heard.
  std::string said() const;
  // It stands in the history, with `calls` behind it.
  void commit(std::uint64_t entry, std::string calls);
  // Nothing of it was heard, and nothing stands in the history. False: it had no words.
  bool drop_unheard();
  // What of the answers that were committed was not heard to its end, once each.
  std::optional<AnswerCut> poll_cut();

  struct Change {
    std::uint64_t entry = 0;
    std::string words;  // in place of what stands there
  };
  // The user heard so much of that turn, and no more. Empty: nothing that stands in the history
  // changes.
  std::optional<Change> heard(std::uint64_t turn, Duration sound);

 private:
  struct Answer {
    explicit Answer(std::uint64_t number) : turn(number) {}
    std::uint64_t turn;
    audio::SpokenText spoken;
    std::optional<std::uint64_t> heard;  // microseconds
    std::optional<std::uint64_t> entry;  // of the history
    std::string calls;                   // behind the last one of an entry

    bool is_cut() const;
    std::string words() const;
  };
  Answer& current() { return of(counter_.turn()); }
  Answer& of(std::uint64_t turn);
  void tell(const Answer& answer);

  audio::TurnCounter counter_;
  std::deque<Answer> answers_;  // by turn, the newest last
  std::deque<AnswerCut> cuts_;
};

}  // namespace parley::gemini::detail
