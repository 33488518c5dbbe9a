#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "parley/audio/histogram.hpp"
#include "parley/audio/turn_counter.hpp"
#include "parley/base/time.hpp"

namespace parley::audio {

// From what the end of a question is known.
enum class QuestionEnd {
  known,       // a text was sent, a file ended, or this side's detector found the end of speech
  service,     // the service told that the user has ended (voiceActivity)
  last_sound,  // the service answered before: the end of the last loud moment
};
std::string_view to_string(QuestionEnd end);  // "last_sound"

// How long the user of one turn waited, counted from the end of the question. What did not come is
// empty.
struct TurnLatency {
  std::uint64_t turn = 0;  // as TurnCounter numbers them
  std::optional<Duration> first_byte, first_text, first_audio;
  std::optional<Duration> heard;  // until the first sound was played, where that was told
  Duration end{0};                // until the turn was complete, or interrupted
  bool interrupted = false;
  QuestionEnd from = QuestionEnd::known;
  std::uint32_t voided = 0;  // times that the answer began anew; all times are of the last one
  bool operator==(const TurnLatency&) const = default;
};

// Of turns that are over.
struct LatencyHistograms {
  Histogram first_byte, first_text, first_audio, heard;
  Histogram end;  // of turns that were not interrupted
  void merge(const LatencyHistograms& other);
};

// Measures turns from the events of a session and the times at which they came. Has no clock.
class LatencyReport {
 public:
  // The question is out: the last sample of speech (VoiceEvent::ended, or the service's word), or a
  // text. While nothing was answered, a later end of speech counts instead: the user went on. Said
  // into an answer, it is the question of the next one.
  void asked(TimePoint at, QuestionEnd from = QuestionEnd::known);
  // The user was heard at that time: the end of the question if the answer comes before its end is
  // told otherwise.
  void spoke(TimePoint at) { spoke_ = at; }
  // A message of the answer came, and what was in it. Without a question nothing is measured, as of
  // a greeting.
  void received(TimePoint at, bool text, bool audio);
  // The first sound of the answer was played.
  void heard(TimePoint at);
  // Both may tell the end of the same turn (TurnCounter).
  void completed(TimePoint at);
  void interrupted(TimePoint at);
  // The answer begins anew (gemini::AnswerVoided): the question stays open, and its times are those
  // of the answer that comes.
  void voided();

  // Turns that are over, in their order; at most 1,000 wait here, then the oldest go.
  std::optional<TurnLatency> poll_turn();
  const LatencyHistograms& histograms() const { return histograms_; }
  // Turns of which the service told the end and nobody the question.
  std::uint64_t unasked() const { return unasked_; }

 private:
  void end(TimePoint at, bool interrupted);

  std::optional<TimePoint> asked_, asked_next_, spoke_;
  QuestionEnd from_ = QuestionEnd::known, from_next_ = QuestionEnd::known;
  bool answered_ = false;
  TurnLatency turn_;
  TurnCounter counter_;
  std::uint64_t unasked_ = 0;
  std::deque<TurnLatency> done_;
  LatencyHistograms histograms_;
};

}  // namespace parley::audio
