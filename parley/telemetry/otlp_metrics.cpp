#include "parley/telemetry/detail/otlp_metrics.hpp"

#include <cmath>

namespace parley::telemetry::detail {

std::string unix_nanos(WallTime time, Duration after) {
  const auto whole = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()) +
                     std::chrono::duration_cast<std::chrono::nanoseconds>(after);
  return std::to_string(whole.count());
}

void write_attribute(json::Writer& out, std::string_view key, std::string_view value) {
  out.begin_object().field("key", key).member("value");
  out.begin_object().field("stringValue", value).end_object();
  out.end_object();
}

void write_resource(json::Writer& out, std::string_view service_name) {
  out.member("resource").begin_object().member("attributes").begin_array();
  write_attribute(out, "service.name", service_name);
  out.end_array().end_object();
}

void write_scope(json::Writer& out) {
  out.member("scope").begin_object().field("name", std::string_view("parley")).end_object();
}

namespace {

constexpr int kCumulative = 2;  // AGGREGATION_TEMPORALITY_CUMULATIVE

struct Times {
  std::string begun, now;
};

void begin_point(json::Writer& out, const prometheus::ClientMetric& metric, const Times& times) {
  out.begin_object().member("attributes").begin_array();
  for (const auto& label : metric.label) write_attribute(out, label.name, label.value);
  out.end_array().field("startTimeUnixNano", times.begun).field("timeUnixNano", times.now);
}

void write_histogram(json::Writer& out, const prometheus::ClientMetric::Histogram& histogram) {
  out.field("count", std::to_string(histogram.sample_count)).field("sum", histogram.sample_sum);
  out.member("bucketCounts").begin_array();
  std::uint64_t before = 0;
  for (const auto& bucket : histogram.bucket) {
    out.value(std::to_string(bucket.cumulative_count - before));
    before = bucket.cumulative_count;
  }
  out.end_array().member("explicitBounds").begin_array();
  for (const auto& bucket : histogram.bucket)
    if (std::isfinite(bucket.upper_bound)) out.value(bucket.upper_bound);
  out.end_array();
}

void write_family(json::Writer& out, const prometheus::MetricFamily& family, const Times& times) {
  const bool sum = family.type == prometheus::MetricType::Counter;
  const bool histogram = family.type == prometheus::MetricType::Histogram;
  out.begin_object().field("name", family.name).field("description", family.help);
  out.key(sum ? "sum" : histogram ? "histogram" : "gauge").begin_object();
  if (sum || histogram) out.field("aggregationTemporality", kCumulative);
  if (sum) out.field("isMonotonic", true);
  out.member("dataPoints").begin_array();
  for (const auto& metric : family.metric) {
    begin_point(out, metric, times);
    if (histogram)
      write_histogram(out, metric.histogram);
    else
      out.field("asDouble", sum ? metric.counter.value : metric.gauge.value);
    out.end_object();
  }
  out.end_array().end_object().end_object();
}

}  // namespace

std::string otlp_metrics(const std::vector<prometheus::MetricFamily>& families,
                         std::string_view service_name, WallTime begun, WallTime now) {
  const Times times{unix_nanos(begun), unix_nanos(now)};
  std::string text;
  json::Writer out(text);
  out.begin_object().member("resourceMetrics").begin_array().begin_object();
  write_resource(out, service_name);
  out.member("scopeMetrics").begin_array().begin_object();
  write_scope(out);
  out.member("metrics").begin_array();
  for (const auto& family : families)
    if (!family.metric.empty()) write_family(out, family, times);
  out.end_array().end_object().end_array().end_object().end_array().end_object();
  return text;
}

}  // namespace parley::telemetry::detail
