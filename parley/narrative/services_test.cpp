#include "parley/narrative/services.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "parley/api/test_service.hpp"
#include "parley/gemini/anthropic/anthropic.hpp"
#include "parley/gemini/openai/openai.hpp"
#include "parley/narrative/test_world.hpp"

namespace parley::narrative::testing {
namespace {

using api::testing::Reply;
using api::testing::ScriptedService;

constexpr const char* kStory = R"(
[acts.draft]
model = "local/llama3.2:1b"
input = "Write"
[acts.critique]
model = "anthropic/claude-sonnet-4-5"
input = "Judge {{draft}}"
[acts.final]
model = "gemini/gemini-2.5-pro"
input = "Mend {{draft}}"
)";

Reply llama(std::string_view text) {
  return Reply(200, R"({"model":"llama3.2:1b","choices":[{"index":0,"finish_reason":"stop",)"
                    R"("message":{"role":"assistant","content":")" +
                        std::string(text) +
                        R"("}}],"usage":{"prompt_tokens":5,"completion_tokens":6}})");
}
Reply claude(std::string_view text) {
  return Reply(200, R"({"id":"m","type":"message","role":"assistant","model":"claude-sonnet-4-5",)"
                    R"("content":[{"type":"text","text":")" +
                        std::string(text) +
                        R"("}],"stop_reason":"end_turn","usage":{"input_tokens":7,)"
                        R"("output_tokens":8}})");
}

// A world whose acts ask two other services; Gemini's models are the world's own.
struct Services {
  Services() : service(loop.get_executor()), caller(world.models, services_by_name(providers())) {
    world.ports.models = &caller;
  }
  std::map<std::string, std::shared_ptr<gemini::Provider>, std::less<>> providers() {
    gemini::OpenAiOptions local;
    local.base_url = service.url("/v1").text();
    gemini::AnthropicOptions anthropic;
    anthropic.base_url = service.url("").text();
    std::map<std::string, std::shared_ptr<gemini::Provider>, std::less<>> out;
    out.emplace("local", gemini::openai_provider(std::move(local)).value());
    out.emplace("anthropic", gemini::anthropic_provider(std::move(anthropic)).value());
    return out;
  }
  RunResult run(const std::string& text) {
    const auto book = book_of(text);
    RunResult result;
    boost::asio::co_spawn(loop, narrative::run(book, book.own.front(), RunOptions(), world.ports),
                          [&](std::exception_ptr thrown, RunResult done) {
                            result = std::move(done);
                            loop.stop();
                            if (thrown) std::rethrow_exception(thrown);
                          });
    loop.restart();
    loop.run();
    return result;
  }

  boost::asio::io_context loop{1};
  TestWorld world;
  ScriptedService service;
  ServiceCaller caller;
};

std::string model_mistakes(const std::string& text, const std::string& usual = "gemini-2.5-flash") {
  const auto services = services_by_name({{"local", nullptr}, {"anthropic", nullptr}});
  const ServiceNames names = [&services](const std::string& model) -> Result<std::string> {
    const auto found = services(model);
    if (!found) return fail(found.error());
    const auto name = std::string(service_in(model));
    return name == "gemini" ? std::string() : name;
  };
  Diagnostics mistakes;
  check_models(book_of(text), usual, names, mistakes);
  return to_text(mistakes);
}

}  // namespace

TEST(Narrative_Services, EachActAsksTheServiceOfItsModel) {
  Services here;
  here.service.then(llama("a draft"));
  here.service.then(claude("weak"));
  const auto ran = here.run(kStory);
  ASSERT_EQ(ran.status, Status::done) << ran.error->describe();
  ASSERT_EQ(ran.acts.size(), 3u);
  EXPECT_EQ(ran.acts[0].output, "a draft");
  EXPECT_EQ(ran.acts[0].tokens, Tokens(5, 6));
  EXPECT_EQ(ran.acts[1].output, "weak");
  EXPECT_EQ(ran.acts[1].tokens, Tokens(7, 8));
  EXPECT_EQ(here.service.requests().at(0).target, "/v1/chat/completions");
  EXPECT_NE(here.service.requests().at(0).body.find(R"("model":"llama3.2:1b")"), std::string::npos);
  EXPECT_EQ(here.service.requests().at(1).target, "/v1/messages");
  // The history goes along, whoever said it.
  EXPECT_NE(here.service.requests().at(1).body.find("a draft"), std::string::npos);
  ASSERT_EQ(here.world.models.calls.size(), 1u);
  EXPECT_EQ(here.world.models.calls[0].model, "gemini-2.5-pro");
  // The record names models as the file does, so that answers of two services do not mix.
  const auto entries = here.world.journal.entries();
  const auto call = std::ranges::find(entries, EntryType::call, &Entry::type);
  EXPECT_EQ(call->model, "local/llama3.2:1b");
}

TEST(Narrative_Services, AnotherServicesModelMayBeTheFallback) {
  Services here;
  here.service.then(Reply(503, R"({"error":{"message":"busy"}})"));
  here.service.then(claude("here I am"));
  const auto ran = here.run(R"(
[acts.a]
model = "local/llama"
input = "Write"
retry = { fallback = ["anthropic/claude-sonnet-4-5"] }
)");
  ASSERT_EQ(ran.status, Status::done) << ran.error->describe();
  EXPECT_EQ(ran.acts[0].output, "here I am");
  ASSERT_EQ(ran.acts[0].notes.size(), 1u);
  EXPECT_NE(ran.acts[0].notes[0].find("local/llama did not answer (unavailable: busy"),
            std::string::npos)
      << ran.acts[0].notes[0];
}

TEST(Narrative_Services, WhatAServiceHasNoWordForIsAnErrorBeforeAnythingIsSent) {
  Services here;
  const auto ran = here.run(R"(
[acts.a]
model = "local/llama"
top_k = 3
input = "Write"
)");
  ASSERT_EQ(ran.status, Status::failed);
  EXPECT_EQ(ran.error->kind(), ErrorKind::invalid_argument);
  EXPECT_NE(ran.error->message().find("topK"), std::string::npos) << ran.error->message();
  EXPECT_TRUE(here.service.requests().empty());
}

TEST(Narrative_Services, ARouterAsksItsProviders) {
  Services here;
  here.service.then(llama("routed"));
  gemini::ClientOptions options;
  options.api_key = Secret("test-key");
  options.base_url = here.service.url("/gemini").text();
  gemini::RouterOptions routes;
  routes.providers = here.providers();
  routes.fallback_models = {"gemini-2.5-flash"};
  auto router = gemini::Router::make(gemini::Client::make(std::move(options)).value(), routes);
  RouterCaller caller(std::move(*router));
  here.world.ports.models = &caller;
  const auto ran = here.run("acts = { a = \"Write\" }\nnarrative = { model = \"local/llama\" }\n");
  ASSERT_EQ(ran.status, Status::done) << ran.error->describe();
  EXPECT_EQ(ran.acts[0].output, "routed");
  // A fallback that the act has not is not asked.
  here.service.then(Reply(503, "{}"));
  const auto failed = here.run("acts = { a = \"W\" }\nnarrative = { model = \"local/llama\" }\n");
  EXPECT_EQ(failed.error->kind(), ErrorKind::unavailable);
  EXPECT_EQ(here.service.requests().size(), 2u);
}

TEST(Narrative_Services, N10_UnknownOnesAreToldWithPlaceAndNearestName) {
  EXPECT_EQ(model_mistakes(kStory), "");
  EXPECT_EQ(model_mistakes(R"(
[acts.a]
model = "lokal/llama"
input = "x"
retry = { fallback = ["antropic/claude"] }
assert = [{ judge = "good?", model = "nobody/m" }]
)"),
            "n.toml:3:9: error: model \"lokal/llama\": there is no service lokal, did you mean "
            "local? (there are: gemini, anthropic, local) [model]\n"
            "n.toml:5:22: error: model \"antropic/claude\": there is no service antropic, did you "
            "mean anthropic? (there are: gemini, anthropic, local) [model]\n"
            "n.toml:6:11: error: model \"nobody/m\": there is no service nobody (there are: "
            "gemini, anthropic, local) [model]\n");
  EXPECT_EQ(model_mistakes("acts = { a = \"x\" }\n", "lokal/m"),
            "n.toml:1:14: error: model \"lokal/m\": there is no service lokal, did you mean local? "
            "(there are: gemini, anthropic, local) [model]\n");
  // Names of the Gemini API itself are none of a service.
  EXPECT_EQ(model_mistakes("acts = { a = { input = \"x\", model = \"tunedModels/m\" } }\n"), "");
}

TEST(Narrative_Services, ALiveNarrativeNeedsAModelOfGemini) {
  const std::string rest = "[narrative.live]\n[acts]\na = \"x\"\n";
  EXPECT_EQ(model_mistakes("[narrative]\nmodel = \"local/llama\"\n" + rest),
            "n.toml:2:9: error: model \"local/llama\" is of local, which has no Live sessions "
            "[live]\n");
  EXPECT_EQ(model_mistakes(rest, "anthropic/claude"),
            "n.toml:1:1: error: model \"anthropic/claude\" is of anthropic, which has no Live "
            "sessions [live]\n");
  EXPECT_EQ(model_mistakes("[narrative]\nmodel = \"gemini/gemini-2.0-flash-live-001\"\n" + rest),
            "n.toml:2:9: error: model \"gemini/gemini-2.0-flash-live-001\": a Live narrative names "
            "its model without the service [live]\n");
  EXPECT_EQ(model_mistakes("[narrative]\nmodel = \"gemini-2.0-flash-live-001\"\n" + rest), "");
}

}  // namespace parley::narrative::testing
