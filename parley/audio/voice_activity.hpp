#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "parley/audio/pcm.hpp"
#include "parley/base/time.hpp"

namespace parley::audio {

struct VoiceOptions {
  // How far speech must be above the noise around, and how loud at the least.
  double above_noise_db = 9;
  double least_dbfs = -50;
  // The noise is the quietest moment of that time: a fan that starts is speech no longer than this.
  Duration noise_memory = std::chrono::milliseconds(3000);
  // At the beginning the noise is listened to for that long, and nothing is speech.
  Duration learn_for = std::chrono::milliseconds(200);
  // Loud for that long, short gaps not counted: speech. A click is shorter.
  Duration start_after = std::chrono::milliseconds(60);
  // Quiet for that long: it has ended (hangover). Shorter pauses belong to it.
  Duration end_after = std::chrono::milliseconds(500);
  // Speech begins so much before its first loud moment, for soft consonants.
  Duration preroll = std::chrono::milliseconds(200);
};

// Times are samples since the beginning or clear().
struct VoiceEvent {
  enum class Kind { started, ended };
  Kind kind = Kind::started;
  // started: where the speech begins, preroll included; never before the end of the one before.
  // ended: the end of its last loud moment.
  std::uint64_t at = 0;
  // Where the detector stood when it knew.
  std::uint64_t known_at = 0;
  bool operator==(const VoiceEvent&) const = default;
};

// Tells speech from noise by its energy above 100 Hz, in steps of 10 ms: enough to guess that the
// user talks into an answer (BargeIn), not to tell speech from music. Any split of the samples
// gives the same events.
class VoiceActivity {
 public:
  // `rate`: samples per second.
  explicit VoiceActivity(int rate, VoiceOptions options = VoiceOptions());

  void add(SamplesView samples);
  // No sound came for so many samples, as from a source that has stopped: quiet, of which nothing
  // is learned about the noise.
  void add_gap(std::uint64_t samples);
  std::optional<VoiceEvent> poll_event();

  bool speaking() const { return speaking_; }
  // Samples since the end of the last loud moment.
  std::uint64_t since_loud() const { return position_ - loud_end_; }
  // Samples that were heard, gaps counted.
  std::uint64_t position() const { return position_; }
  // Of the last 10 ms, and of the noise; decibels to full scale.
  double level_dbfs() const { return level_; }
  double noise_dbfs() const;
  void clear();

 private:
  void end_step();
  void follow_noise();
  void decide(bool loud);

  VoiceOptions options_;
  std::uint64_t step_, noise_block_, start_steps_, end_steps_, preroll_, learn_;
  double high_pass_;

  std::uint64_t position_ = 0;  // samples heard
  std::uint64_t step_begin_ = 0;
  double last_input_ = 0, filtered_ = 0, power_ = 0;
  double level_ = -96, smooth_ = -96;
  // The quietest smoothed level of each block of time, the last one still growing.
  std::deque<double> quietest_;
  std::uint64_t block_steps_ = 0;
  bool speaking_ = false;
  std::uint64_t loud_steps_ = 0, quiet_steps_ = 0;
  std::uint64_t loud_begin_ = 0, loud_end_ = 0, speech_end_ = 0;
  std::deque<VoiceEvent> events_;
};

}  // namespace parley::audio
