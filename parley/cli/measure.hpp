#pragma once

#include <memory>
#include <optional>
#include <string>

#include "parley/net/http_server.hpp"
#include "parley/net/system.hpp"
#include "parley/telemetry/metrics.hpp"
#include "parley/telemetry/otlp_exporter.hpp"

namespace parley::cli {

// Metrics of one command, for Prometheus and an OpenTelemetry collector. Must outlive the loop, as
// its sinks do; what is on the loop ends with a MeasureOnLoop.
class Measure {
 public:
  // `otlp`: the collector's URL; empty: none. Errors: invalid_argument for what is no URL.
  static Result<std::unique_ptr<Measure>> make(const std::string& otlp);

  EventSink sink();
  std::string page() const { return metrics_.prometheus(); }
  // Sends to the collector again and again, where there is one.
  void export_on(const Executor& executor);
  // Sends the rest. Empty: it is gone, or there is no collector; else why it was not taken.
  Task<std::string> finish();
  // Serves page() as http://127.0.0.1:PORT/metrics; returns the port. Errors: those of listening.
  Result<std::uint16_t> serve(const Executor& executor, std::uint16_t port);
  // Ends what export_on() and serve() began.
  void close();

 private:
  Measure() : metrics_(clock_) {}
  static Task<void> answer(const Measure* self, net::Exchange& exchange);
  net::SystemClock clock_;
  telemetry::Metrics metrics_;
  std::optional<telemetry::OtlpExporter> exporter_;
  std::unique_ptr<net::HttpServer> server_;
};

// To be declared behind the loop, so that it goes first.
struct MeasureOnLoop {
  explicit MeasureOnLoop(Measure& of) : measure(of) {}
  ~MeasureOnLoop() { measure.close(); }
  MeasureOnLoop(const MeasureOnLoop&) = delete;
  MeasureOnLoop& operator=(const MeasureOnLoop&) = delete;
  Measure& measure;
};

}  // namespace parley::cli
