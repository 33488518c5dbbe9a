#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "parley/audio/pcm.hpp"
#include "parley/base/time.hpp"

namespace parley::audio {

struct UpstreamOptions {
  int rate = kInputRate;  // samples per second
  // Of what is given to be sent; 20 to 100 ms suit the Live API.
  Duration chunk = std::chrono::milliseconds(20);
  // What waits to be sent, while the connection is slow or away. More: the oldest is dropped.
  Duration most_waiting = std::chrono::seconds(10);
  std::size_t most_waiting_bytes = 1024 * 1024;
  // What was taken and is not confirmed. More: the oldest is forgotten, and cannot be replayed.
  Duration most_unconfirmed = std::chrono::seconds(30);
  std::size_t most_unconfirmed_bytes = 2 * 1024 * 1024;
  // While listening: what is kept from before open().
  Duration preroll = std::chrono::milliseconds(300);
  // With it, silence is sent where no sound comes: a server that listens for pauses hears them
  // (Live API guide, "Voice activity detection").
  bool fill_silence = false;
  // No sound for that long is silence, not a late piece of it.
  Duration silence_after = std::chrono::milliseconds(60);
};

// A chunk to be sent.
struct UpstreamChunk {
  UpstreamChunk() = default;
  std::uint64_t index = 0;  // 0, 1, 2 … without gaps; the same when it is replayed
  Samples samples;          // options.chunk of them; less in the last before a gate closed
  bool silence = false;     // nothing but filling
  bool replayed = false;
};

struct UpstreamCounters {
  std::uint64_t pushed = 0;     // samples that came in
  std::uint64_t taken = 0;      // samples of chunks, replays not counted
  std::uint64_t dropped = 0;    // samples that were the oldest when there was no room
  std::uint64_t drops = 0;      // times that this happened
  std::uint64_t passed_by = 0;  // samples that grew older than the preroll while listening or muted
  std::uint64_t filled = 0;     // samples of silence that were put in
  std::uint64_t forgotten = 0;  // chunks that could be replayed no longer
  std::uint64_t replayed = 0;   // chunks that were given again
  bool operator==(const UpstreamCounters&) const = default;
};

// The way of the microphone's samples to a connection, without either. The caller pushes what it
// records, takes chunks while the connection can send, and confirms what the service has consumed.
class Upstream {
 public:
  // listening: nothing is to be sent yet, as before the mark of a manual activity; only the preroll
  // of what comes is kept.
  enum class Gate { open, listening };

  explicit Upstream(UpstreamOptions options, TimePoint now, Gate gate = Gate::open);

  // Sound that was recorded up to `now`.
  void push(SamplesView samples, TimePoint now);
  // The next chunk; empty: nothing is due. Sound that is there is given at once, silence in its
  // time.
  std::optional<UpstreamChunk> take(TimePoint now);
  // When silence will be due; empty: nothing before sound comes.
  std::optional<TimePoint> next_timeout() const;

  // open(): the preroll is sent, and all that comes. listen(): what came before can still be taken,
  // its last chunk shorter than the others.
  void open(TimePoint now);
  void listen();
  Gate gate() const { return gate_; }

  // The connection is away: nothing is given, all is kept within the limits.
  void hold() { held_ = true; }
  // It is back. `preroll`: of what waits to be sent only that much is, and the rest is dropped:
  // after a long loss, what was said long ago may be of no use. Empty: all of it.
  void resume(TimePoint now, std::optional<Duration> preroll = {});
  bool held() const { return held_; }

  // A muted microphone gives silence where silence is filled, else nothing. What was said before is
  // still sent.
  void mute(bool muted) { muted_ = muted; }
  bool muted() const { return muted_; }

  // All chunks up to and with this index have been consumed.
  void confirm(std::uint64_t index);
  // Chunks from this index on are given again, before what waits. Returns the first that will come,
  // which is later than `index` where older ones have been forgotten or confirmed.
  std::uint64_t replay_from(std::uint64_t index);

  Duration waiting() const { return duration_of(waiting_.size(), options_.rate); }
  std::size_t unconfirmed() const { return sent_.size(); }
  const UpstreamCounters& counters() const { return counters_; }

 private:
  TimePoint covered() const;
  Duration silence_threshold() const;
  std::size_t to_be_sent() const;
  UpstreamChunk give(std::size_t sound, std::size_t filling);
  void remember(const UpstreamChunk& chunk);
  void keep_silent(TimePoint until);
  std::size_t erase(std::size_t from, std::size_t size);

  UpstreamOptions options_;
  std::size_t chunk_, most_waiting_, most_unconfirmed_, preroll_;
  Gate gate_;
  bool held_ = false, muted_ = false;
  std::deque<Sample> waiting_;
  std::size_t before_listening_ = 0;  // samples at the front of waiting_ that are still to be sent
  // There is sound up to sound_until_, and filled_since_ samples of silence behind it.
  TimePoint sound_until_;
  std::uint64_t filled_since_ = 0;
  std::deque<UpstreamChunk> sent_;
  std::size_t sent_samples_ = 0;
  std::size_t replay_at_ = 0;  // of sent_: the next to be given again; sent_.size(): none
  std::uint64_t next_index_ = 0;
  UpstreamCounters counters_;
};

}  // namespace parley::audio
