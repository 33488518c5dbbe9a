#include "parley/audio/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace parley::audio {

std::size_t Histogram::bucket_of(std::uint64_t microseconds) {
  if (microseconds < (1u << kBits)) return static_cast<std::size_t>(microseconds);
  const auto shift = static_cast<std::size_t>(std::bit_width(microseconds)) - 1 - kBits;
  const auto bucket =
      ((shift + 1) << kBits) + static_cast<std::size_t>(microseconds >> shift) - (1u << kBits);
  return std::min(bucket, kBuckets - 1);
}

// The first microsecond behind a bucket.
std::uint64_t Histogram::end_of(std::size_t bucket) {
  const std::size_t row = bucket >> kBits, column = bucket & ((1u << kBits) - 1);
  if (row == 0) return column + 1;
  return static_cast<std::uint64_t>((1u << kBits) + column + 1) << (row - 1);
}

void Histogram::record(Duration duration) {
  const auto ns = std::max<std::int64_t>(0, std::chrono::nanoseconds(duration).count());
  ++buckets_[bucket_of(static_cast<std::uint64_t>(ns) / 1000)];
  least_ = count_ == 0 ? ns : std::min(least_, ns);
  most_ = std::max(most_, ns);
  sum_ += static_cast<double>(ns);
  ++count_;
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  least_ = count_ == 0 ? other.least_ : std::min(least_, other.least_);
  most_ = std::max(most_, other.most_);
  sum_ += other.sum_;
  count_ += other.count_;
}

std::optional<Duration> Histogram::least() const {
  if (count_ == 0) return std::nullopt;
  return std::chrono::nanoseconds(least_);
}

std::optional<Duration> Histogram::most() const {
  if (count_ == 0) return std::nullopt;
  return std::chrono::nanoseconds(most_);
}

std::optional<Duration> Histogram::mean() const {
  if (count_ == 0) return std::nullopt;
  return std::chrono::nanoseconds(std::llround(sum_ / static_cast<double>(count_)));
}

std::optional<Duration> Histogram::percentile(double share) const {
  if (count_ == 0) return std::nullopt;
  const auto wanted =
      std::max(1.0, std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_)));
  std::uint64_t passed = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    passed += buckets_[bucket];
    if (static_cast<double>(passed) < wanted) continue;
    if (bucket == kBuckets - 1) break;
    const auto ns = static_cast<std::int64_t>(end_of(bucket) * 1000) - 1;
    return std::chrono::nanoseconds(std::clamp(ns, least_, most_));
  }
  return std::chrono::nanoseconds(most_);
}

}  // namespace parley::audio
