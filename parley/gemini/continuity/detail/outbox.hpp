#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/time.hpp"
#include "parley/gemini/continuity/effect.hpp"

namespace parley::gemini::detail {

// A message of the program, kept until the service has it for good.
struct Outgoing {
  Outgoing(LiveMessage sent, LiveMessageKind its_kind, std::size_t size)
      : message(std::move(sent)), kind(its_kind), bytes(size) {}

  LiveMessage message;
  LiveMessageKind kind;
  std::size_t bytes;        // on the wire
  std::uint64_t stamp = 0;  // grows with each message that goes out; 0: it waits
  std::uint64_t index = 0;  // among those of its connection, from 0
  TimePoint at{};           // when it went out
  bool written = false;     // the connection has taken it
  bool maybe_in_handle = false;
  bool maybe_answered = false;  // together with the turn before
  bool was_out = false;         // on an earlier connection
};

// Audio and images: may be dropped where there is no room. The marks of speech may not.
bool is_media(LiveMessageKind kind);
// Speech and what goes with it, as against what is written into the history at once.
bool is_sound(LiveMessageKind kind);
// The service is to answer behind it.
bool is_trigger(LiveMessageKind kind);
std::size_t audio_bytes(const LiveMessage& message);  // PCM

// What was sent, in its order: first what has gone out, then what waits. Bounded in bytes.
class Outbox {
 public:
  Outbox(std::size_t queue_bytes, std::size_t replay_bytes)
      : queue_bytes_(queue_bytes), replay_bytes_(replay_bytes) {}

  // Errors: too_large, nothing was taken. With `may_drop`, the oldest media that waits makes room.
  Result<void> add(LiveMessage message, LiveMessageKind kind, bool may_drop);
  // Before all that waits.
  void add_first(LiveMessage message, LiveMessageKind kind);

  // The oldest that waits; null: none.
  Outgoing* waiting();
  // It has gone out, as the connection's message number `index`.
  void hand_out(Outgoing& entry, std::uint64_t index, TimePoint now);
  // The connection took it; unless it is kept it leaves.
  void written(std::uint64_t stamp, bool keep);
  // For a message that is not the program's own.
  std::uint64_t next_stamp() { return ++stamps_; }
  std::uint64_t last_stamp() const { return stamps_; }

  // All of it waits again, for another connection.
  void rewind();
  using Test = std::function<bool(Outgoing&)>;
  using Sink = std::function<void(Outgoing&)>;
  // Takes what passes the test out of what has gone out, in order.
  void take_out(const Test& test, const Sink& sink);
  void for_each(const Sink& sink);
  // Makes what is kept fit its bound: media goes, then `sink` gets the oldest of the rest.
  void trim(const Sink& sink);

  // Of what no connection has ever taken.
  std::size_t unsent_bytes() const { return unsent_bytes_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return entries_.size(); }
  std::size_t queue_limit() const { return queue_bytes_; }
  // PCM bytes that were dropped since the last call.
  std::size_t take_dropped_audio() { return std::exchange(dropped_audio_, 0); }
  // PCM bytes that were dropped in all.
  std::uint64_t dropped_audio_total() const { return dropped_audio_total_; }
  // What no connection has taken, in order; they leave.
  std::vector<LiveMessage> take_unsent();

 private:
  using Entries = std::deque<Outgoing>;
  Entries::iterator remove(Entries::iterator entry);
  static bool is_unsent(const Outgoing& entry) { return !entry.written && !entry.was_out; }
  template <class Which>
  bool drop_media(Which which);

  std::size_t queue_bytes_, replay_bytes_;
  Entries entries_;
  std::size_t out_ = 0;  // entries that have gone out
  std::size_t bytes_ = 0, unsent_bytes_ = 0;
  std::uint64_t stamps_ = 0;
  std::size_t dropped_audio_ = 0;
  std::uint64_t dropped_audio_total_ = 0;
};

}  // namespace parley::gemini::detail
