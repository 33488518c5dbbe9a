#include "parley/gemini/anthropic/anthropic.hpp"

#include "parley/gemini/anthropic/detail/messages.hpp"
#include "parley/gemini/detail/foreign_service.hpp"

namespace parley::gemini {
namespace {

class AnthropicDialect final : public Dialect {
 public:
  explicit AnthropicDialect(std::int32_t max_tokens) : max_tokens_(max_tokens) {}

  std::string path() const override { return "/v1/messages"; }
  Result<std::string> request(std::string_view model, const GenerateContentRequest& request,
                              bool stream) const override {
    return detail::anthropic_request(model, request, max_tokens_, stream);
  }
  Result<GenerateContentResponse> answer(std::string_view body) const override {
    return detail::anthropic_answer(body);
  }
  Error error(int status, std::string_view body) const override {
    return detail::anthropic_error(status, body);
  }
  std::optional<UsageMetadata> usage(std::string_view text) const override {
    return detail::anthropic_usage(text);
  }
  std::unique_ptr<DialectReader> reader() const override {
    return std::make_unique<detail::AnthropicReader>();
  }

 private:
  std::int32_t max_tokens_;
};

}  // namespace

std::shared_ptr<const Dialect> anthropic_dialect(std::int32_t max_tokens) {
  return std::make_shared<AnthropicDialect>(max_tokens);
}

Result<AnthropicOptions> anthropic_options_of(const api::Environment& environment) {
  AnthropicOptions options;
  const auto key = environment("ANTHROPIC_API_KEY");
  if (!key || key->empty())
    return fail(ErrorKind::missing_credentials, "ANTHROPIC_API_KEY is not set");
  options.api_key = Secret(*key);
  if (const auto url = environment("ANTHROPIC_BASE_URL"); url && !url->empty())
    options.base_url = *url;
  return options;
}

Result<std::shared_ptr<Provider>> anthropic_provider(AnthropicOptions options) {
  if (options.max_tokens < 1)
    return fail(ErrorKind::invalid_argument, "max_tokens must be at least 1");
  if (options.version.empty())
    return fail(ErrorKind::invalid_argument, "anthropic-version must not be empty");
  detail::ForeignService service;
  service.name = std::move(options.name);
  service.base_url = std::move(options.base_url);
  service.key = std::move(options.api_key);
  service.key_header = "x-api-key";
  service.headers.set("anthropic-version", options.version);
  service.http = std::move(options.http);
  service.calls = std::move(options.calls);
  service.on_headers = std::move(options.on_headers);
  return detail::foreign_provider(std::move(service), anthropic_dialect(options.max_tokens));
}

}  // namespace parley::gemini
