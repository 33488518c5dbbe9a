#include "parley/telemetry/otlp_exporter.hpp"

#include <gtest/gtest.h>

#include "parley/json/value.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/system.hpp"

namespace parley::telemetry {
namespace {

// What a collector was sent; it answers with the status that it is told.
struct Collector {
  Collector() = default;
  int status = 200;
  std::vector<http::Request> requests;
};

Task<void> collect(Collector* collector, net::Exchange& exchange) {
  collector->requests.push_back(exchange.request());
  http::Response response(collector->status);
  response.body = "{}";
  co_await exchange.respond(std::move(response));
}

using Body = Task<void> (*)(Collector&, OtlpOptions);
Task<void> start(Body body) {
  Collector collector;
  net::HttpServer server(
      co_await boost::asio::this_coro::executor, net::HttpServerOptions(),
      [&collector](net::Exchange& exchange) { return collect(&collector, exchange); });
  const auto port = server.listen();
  EXPECT_TRUE(port);
  OtlpOptions options;
  options.endpoint = "http://127.0.0.1:" + std::to_string(*port) + "/otel/";
  options.headers.set("x-collector-key", "canary-31");
  co_await body(collector, std::move(options));
  co_await server.stop(std::chrono::milliseconds(0));
}

Task<void> exports(Collector& collector, OtlpOptions options) {
  net::SystemClock clock;
  SeededRandom random(1);
  Metrics metrics(clock);
  options.batch = 2;
  auto exporter = OtlpExporter::make(clock, random, &metrics, std::move(options));
  EXPECT_TRUE(exporter);
  const auto sink = exporter->sink();
  for (const char* id : {"1", "2", "3"}) {
    sink(Event("x_start").with("id", id));
    sink(Event("x_stop").with("id", id));
    metrics.observe(Event("x").with("id", id));
  }
  EXPECT_TRUE(co_await exporter->flush());
  EXPECT_EQ(collector.requests.size(), 3u);
  EXPECT_EQ(collector.requests.at(0).target, "/otel/v1/traces");
  EXPECT_EQ(collector.requests.at(2).target, "/otel/v1/metrics");
  for (const auto& request : collector.requests) {
    EXPECT_EQ(request.headers.find("x-collector-key"), "canary-31");
    EXPECT_TRUE(json::parse(request.body));
  }
  EXPECT_EQ(exporter->counters().spans_sent, 3u);
  EXPECT_EQ(exporter->counters().spans_lost, 0u);
}
TEST(OtlpExporter, SendsSpansInBatchesAndThenTheMetrics) {
  run(start(exports));
}

Task<void> refused(Collector& collector, OtlpOptions options) {
  net::SystemClock clock;
  SeededRandom random(1);
  collector.status = 503;
  auto exporter = OtlpExporter::make(clock, random, nullptr, std::move(options));
  EXPECT_TRUE(exporter);
  exporter->sink()(Event("x_start").with("id", "1"));
  exporter->sink()(Event("x_stop").with("id", "1"));
  const auto result = co_await exporter->flush();
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().http_status(), 503);
  EXPECT_EQ(result.error().describe().find("canary-31"), std::string::npos);
  EXPECT_FALSE(exporter->last_failure().empty());
  EXPECT_EQ(exporter->counters().spans_lost, 1u);
  EXPECT_EQ(exporter->counters().failed_exports, 1u);
  // Nothing is sent twice.
  collector.status = 200;
  EXPECT_TRUE(co_await exporter->flush());
  EXPECT_EQ(collector.requests.size(), 1u);
  EXPECT_TRUE(exporter->last_failure().empty());
}
TEST(OtlpExporter, ARefusedExportIsToldCountedAndNotRepeated) {
  run(start(refused));
}

TEST(OtlpExporter, AnEndpointThatIsNoneIsRefused) {
  net::SystemClock clock;
  SeededRandom random(1);
  OtlpOptions options;
  options.endpoint = "grpc://collector";
  EXPECT_FALSE(OtlpExporter::make(clock, random, nullptr, options));
}

}  // namespace
}  // namespace parley::telemetry
