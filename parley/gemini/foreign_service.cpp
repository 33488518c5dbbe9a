#include "parley/gemini/detail/foreign_service.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/api/retry_delay.hpp"
#include "parley/api/transport.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/detail/call.hpp"
#include "parley/gemini/detail/generation.hpp"
#include "parley/gemini/detail/stream_source.hpp"
#include "parley/net/system.hpp"

namespace parley::gemini::detail {
namespace {

// With the time that the header fields name.
Error with_delay(Error error, const http::Headers& headers) {
  if (const auto delay = api::retry_delay(headers, error.kind() == ErrorKind::rate_limited,
                                          net::SystemClock().wall_now()))
    error = std::move(error).with_retry_after(*delay);
  if (const auto id = headers.find("request-id"); id && !id->empty())
    error = std::move(error).with_detail("request_id", std::string(*id));
  return error;
}

class EventSource final : public StreamSource {
 public:
  EventSource(api::EventStream events, std::shared_ptr<const Dialect> dialect)
      : events_(std::move(events)), dialect_(std::move(dialect)), reader_(dialect_->reader()) {}

  Task<std::optional<GenerateContentResponse>> next() override {
    while (!ended_) {
      auto event = co_await events_.next();
      if (!event) {
        end(judge());
        break;
      }
      auto message = reader_->read(event->data);
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
      return fail(dialect_->error(500, foreign));
    if (!reader_->finished())
      return fail(
          Error(ErrorKind::disconnected, "the connection ended before the answer was finished")
              .with_stage(Stage::receive));
    return {};
  }

  api::EventStream events_;
  std::shared_ptr<const Dialect> dialect_;
  std::unique_ptr<DialectReader> reader_;
  bool ended_ = false;
  Result<void> outcome_;
};

// What belongs to a provider and its calls that are under way.
struct Shared {
  Shared(api::Endpoint endpoint, net::HttpClientOptions http, api::CallOptions calls)
      : transport(std::move(endpoint), std::move(http), std::move(calls)) {}
  api::Transport transport;
  std::shared_ptr<const Dialect> dialect;
  std::string name;
  std::function<void(std::string_view, const http::Headers&)> on_headers;
};

Task<Result<GenerateContentResponse>> ask(std::shared_ptr<Shared> shared, std::string model,
                                          std::string body, api::CallTerms terms) {
  auto response = co_await shared->transport.send("POST", shared->dialect->path(), std::move(body),
                                                  std::move(terms));
  if (!response) co_return fail(std::move(response.error()));
  if (shared->on_headers) shared->on_headers(model, response->headers);
  if (response->status != 200) {
    auto error = shared->dialect->error(response->status, response->body);
    co_return fail(with_delay(std::move(error), response->headers));
  }
  co_return shared->dialect->answer(response->body);
}

Task<Result<Stream>> open(std::shared_ptr<Shared> shared, std::string model, std::string body,
                          api::CallTerms terms) {
  auto events = co_await shared->transport.open_events(shared->dialect->path(), std::move(body),
                                                       std::move(terms));
  if (!events) co_return fail(std::move(events.error()));
  if (shared->on_headers) shared->on_headers(model, events->head().headers);
  if (const int status = events->head().status; status != 200) {
    const auto headers = events->head().headers;
    auto text = co_await events->read_all();
    auto error = shared->dialect->error(status, text ? std::string_view(*text) : "");
    co_return fail(with_delay(std::move(error), headers));
  }
  co_return Stream(std::make_unique<EventSource>(std::move(*events), shared->dialect));
}

class Foreign final : public Provider {
 public:
  explicit Foreign(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  Task<Result<GenerateContentResponse>> generate(std::string model,
                                                 GenerateContentRequest request) const override {
    return generate_reported(std::move(model), std::move(request), nullptr);
  }
  Task<Result<Stream>> stream(std::string model, GenerateContentRequest request) const override {
    return stream_reported(std::move(model), std::move(request), nullptr);
  }
  bool has_permit() const override { return shared_->transport.caller().has_permit(); }

  Task<Result<GenerateContentResponse>> generate_reported(
      std::string model, GenerateContentRequest request,
      std::shared_ptr<api::CallReport> report) const override {
    const auto shared = shared_;
    auto body = shared->dialect->request(model, request, false);
    if (!body) co_return fail(std::move(body.error()));
    auto terms = terms_of(model, request, body->size());
    terms.report = std::move(report);
    Generation told = generation(*shared, model, "generateContent");
    auto answer = co_await ask(shared, std::move(model), std::move(*body), std::move(terms));
    if (answer) {
      told.received(*answer);
      told.end(Result<void>());
    } else {
      told.end(fail(answer.error()));
    }
    co_return answer;
  }

  Task<Result<Stream>> stream_reported(std::string model, GenerateContentRequest request,
                                       std::shared_ptr<api::CallReport> report) const override {
    const auto shared = shared_;
    auto body = shared->dialect->request(model, request, true);
    if (!body) co_return fail(std::move(body.error()));
    auto terms = terms_of(model, request, body->size());
    terms.report = std::move(report);
    Generation told = generation(*shared, model, "streamGenerateContent");
    auto stream = co_await open(shared, std::move(model), std::move(*body), std::move(terms));
    if (!stream) {
      told.end(fail(stream.error()));
      co_return stream;
    }
    co_return detail::told(std::move(*stream), std::move(told));
  }

 private:
  static Generation generation(const Shared& shared, std::string_view model,
                               std::string_view method) {
    return Generation(shared.transport.caller().events(), model, shared.name, method);
  }
  std::shared_ptr<Shared> shared_;
};

api::CallOptions with_dialect(api::CallOptions calls, std::shared_ptr<const Dialect> dialect) {
  calls.error_of = [dialect](const http::Response& response) {
    return with_delay(dialect->error(response.status, response.body), response.headers);
  };
  calls.error_in_event = [dialect](std::string_view data) -> std::optional<Error> {
    auto read = dialect->reader()->read(data);
    if (read) return std::nullopt;
    return std::move(read.error());
  };
  calls.usage_in = [dialect](std::string_view text) -> std::optional<limit::Usage> {
    const auto told = dialect->usage(text);
    if (!told) return std::nullopt;
    return limit::Usage(told->prompt_token_count.value_or(0),
                        std::int64_t{told->candidates_token_count.value_or(0)} +
                            told->thoughts_token_count.value_or(0),
                        told->cached_content_token_count.value_or(0));
  };
  return calls;
}

}  // namespace

ErrorKind kind_of_status(int status) {
  switch (status) {
    case 400:
    case 422:
      return ErrorKind::invalid_argument;
    case 401:
      return ErrorKind::unauthenticated;
    case 402:
    case 403:
      return ErrorKind::permission_denied;
    case 404:
      return ErrorKind::not_found;
    case 408:
      return ErrorKind::timeout;
    case 413:
      return ErrorKind::too_large;
    case 429:
      return ErrorKind::rate_limited;
    default:
      return status >= 500 ? ErrorKind::unavailable : ErrorKind::invalid_response;
  }
}

Error error_of_text(int status, std::string_view body) {
  const auto text = to_valid_utf8(body.substr(0, 400));
  return Error(kind_of_status(status),
               fmt::format("the service answered {}: {}", status, first_scalars(trim(text), 100)))
      .with_http_status(status)
      .with_stage(Stage::receive);
}

json::Value plain_schema(const json::Value& schema) {
  if (const auto* list = schema.if_array()) {
    json::Array out;
    for (const auto& one : *list) out.push_back(plain_schema(one));
    return out;
  }
  const auto* object = schema.if_object();
  if (!object) return schema;
  json::Object out;
  for (const auto& [name, value] : *object) {
    if (name == "type" && value.is_string())
      out[name] = to_lower_ascii(std::string_view(value.as_string()));
    else if (name != "nullable" || !value.is_bool())
      out[name] = plain_schema(value);
  }
  const auto* nullable = object->if_contains("nullable");
  if (nullable && nullable->is_bool() && nullable->as_bool() && out.contains("type"))
    out["type"] = json::Array{out["type"], "null"};
  return out;
}

Result<std::shared_ptr<Provider>> foreign_provider(ForeignService service,
                                                   std::shared_ptr<const Dialect> dialect) {
  auto url = http::parse_url(service.base_url);
  if (!url) return fail(std::move(url.error()));
  if (url->scheme != "http" && url->scheme != "https")
    return fail(ErrorKind::invalid_argument, "the base URL must be http or https");
  const bool here = url->host == "localhost" || url->host == "127.0.0.1" || url->host == "::1";
  if (!service.key.empty() && !url->secure() && !here)
    return fail(ErrorKind::invalid_argument,
                fmt::format("a key does not go to {} without TLS: use https", url->host));
  api::Endpoint endpoint;
  endpoint.base = std::move(*url);
  endpoint.headers = std::move(service.headers);
  if (!service.key.empty()) {
    const bool bearer = service.key_header == "Authorization";
    endpoint.key = bearer ? Secret("Bearer " + service.key.reveal()) : std::move(service.key);
    endpoint.key_header = std::move(service.key_header);
  }
  auto shared = std::make_shared<Shared>(std::move(endpoint), std::move(service.http),
                                         with_dialect(std::move(service.calls), dialect));
  shared->dialect = std::move(dialect);
  shared->name = std::move(service.name);
  shared->on_headers = std::move(service.on_headers);
  return std::make_shared<Foreign>(std::move(shared));
}

}  // namespace parley::gemini::detail
