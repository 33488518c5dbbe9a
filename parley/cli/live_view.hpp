#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/audio/level.hpp"
#include "parley/base/time.hpp"
#include "parley/cli/console.hpp"

namespace parley::cli {

// What the full screen of parley live shows.
struct LivePicture {
  LivePicture() = default;
  enum class State { listening, user_speaks, waiting, answering, held, ended };
  struct Caption {
    std::string who;  // "you", "model"; empty: a note of the program
    std::string text;
    bool open = false;     // more of it may come
    bool settled = false;  // its turn is over
  };
  struct Level {
    double rms = audio::kSilenceDb, peak = audio::kSilenceDb;  // dBFS
  };

  // More of what `who` says, or an utterance of its own where another one was last.
  void say(std::string_view who, std::string_view text);
  void note(std::string_view text);
  // Of what `who` said last in these words, only `text` was heard; "…" stands for the rest.
  void cut(std::string_view who, std::string_view said, std::string_view text);
  void end_captions();  // the next words of anybody begin an utterance
  void end_turn();      // so they do, and what was said is said
  // Removes what `who` said in this turn.
  void take_back(std::string_view who);

  std::string model, voice;
  State state = State::listening;
  bool microphone = false, muted = false, help = false;
  Level in, out;
  std::deque<Caption> captions;  // at most 500, the oldest go
  // From the end of what the user said to the model's first sound, or its first text.
  std::optional<Duration> last, median, most_of;  // most_of: 95 % of all are not longer
  std::uint64_t turns = 0;
  std::string typed;
};

// The whole screen, drawn over what was there. `style`: its colours; the drawing itself is the same
// without. Text of people and models is stripped of terminal controls. At least 20 columns and 8
// rows are drawn.
std::string draw_live(const LivePicture& picture, std::size_t columns, std::size_t rows,
                      const Style& style);
// A meter from -60 to 0 dBFS, `width` cells wide: "██████▌··│··".
std::string meter(LivePicture::Level level, std::size_t width);
// The captions alone, for the terminal after the screen was left.
std::string captions_of(const LivePicture& picture);

// What a person does at the terminal.
struct Key {
  enum class Kind { text, enter, backspace, erase_line, interrupt, mute, voice, help, quit };
  Kind kind = Kind::text;
  std::string text;  // of kind text: one character in UTF-8
  bool operator==(const Key&) const = default;
};

// Makes keys of the bytes of a terminal in raw mode, however they are cut. Bytes that are no UTF-8
// and sequences of keys without a meaning are left out.
class KeyReader {
 public:
  std::vector<Key> read(std::string_view bytes);

 private:
  std::size_t one(std::string_view bytes, std::vector<Key>& out);
  std::string rest_;
};

}  // namespace parley::cli
