#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "parley/audio/repeated_speech.hpp"
#include "parley/audio/spoken_text.hpp"
#include "parley/audio/turn_counter.hpp"
#include "parley/base/time.hpp"

namespace parley::audio {

enum class Side { user, model };

struct TranscriptOptions {
  // No fragment for that long: the utterance is finished, whatever the service forgot to say.
  Duration quiet = std::chrono::milliseconds(500);
  // Fragments are whole words without spaces around them: one is put between. Otherwise they say
  // themselves where spaces are, as the Live API's do.
  bool words_alone = false;
  // Bytes of an utterance; a longer one is finished, and another begins.
  std::size_t most_text = 64 * 1024;
};

// What was said so far in one utterance: the same id until it is finished, which is told once.
struct TranscriptUpdate {
  TranscriptUpdate() = default;
  Side side = Side::user;
  std::uint64_t id = 0;    // 0, 1, 2 … of both sides
  std::uint64_t turn = 0;  // as TurnCounter numbers them; a question has the turn of its answer
  std::string text;        // all of it, without white space at both ends
  std::string interim;     // a guess at what comes behind it, to be replaced
  bool finished = false;
  // What was told under this id does not hold: it is to be taken away. Told last, also behind
  // `finished`; text is empty.
  bool voided = false;
};

// Puts the fragments of both sides' transcripts together. The service's flag `finished` is
// unreliable (missing on the Developer API, repeated elsewhere), so that an utterance also ends
// with its turn, with the generation, and in a moment of quiet. Texts are valid UTF-8.
class Transcript {
 public:
  explicit Transcript(TranscriptOptions options = TranscriptOptions()) : options_(options) {}

  // `interim`: a guess, which the next fragment of the side replaces.
  void fragment(Side side, std::string_view said, bool finished, bool interim, TimePoint now);
  // Samples of the model's audio that came, so that text and sound can be aligned.
  void audio(std::uint64_t samples);
  // The model has said all: ends what it says. turnComplete ends both sides'; an interruption ends
  // the model's, and what the user is saying belongs to the next turn.
  void generation_complete();
  void turn_complete();
  void interrupted();
  // The answer begins anew on another connection (gemini::AnswerVoided): what the model said in
  // this turn is taken back (TranscriptUpdate::voided), and as replayed().
  void voided();
  // Speech of the user goes to the service again (gemini::MessagesReplayed with audio_bytes), which
  // transcribes it again: until the turn is over, words that were told already are not told again.
  // Where the service hears them differently now, the captions of before are taken back.
  void replayed();

  void handle_timeout(TimePoint now);
  std::optional<TimePoint> next_timeout() const;
  // Drain after each call above. Updates of one utterance that nobody has fetched are one.
  std::optional<TranscriptUpdate> poll_update();

  std::uint64_t turn() const { return counter_.turn(); }
  // The beginning of what the model said in a turn, as far as the user heard it, in whole words: an
  // estimate from which fragment came beside which audio. `heard`: samples (Playout::heard(),
  // PlayoutEvent::heard). The eight newest turns are known; of others it is empty.
  std::string heard_text(std::uint64_t turn, std::uint64_t heard) const;

 private:
  struct Utterance {
    Utterance(std::uint64_t number, std::uint64_t of_turn) : id(number), turn(of_turn) {}
    std::uint64_t id, turn;
    std::string text, interim;
    TimePoint last;
  };
  struct Told {
    Told(std::uint64_t number, std::uint64_t of_turn) : id(number), turn(of_turn) {}
    std::uint64_t id, turn;
    std::string text;
  };
  struct Spoken {
    Spoken() = default;
    std::uint64_t turn = 0;
    SpokenText said;
  };

  std::optional<Utterance>& open(Side side) { return open_[side == Side::user ? 0 : 1]; }
  std::vector<Told>& told(Side side) { return told_[side == Side::user ? 0 : 1]; }
  std::optional<std::string> news(Side side, std::string_view text, bool interim);
  void answer_began();
  void add(Side side, std::string_view text, bool finished, bool interim, TimePoint now);
  void join(std::string& text, std::string_view more) const;
  void speak(std::string_view text);
  std::uint64_t spoken_turn() const;
  Spoken& spoken();
  void tell(Side side, bool finished);
  void finish(Side side);
  void take_back(Side side);
  void renumber_question();

  TranscriptOptions options_;
  TurnCounter counter_;
  std::uint64_t next_id_ = 0;
  std::array<std::optional<Utterance>, 2> open_;
  std::deque<Spoken> spoken_;
  RepeatedSpeech repeats_;
  // Of this turn, finished or not; of the user's, how many came before the answer began.
  std::array<std::vector<Told>, 2> told_;
  std::optional<std::size_t> asked_;
  std::deque<TranscriptUpdate> updates_;
};

}  // namespace parley::audio
