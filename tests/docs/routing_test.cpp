// clang-format off: the lines are those of docs/routing.md.
#include "parley/gemini/router/router.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "parley/api/test_service.hpp"
#include "parley/config/settings.hpp"
#include "parley/gemini/anthropic/anthropic.hpp"
#include "parley/gemini/openai/openai.hpp"

namespace parley {
namespace {

using api::testing::Reply;
using api::testing::ScriptedService;
using api::testing::with_service;

gemini::Client client_of(const ScriptedService& service) {
  gemini::ClientOptions options;
  options.api_key = Secret("test-key");
  options.base_url = service.url().text();
  return gemini::Client::make(std::move(options)).value();
}

Task<void> a_model_for_a_request(ScriptedService& service) {
  const config::Settings settings;
  const auto provider = settings.provider("gemini").value();
  const auto client = client_of(service);
  service.then(Reply(200, R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},)"
                          R"("finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3}})"));
gemini::RouterOptions options;
options.model = "gemini-2.5-flash";                        // where a request names none
options.fallback_models = {"gemini-2.5-flash-lite"};
options.limiter.emplace();
options.limits = [&](std::string_view model) {             // asked once for each model
  return gemini::ModelLimits(settings.limits(provider, model).value(), settings.price(provider, model).value_or(limit::Price()));
};
const auto router = gemini::Router::make(client, std::move(options));
  EXPECT_TRUE(router);
  if (!router) co_return;

gemini::RouteRequest request(gemini::prompt("Hello"));
request.model = "gemini-2.5-pro";
auto answer = co_await router->generate(std::move(request));
// answer->response, ->model that answered, ->way it went, ->attempts with their errors
  EXPECT_TRUE(answer) << answer.error().describe();
  if (!answer) co_return;
  EXPECT_EQ(gemini::text_of(answer->response), "Hi");
  EXPECT_EQ(answer->model, "gemini-2.5-pro");
  EXPECT_EQ(answer->way, gemini::Way::rest);
  EXPECT_EQ(answer->attempts.size(), 1u);
  const auto limits = router->limits_of("gemini-2.5-pro").value();
  EXPECT_EQ(limits.states.at(0).used, 1);
  EXPECT_EQ(limits.states.at(0).configured, settings.limits(provider, "gemini-2.5-pro")->requests_per_minute);
}
TEST(DocsRouting_R14, AModelForEachRequestBehindItsLimits) {
  with_service(a_model_for_a_request);
}

Task<void> other_services(ScriptedService& service) {
  gemini::RouterOptions options;
  gemini::RouteRequest request(gemini::prompt("Hello"));
gemini::OpenAiOptions local;
local.base_url = "http://127.0.0.1:11434/v1";              // Ollama; llama.cpp: http://127.0.0.1:8080/v1
  local.base_url = service.url("/v1").text();
options.providers.emplace("ollama", gemini::openai_provider(std::move(local)).value());
request.model = "ollama/llama3.2";
  const auto plain = request;

  ::setenv("ANTHROPIC_API_KEY", "sk-test", 1);
  ::setenv("ANTHROPIC_BASE_URL", service.url().text().c_str(), 1);
auto claude = gemini::anthropic_options_of();              // ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL
options.providers.emplace("anthropic", gemini::anthropic_provider(std::move(*claude)).value());
request.model = "anthropic/claude-sonnet-4-5";

  const auto router = gemini::Router::make(client_of(service), std::move(options)).value();
  service.then(Reply(200, R"({"choices":[{"index":0,"finish_reason":"stop","message":)"
                          R"({"role":"assistant","content":"from here"}}]})"));
  const auto first = co_await router.generate(plain);
  EXPECT_TRUE(first) << first.error().describe();
  service.then(Reply(200, R"({"type":"message","role":"assistant","content":)"
                          R"([{"type":"text","text":"from there"}],"stop_reason":"end_turn",)"
                          R"("usage":{"input_tokens":1,"output_tokens":2}})"));
  const auto second = co_await router.generate(request);
  EXPECT_TRUE(second) << second.error().describe();
  if (!first || !second) co_return;
  EXPECT_EQ(gemini::text_of(first->response), "from here");
  EXPECT_EQ(gemini::text_of(second->response), "from there");
  EXPECT_EQ(service.requests().at(0).target, "/v1/chat/completions");
  EXPECT_EQ(service.requests().at(1).target, "/v1/messages");
}
TEST(DocsRouting_D28, OtherServicesAreAskedByTheirNames) {
  with_service(other_services);
}

}  // namespace
}  // namespace parley
