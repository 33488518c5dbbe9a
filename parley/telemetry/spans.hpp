#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parley/base/event.hpp"
#include "parley/base/random.hpp"
#include "parley/base/time.hpp"

namespace parley::telemetry {

// One operation with its beginning and its end (opentelemetry-proto, trace/v1).
struct Span {
  Span() = default;
  struct Moment {
    Moment() = default;
    std::string name;
    Duration after{};  // since the span's start
    std::vector<std::pair<std::string, std::string>> attributes;
  };
  std::string name;
  std::array<std::uint64_t, 2> trace_id{};
  std::uint64_t span_id = 0;
  std::uint64_t parent_id = 0;  // 0: the span is a trace's first
  WallTime start{};
  Duration took{};
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<Moment> moments;
  bool failed = false;
  std::string message;  // of the failure
};

struct SpanLimits {
  SpanLimits() = default;
  std::size_t open = 10'000;   // spans that have begun; further ones are dropped
  std::size_t ended = 10'000;  // spans that wait to be taken; the oldest go
  std::size_t moments = 100;   // of one span; further ones are dropped
};

// Makes spans of events, without clock and I/O: "x_start" begins one and "x_stop" or "x_exception"
// with the same field "id" ends it; a field "parent" names the id of the span that it belongs to;
// an event with the id of an open span is a moment of it. Not thread-safe.
class SpanBook {
 public:
  // `random` gives the ids, and must outlive the book.
  explicit SpanBook(Random& random, SpanLimits limits = SpanLimits());

  void observe(const Event& event, TimePoint now, WallTime wall_now);
  // The spans that have ended since the last call, at most `limit`, the oldest first.
  std::vector<Span> take(std::size_t limit);

  std::size_t waiting() const { return ended_.size(); }
  // Spans and moments that were lost to the limits.
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Open {
    Open() = default;
    Span span;
    TimePoint begun{};
  };
  void begin(std::string_view operation, const Event& event, TimePoint now, WallTime wall_now);
  void end(Open open, const Event& event, bool exception, TimePoint now);

  Random* random_;
  SpanLimits limits_;
  std::unordered_map<std::string, Open> open_;  // by the field "id"
  std::deque<Span> ended_;
  std::uint64_t dropped_ = 0;
};

// Spans as OTLP JSON: ExportTraceServiceRequest.
std::string otlp_traces(const std::vector<Span>& spans, std::string_view service_name);

}  // namespace parley::telemetry
