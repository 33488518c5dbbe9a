#include "parley/audio/upstream.hpp"

#include <gtest/gtest.h>

#include "parley/audio/test_signal.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{};

std::size_t samples(Duration duration) {
  return samples_in(duration, kInputRate);
}

std::vector<UpstreamChunk> take_all(Upstream& upstream, TimePoint now) {
  std::vector<UpstreamChunk> all;
  while (auto chunk = upstream.take(now)) all.push_back(std::move(*chunk));
  return all;
}

Samples joined(const std::vector<UpstreamChunk>& chunks) {
  Samples all;
  for (const auto& chunk : chunks) test::append(all, chunk.samples);
  return all;
}

TEST(Upstream_W13, ChunksOfTwentyMillisecondsHaveRunningNumbers) {
  Upstream upstream(UpstreamOptions(), kStart);
  upstream.push(test::counting(700), kStart);
  const auto chunks = take_all(upstream, kStart);
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(chunks[1].index, 1u);
  EXPECT_EQ(joined(chunks), test::counting(640));
  EXPECT_EQ(upstream.waiting(), duration_of(60, kInputRate));
  EXPECT_FALSE(upstream.next_timeout()) << "silence is not filled in unless asked for";
}

TEST(Upstream_W13, TheOldestIsDroppedAndCounted) {
  UpstreamOptions options;
  options.most_waiting = 100ms;
  for (const bool by_bytes : {false, true}) {
    if (by_bytes) {
      options.most_waiting = 10s;
      options.most_waiting_bytes = 2 * samples(100ms);
    }
    Upstream upstream(options, kStart);
    upstream.hold();
    for (int i = 0; i < 15; ++i)
      upstream.push(test::counting(160, 160 * static_cast<std::size_t>(i)), kStart + 10ms * i);
    EXPECT_TRUE(take_all(upstream, kStart + 150ms).empty()) << "it is held";
    EXPECT_EQ(upstream.counters().dropped, samples(50ms));
    EXPECT_EQ(upstream.counters().drops, 5u);
    upstream.resume(kStart + 150ms);
    EXPECT_EQ(joined(take_all(upstream, kStart + 150ms)), test::counting(1'600, 800));
  }
}

TEST(Upstream_W13, AfterALossOnlyThePrerollIsSent) {
  Upstream upstream(UpstreamOptions(), kStart);
  upstream.hold();
  upstream.push(test::counting(samples(3s)), kStart + 3s);
  upstream.resume(kStart + 3s, 200ms);
  EXPECT_EQ(joined(take_all(upstream, kStart + 3s)),
            test::counting(samples(200ms), samples(2800ms)));
  EXPECT_EQ(upstream.counters().dropped, samples(2800ms));
}

TEST(Upstream_P3_W13, WhatCameBeforeTheMarkOfAnActivityIsSentFirst) {
  Upstream upstream(UpstreamOptions(), kStart, Upstream::Gate::listening);
  upstream.push(test::counting(samples(2s)), kStart + 2s);
  EXPECT_TRUE(take_all(upstream, kStart + 2s).empty());
  upstream.open(kStart + 2s);
  upstream.push(test::counting(samples(1s), samples(2s)), kStart + 3s);
  const auto chunks = take_all(upstream, kStart + 3s);
  EXPECT_EQ(joined(chunks), test::counting(samples(1300ms), samples(1700ms)));
  EXPECT_EQ(upstream.counters().passed_by, samples(1700ms));
  EXPECT_EQ(upstream.counters().dropped, 0u);

  upstream.push(test::counting(400), kStart + 3s);
  upstream.listen();
  upstream.push(test::counting(samples(1s)), kStart + 4s);
  upstream.hold();
  EXPECT_TRUE(take_all(upstream, kStart + 4s).empty());
  upstream.resume(kStart + 4s);
  upstream.listen();
  const auto last = take_all(upstream, kStart + 4s);
  EXPECT_EQ(joined(last), test::counting(400))
      << "the end of the activity, and no preroll of the next";
  EXPECT_EQ(last.back().samples.size(), 80u);
  upstream.open(kStart + 4s);
  EXPECT_EQ(joined(take_all(upstream, kStart + 4s)),
            test::counting(samples(300ms), samples(700ms)));
}

TEST(Upstream_W13, SilenceIsFilledInOnTimeAndWithoutDrift) {
  UpstreamOptions options;
  options.fill_silence = true;
  options.rate = 22'050;
  Upstream upstream(options, kStart);
  upstream.push(Samples(500, 9), kStart);
  EXPECT_EQ(take_all(upstream, kStart).size(), 1u);
  EXPECT_TRUE(take_all(upstream, kStart + 59ms).empty()) << "late sound is no silence";
  EXPECT_EQ(upstream.next_timeout(), kStart + 60ms);
  const auto first = take_all(upstream, kStart + 60ms);
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first[0].samples[58], 9) << "what was left over goes out with the first";
  EXPECT_EQ(first[0].samples[59], 0);
  EXPECT_FALSE(first[0].silence);
  EXPECT_TRUE(first[1].silence);
  const auto hours = kStart + 1h;
  while (*upstream.next_timeout() < hours) {
    const auto due = *upstream.next_timeout();
    ASSERT_TRUE(upstream.take(due));
    upstream.confirm(UINT64_MAX);
  }
  const auto sent = upstream.counters().taken - 500;
  EXPECT_LT(samples_in(1h, 22'050) - sent, 2 * 441u) << "an hour of silence, to the chunk";
}

TEST(Upstream_W13, SoundEndsTheFilling) {
  UpstreamOptions options;
  options.fill_silence = true;
  Upstream upstream(options, kStart);
  EXPECT_EQ(take_all(upstream, kStart + 100ms).size(), 5u);
  upstream.push(test::counting(320), kStart + 120ms);
  const auto chunks = take_all(upstream, kStart + 120ms);
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(joined(chunks), test::counting(320));
  EXPECT_EQ(upstream.next_timeout(), kStart + 180ms);
  upstream.hold();
  EXPECT_FALSE(upstream.next_timeout());
  upstream.resume(kStart + 10s);
  EXPECT_TRUE(take_all(upstream, kStart + 10s).empty())
      << "no silence for the time that it was away";
}

TEST(Upstream_W13, AMutedMicrophoneIsSilent) {
  Upstream plain(UpstreamOptions(), kStart);
  plain.push(test::counting(320), kStart);
  plain.mute(true);
  plain.push(test::counting(640), kStart);
  plain.mute(false);
  plain.push(test::counting(320, 320), kStart);
  EXPECT_EQ(joined(take_all(plain, kStart)), test::counting(640));
  EXPECT_EQ(plain.counters().passed_by, 640u);

  UpstreamOptions options;
  options.fill_silence = true;
  Upstream filled(options, kStart);
  filled.mute(true);
  filled.push(test::counting(640), kStart + 40ms);
  EXPECT_EQ(joined(take_all(filled, kStart + 40ms)), Samples(640));
}

TEST(Upstream_B36_W13, WhatIsNotConfirmedCanBeReplayed) {
  Upstream upstream(UpstreamOptions(), kStart);
  upstream.push(test::counting(3'200), kStart);
  EXPECT_EQ(take_all(upstream, kStart).size(), 10u);
  upstream.confirm(3);
  EXPECT_EQ(upstream.unconfirmed(), 6u);
  EXPECT_EQ(upstream.replay_from(0), 4u) << "what was consumed is not sent twice";
  upstream.push(test::counting(320, 3'200), kStart);
  const auto again = take_all(upstream, kStart);
  ASSERT_EQ(again.size(), 7u);
  EXPECT_EQ(again.front().index, 4u);
  EXPECT_TRUE(again[5].replayed);
  EXPECT_FALSE(again[6].replayed);
  EXPECT_EQ(again[6].index, 10u);
  EXPECT_EQ(joined(again), test::counting(7 * 320, 4 * 320));
  EXPECT_EQ(upstream.replay_from(99), 11u) << "nothing to replay";
}

TEST(Upstream_W13, ReplayIsBoundedAndSaysWhatIsGone) {
  UpstreamOptions options;
  options.most_unconfirmed = 100ms;
  Upstream upstream(options, kStart);
  upstream.push(test::counting(3'200), kStart);
  take_all(upstream, kStart);
  EXPECT_EQ(upstream.unconfirmed(), 5u);
  EXPECT_EQ(upstream.counters().forgotten, 5u);
  EXPECT_EQ(upstream.replay_from(2), 5u);
}

// Whatever is done in whatever order: the samples that are given are those that came, in order,
// none twice, and each is given, dropped, passed by or still waiting.
TEST(Upstream_W13, EverySampleIsAccountedForUnderRandomUse) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SeededRandom random(seed);
    UpstreamOptions options;
    options.rate = 8'000;
    options.most_waiting = 200ms;
    options.preroll = 50ms;
    options.most_unconfirmed = 100ms;
    Upstream upstream(options, kStart);
    std::size_t pushed = 0;
    std::uint64_t next_index = 0;
    Sample last = 0;
    for (int step = 0; step < 200; ++step) {
      const auto now = kStart + 5ms * step;
      switch (random.below(8)) {
        case 0:
          upstream.hold();
          break;
        case 1:
          upstream.resume(now);
          break;
        case 2:
          upstream.listen();
          break;
        case 3:
          upstream.open(now);
          break;
        case 4:
          if (next_index > 0) upstream.confirm(random.below(next_index));
          break;
        default: {
          const auto size = random.below(150);
          upstream.push(test::counting(size, pushed), now);
          pushed += size;
        }
      }
      for (const auto& chunk : take_all(upstream, now)) {
        ASSERT_EQ(chunk.index, next_index++);
        for (const auto sample : chunk.samples) {
          ASSERT_GT(sample, last) << seed;
          last = sample;
        }
      }
      const auto& count = upstream.counters();
      ASSERT_LE(upstream.waiting(), 200ms);
      ASSERT_EQ(pushed, count.taken + count.dropped + count.passed_by +
                            samples_in(upstream.waiting(), options.rate));
    }
  }
}

}  // namespace
}  // namespace parley::audio
