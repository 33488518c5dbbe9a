#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "parley/audio/pcm.hpp"
#include "parley/base/error.hpp"
#include "parley/base/time.hpp"

namespace parley::audio {

struct PlayoutOptions {
  int rate = kOutputRate;  // samples per second
  // Of what is given to the device at once.
  Duration chunk = std::chrono::milliseconds(20);
  // So much of an answer waits before it begins, and before it goes on after an underrun.
  Duration start_after = std::chrono::milliseconds(100);
  // Chunks are given so long before they are to be heard: the device's own queue, and the slack of
  // a caller that comes late.
  Duration lead = std::chrono::milliseconds(40);
  // What may wait to be heard: answers are made faster than they are heard.
  Duration most_waiting = std::chrono::minutes(5);
  std::size_t most_waiting_bytes = 16 * 1024 * 1024;
  // hold() and flush() also empty the device's queue: what was given and not yet heard is not
  // heard. Otherwise it is, and counts as heard in its time.
  bool device_forgets = true;
};

struct PlayoutChunk {
  PlayoutChunk() = default;
  std::uint64_t turn = 0;
  std::uint64_t position = 0;  // of its first sample in the turn
  TimePoint play_at{};         // when its first sample is to be heard
  Samples samples;
};

struct PlayoutEvent {
  enum class Kind {
    started,   // the first chunk of a turn was given
    finished,  // the turn has been heard to its end
    flushed,   // its rest was thrown away
    underrun,  // the turn goes on after a gap in which nothing was there to be heard
  };
  Kind kind = Kind::started;
  std::uint64_t turn = 0;
  std::uint64_t heard = 0;    // samples of the turn that the user has heard
  std::uint64_t dropped = 0;  // samples that came and will not be heard (flushed)
  bool operator==(const PlayoutEvent&) const = default;
};

struct PlayoutCounters {
  std::uint64_t received = 0;  // samples, those that came too late not counted
  std::uint64_t heard = 0;
  std::uint64_t dropped = 0;    // samples that were flushed
  std::uint64_t late = 0;       // samples that came for a turn that was over, and were dropped
  std::uint64_t underruns = 0;  // gaps because nothing was there
  std::uint64_t delays = 0;     // gaps because poll() was called too late
  bool operator==(const PlayoutCounters&) const = default;
};

// Answers on their way to a speaker. Audio comes faster than it is heard, or slower; chunks are
// given by deadlines that are counted from the first one, so that hours of sound do not drift by a
// sample. Turns are numbered by the caller, each higher than those before.
class Playout {
 public:
  explicit Playout(PlayoutOptions options = PlayoutOptions());

  // More of a turn. A later turn ends those before it. What comes for a turn that was ended or
  // flushed is dropped and counted as late. Errors (too_large): the queue is full; nothing was
  // taken: keep it until room() is there.
  Result<void> push(std::uint64_t turn, SamplesView samples, TimePoint now);
  // No more of this turn comes (generationComplete, turnComplete).
  void end_turn(std::uint64_t turn, TimePoint now);
  // Samples that may be pushed.
  std::size_t room() const { return most_waiting_ - waiting_; }

  // The next chunk that is due; drain it after every other call and at next_timeout().
  std::optional<PlayoutChunk> poll(TimePoint now);
  std::optional<PlayoutEvent> poll_event();
  // When poll() will have something, or will know of something; empty: not before the next call.
  std::optional<TimePoint> next_timeout() const;

  // Stops giving chunks, reversibly: resume() goes on where the user stopped to hear.
  void hold(TimePoint now);
  void resume(TimePoint now);
  bool held() const { return held_; }
  // Throws away what was not heard of this turn and those before it, and what is still to come of
  // them. Later ones are not touched. Held sound stays held.
  void flush(std::uint64_t turn, TimePoint now);
  // The same for this turn alone, which is the last that came: it begins anew as a later one.
  void withdraw(std::uint64_t turn, TimePoint now);
  // Loudness of what is given from now on, 0 to 1, reached over 10 ms.
  void set_gain(double gain);

  // The turn that is being heard or will be next; empty: all was heard.
  std::optional<std::uint64_t> turn() const;
  // Samples of it that the user had heard at the time of the last call.
  std::uint64_t heard() const { return turns_.empty() ? 0 : turns_.front().heard; }
  // What was not given yet.
  Duration waiting() const { return duration_of(waiting_, options_.rate); }
  const PlayoutCounters& counters() const { return counters_; }

 private:
  struct Turn {
    Turn() = default;
    std::uint64_t id = 0;
    std::deque<Sample> samples;  // from `heard` on
    std::uint64_t heard = 0, given = 0, received = 0;
    bool ended = false;
  };
  // A stretch of sound without a gap: its n-th sample is heard at begin + n / rate.
  struct Run {
    TimePoint begin;
    std::uint64_t given, heard;
  };

  void advance(TimePoint now);
  void hear(std::uint64_t samples);
  void finish_heard_turns();
  void stop_device();
  void throw_away(const Turn& one);
  bool ready() const;
  bool expecting() const;
  Turn* next_to_give();
  PlayoutChunk give(Turn& turn);
  TimePoint time_of(std::uint64_t sample_of_run) const;
  void apply_gain(Samples& samples);

  PlayoutOptions options_;
  std::size_t chunk_, start_after_, most_waiting_;
  std::deque<Turn> turns_;
  std::optional<std::uint64_t> over_;  // turns up to this one take nothing more
  std::size_t waiting_ = 0;            // samples not given
  std::optional<Run> run_;
  bool held_ = false;
  bool starved_ = false;  // the last run ended although its turn had not
  double gain_ = 1, wanted_gain_ = 1, gain_step_;
  std::deque<PlayoutEvent> events_;
  PlayoutCounters counters_;
};

}  // namespace parley::audio
