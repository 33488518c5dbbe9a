#pragma once

#include "parley/gemini/live_event.hpp"

namespace parley::gemini::detail {

// What is billed, over all connections. The service tells a turn's counts as snapshots that grow
// while it goes on, and sometimes once more behind its end: each turn counts once.
class TokenLedger {
 public:
  void note(const Usage& usage);
  // An answer has begun; what comes is about it.
  void begin_turn();
  // Its end, or that of its connection.
  void end_turn();
  Usage total() const;
  // Of the turn that was told last: prompt and answer together are the context.
  std::int64_t context() const { return turn_.prompt + turn_.answer; }
  void restore(const Usage& spent) { settled_ = spent; }

 private:
  Usage settled_;  // of the turns before this one
  Usage turn_;
  bool open_ = false;
};

}  // namespace parley::gemini::detail
