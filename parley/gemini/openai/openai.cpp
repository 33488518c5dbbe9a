#include "parley/gemini/openai/openai.hpp"

#include "parley/gemini/detail/foreign_service.hpp"
#include "parley/gemini/openai/detail/messages.hpp"

namespace parley::gemini {
namespace {

class OpenAiDialect final : public Dialect {
 public:
  explicit OpenAiDialect(std::string max_tokens_member)
      : max_tokens_member_(std::move(max_tokens_member)) {}

  std::string path() const override { return "/chat/completions"; }
  Result<std::string> request(std::string_view model, const GenerateContentRequest& request,
                              bool stream) const override {
    return detail::openai_request(model, request, max_tokens_member_, stream);
  }
  Result<GenerateContentResponse> answer(std::string_view body) const override {
    return detail::openai_answer(body);
  }
  Error error(int status, std::string_view body) const override {
    return detail::openai_error(status, body);
  }
  std::optional<UsageMetadata> usage(std::string_view text) const override {
    return detail::openai_usage(text);
  }
  std::unique_ptr<DialectReader> reader() const override {
    return std::make_unique<detail::OpenAiReader>();
  }

 private:
  std::string max_tokens_member_;
};

}  // namespace

std::shared_ptr<const Dialect> openai_dialect(std::string max_tokens_member) {
  return std::make_shared<OpenAiDialect>(std::move(max_tokens_member));
}

Result<std::shared_ptr<Provider>> openai_provider(OpenAiOptions options) {
  detail::ForeignService service;
  service.name = std::move(options.name);
  service.base_url = std::move(options.base_url);
  service.key = std::move(options.api_key);
  service.key_header = "Authorization";
  service.http = std::move(options.http);
  service.calls = std::move(options.calls);
  service.on_headers = std::move(options.on_headers);
  return detail::foreign_provider(std::move(service),
                                  openai_dialect(std::move(options.max_tokens_member)));
}

}  // namespace parley::gemini
