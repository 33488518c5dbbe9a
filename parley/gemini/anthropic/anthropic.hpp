#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "parley/api/call_options.hpp"
#include "parley/api/credentials.hpp"
#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/gemini/dialect.hpp"
#include "parley/gemini/provider.hpp"
#include "parley/net/http_client.hpp"

namespace parley::gemini {

struct AnthropicOptions {
  AnthropicOptions() = default;
  Secret api_key;                                      // sent as x-api-key; empty: none is sent
  std::string base_url = "https://api.anthropic.com";  // http or https; before "/v1/messages"
  std::string version = "2023-06-01";                  // anthropic-version
  // The service wants a limit of the answer; where the request has no maxOutputTokens. At least 1.
  std::int32_t max_tokens = 4096;
  std::string name = "anthropic";  // the provider's in the events "gemini.generate…"
  net::HttpClientOptions http;
  // As ClientOptions::calls; what the service says of errors, delays and usage is read.
  api::CallOptions calls;
  // Called with the header fields of each answer, good or not: for api::Limiter::learn(), which
  // reads anthropic-ratelimit-*.
  std::function<void(std::string_view model, const http::Headers& headers)> on_headers;
};

// With ANTHROPIC_API_KEY and, where it is set, ANTHROPIC_BASE_URL. Error: missing_credentials.
Result<AnthropicOptions> anthropic_options_of(
    const api::Environment& environment = api::process_environment());

// Anthropic's Messages API behind Gemini's own requests and answers: roles, system instruction,
// history, functions with their calls and results, pictures and PDF files in place or by URL,
// settings, JSON answers by a schema, thoughts (asked for by a thinkingBudget over 0; their
// signatures go back with the history, those of other services are left out), usage with what was
// read from a cache and written to it. What it has no word for is an error before anything is sent
// (invalid_argument, with the member's name): built-in tools, sound and video, files by Gemini's
// URI, cached contents, safety settings, seed, penalties, several candidates, JSON without a
// schema. Errors of the service are kinds by their type, with its words, Retry-After (else the
// reset of the limit that is used up), and the details "reason" (its type) and "request_id"; one
// that is overloaded (529) is unavailable, a spent budget permission_denied. Belongs to one
// executor. Nothing is retried unless `calls` says so. Each call is told by
// "gemini.generate_start" and its end. Source: platform.claude.com/docs, API reference, Messages.
// Errors: invalid_argument for a base_url that is none, a key without TLS beyond loopback,
// max_tokens below 1, an empty version.
Result<std::shared_ptr<Provider>> anthropic_provider(AnthropicOptions options);

// What it says, without I/O. `max_tokens`: as in the options.
std::shared_ptr<const Dialect> anthropic_dialect(std::int32_t max_tokens = 4096);

}  // namespace parley::gemini
