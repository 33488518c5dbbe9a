#include <fmt/format.h>

#include "parley/api/transport.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/detail/call.hpp"
#include "parley/gemini/detail/stream_source.hpp"
#include "parley/gemini/status.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini {

namespace {

class HttpSource final : public detail::StreamSource {
 public:
  explicit HttpSource(api::EventStream stream) : events_(std::move(stream)) {}

  Task<std::optional<GenerateContentResponse>> next() override;
  Result<void> outcome() const override { return outcome_; }
  ServedBy served_by() const override { return ServedBy::http; }
  const api::CallReport& report() const override { return events_.report(); }

 private:
  Result<void> judge() const;

  api::EventStream events_;
  bool any_ = false, finished_ = false, ended_ = false;
  Result<void> outcome_;
};

// What the end of the events means.
Result<void> HttpSource::judge() const {
  if (auto transport = events_.outcome(); !transport) return transport;
  if (const auto& foreign = events_.foreign_text(); !trim(foreign).empty()) {
    if (const auto body = json::parse(foreign, json::trusted_limits()))
      if (auto error = error_of(*body)) return fail(std::move(*error).with_stage(Stage::receive));
    return fail(Error(ErrorKind::invalid_response,
                      fmt::format("the stream ends with text that is no event: {}",
                                  detail::beginning(foreign)))
                    .with_stage(Stage::receive));
  }
  if (!any_)
    return fail(Error(ErrorKind::invalid_response, "the stream ended without a message")
                    .with_stage(Stage::receive));
  if (!finished_ && !events_.delimited())
    return fail(
        Error(ErrorKind::disconnected, "the connection ended before the answer was finished")
            .with_stage(Stage::receive));
  return {};
}

Task<std::optional<GenerateContentResponse>> HttpSource::next() {
  while (!ended_) {
    auto event = co_await events_.next();
    if (!event) {
      ended_ = true;
      outcome_ = judge();
      break;
    }
    if (trim(event->data) == "[DONE]") continue;  // the service never sends it, proxies do
    auto answer = detail::read_answer(event->data);
    if (!answer) {
      ended_ = true;
      outcome_ = fail(std::move(answer.error()));
      break;
    }
    any_ = true;
    finished_ =
        finished_ || !finish_reason_of(*answer).empty() || !block_reason_of(*answer).empty();
    co_return std::move(*answer);
  }
  co_return std::nullopt;
}

}  // namespace

std::string_view to_string(ServedBy served_by) {
  return served_by == ServedBy::http ? "http" : "websocket";
}

Stream::Stream(api::EventStream events)
    : source_(std::make_unique<HttpSource>(std::move(events))) {}
Stream::Stream(std::unique_ptr<detail::StreamSource> source) : source_(std::move(source)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Task<std::optional<GenerateContentResponse>> Stream::next() {
  return source_->next();
}
Result<void> Stream::outcome() const {
  return source_->outcome();
}
ServedBy Stream::served_by() const {
  return source_->served_by();
}
const api::CallReport& Stream::report() const {
  return source_->report();
}

}  // namespace parley::gemini
