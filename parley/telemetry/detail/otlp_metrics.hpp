#pragma once

#include <prometheus/metric_family.h>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/time.hpp"
#include "parley/json/writer.hpp"

namespace parley::telemetry::detail {

// ExportMetricsServiceRequest as JSON: counters as monotonic sums, gauges, histograms.
std::string otlp_metrics(const std::vector<prometheus::MetricFamily>& families,
                         std::string_view service_name, WallTime begun, WallTime now);

// What both kinds of requests begin with: "resource" and the open "scope…" member.
void write_resource(json::Writer& out, std::string_view service_name);
void write_scope(json::Writer& out);
void write_attribute(json::Writer& out, std::string_view key, std::string_view value);
// Nanoseconds since 1970, as protobuf's JSON has 64-bit numbers.
std::string unix_nanos(WallTime time, Duration after = Duration(0));

}  // namespace parley::telemetry::detail
