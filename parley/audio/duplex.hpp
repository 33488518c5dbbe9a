#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "parley/audio/barge_in.hpp"
#include "parley/audio/playout.hpp"
#include "parley/audio/turn_counter.hpp"
#include "parley/audio/upstream.hpp"
#include "parley/audio/voice_activity.hpp"

namespace parley::audio {

struct DuplexOptions {
  DuplexOptions();  // upstream.fill_silence is on
  UpstreamOptions upstream;
  PlayoutOptions playout;
  BargeInOptions barge_in;
  VoiceOptions voice;
};

// What the caller is to do with its speaker, or may want to know; in the order in which it is to be
// done.
struct DuplexEvent {
  enum class Kind {
    play,             // give the chunk to the speaker
    empty_speaker,    // what the speaker has and has not played is not to be heard
    speech_began,     // of the user
    speech_ended,     // of the user; `at` is the end of its last sound
    answer_began,     // the first chunk of a turn was given
    answer_finished,  // a turn was heard to its end
    answer_cut,       // the rest of a turn was thrown away
    underrun,         // a gap in an answer: its sound came too late
  };
  Kind kind = Kind::play;
  PlayoutChunk chunk;       // play
  bool continues = false;   // play: without a gap behind the chunk before
  TimePoint at{};           // speech_ended
  std::uint64_t heard = 0;  // answer_finished, answer_cut: samples that were heard
  std::uint64_t turn = 0;  // answer_began, answer_finished, answer_cut: as TurnCounter numbers them
};

// Microphone, speaker and session of one conversation, joined, without a device and a clock: sound
// that was recorded and sound of the model go in, chunks to send and events for the speaker come
// out. The user may talk into an answer (BargeIn). One thread at a time.
class Duplex {
 public:
  Duplex(DuplexOptions options, TimePoint now);

  // From the microphone, at options.upstream.rate. A source may stop in the middle of a word: no
  // sound for options.upstream.silence_after is quiet, so that speech ends options.voice.end_after
  // behind its last sound, also where no silence is filled in for the service.
  void recorded(SamplesView samples, TimePoint now);
  // No more comes from the microphone: speech that goes on has ended, and the rest can be taken.
  void recording_ended(TimePoint now);
  void mute(bool muted) { upstream_.mute(muted); }
  bool muted() const { return upstream_.muted(); }
  // The connection is away, and is back.
  void hold() { upstream_.hold(); }
  void resume(TimePoint now) { upstream_.resume(now); }

  // From the session, at options.playout.rate. Errors (too_large): Playout::push().
  Result<void> answer(SamplesView samples, TimePoint now);
  // The model wrote something, or called a function.
  void answer_without_sound() { turns_.content(); }
  void generation_complete(TimePoint now);
  void turn_complete(TimePoint now);
  void interrupted(TimePoint now);
  // The answer begins anew on another connection (gemini::AnswerVoided): what came of it is thrown
  // away (answer_cut, where sound of it had come); an earlier answer goes on.
  void voided(TimePoint now);
  // The user wants what is heard no longer: its rest is thrown away, and what still comes of the
  // same answer, also where it begins anew. Where nothing is there to be heard nothing changes, and
  // the next answer is heard.
  void interrupt(TimePoint now);

  // Drain both after every call above and at next_timeout().
  std::optional<DuplexEvent> poll_event(TimePoint now);
  std::optional<UpstreamChunk> take(TimePoint now);
  void confirm(std::uint64_t index) { upstream_.confirm(index); }
  void handle_timeout(TimePoint now);
  std::optional<TimePoint> next_timeout() const;

  // Nothing of an answer is left to be heard.
  bool quiet() const { return !playout_.turn(); }
  bool user_speaks() const { return detector_.speaking(); }
  // While the user speaks: how long ago the last loud moment was, at the last recorded().
  std::optional<Duration> quiet_in_speech() const;
  // The answer is held, because the user seems to talk into it.
  bool held() const { return playout_.held(); }
  const PlayoutCounters& played() const { return playout_.counters(); }
  const UpstreamCounters& sent() const { return upstream_.counters(); }

 private:
  void settle(TimePoint now);
  void hear_user(TimePoint now);
  void hear_gap(TimePoint now);
  std::optional<TimePoint> gap_at() const;
  void tell(DuplexEvent::Kind kind, std::uint64_t turn = 0, std::uint64_t heard = 0);
  void tell_playout();

  int input_rate_, output_rate_;
  Duration silence_after_, silence_step_;
  Upstream upstream_;
  VoiceActivity detector_;
  TimePoint heard_until_;  // by the detector
  bool in_gap_ = false;    // and the last of it was none of the microphone's
  Playout playout_;
  BargeIn barge_in_;
  TurnCounter turns_;
  std::uint64_t newest_ = 0;               // the turn of the newest sound
  std::optional<std::uint64_t> unwanted_;  // the turn that interrupt() was about
  std::optional<TimePoint> given_until_;   // where the last chunk ends
  std::deque<DuplexEvent> events_;
};

}  // namespace parley::audio
