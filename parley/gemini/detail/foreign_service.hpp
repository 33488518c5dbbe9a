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
#include "parley/http/message.hpp"
#include "parley/json/value.hpp"
#include "parley/net/http_client.hpp"

// What the services beside Gemini have in common: a call with a JSON body, answered whole or by
// events, told in Gemini's own messages.
namespace parley::gemini::detail {

struct ForeignService {
  ForeignService() = default;
  std::string name;  // in events and errors
  std::string base_url;
  Secret key;              // empty: none is sent
  std::string key_header;  // "Authorization" is sent as a Bearer's
  http::Headers headers;   // with each request
  net::HttpClientOptions http;
  api::CallOptions calls;
  // See AnthropicOptions and OpenAiOptions.
  std::function<void(std::string_view model, const http::Headers& headers)> on_headers;
};

// The kind that an HTTP status stands for where the service says no more.
ErrorKind kind_of_status(int status);
// An error without words of the service's own.
Error error_of_text(int status, std::string_view body);
// A schema as JSON Schema: type names of Gemini's own dialect ("OBJECT") become lower case,
// "nullable" a second type.
json::Value plain_schema(const json::Value& schema);

// Errors: invalid_argument for a base_url that is none, or a key without TLS beyond loopback.
Result<std::shared_ptr<Provider>> foreign_provider(ForeignService service,
                                                   std::shared_ptr<const Dialect> dialect);

}  // namespace parley::gemini::detail
