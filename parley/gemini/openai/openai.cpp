#include "parley/gemini/openai/openai.hpp"

#include <fmt/format.h>

#include "parley/api/transport.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/detail/stream_source.hpp"
#include "parley/gemini/openai/detail/messages.hpp"
#include "parley/limit/headers.hpp"

namespace parley::gemini {
namespace {

Error with_headers(Error error, const http::Headers& headers) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& field : headers.all()) fields.emplace_back(field.name, field.value);
  const auto told = limit::read_rate_headers(
      fields, std::chrono::floor<WallTime::duration>(std::chrono::system_clock::now()));
  return told.retry_after ? std::move(error).with_retry_after(*told.retry_after) : error;
}

class EventSource final : public detail::StreamSource {
 public:
  explicit EventSource(api::EventStream events) : events_(std::move(events)) {}

  Task<std::optional<GenerateContentResponse>> next() override {
    while (!ended_) {
      auto event = co_await events_.next();
      if (!event) {
        end(judge());
        break;
      }
      auto message = reader_.read(event->data);
      if (!message) {
        end(fail(std::move(message.error())));
        break;
      }
      if (*message) co_return std::move(**message);
    }
    co_return std::nullopt;
  }
  Result<void> outcome() const override { return outcome_; }
  ServedBy served_by() const override { return ServedBy::http; }
  const api::CallReport& report() const override { return events_.report(); }

 private:
  void end(Result<void> outcome) {
    ended_ = true;
    outcome_ = std::move(outcome);
  }
  Result<void> judge() {
    if (auto told = events_.outcome(); !told) return told;
    if (const auto& foreign = events_.foreign_text(); !trim(foreign).empty())
      return fail(detail::openai_error(500, foreign));
    if (!reader_.finished())
      return fail(
          Error(ErrorKind::disconnected, "the connection ended before the answer was finished")
              .with_stage(Stage::receive));
    return {};
  }

  api::EventStream events_;
  detail::OpenAiReader reader_;
  bool ended_ = false;
  Result<void> outcome_;
};

class OpenAi final : public Provider {
 public:
  OpenAi(std::shared_ptr<api::Transport> transport, std::string max_tokens_member)
      : transport_(std::move(transport)), max_tokens_member_(std::move(max_tokens_member)) {}

  Task<Result<GenerateContentResponse>> generate(std::string model,
                                                 GenerateContentRequest request) const override {
    auto body = detail::openai_request(model, request, max_tokens_member_, false);
    if (!body) co_return fail(std::move(body.error()));
    auto response = co_await transport_->send("POST", "/chat/completions", std::move(*body));
    if (!response) co_return fail(std::move(response.error()));
    if (response->status != 200) {
      auto error = detail::openai_error(response->status, response->body);
      co_return fail(with_headers(std::move(error), response->headers));
    }
    co_return detail::openai_answer(response->body);
  }

  Task<Result<Stream>> stream(std::string model, GenerateContentRequest request) const override {
    auto body = detail::openai_request(model, request, max_tokens_member_, true);
    if (!body) co_return fail(std::move(body.error()));
    auto events = co_await transport_->open_events("/chat/completions", std::move(*body));
    if (!events) co_return fail(std::move(events.error()));
    if (const int status = events->head().status; status != 200) {
      const auto headers = events->head().headers;
      auto text = co_await events->read_all();
      auto error = detail::openai_error(status, text ? std::string_view(*text) : "");
      co_return fail(with_headers(std::move(error), headers));
    }
    co_return Stream(std::make_unique<EventSource>(std::move(*events)));
  }

 private:
  std::shared_ptr<api::Transport> transport_;
  std::string max_tokens_member_;
};

}  // namespace

Result<std::shared_ptr<Provider>> openai_provider(OpenAiOptions options) {
  auto url = http::parse_url(options.base_url);
  if (!url) return fail(std::move(url.error()));
  if (url->scheme != "http" && url->scheme != "https")
    return fail(ErrorKind::invalid_argument, "the base URL must be http or https");
  const bool here = url->host == "localhost" || url->host == "127.0.0.1" || url->host == "::1";
  if (!options.api_key.empty() && !url->secure() && !here)
    return fail(ErrorKind::invalid_argument,
                fmt::format("a key does not go to {} without TLS: use https", url->host));
  api::Endpoint endpoint;
  endpoint.base = std::move(*url);
  if (!options.api_key.empty()) {
    endpoint.key_header = "Authorization";
    endpoint.key = Secret("Bearer " + options.api_key.reveal());
  }
  auto transport = std::make_shared<api::Transport>(std::move(endpoint), std::move(options.http));
  return std::make_shared<OpenAi>(std::move(transport), std::move(options.max_tokens_member));
}

}  // namespace parley::gemini
