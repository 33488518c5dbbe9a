#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/base/time.hpp"

namespace parley::api {

// Where a stream that is under control stands. The last four are final.
enum class StreamState { running, paused, cancelled, completed, timed_out, error };
std::string_view to_string(StreamState state);
inline bool is_final(StreamState state) {
  return state != StreamState::running && state != StreamState::paused;
}

// How elements that wait are kept. None of them loses one: what has no room is not read.
enum class BufferStrategy {
  growable,  // takes memory as it is needed
  ring,      // has its places from the beginning: nothing is allocated later
  chunked,   // blocks of chunk_bytes; a block is given back as soon as it is read
};

// How much is kept while nobody reads. An element counts with its size (StreamControlOptions).
// Nothing is read from the source once either limit is reached, so that at most one element more
// than max_bytes is held.
struct StreamBufferOptions {
  StreamBufferOptions() = default;
  BufferStrategy strategy = BufferStrategy::growable;
  std::size_t max_bytes = 1024 * 1024;  // at least 1
  std::size_t max_chunks = 100;         // at least 1; elements
  std::size_t chunk_bytes = 64 * 1024;  // 1 to max_bytes; for BufferStrategy::chunked
};
// Errors (invalid_argument): a limit of zero; chunk_bytes over max_bytes.
Result<void> check(const StreamBufferOptions& options);

enum class MetricsLevel { none, basic, detailed };

struct StreamMetrics {
  StreamMetrics() = default;
  // From MetricsLevel::basic on.
  std::uint64_t chunks = 0, bytes = 0;  // delivered
  std::uint64_t state_changes = 0, pauses = 0;
  // With MetricsLevel::detailed.
  Duration time_paused{};
  std::size_t peak_bytes = 0, peak_chunks = 0;  // held at one time
  std::uint64_t full = 0;                       // how often the source had to wait
  std::optional<Duration> first_chunk;          // from the start until it had come
};

struct StreamLimits {
  StreamLimits() = default;
  StreamBufferOptions buffer;
  // A stream that is paused for so long ends as timed_out.
  std::chrono::milliseconds pause_limit{300'000};
  MetricsLevel metrics = MetricsLevel::basic;
};

// The rules of a stream that can be paused, resumed and cancelled, without elements, clock or
// threads. Pausing twice, resuming what runs, and anything after the end are errors
// (invalid_state), which name the operation and the state, and change nothing.
class StreamRules {
 public:
  StreamRules(const StreamLimits& limits, TimePoint now) : limits_(limits), begun_(now) {}

  Result<void> pause(TimePoint now);
  // Also timed_out, where the pause was longer than its limit.
  Result<void> resume(TimePoint now);
  Result<void> cancel(TimePoint now);
  // The source has ended. What waits is still delivered, unless the state is final already.
  void ended(const Result<void>& outcome, TimePoint now);
  // When a pause reaches its limit; empty: no pause.
  std::optional<TimePoint> next_timeout() const;
  void handle_timeout(TimePoint now);

  // An element came from the source, or was given to the reader.
  void arrived(std::size_t bytes, TimePoint now);
  void delivered(std::size_t bytes);
  // The source may be read.
  bool has_room() const;
  // The reader may have what waits.
  bool may_deliver() const;
  // Nothing more will be delivered.
  bool over() const;
  // Elements that wait are of no use any more.
  bool drops_all() const;

  StreamState state() const;
  // Success for completed; an Error for every other end. While it goes on: success.
  Result<void> outcome() const;
  StreamMetrics metrics(TimePoint now) const;

 private:
  void change(StreamState next, TimePoint now);
  std::unexpected<Error> refuse(std::string_view operation) const;

  StreamLimits limits_;
  TimePoint begun_;
  StreamState state_ = StreamState::running;
  std::optional<Result<void>> source_end_;
  std::optional<TimePoint> paused_at_;
  std::size_t held_bytes_ = 0, held_chunks_ = 0;
  StreamMetrics metrics_;
};

}  // namespace parley::api
