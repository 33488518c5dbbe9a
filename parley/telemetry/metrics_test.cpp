#include "parley/telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <thread>

#include <gtest/gtest.h>

#include "parley/json/value.hpp"

namespace parley::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HandClock final : public Clock {
 public:
  TimePoint now() const override { return time; }
  WallTime wall_now() const override { return from_unix_ms(1'700'000'000'000) + passed; }
  void pass(std::chrono::milliseconds by) {
    time += by;
    passed += by;
  }
  TimePoint time{std::chrono::hours(1)};
  std::chrono::milliseconds passed{0};
};

Event request(std::string_view name, std::string id) {
  return Event(name).with("id", std::move(id)).with("model", "gemini-2.5-flash");
}

TEST(Metrics_B45_D34, APairBecomesCountDurationAndWhatIsOpen) {
  HandClock clock;
  Metrics metrics(clock);
  metrics.observe(request("http.request_start", "1"));
  metrics.observe(request("http.request_start", "2"));
  EXPECT_THAT(metrics.prometheus(), HasSubstr("parley_http_request_open 2\n"));
  clock.pass(std::chrono::milliseconds(30));
  metrics.observe(request("http.request_stop", "1").with("bytes", "1200"));
  metrics.observe(request("http.request_exception", "2").with("kind", "rate_limited"));
  const auto page = metrics.prometheus();
  EXPECT_THAT(page, HasSubstr("parley_http_request_open 0\n"));
  EXPECT_THAT(
      page, HasSubstr("parley_http_request_total{model=\"gemini-2.5-flash\",outcome=\"ok\"} 1\n"));
  EXPECT_THAT(page,
              HasSubstr("parley_http_request_total{error=\"rate_limit\",model=\"gemini-2.5-flash\","
                        "outcome=\"error\"} 1\n"));
  EXPECT_THAT(page,
              HasSubstr("parley_http_request_bytes_total{model=\"gemini-2.5-flash\"} 1200\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE parley_http_request_duration_seconds histogram"));
  EXPECT_THAT(page, HasSubstr("outcome=\"ok\",le=\"0.025\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("outcome=\"ok\",le=\"0.05\"} 1\n"));
}

TEST(Metrics_B45, APairThatTellsItsDurationIsMeasuredOnce) {
  HandClock clock;
  Metrics metrics(clock);
  metrics.observe(Event("net.connect_start").with("id", "1"));
  clock.pass(std::chrono::milliseconds(30));
  metrics.observe(Event("net.connect_stop").with("id", "1").with("duration_ms", "29"));
  const auto page = metrics.prometheus();
  EXPECT_THAT(page, HasSubstr("parley_net_connect_duration_seconds_sum{outcome=\"ok\"} 0.03\n"));
  EXPECT_THAT(page, Not(HasSubstr("parley_net_connect_duration_seconds_sum 0.029")));
}

TEST(Metrics_D34, EachKindOfErrorHasItsClass) {
  EXPECT_EQ(error_class("unauthenticated"), "auth");
  EXPECT_EQ(error_class("connect_failed"), "network");
  EXPECT_EQ(error_class("timeout"), "timeout");
  EXPECT_EQ(error_class("invalid_argument"), "invalid_request");
  EXPECT_EQ(error_class(""), "unknown");
}

TEST(Metrics, AStopWithoutItsStartIsCountedAndHasNoDuration) {
  HandClock clock;
  Metrics metrics(clock);
  metrics.observe(request("ws.close_stop", "9"));
  metrics.observe(request("ws.close_stop", "9"));
  const auto page = metrics.prometheus();
  EXPECT_THAT(page,
              HasSubstr("parley_ws_close_total{model=\"gemini-2.5-flash\",outcome=\"ok\"} 2\n"));
  EXPECT_THAT(page, Not(HasSubstr("parley_ws_close_duration")));
}

TEST(Metrics, MillisecondsAreSecondsAndWhatIsNoNumberIsNotCounted) {
  HandClock clock;
  Metrics metrics(clock);
  metrics.observe(Event("live.turn").with("first_audio_ms", "240").with("bytes", "many"));
  const auto page = metrics.prometheus();
  EXPECT_THAT(page, HasSubstr("parley_live_turn_first_audio_seconds_sum 0.24\n"));
  EXPECT_THAT(page, HasSubstr("parley_live_turn_total 1\n"));
  EXPECT_THAT(page, Not(HasSubstr("bytes")));
}

TEST(Metrics, LabelsAndKindsOfEventsHaveALimit) {
  HandClock clock;
  MetricsOptions options;
  options.max_label_values = 2;
  options.max_events = 2;
  Metrics metrics(clock, options);
  for (int i = 0; i < 5; ++i) metrics.observe(Event("a.b").with("model", std::to_string(i)));
  metrics.observe(Event("c.d"));
  metrics.observe(Event("e.f"));
  const auto page = metrics.prometheus();
  EXPECT_THAT(page, HasSubstr("parley_a_b_total{model=\"other\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("parley_telemetry_ignored_total 1\n"));
  EXPECT_THAT(page, Not(HasSubstr("parley_e_f")));
}

TEST(Metrics, NamesOfEventsCannotBreakThePage) {
  HandClock clock;
  Metrics metrics(clock);
  metrics.observe(Event("bad name{}\n1").with("model", "a\"b\\c\nd"));
  EXPECT_THAT(metrics.prometheus(),
              HasSubstr("parley_bad_name___1_total{model=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(Metrics, ManyThreadsMayTellAtOnce) {
  HandClock clock;
  Metrics metrics(clock);
  const auto sink = metrics.sink();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&sink, t] {
      for (int i = 0; i < 500; ++i) {
        const auto id = std::to_string(t * 1000 + i);
        sink(Event("x.y_start").with("id", id));
        sink(Event("x.y_stop").with("id", id));
      }
    });
  for (auto& thread : threads) thread.join();
  const auto page = metrics.prometheus();
  EXPECT_THAT(page, HasSubstr("parley_x_y_total{outcome=\"ok\"} 2000\n"));
  EXPECT_THAT(page, HasSubstr("parley_x_y_open 0\n"));
}

TEST(MetricsOtlp, CountersGaugesAndHistogramsAreWhatTheProtocolWants) {
  HandClock clock;
  Metrics metrics(clock);
  metrics.observe(Event("x.y_start").with("id", "1"));
  clock.pass(std::chrono::milliseconds(4));
  metrics.observe(Event("x.y_stop").with("id", "1"));
  const auto parsed = json::parse(metrics.otlp("shop"));
  ASSERT_TRUE(parsed);
  const auto& resource = parsed->at("resourceMetrics").at(0);
  EXPECT_EQ(json::to_string(resource.at("resource").at("attributes").at(0)),
            R"({"key":"service.name","value":{"stringValue":"shop"}})");
  int seen = 0;
  for (const auto& metric : resource.at("scopeMetrics").at(0).at("metrics").as_array()) {
    const auto& name = metric.at("name").as_string();
    if (name == "parley_x_y_total") {
      EXPECT_EQ(metric.at("sum").at("aggregationTemporality").as_int64(), 2);
      const auto& point = metric.at("sum").at("dataPoints").at(0);
      EXPECT_EQ(point.at("startTimeUnixNano").as_string(), "1700000000000000000");
      EXPECT_EQ(point.at("timeUnixNano").as_string(), "1700000000004000000");
      ++seen;
    } else if (name == "parley_x_y_duration_seconds") {
      const auto& point = metric.at("histogram").at("dataPoints").at(0);
      const auto& counts = point.at("bucketCounts").as_array();
      EXPECT_EQ(counts.size(), point.at("explicitBounds").as_array().size() + 1);
      EXPECT_EQ(counts.at(2).as_string(), "1");  // up to 5 ms
      EXPECT_EQ(counts.at(3).as_string(), "0");  // not cumulative
      ++seen;
    } else if (name == "parley_x_y_open") {
      EXPECT_TRUE(metric.at("gauge").is_object());
      ++seen;
    }
  }
  EXPECT_EQ(seen, 3);
}

}  // namespace
}  // namespace parley::telemetry
