#include "parley/api/stream_state.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace parley::api {

std::string_view to_string(StreamState state) {
  constexpr std::string_view names[] = {"running",   "paused",    "cancelled",
                                        "completed", "timed out", "error"};
  return names[static_cast<std::size_t>(state)];
}

Result<void> check(const StreamBufferOptions& options) {
  if (options.max_bytes == 0)
    return fail(ErrorKind::invalid_argument, "a stream's buffer needs room: max_bytes is 0");
  if (options.max_chunks == 0)
    return fail(ErrorKind::invalid_argument, "a stream's buffer needs room: max_chunks is 0");
  if (options.strategy != BufferStrategy::chunked) return {};
  if (options.chunk_bytes == 0)
    return fail(ErrorKind::invalid_argument, "a chunked buffer needs chunk_bytes over 0");
  if (options.chunk_bytes > options.max_bytes)
    return fail(ErrorKind::invalid_argument,
                fmt::format("chunks of {} bytes are larger than the buffer of {} bytes",
                            options.chunk_bytes, options.max_bytes));
  return {};
}

void StreamRules::change(StreamState next, TimePoint now) {
  if (paused_at_) metrics_.time_paused += now - *paused_at_;
  paused_at_.reset();
  if (next == StreamState::paused) {
    paused_at_ = now;
    ++metrics_.pauses;
  }
  state_ = next;
  ++metrics_.state_changes;
}

std::unexpected<Error> StreamRules::refuse(std::string_view operation) const {
  return fail(ErrorKind::invalid_state,
              fmt::format("cannot {} a stream that is {}", operation, to_string(state())));
}

Result<void> StreamRules::pause(TimePoint now) {
  if (state() != StreamState::running) return refuse("pause");
  change(StreamState::paused, now);
  return {};
}

Result<void> StreamRules::resume(TimePoint now) {
  if (state_ != StreamState::paused) return refuse("resume");
  handle_timeout(now);
  if (state_ == StreamState::timed_out) return outcome();
  change(StreamState::running, now);
  return {};
}

Result<void> StreamRules::cancel(TimePoint now) {
  if (is_final(state())) return refuse("cancel");
  change(StreamState::cancelled, now);
  return {};
}

void StreamRules::ended(const Result<void>& outcome, TimePoint now) {
  if (is_final(state_) || source_end_) return;
  source_end_ = outcome;
  if (held_chunks_ == 0 && state_ == StreamState::running)
    change(outcome ? StreamState::completed : StreamState::error, now);
}

std::optional<TimePoint> StreamRules::next_timeout() const {
  if (!paused_at_) return std::nullopt;
  return *paused_at_ + limits_.pause_limit;
}

void StreamRules::handle_timeout(TimePoint now) {
  if (const auto due = next_timeout(); due && *due <= now) change(StreamState::timed_out, now);
}

void StreamRules::arrived(std::size_t bytes, TimePoint now) {
  held_bytes_ += bytes;
  ++held_chunks_;
  if (!metrics_.first_chunk) metrics_.first_chunk = now - begun_;
  metrics_.peak_bytes = std::max(metrics_.peak_bytes, held_bytes_);
  metrics_.peak_chunks = std::max(metrics_.peak_chunks, held_chunks_);
  if (!has_room()) ++metrics_.full;
}

void StreamRules::delivered(std::size_t bytes) {
  held_bytes_ -= std::min(bytes, held_bytes_);
  held_chunks_ -= std::min<std::size_t>(1, held_chunks_);
  ++metrics_.chunks;
  metrics_.bytes += bytes;
}

bool StreamRules::has_room() const {
  return held_bytes_ < limits_.buffer.max_bytes && held_chunks_ < limits_.buffer.max_chunks;
}
bool StreamRules::may_deliver() const {
  return state_ == StreamState::running && held_chunks_ > 0;
}
bool StreamRules::over() const {
  return is_final(state());
}
bool StreamRules::drops_all() const {
  return state_ == StreamState::cancelled || state_ == StreamState::timed_out;
}

StreamState StreamRules::state() const {
  // The reader has had all of a source that has ended.
  if (state_ == StreamState::running && source_end_ && held_chunks_ == 0)
    return *source_end_ ? StreamState::completed : StreamState::error;
  return state_;
}

Result<void> StreamRules::outcome() const {
  switch (state()) {
    case StreamState::cancelled:
      return fail(ErrorKind::cancelled, "the stream was cancelled");
    case StreamState::timed_out:
      return fail(Error(ErrorKind::timeout, fmt::format("the stream was paused for over {} ms",
                                                        limits_.pause_limit.count()))
                      .with_stage(Stage::idle));
    case StreamState::error:
      return fail(source_end_->error());
    default:
      return {};
  }
}

StreamMetrics StreamRules::metrics(TimePoint now) const {
  StreamMetrics out;
  if (limits_.metrics == MetricsLevel::none) return out;
  out.chunks = metrics_.chunks;
  out.bytes = metrics_.bytes;
  out.pauses = metrics_.pauses;
  out.state_changes = metrics_.state_changes + (state() != state_ ? 1 : 0);
  if (limits_.metrics == MetricsLevel::basic) return out;
  const auto changes = out.state_changes;
  out = metrics_;
  out.state_changes = changes;
  if (paused_at_) out.time_paused += now - *paused_at_;
  return out;
}

}  // namespace parley::api
