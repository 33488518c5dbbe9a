#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "parley/base/time.hpp"

namespace parley::audio {

// Durations counted in buckets that grow with them: 8 KiB whatever is recorded, and a percentile
// that is true to 1/32 of itself. From 1 µs to 19 hours; shorter and longer ones count as these.
// Histograms of several sessions can be merged.
class Histogram {
 public:
  void record(Duration duration);
  void merge(const Histogram& other);
  void clear() { *this = Histogram(); }

  std::uint64_t count() const { return count_; }
  // Empty where nothing was recorded.
  std::optional<Duration> least() const;
  std::optional<Duration> most() const;
  std::optional<Duration> mean() const;
  // The duration that this share of all do not pass, 0 to 1: percentile(0.95).
  std::optional<Duration> percentile(double share) const;
  bool operator==(const Histogram&) const = default;

 private:
  // 32 buckets for each power of two of microseconds; the first 32 are one microsecond wide.
  static constexpr std::size_t kBits = 5, kPowers = 32, kBuckets = kPowers << kBits;
  static std::size_t bucket_of(std::uint64_t microseconds);
  static std::uint64_t end_of(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::int64_t least_ = 0, most_ = 0;  // nanoseconds
  double sum_ = 0;                     // nanoseconds
};

}  // namespace parley::audio
