#pragma once

#include <cstdint>

namespace parley::audio {

// Numbers the turns of a session that does not number them, for Playout, BargeIn and what else
// takes a turn. The Live API tells the end of a turn with turnComplete, also behind `interrupted`,
// which ends it alike: then it is one end, not two.
class TurnCounter {
 public:
  // The turn to which the next piece of the model's answer belongs: 0, 1, 2 …
  std::uint64_t turn() const { return turn_; }

  // Between an interruption and its turnComplete, nothing of the next turn having come:
  // transcripts, which the service sends on their own, still belong to the turn before.
  bool closing() const { return interrupted_; }

  // A piece of the model's answer, audio or text, but no transcript of it.
  void content() { interrupted_ = false; }
  // True: a turn has ended, turn() - 1. False: its end was told before.
  bool interrupted() {
    if (interrupted_) return false;
    interrupted_ = true;
    ++turn_;
    return true;
  }
  bool completed() {
    if (!interrupted_) ++turn_;
    const bool ended = !interrupted_;
    interrupted_ = false;
    return ended;
  }
  // The answer begins anew, as on another connection: what came of it had turn() - 1, and what
  // comes is the next turn's.
  void voided() {
    interrupted_ = false;
    ++turn_;
  }

 private:
  std::uint64_t turn_ = 0;
  bool interrupted_ = false;
};

}  // namespace parley::audio
