#include "parley/telemetry/otlp_exporter.hpp"

#include <mutex>
#include <optional>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"
#include "parley/http/url.hpp"

namespace parley::telemetry {

namespace asio = boost::asio;

struct OtlpExporter::State {
  State(const Clock& clock_of, Random& random, const Metrics* of, OtlpOptions chosen)
      : clock(clock_of),
        metrics(of),
        options(std::move(chosen)),
        book(random, options.limits),
        client(options.http) {}

  Task<Result<void>> post(std::string path, std::string body);

  const Clock& clock;
  const Metrics* metrics;
  OtlpOptions options;
  http::Url base;
  std::mutex mutex;  // of the book and the counters
  SpanBook book;
  Counters counters;
  std::string failure;
  net::HttpClient client;
  std::optional<asio::steady_timer> timer;
  bool stopped = false;
};

Result<OtlpExporter> OtlpExporter::make(const Clock& clock, Random& random, const Metrics* metrics,
                                        OtlpOptions options) {
  auto base = http::parse_url(options.endpoint);
  if (!base) return fail(std::move(base.error()));
  if (base->scheme != "http" && base->scheme != "https")
    return fail(ErrorKind::invalid_argument, "the OTLP endpoint must be an http or https URL");
  auto state = std::make_shared<State>(clock, random, metrics, std::move(options));
  state->base = std::move(*base);
  return OtlpExporter(std::move(state));
}
OtlpExporter::OtlpExporter(OtlpExporter&&) noexcept = default;
OtlpExporter& OtlpExporter::operator=(OtlpExporter&&) noexcept = default;
OtlpExporter::~OtlpExporter() = default;

EventSink OtlpExporter::sink() {
  return [state = state_](const Event& event) {
    const std::scoped_lock lock(state->mutex);
    state->book.observe(event, state->clock.now(), state->clock.wall_now());
  };
}

Task<Result<void>> OtlpExporter::State::post(std::string path, std::string body) {
  std::string prefix = base.target;
  while (prefix.ends_with('/')) prefix.pop_back();
  http::Request request("POST", prefix + path);
  for (const auto& header : options.headers.all()) request.headers.set(header.name, header.value);
  request.headers.set("Content-Type", "application/json");
  request.body = std::move(body);
  auto response = co_await client.send(base, std::move(request));
  if (!response) co_return fail(std::move(response.error()));
  if (response->status >= 200 && response->status < 300) co_return Result<void>();
  const auto text = to_valid_utf8(std::string_view(response->body).substr(0, 200));
  co_return fail(Error(ErrorKind::service,
                       fmt::format("the collector answered {} to {}", response->status, path))
                     .with_http_status(response->status)
                     .with_detail("body", redact(text)));
}

Task<Result<void>> OtlpExporter::flush() {
  const auto state = state_;
  Result<void> result;
  for (;;) {
    std::vector<Span> spans;
    {
      const std::scoped_lock lock(state->mutex);
      spans = state->book.take(state->options.batch);
    }
    if (spans.empty()) break;
    const std::size_t count = spans.size();
    std::string body = otlp_traces(spans, state->options.service_name);
    auto sent = co_await state->post("/v1/traces", std::move(body));
    const std::scoped_lock lock(state->mutex);
    ++(sent ? state->counters.exports : state->counters.failed_exports);
    (sent ? state->counters.spans_sent : state->counters.spans_lost) += count;
    if (!sent) result = std::move(sent);
    if (!result) break;
  }
  if (state->metrics != nullptr && result) {
    std::string body = state->metrics->otlp(state->options.service_name);
    result = co_await state->post("/v1/metrics", std::move(body));
    const std::scoped_lock lock(state->mutex);
    ++(result ? state->counters.exports : state->counters.failed_exports);
  }
  std::string why;
  if (!result) why = result.error().describe();
  const std::scoped_lock lock(state->mutex);
  state->failure = std::move(why);
  co_return result;
}

Task<void> OtlpExporter::run() {
  const auto state = state_;
  state->timer.emplace(co_await asio::this_coro::executor);
  while (!state->stopped) {
    state->timer->expires_after(state->options.interval);
    boost::system::error_code ignored;
    co_await state->timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_await flush();
  }
}

void OtlpExporter::stop() {
  state_->stopped = true;
  if (state_->timer) state_->timer->cancel();
}

OtlpExporter::Counters OtlpExporter::counters() const {
  const std::scoped_lock lock(state_->mutex);
  auto out = state_->counters;
  out.spans_lost += state_->book.dropped();
  return out;
}

std::string OtlpExporter::last_failure() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->failure;
}

}  // namespace parley::telemetry
