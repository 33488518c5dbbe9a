#include "parley/gemini/client.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/api/transport.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/detail/call.hpp"
#include "parley/gemini/status.hpp"
#include "parley/limit/estimate.hpp"

namespace parley::gemini {

std::string detail::beginning(std::string_view text) {
  const auto valid = to_valid_utf8(text.substr(0, 400));
  return std::string(first_scalars(valid, 100));
}

// Which answers of the service stay true for a while; a file's state or a chat's does not.
bool detail::may_keep(const http::Request& request) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  if (request.method == "GET") return path.find("/models") != std::string_view::npos;
  constexpr std::string_view verbs[] = {":generateContent", ":countTokens", ":embedContent",
                                        ":batchEmbedContents", ":predict"};
  return request.method == "POST" &&
         std::ranges::any_of(verbs, [path](std::string_view verb) { return path.ends_with(verb); });
}

api::CallOptions detail::known_to_the_service(api::CallOptions calls) {
  calls.error_of = [](const http::Response& response) { return gemini::error_of(response); };
  calls.error_in_event = [](std::string_view data) -> std::optional<Error> {
    auto answer = read_answer(data);
    if (answer) return std::nullopt;
    return std::move(answer.error());
  };
  calls.usage_in = usage_in;
  if (calls.cache && !calls.cache->may_keep) calls.cache->may_keep = may_keep;
  return calls;
}

api::CallTerms detail::terms_of(std::string_view model, const GenerateContentRequest& request,
                                std::size_t body_bytes) {
  api::CallTerms terms;
  terms.model = model_id(model);
  std::optional<std::int64_t> answer;
  if (request.generation_config) answer = request.generation_config->max_output_tokens;
  terms.demand = limit::Demand(limit::estimate_usage(body_bytes, answer));
  return terms;
}

namespace {

struct OnlyUsage {
  OnlyUsage() = default;
  std::optional<UsageMetadata> usage;
};
void decode(json::Cursor in, OnlyUsage& out) {
  if (const auto usage = in.find("usageMetadata")) usage->read(out.usage);
}

}  // namespace

std::optional<limit::Usage> detail::usage_in(std::string_view text) {
  const auto answer = json::decode_text<OnlyUsage>(text, json::trusted_limits());
  if (!answer || !answer->usage) return std::nullopt;
  const auto& told = *answer->usage;
  const auto sum = [](std::optional<std::int32_t> one, std::optional<std::int32_t> other) {
    return std::int64_t{one.value_or(0)} + other.value_or(0);
  };
  return limit::Usage(sum(told.prompt_token_count, told.tool_use_prompt_token_count),
                      sum(told.candidates_token_count, told.thoughts_token_count),
                      told.cached_content_token_count.value_or(0));
}

Result<GenerateContentResponse> detail::read_answer(std::string_view text) {
  auto answer = json::decode_text<GenerateContentResponse>(text, json::trusted_limits());
  if (!answer)
    return fail(Error(ErrorKind::invalid_response, "the service's answer cannot be read")
                    .with_stage(Stage::receive)
                    .with_cause(std::move(answer.error())));
  if (answer->extra->contains("error"))
    if (auto error = error_of(json::Value(*answer->extra))) return fail(std::move(*error));
  if (!is_recognised(*answer))
    return fail(Error(ErrorKind::invalid_response,
                      fmt::format("the service's answer has no member of a response: {}",
                                  detail::beginning(text)))
                    .with_stage(Stage::receive));
  return answer;
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
  auto calls = detail::known_to_the_service(std::move(options.calls));
  auto transport = std::make_shared<api::Transport>(std::move(endpoint), std::move(options.http),
                                                    std::move(calls));
  return Client(std::move(transport), std::move(*backend));
}

Client::Client(std::shared_ptr<api::Transport> transport, Backend backend)
    : transport_(std::move(transport)),
      backend_(std::move(backend)),
      base_url_(backend_.base().text()) {}

}  // namespace parley::gemini
