#include "parley/audio/resampler.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <numeric>

#include <fmt/format.h>

#include "parley/audio/detail/dot.hpp"

namespace parley::audio {

namespace {

// A window that is 100 dB down (Kaiser's formulas), over a transition from 0.9 to 1.0 of the lower
// rate's half: taps = (100 - 7.95) / (14.36 · 0.05).
constexpr double kBeta = 0.1102 * (100 - 8.7);
constexpr double kCentre = 0.95;
constexpr std::size_t kTaps = 128;
// Phases of a table whose rows are mixed: their error is then below -120 dB.
constexpr double kMixedPhases = 1024;
constexpr std::size_t kLargestExactTable = 256 * 1024;

// The modified Bessel function of the first kind, order 0, by its series.
double bessel_i0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; term > sum * 1e-17; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

double sinc(double x) {
  return std::abs(x) < 1e-9 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

// One row: the taps for an output `offset` of a sample behind the middle of them. They sum to 1, so
// that silence with an offset stays what it is.
void fill_row(float* row, std::size_t taps, double offset, double cutoff) {
  const auto half = static_cast<double>(taps) / 2;
  std::vector<double> exact(taps);
  for (std::size_t i = 0; i < taps; ++i) {
    const double t = static_cast<double>(i) - half + 1 - offset;
    const double inside = 1 - (t / half) * (t / half);
    exact[i] = inside <= 0 ? 0 : sinc(cutoff * t) * bessel_i0(kBeta * std::sqrt(inside));
  }
  const double sum = std::accumulate(exact.begin(), exact.end(), 0.0);
  for (std::size_t i = 0; i < taps; ++i) row[i] = static_cast<float>(exact[i] / sum);
}

Sample rounded(float value) {
  const float limited = std::clamp(value, -32'768.0F, 32'767.0F);
  return static_cast<Sample>(limited + std::copysign(0.5F, limited));
}

}  // namespace

std::shared_ptr<const Resampler::Filter> Resampler::design(std::uint64_t up, std::uint64_t down) {
  auto filter = std::make_shared<Filter>();
  const double slower = std::min(1.0, static_cast<double>(up) / static_cast<double>(down));
  filter->taps = (static_cast<std::size_t>(std::ceil(kTaps / slower)) + 31) / 32 * 32;
  filter->exact = up <= kLargestExactTable / filter->taps;
  filter->phases = filter->exact
                       ? static_cast<std::size_t>(up)
                       : std::max<std::size_t>(16, static_cast<std::size_t>(kMixedPhases * slower));
  const std::size_t rows = filter->phases + (filter->exact ? 0 : 1);
  filter->rows.resize(rows * filter->taps);
  for (std::size_t row = 0; row < rows; ++row)
    fill_row(filter->rows.data() + row * filter->taps, filter->taps,
             static_cast<double>(row) / static_cast<double>(filter->phases), kCentre * slower);
  return filter;
}

Result<Resampler> Resampler::create(int from, int to) {
  for (const int rate : {from, to})
    if (rate < kLowestRate || rate > kHighestRate)
      return fail(ErrorKind::invalid_argument,
                  fmt::format("resampler: a rate must be {} to {} samples per second, not {}",
                              kLowestRate, kHighestRate, rate));
  const int common = std::gcd(from, to);
  return Resampler(from, to, static_cast<std::uint64_t>(to / common),
                   static_cast<std::uint64_t>(from / common));
}

Resampler::Resampler(int from, int to, std::uint64_t up, std::uint64_t down)
    : from_(from), to_(to), up_(up), down_(down) {
  if (from != to) filter_ = design(up, down);
  clear();
}

void Resampler::clear() {
  received_ = produced_ = phase_ = 0;
  index_ = first_ = 0;
  input_.clear();
  if (!filter_) return;
  first_ = 1 - static_cast<std::int64_t>(filter_->taps / 2);
  input_.resize(filter_->taps / 2 - 1);
}

Duration Resampler::latency() const {
  return filter_ ? duration_of(filter_->taps / 2, from_) : Duration(0);
}

void Resampler::process(SamplesView in, Samples& out) {
  received_ += in.size();
  if (!filter_) {
    out.insert(out.end(), in.begin(), in.end());
    return;
  }
  input_.insert(input_.end(), in.begin(), in.end());
  compute(out, std::numeric_limits<std::uint64_t>::max());
}

void Resampler::finish(Samples& out) {
  if (filter_) {
    input_.resize(input_.size() + filter_->taps / 2);
    compute(out, (received_ * up_ + down_ - 1) / down_);
  }
  clear();
}

void Resampler::compute(Samples& out, std::uint64_t most) {
  const auto taps = static_cast<std::int64_t>(filter_->taps);
  // Outputs before input sample `last` have all the input that they need.
  const auto last = first_ + static_cast<std::int64_t>(input_.size()) - taps / 2;
  if (index_ >= last) return;
  const auto ahead = static_cast<std::uint64_t>(last - index_) * up_ - phase_;
  const auto count = std::min((ahead + down_ - 1) / down_, most - produced_);
  const auto at = out.size();
  out.resize(at + count);
  for (std::uint64_t i = 0; i < count; ++i) {
    out[at + i] = rounded(sum_at(input_.data() + (index_ - taps / 2 + 1 - first_)));
    index_ += static_cast<std::int64_t>(down_ / up_);
    phase_ += down_ % up_;
    if (phase_ >= up_) phase_ -= up_, ++index_;
  }
  produced_ += count;
  const auto used = std::clamp<std::int64_t>(index_ - taps / 2 + 1 - first_, 0,
                                             static_cast<std::int64_t>(input_.size()));
  input_.erase(input_.begin(), input_.begin() + used);
  first_ += used;
}

// The output at phase_, from the taps of input that begin there.
float Resampler::sum_at(const float* input) const {
  const auto& filter = *filter_;
  if (filter.exact)
    return detail::dot(input, filter.rows.data() + phase_ * filter.taps, filter.taps);
  const double place =
      static_cast<double>(phase_) / static_cast<double>(up_) * static_cast<double>(filter.phases);
  const auto row = static_cast<std::size_t>(place);
  const float* rows = filter.rows.data() + row * filter.taps;
  const float before = detail::dot(input, rows, filter.taps);
  const float after = detail::dot(input, rows + filter.taps, filter.taps);
  return before + static_cast<float>(place - static_cast<double>(row)) * (after - before);
}

}  // namespace parley::audio
