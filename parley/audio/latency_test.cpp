#include "parley/audio/latency.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "parley/base/random.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{};

TEST(Histogram_W14, PercentilesAreTrueToAThirtySecond) {
  SeededRandom random(1);
  Histogram histogram;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<std::int64_t>(random.below(1ull << (10 + random.below(32)))));
    histogram.record(std::chrono::nanoseconds(values.back()));
  }
  std::ranges::sort(values);
  for (const double share : {0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * 20'000));
    const auto exact = static_cast<double>(values[std::max<std::size_t>(rank, 1) - 1]);
    const auto told = static_cast<double>(histogram.percentile(share)->count());
    EXPECT_GE(told, exact) << share;
    EXPECT_LE(told, exact * (1 + 1.0 / 32) + 1000) << share;
  }
  EXPECT_EQ(histogram.least()->count(), values.front());
  EXPECT_EQ(histogram.most()->count(), values.back());
}

TEST(Histogram_W14, MergedOnesAreWhatOneWouldBe) {
  SeededRandom random(2);
  Histogram one, left, right;
  for (int i = 0; i < 1'000; ++i) {
    const auto duration = std::chrono::microseconds(random.below(1ull << random.below(38)));
    one.record(duration);
    (random.below(2) == 0 ? left : right).record(duration);
  }
  left.merge(right);
  left.merge(Histogram());
  EXPECT_EQ(left.count(), one.count());
  EXPECT_EQ(left.least(), one.least());
  EXPECT_EQ(left.most(), one.most());
  for (int percent = 0; percent <= 100; ++percent)
    EXPECT_EQ(left.percentile(percent / 100.0), one.percentile(percent / 100.0));
}

TEST(Histogram_W14, TheEndsOfItsRange) {
  Histogram histogram;
  EXPECT_FALSE(histogram.percentile(0.5));
  EXPECT_FALSE(histogram.mean());
  histogram.record(-5ms);
  EXPECT_EQ(histogram.percentile(1), 0ms);
  histogram.record(1000h);
  EXPECT_EQ(histogram.percentile(1), 1000h);
  EXPECT_EQ(histogram.mean(), 500h);
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0u);
}

TEST(LatencyReport_W14, ATurnIsMeasuredFromTheEndOfSpeech) {
  LatencyReport report;
  report.asked(kStart);
  report.asked(kStart + 100ms);  // the user went on
  report.received(kStart + 350ms, false, false);
  report.received(kStart + 400ms, false, true);
  report.received(kStart + 420ms, true, true);
  report.heard(kStart + 480ms);
  report.received(kStart + 900ms, true, true);
  EXPECT_FALSE(report.poll_turn());
  report.completed(kStart + 2100ms);
  const auto turn = report.poll_turn();
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->turn, 0u);
  EXPECT_EQ(turn->first_byte, 250ms);
  EXPECT_EQ(turn->first_audio, 300ms);
  EXPECT_EQ(turn->first_text, 320ms);
  EXPECT_EQ(turn->heard, 380ms);
  EXPECT_EQ(turn->end, 2000ms);
  EXPECT_FALSE(report.poll_turn());
  EXPECT_EQ(report.histograms().first_audio.count(), 1u);
}

TEST(LatencyReport_W14, WhatNobodyAskedForIsNotMeasured) {
  LatencyReport report;
  report.received(kStart, true, true);
  report.completed(kStart + 1s);
  EXPECT_FALSE(report.poll_turn());
  EXPECT_EQ(report.unasked(), 1u);
  EXPECT_EQ(report.histograms().first_byte.count(), 0u);
}

TEST(LatencyReport_W14, AnAnswerThatComesBeforeTheEndOfSpeechIsKnownIsMeasuredFromTheLastSound) {
  LatencyReport report;
  report.spoke(kStart);
  report.spoke(kStart + 200ms);
  report.received(kStart + 450ms, true, true);
  report.spoke(kStart + 500ms);  // into the answer
  report.interrupted(kStart + 600ms);
  report.completed(kStart + 610ms);
  report.received(kStart + 900ms, true, true);
  report.completed(kStart + 1s);
  report.asked(kStart + 1100ms, QuestionEnd::service);
  report.received(kStart + 1400ms, true, true);
  report.completed(kStart + 1500ms);
  report.asked(kStart + 2s);
  report.asked(kStart + 2100ms, QuestionEnd::service);
  report.received(kStart + 2200ms, true, true);
  report.completed(kStart + 2300ms);
  report.received(kStart + 2500ms, true, true);
  report.completed(kStart + 2600ms);
  const auto first = report.poll_turn(), second = report.poll_turn(), third = report.poll_turn(),
             last = report.poll_turn();
  ASSERT_TRUE(first && second && third && last);
  EXPECT_EQ(first->first_audio, 250ms);
  EXPECT_EQ(first->from, QuestionEnd::last_sound);
  EXPECT_TRUE(first->interrupted);
  EXPECT_EQ(second->first_audio, 400ms);
  EXPECT_EQ(second->from, QuestionEnd::last_sound);
  EXPECT_EQ(third->first_audio, 300ms);
  EXPECT_EQ(third->from, QuestionEnd::service);
  EXPECT_EQ(last->first_audio, 200ms) << "this side's own word";
  EXPECT_EQ(last->from, QuestionEnd::known);
  EXPECT_EQ(report.unasked(), 1u) << "nobody spoke";
}

TEST(LatencyReport_W14, AnInterruptionEndsItsTurnOnceAndKeepsTheNextQuestion) {
  for (const bool speech_ends_first : {true, false}) {
    LatencyReport report;
    report.asked(kStart);
    report.received(kStart + 300ms, true, true);
    if (speech_ends_first) report.asked(kStart + 900ms);
    report.interrupted(kStart + 1s);
    if (!speech_ends_first) report.asked(kStart + 1100ms);
    report.completed(kStart + 1200ms);  // of the interrupted turn
    report.received(kStart + 1500ms, true, false);
    report.completed(kStart + 2s);
    const auto cut = report.poll_turn(), answered = report.poll_turn();
    ASSERT_TRUE(cut && answered);
    EXPECT_TRUE(cut->interrupted);
    EXPECT_EQ(cut->end, 1s);
    EXPECT_EQ(answered->turn, 1u);
    EXPECT_EQ(answered->first_text, speech_ends_first ? 600ms : 400ms);
    EXPECT_FALSE(answered->first_audio);
    EXPECT_EQ(report.histograms().end.count(), 1u) << "an interrupted turn has no end of its own";
    EXPECT_EQ(report.unasked(), 0u);
  }
}

TEST(LatencyReport_W14, ReportsOfManySessionsAreMergedAndMemoryIsBounded) {
  LatencyReport report;
  for (int i = 0; i < 1'500; ++i) {
    report.asked(kStart + i * 1s);
    report.received(kStart + i * 1s + 200ms, true, false);
    report.completed(kStart + i * 1s + 500ms);
  }
  std::size_t turns = 0;
  while (report.poll_turn()) ++turns;
  EXPECT_EQ(turns, 1'000u);
  LatencyHistograms all;
  all.merge(report.histograms());
  all.merge(report.histograms());
  EXPECT_EQ(all.first_text.count(), 3'000u);
  EXPECT_EQ(all.first_audio.count(), 0u);
  EXPECT_EQ(all.end.percentile(0.5), 500ms);
}

TEST(TurnCounter_W15, AnInterruptedTurnEndsOnce) {
  TurnCounter counter;
  counter.content();
  EXPECT_TRUE(counter.interrupted());
  EXPECT_FALSE(counter.interrupted());
  EXPECT_FALSE(counter.completed());
  EXPECT_EQ(counter.turn(), 1u);
  EXPECT_TRUE(counter.completed());
  EXPECT_TRUE(counter.interrupted());
  counter.content();
  EXPECT_TRUE(counter.completed()) << "the next answer had begun";
  EXPECT_EQ(counter.turn(), 4u);
}

TEST(LatencyReport_B35_W14, AnAnswerThatBeginsAnewIsMeasuredWhenItComes) {
  LatencyReport report;
  report.asked(kStart);
  report.received(kStart + 300ms, false, true);
  report.heard(kStart + 400ms);
  report.voided();
  EXPECT_EQ(report.histograms().first_audio.count(), 0u) << "nothing of that answer counts";
  report.received(kStart + 2s, true, true);
  report.heard(kStart + 2100ms);
  report.completed(kStart + 3s);
  const auto turn = report.poll_turn();
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->first_audio, 2s);
  EXPECT_EQ(turn->heard, 2100ms);
  EXPECT_EQ(turn->end, 3s);
  EXPECT_EQ(turn->voided, 1u);
  EXPECT_EQ(turn->turn, 1u) << "the answer that was voided had a number";
  EXPECT_EQ(report.histograms().first_audio.count(), 1u);
  EXPECT_GE(report.histograms().first_audio.least(), 2s);
  report.voided();
  report.received(kStart + 4s, true, true);
  report.completed(kStart + 5s);
  EXPECT_EQ(report.unasked(), 1u);
}

TEST(LatencyReport_B35_W14, AQuestionIntoAnAnswerThatIsVoidedIsTheOneThatIsAnswered) {
  LatencyReport report;
  report.asked(kStart);
  report.received(kStart + 300ms, false, true);
  report.asked(kStart + 1s);
  report.voided();
  report.received(kStart + 3s, false, true);
  report.completed(kStart + 4s);
  EXPECT_EQ(report.poll_turn()->first_audio, 2s);
}

}  // namespace
}  // namespace parley::audio
