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

// The beginning of what a service sent, for an error's text.
std::string beginning(std::string_view text) {
  const auto valid = to_valid_utf8(text.substr(0, 400));
  return std::string(first_scalars(valid, 100));
}

}  // namespace

Result<GenerateContentResponse> detail::read_answer(std::string_view text) {
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
    auto answer = detail::read_answer(event->data);
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

Result<Client> Client::make(ClientOptions options) {
  auto backend = Backend::choose(std::move(options.access), std::move(options.api_key),
                                 std::move(options.base_url), std::move(options.api_version));
  if (!backend) return fail(std::move(backend.error()));
  api::Endpoint endpoint;
  endpoint.base = backend->base();
  endpoint.tokens = backend->tokens();
  endpoint.repeat_refused = options.repeat_refused;
  if (!endpoint.tokens) {
    endpoint.key_header = "x-goog-api-key";
    endpoint.key = backend->key();
  }
  auto transport = std::make_shared<api::Transport>(std::move(endpoint), std::move(options.http));
  return Client(std::move(transport), std::move(*backend));
}

Client::Client(std::shared_ptr<api::Transport> transport, Backend backend)
    : transport_(std::move(transport)),
      backend_(std::move(backend)),
      base_url_(backend_.base().text()) {}

}  // namespace parley::gemini
