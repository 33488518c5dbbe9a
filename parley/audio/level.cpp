#include "parley/audio/level.hpp"

#include <algorithm>
#include <cmath>

namespace parley::audio {

double to_dbfs(double amplitude) {
  if (amplitude <= 0) return kSilenceDb;
  return std::max(kSilenceDb, 20 * std::log10(amplitude / 32'768));
}

LevelMeter::LevelMeter(int rate, LevelOptions options)
    : smoothing_(1 - std::exp(-1.0 / static_cast<double>(std::max<std::uint64_t>(
                                         1, samples_in(options.window, rate))))),
      fall_(std::pow(10, -options.peak_fall / 20 / rate)),
      hold_(samples_in(options.peak_hold, rate)) {}

void LevelMeter::add(SamplesView samples) {
  for (const auto sample : samples) {
    const double size = std::abs(static_cast<double>(sample));
    const double power = size * size;
    power_ += smoothing_ * (power - power_);
    total_power_ += power;
    if (since_peak_++ >= hold_) peak_ *= fall_;
    if (size >= peak_) {
      peak_ = size;
      since_peak_ = 0;
    }
    highest_ = std::max(highest_, size);
    clipped_ += size >= 32'767;
  }
  samples_ += samples.size();
}

double LevelMeter::rms_dbfs() const {
  return to_dbfs(std::sqrt(power_));
}

double LevelMeter::peak_dbfs() const {
  return to_dbfs(peak_);
}

double LevelMeter::mean_dbfs() const {
  return samples_ == 0 ? kSilenceDb
                       : to_dbfs(std::sqrt(total_power_ / static_cast<double>(samples_)));
}

void LevelMeter::clear() {
  power_ = total_power_ = peak_ = highest_ = 0;
  since_peak_ = samples_ = clipped_ = 0;
}

}  // namespace parley::audio
