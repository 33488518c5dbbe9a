#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/event.hpp"
#include "parley/base/time.hpp"

namespace parley::telemetry {

struct MetricsOptions {
  MetricsOptions();
  // Before every name.
  std::string prefix = "parley";
  // Fields that become labels, where an event has them. Their values must be few: models, not ids.
  std::vector<std::string> labels;
  // Fields whose numbers are added up: "bytes" of "http.request_stop" is
  // parley_http_request_bytes_total. A field that ends in "_ms" is observed instead, in a histogram
  // of seconds.
  std::vector<std::string> counted;
  // Upper bounds of the histograms, in seconds, ascending.
  std::vector<double> buckets;
  // Values of one label beyond that many become "other".
  std::size_t max_label_values = 100;
  // Kinds of events beyond that many are only counted, in parley_telemetry_ignored_total.
  std::size_t max_events = 500;
  // Operations that are open at one time; beyond it their duration is not measured.
  std::size_t max_open = 100'000;
};

// Metrics made of events, in the text format of Prometheus (exposition format 0.0.4).
//
// An operation is a pair of events with one id: "net.connect_start" and "net.connect_stop", or
// "net.connect_exception". It becomes
//   parley_net_connect_total{outcome="ok"|"error", error="…"}, parley_net_connect_open,
//   parley_net_connect_duration_seconds (a histogram).
// Any other event "chat.chunk" becomes parley_chat_chunk_total. `error` is the class of the field
// "kind" (see error_class). All members may be called from any thread.
class Metrics {
 public:
  // `clock` must outlive the object and its sinks.
  explicit Metrics(const Clock& clock, MetricsOptions options = MetricsOptions());
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void observe(const Event& event);
  // Calls observe(); must not be called once the object is gone.
  EventSink sink();
  // The page for "text/plain; version=0.0.4".
  std::string prometheus() const;
  // The metrics of one moment as OTLP JSON (ExportMetricsServiceRequest, opentelemetry-proto 1.x),
  // with cumulative temporality since the object was made.
  std::string otlp(std::string_view service_name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The class of an error's kind (to_string(ErrorKind)): "rate_limit", "auth", "network", "timeout",
// "invalid_request", "cancelled", "service", or "unknown".
std::string_view error_class(std::string_view kind);

}  // namespace parley::telemetry
