#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "parley/base/time.hpp"

namespace parley::gemini::detail {

// Where the conversation stands between question and answer, on the present connection.
struct TurnState {
  TurnState() = default;

  enum class Phase {
    idle,       // nothing is being said
    answering,  // something of the answer has come
    answered,   // the answer is complete, the turn is not: it is being played
  };
  Phase phase = Phase::idle;

  struct Trigger {
    std::uint64_t stamp = 0;
    TimePoint at{};
    bool of_function = false;  // an answer of one
  };
  std::deque<Trigger> owed;                     // what is to be answered, and is not yet
  bool speech_owed = false;                     // the service heard the user say something
  bool user_speaks = false;                     // as far as it told, or the program marked
  std::uint64_t sign_stamp = 0;                 // what had gone out when the answer began
  std::uint64_t sure_stamp = 0;                 // of it, what the answer is surely about
  bool called = false;                          // functions, and nothing was said since
  std::string heard;                            // of the user, in words
  bool sound_sent = false;                      // since the last turn ended
  std::size_t text_bytes = 0, audio_bytes = 0;  // that were told
  TimePoint played_until{};
  TimePoint idle_since{};
  std::optional<TimePoint> merge_at;  // then drop_merged() can tell

  bool told_anything() const { return text_bytes + audio_bytes > 0; }
  bool is_owed() const { return !owed.empty() || speech_owed; }
};

}  // namespace parley::gemini::detail
