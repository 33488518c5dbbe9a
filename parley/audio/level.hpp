#pragma once

#include <cstdint>

#include "parley/audio/pcm.hpp"
#include "parley/base/time.hpp"

namespace parley::audio {

// Decibels to full scale: 0 for a square wave that fills 16 bits, so -3 for such a sine. Silence is
// kSilenceDb.
inline constexpr double kSilenceDb = -96;
// `amplitude`: 0 to 32,768.
double to_dbfs(double amplitude);

struct LevelOptions {
  Duration window = std::chrono::milliseconds(300);      // of rms_dbfs(): time to 63 % of a step
  Duration peak_hold = std::chrono::milliseconds(1000);  // a peak stands that long,
  double peak_fall = 20;                                 // then falls by these decibels per second
};

// What a level display shows. Its time is that of the samples; any split of them gives the same.
class LevelMeter {
 public:
  // `rate`: samples per second.
  explicit LevelMeter(int rate, LevelOptions options = LevelOptions());

  void add(SamplesView samples);

  // Now: of the last moments, with the ballistics of the options.
  double rms_dbfs() const;
  double peak_dbfs() const;
  // Of all samples since the beginning or clear().
  double highest_dbfs() const { return to_dbfs(highest_); }
  double mean_dbfs() const;
  std::uint64_t samples() const { return samples_; }
  // Samples at the ends of the scale: the source is too loud where there are many.
  std::uint64_t clipped() const { return clipped_; }
  void clear();

 private:
  double smoothing_, fall_;
  std::uint64_t hold_;
  double power_ = 0, total_power_ = 0;
  double peak_ = 0, highest_ = 0;
  std::uint64_t since_peak_ = 0, samples_ = 0, clipped_ = 0;
};

}  // namespace parley::audio
