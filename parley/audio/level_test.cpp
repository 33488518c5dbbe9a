#include "parley/audio/level.hpp"

#include <gtest/gtest.h>

#include "parley/audio/test_signal.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;

TEST(Level, ASineOfFullScaleIsThreeDecibelsBelowIt) {
  LevelMeter meter(16'000);
  meter.add(test::sine(1000, 16'000, 32'000, 32'767));
  EXPECT_NEAR(meter.rms_dbfs(), -3.01, 0.05);
  EXPECT_NEAR(meter.mean_dbfs(), -3.01, 0.01);
  EXPECT_NEAR(meter.peak_dbfs(), 0, 0.01);
  EXPECT_GT(meter.clipped(), 0u);
  EXPECT_EQ(meter.samples(), 32'000u);
}

TEST(Level, SilenceHasAFloorAndNoLogarithm) {
  LevelMeter meter(8'000);
  EXPECT_EQ(meter.rms_dbfs(), kSilenceDb);
  EXPECT_EQ(meter.mean_dbfs(), kSilenceDb);
  meter.add(Samples(1'000));
  EXPECT_EQ(meter.peak_dbfs(), kSilenceDb);
  EXPECT_EQ(to_dbfs(32'768), 0);
}

TEST(Level, TheMeanPowerFallsWithItsWindow) {
  LevelMeter meter(8'000);
  meter.add(Samples(8'000 * 3, 10'000));
  const double before = meter.rms_dbfs();
  meter.add(Samples(2'400));  // one window of 300 ms: the power falls to 1/e
  EXPECT_NEAR(meter.rms_dbfs() - before, 10 * std::log10(std::exp(-1.0)), 0.01);
}

TEST(Level, APeakStandsAndThenFalls) {
  LevelMeter meter(8'000);
  meter.add(Samples{-32'768});
  meter.add(Samples(7'990));
  EXPECT_EQ(meter.peak_dbfs(), 0) << "it is held for a second";
  meter.add(Samples(4'010));
  EXPECT_NEAR(meter.peak_dbfs(), -10, 0.05) << "half a second at 20 dB";
  EXPECT_EQ(meter.highest_dbfs(), 0);
  meter.add(Samples{20'000});
  EXPECT_NEAR(meter.peak_dbfs(), to_dbfs(20'000), 1e-9) << "it rises at once";
  meter.clear();
  EXPECT_EQ(meter.highest_dbfs(), kSilenceDb);
}

TEST(Level, AnySplitGivesTheSame) {
  SeededRandom random(5);
  const auto input = test::noise(5'000, 30'000, random);
  LevelMeter whole(16'000), pieces(16'000);
  whole.add(input);
  for (std::size_t at = 0; at < input.size(); at += 7)
    pieces.add(SamplesView(input).subspan(at, std::min<std::size_t>(7, input.size() - at)));
  EXPECT_EQ(whole.rms_dbfs(), pieces.rms_dbfs());
  EXPECT_EQ(whole.peak_dbfs(), pieces.peak_dbfs());
  EXPECT_EQ(whole.mean_dbfs(), pieces.mean_dbfs());
}

}  // namespace
}  // namespace parley::audio
