#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/base/random.hpp"
#include "parley/base/time.hpp"
#include "parley/http/message.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/task.hpp"
#include "parley/telemetry/metrics.hpp"
#include "parley/telemetry/spans.hpp"

namespace parley::telemetry {

struct OtlpOptions {
  OtlpOptions() = default;
  // The collector; "/v1/traces" and "/v1/metrics" are put behind its path (OTLP/HTTP 1.x).
  std::string endpoint = "http://127.0.0.1:4318";
  http::Headers headers;  // for example an API key of the collector; they are in no event or error
  std::string service_name = "parley";
  std::chrono::milliseconds interval{10'000};  // between two exports
  std::size_t batch = 512;                     // spans of one request
  SpanLimits limits;
  net::HttpClientOptions http;
};

// Sends spans and metrics to an OpenTelemetry collector, as JSON over HTTP. A refused export is
// counted and its spans are lost: nothing is sent twice. The sink may be called from any thread and
// is valid as long as a copy of it lives; the exporter itself belongs to one executor.
class OtlpExporter {
 public:
  // `clock` and `random` must outlive the exporter and its sinks; `metrics` too, and may be null.
  // Errors: invalid_argument for an endpoint that is no http or https URL.
  static Result<OtlpExporter> make(const Clock& clock, Random& random, const Metrics* metrics,
                                   OtlpOptions options = OtlpOptions());
  OtlpExporter(OtlpExporter&&) noexcept;
  OtlpExporter& operator=(OtlpExporter&&) noexcept;
  ~OtlpExporter();

  EventSink sink();
  // Sends what is there. Errors: those of the network, and what the collector answered.
  Task<Result<void>> flush();
  // Flushes in the interval until it is cancelled or stop() is called, and then once more.
  Task<void> run();
  void stop();

  struct Counters {
    Counters() = default;
    std::uint64_t spans_sent = 0, spans_lost = 0, exports = 0, failed_exports = 0;
  };
  Counters counters() const;
  // Why the last export failed; empty: it did not.
  std::string last_failure() const;

 private:
  struct State;
  explicit OtlpExporter(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace parley::telemetry
