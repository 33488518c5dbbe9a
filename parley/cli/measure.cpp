#include "parley/cli/measure.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace parley::cli {

Result<std::unique_ptr<Measure>> Measure::make(const std::string& otlp) {
  std::unique_ptr<Measure> measure(new Measure());
  if (otlp.empty()) return measure;
  telemetry::OtlpOptions options;
  options.endpoint = otlp;
  auto exporter = telemetry::OtlpExporter::make(measure->clock_, net::system_random(),
                                                &measure->metrics_, std::move(options));
  if (!exporter) return fail(std::move(exporter.error()));
  measure->exporter_.emplace(std::move(*exporter));
  return measure;
}

EventSink Measure::sink() {
  auto metrics = metrics_.sink();
  if (!exporter_) return metrics;
  return [metrics, spans = exporter_->sink()](const Event& event) { metrics(event), spans(event); };
}

void Measure::export_on(const Executor& executor) {
  if (exporter_) boost::asio::co_spawn(executor, exporter_->run(), boost::asio::detached);
}

Task<std::string> Measure::finish() {
  if (!exporter_) co_return "";
  auto sent = co_await exporter_->flush();
  if (!sent) co_return sent.error().message();
  co_return "";
}

Task<void> Measure::answer(const Measure* self, net::Exchange& exchange) {
  const bool here = exchange.target().segments.size() == 1 &&
                    exchange.target().segments.front() == "metrics" &&
                    exchange.request().method == "GET";
  http::Response response(here ? 200 : 404);
  response.headers.set("Content-Type",
                       here ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain");
  response.body = here ? self->page() : "Only GET /metrics is here\n";
  co_await exchange.respond(std::move(response));
}

Result<std::uint16_t> Measure::serve(const Executor& executor, std::uint16_t port) {
  net::HttpServerOptions options;
  options.address = "127.0.0.1";
  options.port = port;
  server_ = std::make_unique<net::HttpServer>(
      executor, options, [self = this](net::Exchange& exchange) { return answer(self, exchange); });
  return server_->listen();
}

void Measure::close() {
  if (exporter_) exporter_->stop();
  server_.reset();
  exporter_.reset();
}

}  // namespace parley::cli
