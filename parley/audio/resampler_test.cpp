#include "parley/audio/resampler.hpp"

#include <gtest/gtest.h>

#include "parley/audio/detail/dot.hpp"
#include "parley/audio/test_signal.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;

constexpr double kAmplitude = 30'000;
constexpr int kRates[] = {8'000, 11'025, 16'000, 24'000, 44'100, 48'000};

Samples resampled(SamplesView in, int from, int to) {
  auto resampler = Resampler::create(from, to).value();
  Samples out;
  resampler.process(in, out);
  resampler.finish(out);
  return out;
}

// The middle of what a sine of that frequency becomes: without its beginning and end.
Samples middle_of_sine(double hertz, int from, int to) {
  const auto all =
      resampled(test::sine(hertz, from, static_cast<std::size_t>(from) / 5, kAmplitude), from, to);
  const auto margin = static_cast<std::ptrdiff_t>(all.size() / 6);
  return {all.begin() + margin, all.end() - margin};
}

double full_scale_power() {
  return kAmplitude * kAmplitude / 2;
}

TEST(Resampler_Quality, ATonesNoiseIsNinetyDecibelsDown) {
  for (const int from : kRates)
    for (const int to : kRates) {
      const auto fit = test::fit_sine(middle_of_sine(1000, from, to), 1000, to);
      EXPECT_GE(test::decibels(fit.signal / fit.rest), 90) << from << " to " << to;
    }
}

TEST(Resampler_Quality, ThePassbandIsFlatToATenthBelowTheLowerHalfRate) {
  for (const int from : kRates)
    for (const int to : kRates)
      for (const double share : {0.01, 0.2, 0.5, 0.8, 0.9}) {
        const double hertz = share * std::min(from, to) / 2;
        const auto fit = test::fit_sine(middle_of_sine(hertz, from, to), hertz, to);
        EXPECT_NEAR(20 * std::log10(fit.amplitude / kAmplitude), 0, 0.01)
            << hertz << " Hz, " << from << " to " << to;
      }
}

TEST(Resampler_Quality, WhatTheLowerRateCannotCarryIsNotFoldedBack) {
  for (const int from : kRates)
    for (const int to : kRates) {
      if (to >= from) continue;
      for (const double share : {0.0, 0.05, 0.3, 0.7, 0.98}) {
        const double hertz = to / 2.0 + share * (from - to) / 2.0;
        const auto rest = test::mean_power(middle_of_sine(hertz, from, to));
        EXPECT_LE(test::decibels(rest / full_scale_power()), -90)
            << hertz << " Hz, " << from << " to " << to;
      }
    }
}

TEST(Resampler_Quality, AHigherRateGetsNoImagesOfTheLower) {
  for (const auto& [from, to] : {std::pair(8'000, 48'000), {16'000, 24'000}, {22'050, 48'000}}) {
    const double hertz = 0.85 * from / 2;  // its image is at 1.15 of the half rate
    const auto fit = test::fit_sine(middle_of_sine(hertz, from, to), hertz, to);
    EXPECT_GE(test::decibels(fit.signal / fit.rest), 90) << from << " to " << to;
  }
}

TEST(Resampler_Quality, OddRatesAreAsGood) {
  for (const auto& [from, to] : {std::pair(7'999, 47'987), {44'101, 16'001}, {16'000, 15'999}}) {
    const auto fit = test::fit_sine(middle_of_sine(1000, from, to), 1000, to);
    EXPECT_GE(test::decibels(fit.signal / fit.rest), 90) << from << " to " << to;
  }
}

TEST(Resampler_B42, AnySplitOfTheInputGivesTheSameOutput) {
  SeededRandom random(7);
  for (const auto& [from, to] : {std::pair(16'000, 24'000),
                                 {24'000, 16'000},
                                 {44'100, 16'000},
                                 {8'000, 48'000},
                                 {48'000, 8'000},
                                 {16'001, 23'999},
                                 {8'000, 8'000}}) {
    const auto input = test::noise(3'000, 32'767, random);
    const auto whole = resampled(input, from, to);
    auto resampler = Resampler::create(from, to).value();
    for (int round = 0; round < 5; ++round) {
      Samples out;
      for (std::size_t at = 0; at < input.size();) {
        const auto size =
            std::min<std::size_t>(random.below(round == 0 ? 2 : 500), input.size() - at);
        resampler.process(SamplesView(input).subspan(at, size), out);
        at += size;
      }
      resampler.finish(out);
      ASSERT_EQ(out, whole) << from << " to " << to;
    }
  }
}

TEST(Resampler_B42, TheOutputIsAsLongAsTheInputAndInTimeWithIt) {
  for (const int from : kRates)
    for (const int to : kRates)
      for (const std::size_t size : {0u, 1u, 7u, 1000u}) {
        const auto out = resampled(Samples(size, 1000), from, to);
        EXPECT_EQ(out.size(),
                  (size * static_cast<std::size_t>(to) + static_cast<std::size_t>(from) - 1) /
                      static_cast<std::size_t>(from));
      }
  Samples click(1'600);
  click[800] = 20'000;
  const auto out = resampled(click, 16'000, 48'000);
  EXPECT_EQ(std::ranges::max_element(out) - out.begin(), 2'400) << "a click keeps its time";
}

TEST(Resampler_B42, TheLatencyIsWhatIsTold) {
  for (const auto& [from, to] : {std::pair(16'000, 24'000), {48'000, 16'000}, {44'100, 8'000}}) {
    auto resampler = Resampler::create(from, to).value();
    Samples out;
    std::size_t sent = 0;
    for (; out.empty(); ++sent) resampler.process(Samples(1), out);
    EXPECT_EQ(duration_of(sent - 1, from), resampler.latency());
    EXPECT_LE(resampler.latency(), duration_of(80, std::min(from, to)));
  }
  EXPECT_EQ(Resampler::create(16'000, 16'000)->latency(), 0ms);
}

TEST(Resampler_B42, SilenceWithAnOffsetAndFullScaleStayWhatTheyAre) {
  for (const Sample level : {Sample(-32'768), Sample(32'767), Sample(5)}) {
    const auto out = resampled(Samples(2'000, level), 24'000, 16'000);
    for (std::size_t i = 200; i < out.size() - 200; ++i) ASSERT_EQ(out[i], level);
  }
}

TEST(Resampler_B42, AClearedOneBeginsAnew) {
  auto resampler = Resampler::create(16'000, 24'000).value();
  const auto input = test::sine(440, 16'000, 700, kAmplitude);
  Samples before, after;
  resampler.process(test::sine(900, 16'000, 333, kAmplitude), before);
  resampler.clear();
  resampler.process(input, after);
  resampler.finish(after);
  EXPECT_EQ(after, resampled(input, 16'000, 24'000));
}

TEST(Resampler_B42, EveryProcessorSumsTheSame) {
  std::vector<float> a(32 * 20), b(a.size());
  SeededRandom random(8);
  double exact = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<float>(random.below(65'536)) - 32'768;
    b[i] = static_cast<float>(random.below(1'000)) / 1'000;
    exact += static_cast<double>(a[i]) * b[i];
  }
  EXPECT_NEAR(detail::dot(a.data(), b.data(), a.size()), exact, 2);
  EXPECT_NEAR(detail::dot_plain(a.data(), b.data(), a.size()), exact, 2);
}

TEST(Resampler_B42, RatesOutOfRangeAreRefused) {
  EXPECT_EQ(Resampler::create(16'000, 999).error().message(),
            "resampler: a rate must be 1000 to 384000 samples per second, not 999");
  EXPECT_FALSE(Resampler::create(0, 16'000));
  EXPECT_TRUE(Resampler::create(384'000, 1'001));
}

}  // namespace
}  // namespace parley::audio
