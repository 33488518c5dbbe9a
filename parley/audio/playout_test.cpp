#include "parley/audio/playout.hpp"

#include <gtest/gtest.h>

#include "parley/audio/test_signal.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{};

std::size_t size_of(Duration duration) {
  return samples_in(duration, kOutputRate);
}

// A speaker that is served at each deadline.
class Speaker {
 public:
  explicit Speaker(Playout& playout) : playout_(playout) {}

  void serve(TimePoint now) {
    while (auto chunk = playout_.poll(now)) {
      if (chunk->play_at - end_ > 1us) ++gaps_;
      end_ = chunk->play_at + duration_of(chunk->samples.size(), kOutputRate);
      test::append(heard, chunk->samples);
      chunks.push_back(std::move(*chunk));
    }
    while (const auto event = playout_.poll_event()) events.push_back(*event);
  }
  void run_until(TimePoint end) {
    for (auto due = playout_.next_timeout(); due && *due <= end; due = playout_.next_timeout())
      serve(*due);
    serve(end);
  }

  Samples heard;
  std::vector<PlayoutChunk> chunks;
  std::vector<PlayoutEvent> events;
  int gaps_ = -1;  // the first chunk begins after none

 private:
  Playout& playout_;
  TimePoint end_{};
};

using Kind = PlayoutEvent::Kind;

TEST(Playout_W12, AnAnswerIsGivenAtThePaceInWhichItIsHeard) {
  Playout playout;
  Speaker speaker(playout);
  ASSERT_TRUE(playout.push(1, test::counting(size_of(50ms)), kStart));
  speaker.serve(kStart);
  EXPECT_TRUE(speaker.chunks.empty()) << "100 ms are gathered first";
  EXPECT_FALSE(playout.next_timeout());
  ASSERT_TRUE(playout.push(1, test::counting(size_of(950ms), size_of(50ms)), kStart + 10ms));
  playout.end_turn(1, kStart + 10ms);
  speaker.serve(kStart + 10ms);
  ASSERT_EQ(speaker.chunks.size(), 1u);
  EXPECT_EQ(speaker.chunks[0].play_at, kStart + 50ms) << "40 ms ahead";
  EXPECT_EQ(playout.next_timeout(), kStart + 30ms);
  speaker.run_until(kStart + 550ms);
  EXPECT_EQ(playout.heard(), size_of(500ms));
  speaker.run_until(kStart + 2s);
  EXPECT_EQ(speaker.heard, test::counting(size_of(1s)));
  EXPECT_EQ(speaker.events, (std::vector<PlayoutEvent>{{Kind::started, 1, 0, 0},
                                                       {Kind::finished, 1, size_of(1s), 0}}));
  EXPECT_EQ(speaker.gaps_, 0);
  EXPECT_FALSE(playout.turn());
  EXPECT_EQ(playout.counters().underruns, 0u) << "the end of an answer is no underrun";
}

TEST(Playout_W12, HoursDoNotDriftByASample) {
  for (const auto& [rate, time] :
       {std::pair<int, Duration>(24'000, 10min), {11'025, 1h}, {1'000, 10h}}) {
    PlayoutOptions options;
    options.rate = rate;
    options.chunk = Duration(1s) / 3;
    Playout playout(options);
    ASSERT_TRUE(playout.push(1, Samples(static_cast<std::size_t>(rate)), kStart));
    std::uint64_t given = 0;
    TimePoint now = kStart;
    while (now < kStart + time) {
      while (auto chunk = playout.poll(now)) {
        ASSERT_EQ(chunk->play_at, kStart + 40ms + duration_of(given, rate));
        given += chunk->samples.size();
        ASSERT_TRUE(playout.push(1, chunk->samples, now));
      }
      now = *playout.next_timeout();
    }
    playout.poll(now);
    EXPECT_EQ(playout.counters().heard, samples_in(now - kStart - 40ms, rate));
    EXPECT_EQ(playout.counters().underruns + playout.counters().delays, 0u);
  }
}

TEST(Playout_W12, TheQueueIsBoundedInTimeAndBytes) {
  PlayoutOptions options;
  for (const bool by_bytes : {false, true}) {
    options.most_waiting = by_bytes ? Duration(1h) : Duration(500ms);
    if (by_bytes) options.most_waiting_bytes = 2 * size_of(500ms);
    Playout playout(options);
    ASSERT_TRUE(playout.push(1, Samples(size_of(400ms)), kStart));
    const auto full = playout.push(1, Samples(size_of(101ms)), kStart);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind(), ErrorKind::too_large);
    EXPECT_EQ(full.error().message(), "playout: 2424 samples for turn 1, there is room for 2400");
    EXPECT_EQ(playout.waiting(), 400ms) << "nothing of it was taken";
    ASSERT_TRUE(playout.poll(kStart));
    EXPECT_TRUE(playout.push(1, Samples(size_of(101ms)), kStart));
  }
}

TEST(Playout_W12, AnUnderrunIsCountedWhenItsTurnGoesOn) {
  Playout playout;
  Speaker speaker(playout);
  ASSERT_TRUE(playout.push(1, test::counting(size_of(200ms)), kStart));
  speaker.serve(kStart);
  speaker.run_until(kStart + 300ms);
  EXPECT_EQ(playout.heard(), size_of(200ms));
  EXPECT_EQ(playout.counters().underruns, 0u) << "it may have been all";
  ASSERT_TRUE(playout.push(1, test::counting(size_of(60ms), size_of(200ms)), kStart + 300ms));
  speaker.run_until(kStart + 310ms);
  EXPECT_EQ(playout.counters().underruns, 1u);
  EXPECT_EQ(playout.heard(), size_of(200ms)) << "it gathers again";
  playout.end_turn(1, kStart + 320ms);
  speaker.serve(kStart + 320ms);
  speaker.run_until(kStart + 1s);
  EXPECT_EQ(speaker.heard, test::counting(size_of(260ms)));
  EXPECT_EQ(speaker.gaps_, 1);
  EXPECT_EQ(speaker.events.back(), (PlayoutEvent{Kind::finished, 1, size_of(260ms), 0}));
}

TEST(Playout_W12, ACallerThatComesTooLateMakesAGapAndNoRush) {
  Playout playout;
  Speaker speaker(playout);
  ASSERT_TRUE(playout.push(1, Samples(size_of(1s)), kStart));
  speaker.serve(kStart);
  speaker.serve(kStart + 50ms);  // within the lead
  EXPECT_EQ(playout.counters().delays, 0u);
  EXPECT_EQ(speaker.chunks.size(), 3u);
  speaker.serve(kStart + 500ms);
  EXPECT_EQ(playout.counters().delays, 1u);
  EXPECT_EQ(speaker.chunks.size(), 4u) << "not 25 at once";
  EXPECT_EQ(speaker.chunks.back().play_at, kStart + 540ms);
  EXPECT_EQ(playout.heard(), size_of(60ms));
}

TEST(Playout_W11_W10, AHeldAnswerGoesOnWhereItStopped) {
  for (const bool forgets : {true, false}) {
    PlayoutOptions options;
    options.device_forgets = forgets;
    Playout playout(options);
    Speaker speaker(playout);
    ASSERT_TRUE(playout.push(1, test::counting(size_of(1s)), kStart));
    playout.end_turn(1, kStart);
    speaker.serve(kStart);
    speaker.run_until(kStart + 240ms);
    EXPECT_EQ(playout.heard(), size_of(200ms));
    playout.hold(kStart + 240ms);
    if (forgets) speaker.heard.resize(playout.heard());
    speaker.run_until(kStart + 5s);
    EXPECT_EQ(playout.heard(), forgets ? size_of(200ms) : speaker.heard.size());
    playout.resume(kStart + 5s);
    speaker.serve(kStart + 5s);
    speaker.run_until(kStart + 10s);
    EXPECT_EQ(speaker.heard, test::counting(size_of(1s))) << "nothing lost, nothing twice";
    EXPECT_EQ(playout.counters().heard, size_of(1s));
  }
}

TEST(Playout_W11, AFlushTellsWhatTheUserHeard) {
  Playout playout;
  Speaker speaker(playout);
  ASSERT_TRUE(playout.push(1, Samples(size_of(1s)), kStart));
  speaker.serve(kStart);
  speaker.run_until(kStart + 340ms);
  playout.hold(kStart + 340ms);
  playout.flush(1, kStart + 600ms);
  playout.resume(kStart + 600ms);
  speaker.serve(kStart + 600ms);
  EXPECT_EQ(speaker.events.back(),
            (PlayoutEvent{Kind::flushed, 1, size_of(300ms), size_of(700ms)}));
  EXPECT_EQ(playout.waiting(), 0ms);
  EXPECT_FALSE(playout.next_timeout());
}

TEST(Playout_L3_W10, WhatComesForATurnThatIsOverIsDropped) {
  Playout playout;
  Speaker speaker(playout);
  ASSERT_TRUE(playout.push(1, Samples(size_of(200ms)), kStart));
  playout.flush(1, kStart);
  ASSERT_TRUE(playout.push(1, Samples(100), kStart)) << "late, not wrong";
  EXPECT_EQ(playout.counters().late, 100u);
  ASSERT_TRUE(playout.push(2, test::counting(size_of(200ms)), kStart));
  playout.end_turn(2, kStart);  // generationComplete
  ASSERT_TRUE(playout.push(2, Samples(50), kStart));
  EXPECT_EQ(playout.counters().late, 150u);
  speaker.serve(kStart);
  speaker.run_until(kStart + 1s);
  EXPECT_EQ(speaker.heard, test::counting(size_of(200ms)));
}

TEST(Playout_W10, TheNextAnswerIsNotCutByALateFlush) {
  Playout playout;
  Speaker speaker(playout);
  ASSERT_TRUE(playout.push(1, Samples(size_of(1s), -1), kStart));
  speaker.serve(kStart);
  speaker.run_until(kStart + 140ms);
  ASSERT_TRUE(playout.push(2, test::counting(size_of(500ms)), kStart + 140ms));
  playout.end_turn(2, kStart + 140ms);
  playout.flush(1, kStart + 140ms);
  speaker.heard.clear();
  speaker.serve(kStart + 140ms);
  speaker.run_until(kStart + 2s);
  EXPECT_EQ(speaker.heard, test::counting(size_of(500ms)));
  playout.flush(1, kStart + 2s);
  EXPECT_EQ(playout.counters().dropped, size_of(900ms));
}

TEST(Playout_W12, TurnsFollowEachOtherWithoutAGap) {
  Playout playout;
  Speaker speaker(playout);
  ASSERT_TRUE(playout.push(1, test::counting(1'111), kStart));
  ASSERT_TRUE(playout.push(2, test::counting(5'000, 1'111), kStart));
  ASSERT_TRUE(playout.push(3, test::counting(2'000, 6'111), kStart));
  playout.end_turn(3, kStart);
  speaker.serve(kStart);
  speaker.run_until(kStart + 1s);
  EXPECT_EQ(speaker.heard, test::counting(8'111));
  EXPECT_EQ(speaker.gaps_, 0);
  EXPECT_EQ(speaker.events.size(), 6u);
}

TEST(Playout_W10, DuckingChangesTheLoudnessWithoutAClick) {
  Playout playout;
  Speaker speaker(playout);
  ASSERT_TRUE(playout.push(1, Samples(size_of(1s), 10'000), kStart));
  speaker.serve(kStart);
  playout.set_gain(0.25);
  speaker.run_until(kStart + 300ms);
  playout.set_gain(1);
  speaker.run_until(kStart + 960ms);
  for (std::size_t i = 1; i < speaker.heard.size(); ++i)
    ASSERT_LE(std::abs(speaker.heard[i] - speaker.heard[i - 1]), 50);
  EXPECT_EQ(speaker.heard[size_of(200ms)], 2'500);
  EXPECT_EQ(speaker.heard.back(), 10'000);
}

// What is heard of each turn is its beginning, in order, and every sample is counted.
class RandomUse {
 public:
  explicit RandomUse(std::uint64_t seed) : random_(seed), playout_(options()) {}

  void step() {
    now_ += random_.below(30) * 1ms;
    switch (random_.below(12)) {
      case 0:
        playout_.hold(now_);
        break;
      case 1:
      case 2:
        playout_.resume(now_);
        break;
      case 3:
        playout_.flush(random_.below(turn_ + 1), now_);
        break;
      case 4:
        playout_.end_turn(turn_, now_);
        break;
      case 5:
        sent_.push_back(0), heard_.push_back(0), ++turn_;
        break;
      default:
        push(random_.below(400));
    }
    serve();
  }

  void finish() {
    playout_.resume(now_);
    playout_.end_turn(turn_, now_);
    serve();
    for (auto due = playout_.next_timeout(); due; due = playout_.next_timeout()) {
      now_ = *due;
      serve();
    }
    const auto& count = playout_.counters();
    ASSERT_EQ(count.received, count.heard + count.dropped);
    ASSERT_FALSE(playout_.turn());
  }

 private:
  static PlayoutOptions options() {
    PlayoutOptions options;
    options.rate = 8'000;
    options.most_waiting = 600ms;
    return options;
  }
  void push(std::size_t size) {
    const auto late = playout_.counters().late;
    const auto pushed = playout_.push(turn_, test::counting(size, sent_[turn_]), now_);
    if (pushed && playout_.counters().late == late) sent_[turn_] += size;
  }
  void serve() {
    while (auto chunk = playout_.poll(now_)) {
      ASSERT_EQ(chunk->samples, test::counting(chunk->samples.size(), chunk->position));
      ASSERT_GE(chunk->play_at, now_);
    }
    while (const auto event = playout_.poll_event()) {
      ASSERT_GE(event->heard, heard_[event->turn]);
      heard_[event->turn] = event->heard;
      if (event->kind == Kind::finished || event->kind == Kind::flushed) {
        ASSERT_EQ(event->heard + event->dropped, sent_[event->turn]);
      }
    }
    ASSERT_GE(playout_.next_timeout().value_or(now_), now_);
  }

  SeededRandom random_;
  Playout playout_;
  std::vector<std::size_t> sent_ = {0}, heard_ = {0};
  std::uint64_t turn_ = 0;
  TimePoint now_ = kStart;
};

TEST(Playout_W12, EverySampleIsAccountedForUnderRandomUse) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    RandomUse use(seed);
    for (int step = 0; step < 300 && !HasFatalFailure(); ++step) use.step();
    use.finish();
    ASSERT_FALSE(HasFatalFailure()) << seed;
  }
}

}  // namespace
}  // namespace parley::audio
