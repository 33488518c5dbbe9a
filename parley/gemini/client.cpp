#include "parley/gemini/client.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/api/transport.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/detail/call.hpp"
#include "parley/gemini/status.hpp"

namespace parley::gemini {
namespace {

constexpr std::string_view kService = "https://generativelanguage.googleapis.com";

// The beginning of what a service sent, for an error's text.
std::string beginning(std::string_view text) {
  const auto valid = to_valid_utf8(text.substr(0, 400));
  return std::string(first_scalars(valid, 100));
}

Result<GenerateContentResponse> read_answer(std::string_view text) {
  auto answer = json::decode_text<GenerateContentResponse>(text, json::trusted_limits());
  if (!answer)
    return fail(Error(ErrorKind::invalid_response, "the service's answer cannot be read")
                    .with_stage(Stage::receive)
                    .with_cause(std::move(answer.error())));
  if (answer->extra->contains("error"))
    if (auto error = error_of(json::Value(*answer->extra))) return fail(std::move(*error));
  if (!is_recognised(*answer))
    return fail(
        Error(ErrorKind::invalid_response,
              fmt::format("the service's answer has no member of a response: {}", beginning(text)))
            .with_stage(Stage::receive));
  return answer;
}

std::string path_of(std::string_view version, std::string_view model, std::string_view method) {
  return detail::resource_path(version, model_resource(model)) + std::string(method);
}

Task<Result<GenerateContentResponse>> generate(std::shared_ptr<api::Transport> transport,
                                               std::string path, std::string body) {
  auto response = co_await transport->send("POST", std::move(path), std::move(body));
  if (!response) co_return fail(std::move(response.error()));
  if (response->status != 200) co_return fail(error_of(*response));
  co_return read_answer(response->body);
}

Task<Result<Stream>> open_stream(std::shared_ptr<api::Transport> transport, std::string path,
                                 std::string body) {
  auto events = co_await transport->open_events(std::move(path), std::move(body));
  if (!events) co_return fail(std::move(events.error()));
  if (events->head().status == 200) co_return Stream(std::move(*events));
  http::Response refusal = events->head();
  auto text = co_await events->read_all();
  if (text) refusal.body = std::move(*text);
  co_return fail(error_of(refusal));
}

}  // namespace

struct Stream::State {
  explicit State(api::EventStream stream) : events(std::move(stream)) {}

  // What the end of the events means.
  Result<void> judge() {
    if (auto transport = events.outcome(); !transport) return transport;
    if (const auto& foreign = events.foreign_text(); !trim(foreign).empty()) {
      if (const auto body = json::parse(foreign, json::trusted_limits()))
        if (auto error = error_of(*body)) return fail(std::move(*error).with_stage(Stage::receive));
      return fail(
          Error(ErrorKind::invalid_response,
                fmt::format("the stream ends with text that is no event: {}", beginning(foreign)))
              .with_stage(Stage::receive));
    }
    if (!any)
      return fail(Error(ErrorKind::invalid_response, "the stream ended without a message")
                      .with_stage(Stage::receive));
    if (!finished && !events.delimited())
      return fail(
          Error(ErrorKind::disconnected, "the connection ended before the answer was finished")
              .with_stage(Stage::receive));
    return {};
  }

  api::EventStream events;
  bool any = false;
  bool finished = false;
  bool ended = false;
  Result<void> outcome;
};

Stream::Stream(api::EventStream events) : state_(std::make_unique<State>(std::move(events))) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Task<std::optional<GenerateContentResponse>> Stream::next() {
  auto& state = *state_;
  while (!state.ended) {
    auto event = co_await state.events.next();
    if (!event) {
      state.ended = true;
      state.outcome = state.judge();
      break;
    }
    if (trim(event->data) == "[DONE]") continue;  // the service never sends it, proxies do
    auto answer = read_answer(event->data);
    if (!answer) {
      state.ended = true;
      state.outcome = fail(std::move(answer.error()));
      break;
    }
    state.any = true;
    state.finished =
        state.finished || !finish_reason_of(*answer).empty() || !block_reason_of(*answer).empty();
    co_return std::move(*answer);
  }
  co_return std::nullopt;
}

Result<void> Stream::outcome() const {
  return state_->outcome;
}

Models::Models(std::shared_ptr<api::Transport> transport, std::string version)
    : transport_(std::move(transport)), version_(std::move(version)) {}

Task<Result<GenerateContentResponse>> Models::generate_content(
    std::string model, GenerateContentRequest request) const {
  return generate(transport_, path_of(version_, model, ":generateContent"),
                  json::encode_text(request));
}

Task<Result<Stream>> Models::stream_generate_content(std::string model,
                                                     GenerateContentRequest request) const {
  return open_stream(transport_, path_of(version_, model, ":streamGenerateContent?alt=sse"),
                     json::encode_text(request));
}

Task<Result<CountTokensResponse>> Models::count_tokens(std::string model,
                                                       std::vector<Content> contents) const {
  GenerateContentRequest request;
  request.contents = std::move(contents);
  return detail::call<CountTokensResponse>(
      transport_, "POST", path_of(version_, model, ":countTokens"), json::encode_text(request));
}

Task<Result<ListModelsResponse>> Models::list(int page_size, std::string page_token) const {
  std::string path = fmt::format("/{}/models", version_);
  if (page_size > 0) path += fmt::format("?pageSize={}", page_size);
  if (!page_token.empty())
    path +=
        fmt::format("{}pageToken={}", page_size > 0 ? "&" : "?", http::percent_encode(page_token));
  return detail::call<ListModelsResponse>(transport_, "GET", std::move(path), "");
}

Task<Result<std::vector<Model>>> Models::list_all() const {
  return detail::all_pages<ListModelsResponse>(
      transport_, detail::resource_path(version_, "models"), &ListModelsResponse::models);
}

Task<Result<std::vector<std::vector<double>>>> Models::embed(std::string model,
                                                             std::vector<std::string> texts,
                                                             int dimensions) const {
  BatchEmbedContentsRequest batch;
  for (const auto& text : texts) {
    auto& request = batch.requests.emplace_back();
    request.model = model_resource(model);
    request.content = user_content(text);
    if (dimensions > 0) request.output_dimensionality = dimensions;
  }
  auto answer = co_await detail::call<BatchEmbedContentsResponse>(
      transport_, "POST", path_of(version_, model, ":batchEmbedContents"),
      json::encode_text(batch));
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->embeddings.size() != texts.size())
    co_return fail(ErrorKind::invalid_response,
                   fmt::format("the service gave {} embeddings for {} texts",
                               answer->embeddings.size(), texts.size()));
  std::vector<std::vector<double>> out;
  for (auto& one : answer->embeddings) out.push_back(std::move(one.values));
  co_return out;
}

Task<Result<Model>> Models::get(std::string model) const {
  return detail::call<Model>(transport_, "GET", path_of(version_, model, ""), "");
}

Result<Client> Client::make(ClientOptions options) {
  auto key = api::find_key(options.api_key, {"GOOGLE_API_KEY", "GEMINI_API_KEY"});
  if (!key) return fail(std::move(key.error()));
  if (options.base_url.empty())
    options.base_url = api::environment("GOOGLE_GEMINI_BASE_URL").value_or(std::string(kService));
  auto url = http::parse_url(options.base_url);
  if (!url) return fail(std::move(url.error()));
  if (url->scheme != "http" && url->scheme != "https")
    return fail(ErrorKind::invalid_argument, "the base URL must be http or https");
  api::Endpoint endpoint;
  endpoint.base = *url;
  endpoint.key_header = "x-goog-api-key";
  endpoint.key = std::move(*key);
  Client client;
  client.base_url_ = url->text();
  client.version_ = std::move(options.api_version);
  client.transport_ =
      std::make_shared<api::Transport>(std::move(endpoint), std::move(options.http));
  return client;
}

std::string model_resource(std::string_view model) {
  if (model.find('/') != std::string_view::npos) return std::string(model);
  return "models/" + std::string(model);
}

}  // namespace parley::gemini
