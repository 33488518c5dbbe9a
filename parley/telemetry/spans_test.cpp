#include "parley/telemetry/spans.hpp"

#include <gtest/gtest.h>

#include "parley/json/value.hpp"

namespace parley::telemetry {
namespace {

class SpanBookTest : public ::testing::Test {
 protected:
  void tell(Event event, int ms) {
    book_.observe(event, TimePoint(std::chrono::milliseconds(ms)), from_unix_ms(5'000 + ms));
  }
  SeededRandom random_{7};
  SpanBook book_{random_};
};

TEST_F(SpanBookTest, AStartAndItsStopAreASpanWithWhatHappenedBetween) {
  tell(Event("http.request_start").with("id", "1").with("method", "POST"), 0);
  tell(Event("net.connect_start").with("id", "2").with("parent", "1"), 1);
  tell(Event("net.connect_stop").with("id", "2"), 4);
  tell(Event("http.stream_chunk").with("id", "1").with("bytes", "7"), 6);
  tell(Event("http.request_stop").with("id", "1").with("status", "200"), 9);
  const auto spans = book_.take(10);
  ASSERT_EQ(spans.size(), 2u);
  const auto& inner = spans[0];
  const auto& outer = spans[1];
  EXPECT_EQ(inner.trace_id, outer.trace_id);
  EXPECT_EQ(inner.parent_id, outer.span_id);
  EXPECT_EQ(outer.parent_id, 0u);
  EXPECT_EQ(inner.took, std::chrono::milliseconds(3));
  EXPECT_EQ(outer.name, "http.request");
  ASSERT_EQ(outer.moments.size(), 1u);
  EXPECT_EQ(outer.moments[0].after, std::chrono::milliseconds(6));
  EXPECT_FALSE(outer.failed);
}

TEST_F(SpanBookTest, AnExceptionFailsItsSpanAndTellsWhy) {
  tell(Event("x_start").with("id", "1"), 0);
  tell(Event("x_exception").with("id", "1").with("kind", "timeout").with("message", "too slow"), 2);
  const auto spans = book_.take(1);
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_TRUE(spans[0].failed);
  EXPECT_EQ(spans[0].message, "too slow");
}

TEST_F(SpanBookTest, WhatHasNoIdOrNoBeginningIsNoSpan) {
  tell(Event("x_start"), 0);
  tell(Event("y_stop").with("id", "3"), 1);
  tell(Event("z").with("id", "4"), 1);
  EXPECT_EQ(book_.waiting(), 0u);
  EXPECT_EQ(book_.dropped(), 0u);
}

TEST(SpanBookLimits, WhatIsTooMuchIsDroppedAndCounted) {
  SeededRandom random(1);
  SpanLimits limits;
  limits.open = 2;
  limits.ended = 1;
  limits.moments = 1;
  SpanBook book(random, limits);
  const TimePoint now{};
  for (const char* id : {"1", "2", "3"}) book.observe(Event("x_start").with("id", id), now, {});
  EXPECT_EQ(book.dropped(), 1u);
  for (int i = 0; i < 2; ++i) book.observe(Event("note").with("id", "1"), now, {});
  EXPECT_EQ(book.dropped(), 2u);
  for (const char* id : {"1", "2"}) book.observe(Event("x_stop").with("id", id), now, {});
  EXPECT_EQ(book.waiting(), 1u);
  EXPECT_EQ(book.dropped(), 3u);
}

TEST_F(SpanBookTest, OtlpHasHexIdsAndNanosecondsAsText) {
  tell(Event("x_start").with("id", "1").with("model", "m"), 0);
  tell(Event("x_stop").with("id", "1"), 2);
  const auto parsed = json::parse(otlp_traces(book_.take(1), "shop"));
  ASSERT_TRUE(parsed);
  const auto& span = parsed->at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").at(0);
  EXPECT_EQ(span.at("traceId").as_string().size(), 32u);
  EXPECT_EQ(span.at("spanId").as_string().size(), 16u);
  EXPECT_FALSE(span.as_object().contains("parentSpanId"));
  EXPECT_EQ(span.at("startTimeUnixNano").as_string(), "5000000000");
  EXPECT_EQ(span.at("endTimeUnixNano").as_string(), "5002000000");
  EXPECT_EQ(span.at("status").at("code").as_int64(), 1);
}

}  // namespace
}  // namespace parley::telemetry
