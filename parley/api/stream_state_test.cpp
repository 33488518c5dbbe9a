#include "parley/api/stream_state.hpp"

#include <gtest/gtest.h>

#include "parley/api/stream_buffer.hpp"

namespace parley::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint t0{};

StreamLimits detailed() {
  StreamLimits limits;
  limits.metrics = MetricsLevel::detailed;
  return limits;
}

void expect_refused(const Result<void>& result, const char* text) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::invalid_state);
  EXPECT_EQ(result.error().message(), text);
}

TEST(StreamState_A24, OnlyLegalTransitionsArePossible) {
  StreamRules rules(StreamLimits(), t0);
  EXPECT_EQ(rules.state(), StreamState::running);
  expect_refused(rules.resume(t0), "cannot resume a stream that is running");
  EXPECT_TRUE(rules.pause(t0));
  expect_refused(rules.pause(t0), "cannot pause a stream that is paused");
  EXPECT_EQ(rules.state(), StreamState::paused);
  EXPECT_TRUE(rules.resume(t0));
  EXPECT_TRUE(rules.cancel(t0));
  expect_refused(rules.pause(t0), "cannot pause a stream that is cancelled");
  expect_refused(rules.resume(t0), "cannot resume a stream that is cancelled");
  expect_refused(rules.cancel(t0), "cannot cancel a stream that is cancelled");
  rules.ended({}, t0);
  EXPECT_EQ(rules.state(), StreamState::cancelled) << "a late end changes nothing";
  EXPECT_EQ(rules.outcome().error().kind(), ErrorKind::cancelled);
}

TEST(StreamState_A24, ASourceThatEndsCompletesOrFails) {
  StreamRules good(StreamLimits(), t0);
  good.ended({}, t0);
  EXPECT_EQ(good.state(), StreamState::completed);
  EXPECT_TRUE(good.outcome());
  expect_refused(good.cancel(t0), "cannot cancel a stream that is completed");
  StreamRules bad(StreamLimits(), t0);
  bad.ended(fail(ErrorKind::disconnected, "cut"), t0);
  EXPECT_EQ(bad.state(), StreamState::error);
  EXPECT_EQ(bad.outcome().error().message(), "cut");
  expect_refused(bad.pause(t0), "cannot pause a stream that is error");
}

TEST(StreamState_A24, WhatWaitsIsDeliveredBeforeTheEnd) {
  StreamRules rules(StreamLimits(), t0);
  rules.arrived(10, t0);
  ASSERT_TRUE(rules.pause(t0));
  rules.ended({}, t0);
  EXPECT_EQ(rules.state(), StreamState::paused);
  EXPECT_FALSE(rules.may_deliver());
  ASSERT_TRUE(rules.resume(t0));
  EXPECT_TRUE(rules.may_deliver());
  EXPECT_FALSE(rules.over());
  rules.delivered(10);
  EXPECT_TRUE(rules.over());
  EXPECT_EQ(rules.state(), StreamState::completed);
}

TEST(StreamState_A24, ASourceThatEndsInAPauseEndsWithTheResume) {
  StreamRules rules(StreamLimits(), t0);
  ASSERT_TRUE(rules.pause(t0));
  rules.ended(fail(ErrorKind::disconnected, "cut"), t0);
  EXPECT_EQ(rules.state(), StreamState::paused);
  ASSERT_TRUE(rules.resume(t0));
  EXPECT_EQ(rules.state(), StreamState::error);
}

TEST(StreamState_A25, ABufferIsFullAtOneMegabyteOrAHundredChunks) {
  StreamRules chunks(detailed(), t0);
  for (int n = 0; n < 99; ++n) chunks.arrived(1, t0);
  EXPECT_TRUE(chunks.has_room());
  chunks.arrived(1, t0);
  EXPECT_FALSE(chunks.has_room());
  chunks.delivered(1);
  EXPECT_TRUE(chunks.has_room());
  StreamRules bytes(detailed(), t0);
  bytes.arrived(1024 * 1024 - 1, t0);
  EXPECT_TRUE(bytes.has_room());
  bytes.arrived(500, t0);
  EXPECT_FALSE(bytes.has_room());
  EXPECT_EQ(bytes.metrics(t0).full, 1u);
}

TEST(StreamState_A26, APauseHasALimit) {
  StreamRules rules(StreamLimits(), t0);
  EXPECT_FALSE(rules.next_timeout());
  ASSERT_TRUE(rules.pause(t0 + seconds(5)));
  EXPECT_EQ(rules.next_timeout(), t0 + seconds(305));
  rules.handle_timeout(t0 + seconds(304));
  EXPECT_EQ(rules.state(), StreamState::paused);
  rules.handle_timeout(t0 + seconds(305));
  EXPECT_EQ(rules.state(), StreamState::timed_out);
  EXPECT_TRUE(rules.drops_all());
  EXPECT_EQ(rules.outcome().error().kind(), ErrorKind::timeout);
  EXPECT_FALSE(rules.next_timeout());
}

TEST(StreamState_A26, AResumeBehindTheLimitIsTooLateEvenIfNoTimerHasRung) {
  StreamRules rules(StreamLimits(), t0);
  ASSERT_TRUE(rules.pause(t0));
  const auto late = rules.resume(t0 + seconds(301));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind(), ErrorKind::timeout);
  EXPECT_EQ(rules.state(), StreamState::timed_out);
}

TEST(StreamBufferOptions_A27, ImpossibleSizesAreRefused) {
  StreamBufferOptions options;
  options.strategy = BufferStrategy::chunked;
  options.max_bytes = 1000;
  options.chunk_bytes = 1000;
  EXPECT_TRUE(check(options));
  options.chunk_bytes = 1001;
  EXPECT_EQ(check(options).error().message(),
            "chunks of 1001 bytes are larger than the buffer of 1000 bytes");
  options.strategy = BufferStrategy::growable;
  EXPECT_TRUE(check(options)) << "chunk_bytes is for chunked buffers";
  options.max_chunks = 0;
  EXPECT_EQ(check(options).error().kind(), ErrorKind::invalid_argument);
  options.max_chunks = 1;
  options.max_bytes = 0;
  EXPECT_EQ(check(options).error().kind(), ErrorKind::invalid_argument);
}

class StreamBufferOf : public ::testing::TestWithParam<BufferStrategy> {};

TEST_P(StreamBufferOf, A27EachStrategyKeepsTheOrder) {
  StreamBufferOptions options;
  options.strategy = GetParam();
  options.max_chunks = 7;
  options.chunk_bytes = 100;
  StreamBuffer<std::string> buffer(options);
  int in = 0, out = 0;
  for (int round = 0; round < 50; ++round) {
    while (buffer.size() < static_cast<std::size_t>(1 + round % 7)) {
      buffer.push(std::to_string(in), 30);
      ++in;
    }
    for (int n = 0; n <= round % 3 && buffer.size() > 0; ++n) {
      const auto one = buffer.pop();
      EXPECT_EQ(one->first, std::to_string(out++));
      EXPECT_EQ(one->second, 30u);
    }
  }
  while (const auto one = buffer.pop()) EXPECT_EQ(one->first, std::to_string(out++));
  EXPECT_EQ(in, out);
  EXPECT_EQ(buffer.blocks(), 0u);
}
INSTANTIATE_TEST_SUITE_P(All, StreamBufferOf,
                         ::testing::Values(BufferStrategy::growable, BufferStrategy::ring,
                                           BufferStrategy::chunked));

TEST(StreamBuffer_A27, AChunkedBufferGivesItsBlocksBack) {
  StreamBufferOptions options;
  options.strategy = BufferStrategy::chunked;
  options.chunk_bytes = 100;
  StreamBuffer<int> buffer(options);
  for (int n = 0; n < 6; ++n) buffer.push(n, 50);
  EXPECT_EQ(buffer.blocks(), 3u);
  buffer.push(6, 1000);  // larger than a block: it has one of its own
  EXPECT_EQ(buffer.blocks(), 4u);
  (void)buffer.pop();
  EXPECT_EQ(buffer.blocks(), 4u);
  (void)buffer.pop();
  EXPECT_EQ(buffer.blocks(), 3u);
}

TEST(StreamMetrics_A28, EachLevelCountsWhatItPromises) {
  for (const auto level : {MetricsLevel::none, MetricsLevel::basic, MetricsLevel::detailed}) {
    StreamLimits limits;
    limits.metrics = level;
    StreamRules rules(limits, t0);
    rules.arrived(100, t0 + milliseconds(30));
    rules.arrived(50, t0 + milliseconds(40));
    rules.delivered(100);
    ASSERT_TRUE(rules.pause(t0 + seconds(1)));
    ASSERT_TRUE(rules.resume(t0 + seconds(3)));
    ASSERT_TRUE(rules.pause(t0 + seconds(10)));
    const auto metrics = rules.metrics(t0 + seconds(11));
    const bool basic = level != MetricsLevel::none, full = level == MetricsLevel::detailed;
    EXPECT_EQ(metrics.chunks, basic ? 1u : 0u);
    EXPECT_EQ(metrics.bytes, basic ? 100u : 0u);
    EXPECT_EQ(metrics.pauses, basic ? 2u : 0u);
    EXPECT_EQ(metrics.state_changes, basic ? 3u : 0u);
    EXPECT_EQ(metrics.time_paused, full ? seconds(3) : seconds(0));
    EXPECT_EQ(metrics.peak_bytes, full ? 150u : 0u);
    EXPECT_EQ(metrics.peak_chunks, full ? 2u : 0u);
    EXPECT_EQ(metrics.first_chunk.has_value(), full);
  }
}

}  // namespace
}  // namespace parley::api
