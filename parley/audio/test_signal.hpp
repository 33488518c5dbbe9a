#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "parley/audio/pcm.hpp"
#include "parley/base/random.hpp"

// Signals and measures that the tests of this module share.
namespace parley::audio::test {

inline double decibels(double power_ratio) {
  return 10 * std::log10(std::max(power_ratio, 1e-30));
}

inline Samples sine(double hertz, int rate, std::size_t size, double amplitude) {
  Samples out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<Sample>(std::lround(
        amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / rate)));
  return out;
}

// Uniform noise between -amplitude and amplitude.
inline Samples noise(std::size_t size, int amplitude, Random& random) {
  Samples out(size);
  for (auto& sample : out)
    sample = static_cast<Sample>(
        static_cast<int>(random.below(2 * static_cast<std::uint64_t>(amplitude) + 1)) - amplitude);
  return out;
}

// Numbers that tell where a sample stood: 1, 2, 3 … after `first` of them.
inline Samples counting(std::size_t size, std::size_t first = 0) {
  Samples out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<Sample>((first + i) % 30'000 + 1);
  return out;
}

inline void append(Samples& out, SamplesView more) {
  out.insert(out.end(), more.begin(), more.end());
}

// The part of `samples` that is a sine of that frequency (least squares), and the rest.
struct Fit {
  double signal = 0;  // mean power
  double rest = 0;    // mean power
  double amplitude = 0;
};
inline Fit fit_sine(SamplesView samples, double hertz, int rate) {
  const double step = 2 * std::numbers::pi * hertz / rate;
  double ss = 0, cc = 0, sc = 0, xs = 0, xc = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double s = std::sin(step * static_cast<double>(i));
    const double c = std::cos(step * static_cast<double>(i));
    ss += s * s, cc += c * c, sc += s * c, xs += samples[i] * s, xc += samples[i] * c;
  }
  const double determinant = ss * cc - sc * sc;
  const double a = (xs * cc - xc * sc) / determinant, b = (xc * ss - xs * sc) / determinant;
  Fit fit;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double model =
        a * std::sin(step * static_cast<double>(i)) + b * std::cos(step * static_cast<double>(i));
    fit.signal += model * model, fit.rest += (samples[i] - model) * (samples[i] - model);
  }
  fit.signal /= static_cast<double>(samples.size());
  fit.rest /= static_cast<double>(samples.size());
  fit.amplitude = std::hypot(a, b);
  return fit;
}

inline double mean_power(SamplesView samples) {
  double sum = 0;
  for (const auto sample : samples) sum += static_cast<double>(sample) * sample;
  return samples.empty() ? 0 : sum / static_cast<double>(samples.size());
}

}  // namespace parley::audio::test
