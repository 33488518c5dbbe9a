#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "parley/api/call_options.hpp"
#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/gemini/dialect.hpp"
#include "parley/gemini/provider.hpp"
#include "parley/net/http_client.hpp"

namespace parley::gemini {

struct OpenAiOptions {
  OpenAiOptions() = default;
  // Where /chat/completions is: "https://api.openai.com/v1", "http://127.0.0.1:11434/v1" (Ollama),
  // "http://127.0.0.1:8080/v1" (llama.cpp). http or https.
  std::string base_url;
  Secret api_key;  // empty: none is sent; local servers take none
  // The member that limits the answer: OpenAI's own service wants "max_completion_tokens" for its
  // newer models, others know "max_tokens" only.
  std::string max_tokens_member = "max_tokens";
  std::string name = "openai";  // the provider's in the events "gemini.generate…"
  net::HttpClientOptions http;
  // As ClientOptions::calls; what the service says of errors, delays and usage is read.
  api::CallOptions calls;
  // Called with the header fields of each answer, good or not: for api::Limiter::learn().
  std::function<void(std::string_view model, const http::Headers& headers)> on_headers;
};

// A service that speaks as OpenAI's chat completions do, behind Gemini's own requests and answers:
// roles, system instruction, history, functions and their results, pictures and sound in place,
// settings, JSON answers, usage. What it has no word for is an error before anything is sent
// (invalid_argument, with the member's name): search and code tools, files by URI that are no
// pictures, cached contents, safety settings that block less than the service, top_k. Thoughts of
// the history are left out, as the service takes none. Errors of the service are kinds by their
// status, with its own words, and Retry-After. Belongs to one executor. Nothing is retried unless
// `calls` says so. Each call is told by "gemini.generate_start" and its end (docs/telemetry.md).
// Error: invalid_argument for a base_url that is none, or a key without TLS beyond loopback.
Result<std::shared_ptr<Provider>> openai_provider(OpenAiOptions options);

// What it says, without I/O. `max_tokens_member`: as in the options.
std::shared_ptr<const Dialect> openai_dialect(std::string max_tokens_member = "max_tokens");

}  // namespace parley::gemini
