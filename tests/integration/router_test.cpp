// One call, many models: REST, Live and services that speak as OpenAI does, behind one limiter.
#include "parley/gemini/router/router.hpp"

#include <gtest/gtest.h>

#include "parley/api/test_service.hpp"
#include "parley/gemini/openai/openai.hpp"

#include "house.hpp"

namespace parley {
namespace {

using api::testing::Reply;
using api::testing::ScriptedService;
using api::testing::Told;
using gemini::Router;
using gemini::RouteRequest;
using gemini::RouterOptions;
using gemini::Way;
using testing::House;
using testing::in_house;

constexpr const char* kLive = "gemini-live-2.5-flash-preview";

gemini::Client client_of(const House& house) {
  gemini::ClientOptions options;
  options.api_key = Secret("test-key");
  options.base_url = house.emulator.base_url();
  return gemini::Client::make(std::move(options)).value();
}
Router router_of(const House& house, RouterOptions options = RouterOptions()) {
  return Router::make(client_of(house), std::move(options)).value();
}
RouteRequest ask(std::string_view text, std::string model = "") {
  RouteRequest request(gemini::prompt(text));
  request.model = std::move(model);
  return request;
}

TEST(Router_D1_D4_D6, TheRequestsModelWinsAndEachGoesItsWay) {
  in_house([](House& house) -> Task<void> {
    const auto router = router_of(house);
    auto plain = ask("repeat: by default");
    const auto first = co_await router.generate(plain);
    EXPECT_TRUE(first) << first.error().describe();
    if (!first) co_return;
    EXPECT_EQ(gemini::text_of(first->response), "by default");
    EXPECT_EQ(first->model, "gemini-2.5-flash");
    EXPECT_EQ(first->way, Way::rest);
    EXPECT_EQ(first->attempts.size(), 1u);

    auto other = ask("repeat: by request", "models/gemini-2.5-pro");
    const auto second = co_await router.generate(other);
    EXPECT_EQ(gemini::text_of(second->response), "by request");
    EXPECT_EQ(second->model, "models/gemini-2.5-pro");

    auto live = ask("repeat: over a socket", kLive);
    const auto third = co_await router.generate(live);
    EXPECT_TRUE(third) << third.error().describe();
    if (!third) co_return;
    EXPECT_EQ(gemini::text_of(third->response), "over a socket");
    EXPECT_EQ(third->way, Way::live);
    EXPECT_EQ(gemini::finish_reason_of(third->response), "STOP");
    EXPECT_TRUE(third->response.usage_metadata);
  });
}

TEST(Router_D6_D9_D36, StreamsAreOfOneKind) {
  in_house([](House& house) -> Task<void> {
    const auto router = router_of(house);
    for (const char* model : {"gemini-2.5-flash", kLive}) {
      auto request = ask("repeat: one two three four five six", model);
      auto stream = co_await router.stream(request);
      EXPECT_TRUE(stream) << stream.error().describe();
      if (!stream) co_return;
      std::string text, finish;
      while (auto part = co_await stream->next()) {
        text += gemini::text_of(*part);
        if (auto reason = gemini::finish_reason_of(*part); !reason.empty()) finish = reason;
      }
      EXPECT_EQ(text, "one two three four five six") << model;
      EXPECT_EQ(finish, "STOP") << model;
      EXPECT_TRUE(stream->outcome()) << model;
      EXPECT_EQ(stream->model(), model);
    }
  });
}

TEST(Router_D5_D36, TheServicesListDecidesBeforeNamesAndOptionsBeforeBoth) {
  in_house([](House& house) -> Task<void> {
    const auto router = router_of(house);
    EXPECT_EQ(router.way_of("gemini-2.5-flash-native-audio-latest"), Way::live);
    EXPECT_EQ(router.way_of("gemini-embedding-exp"), Way::rest);  // a name is no proof
    EXPECT_EQ(router.way_of("gemini-2.5-flash"), Way::rest);
    EXPECT_TRUE(co_await router.refresh());
    EXPECT_EQ(router.way_of(kLive), Way::live);
    EXPECT_EQ(router.way_of("models/gemini-2.5-flash"), Way::rest);
    RouterOptions options;
    options.way = [](std::string_view model) -> std::optional<Way> {
      if (model == "gemini-2.5-flash") return Way::live;
      return std::nullopt;
    };
    const auto told = router_of(house, std::move(options));
    EXPECT_EQ(told.way_of("gemini-2.5-flash"), Way::live);
    EXPECT_EQ(told.way_of(kLive), Way::live);
  });
}

TEST(Router_R13_R15, AnotherModelAnswersWhereTheFirstHasNoQuotaAndItIsSaid) {
  in_house([](House& house) -> Task<void> {
    Told told;
    RouterOptions options;
    options.fallback_models = {"gemini-2.5-flash-lite"};
    options.events = told.sink();
    const auto router = router_of(house, std::move(options));
    for (const bool stream : {false, true}) {
      emulator::Fault fault;
      fault.status = 429;
      house.emulator.service().inject(fault);
      auto request = ask("repeat: still here");
      if (stream) {
        auto answer = co_await router.stream(request);
        EXPECT_EQ(answer->model(), "gemini-2.5-flash-lite");
        EXPECT_EQ(answer->attempts().size(), 2u);
        std::string text;
        while (auto part = co_await answer->next()) text += gemini::text_of(*part);
        EXPECT_EQ(text, "still here");
      } else {
        const auto answer = co_await router.generate(request);
        EXPECT_EQ(answer->model, "gemini-2.5-flash-lite");
        EXPECT_EQ(answer->attempts.front().error->kind(), ErrorKind::rate_limited);
        EXPECT_FALSE(answer->attempts.back().error);
      }
    }
    EXPECT_EQ(told.count("route.fallback"), 2u);
    EXPECT_EQ(told.field("route.fallback", "to"), "gemini-2.5-flash-lite");

    // What another model could not do better is not asked again; without a policy nothing is.
    emulator::Fault fault;
    fault.status = 400;
    house.emulator.service().inject(fault);
    auto bad = ask("x");
    EXPECT_EQ((co_await router.generate(bad)).error().kind(), ErrorKind::invalid_argument);
    fault.status = 503;
    house.emulator.service().inject(fault);
    auto alone = ask("x");
    alone.fallback_models.emplace();
    const auto before = house.emulator.service().journal().size();
    EXPECT_EQ((co_await router.generate(alone)).error().kind(), ErrorKind::unavailable);
    EXPECT_EQ(house.emulator.service().journal().size(), before + 1);
  });
}

TEST(Router_D2_D12_D14_D15, EachModelHasItsLimitsAndUsageIsSettled) {
  in_house([](House& house) -> Task<void> {
    RouterOptions options;
    options.limiter.emplace();
    options.wait = api::WaitOptions(std::chrono::milliseconds(0));
    std::vector<std::string> asked;
    options.limits = [&asked](std::string_view model) {
      asked.emplace_back(model);
      gemini::ModelLimits limits;
      limits.limits.requests_per_minute = 1;
      limits.limits.input_tokens_per_minute = 100'000;
      return limits;
    };
    const auto router = router_of(house, std::move(options));
    auto one = ask("repeat: one");
    const auto first = co_await router.generate(one);
    EXPECT_TRUE(first);
    const auto used = router.limits_of("models/gemini-2.5-flash").value();
    EXPECT_EQ(used.leases, 0u);
    EXPECT_EQ(used.states.at(0).used, 1);
    EXPECT_EQ(used.states.at(1).used, first->response.usage_metadata->prompt_token_count);
    auto two = ask("repeat: two");
    const auto refused = co_await router.generate(two);
    EXPECT_EQ(refused.error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(refused.error().detail("dimension"), "requests_per_minute");
    auto three = ask("repeat: three", kLive);
    auto live = co_await router.stream(three);
    EXPECT_TRUE(live) << live.error().describe();
    if (!live) co_return;
    EXPECT_EQ(router.limits_of(kLive)->leases, 1u);  // as long as the stream lives
    while (co_await live->next()) continue;
    EXPECT_EQ(router.limits_of(kLive)->leases, 0u);
    EXPECT_EQ(asked, (std::vector<std::string>{"gemini-2.5-flash", kLive}));
  });
}

TEST(Router_D9_R7, AStreamThatIsDroppedGivesItsPlaceBack) {
  in_house([](House& house) -> Task<void> {
    RouterOptions options;
    options.limiter.emplace();
    options.limits = [](std::string_view) {
      gemini::ModelLimits limits;
      limits.limits.concurrency = 1;
      return limits;
    };
    const auto router = router_of(house, std::move(options));
    for (const char* model : {"gemini-2.5-flash", kLive, "gemini-2.5-flash"}) {
      auto request = ask("write 300 words about boats", model);
      auto stream = co_await router.stream(request);
      EXPECT_TRUE(stream) << stream.error().describe();
      if (!stream) co_return;
      EXPECT_TRUE(co_await stream->next());
      EXPECT_EQ(router.limits_of(model)->leases, 1u);
      { const auto dropped = std::move(*stream); }
      EXPECT_EQ(router.limits_of(model)->leases, 0u);
    }
  });
}

TEST(Router_Providers, AModelOfAnotherServiceIsAskedByItsName) {
  in_house([](House& house) -> Task<void> {
    ScriptedService service(house.executor);
    gemini::OpenAiOptions local;
    local.base_url = service.url("/v1").text();
    local.api_key = Secret("sk-canary");
    RouterOptions options;
    options.providers.emplace("ollama", gemini::openai_provider(std::move(local)).value());
    const auto router = router_of(house, std::move(options));
    service.then(Reply(200, R"({"choices":[{"index":0,"finish_reason":"stop","message":)"
                            R"({"role":"assistant","content":"from here"}}]})"));
    auto request = ask("Hello", "ollama/llama3.2:1b");
    const auto answer = co_await router.generate(request);
    EXPECT_TRUE(answer) << answer.error().describe();
    if (!answer) co_return;
    EXPECT_EQ(gemini::text_of(answer->response), "from here");
    EXPECT_EQ(answer->way, Way::provider);
    const auto& seen = service.requests().at(0);
    EXPECT_EQ(seen.target, "/v1/chat/completions");
    EXPECT_EQ(seen.headers.find("Authorization"), "Bearer sk-canary");
    EXPECT_EQ(seen.body,
              R"({"model":"llama3.2:1b","messages":[{"role":"user","content":"Hello"}]})");

    service.then(Reply(200,
                       "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
                       "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},"
                       "\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n")
                     .with("Content-Type", "text/event-stream"));
    auto again = ask("Hello", "ollama/llama3.2:1b");
    auto stream = co_await router.stream(again);
    EXPECT_TRUE(stream) << stream.error().describe();
    if (!stream) co_return;
    std::string text, finish;
    while (auto part = co_await stream->next()) {
      text += gemini::text_of(*part);
      if (auto reason = gemini::finish_reason_of(*part); !reason.empty()) finish = reason;
    }
    EXPECT_EQ(text, "ab");
    EXPECT_EQ(finish, "MAX_TOKENS");
    EXPECT_TRUE(stream->outcome());

    service.then(Reply(200, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n")
                     .with("Content-Type", "text/event-stream"));
    auto cut = ask("Hello", "ollama/llama3.2:1b");
    auto broken = co_await router.stream(cut);
    while (co_await broken->next()) continue;
    EXPECT_EQ(broken->outcome().error().kind(), ErrorKind::disconnected);

    service.then(Reply(429, R"({"error":{"message":"slow down"}})").with("Retry-After", "7"));
    auto limited = ask("Hello", "ollama/llama3.2:1b");
    const auto refused = co_await router.generate(limited);
    EXPECT_EQ(refused.error().describe(),
              "rate_limited: slow down [stage receive, HTTP 429, retry after 7000 ms]");
  });
}

TEST(Router_D38_D3, GenerationsMixInOneRouterAndAPrefixIsKept) {
  in_house([](House& house) -> Task<void> {
    const auto router = router_of(house);
    for (const char* model : {"", "gemini-2.0-flash", "gemini-2.0-flash-lite", "gemini-2.5-pro",
                              "models/gemini-2.5-flash-lite", "gemini-2.0-flash"}) {
      auto request = ask("repeat: here", model);
      const auto answer = co_await router.generate(request);
      EXPECT_TRUE(answer) << model << ": " << answer.error().describe();
      if (!answer) continue;
      EXPECT_EQ(gemini::text_of(answer->response), "here") << model;
      const std::string asked = *model ? model : "gemini-2.5-flash";
      EXPECT_EQ(answer->model, asked);
      const auto sent = house.emulator.service().journal().back().target;
      EXPECT_NE(sent.find("/models/" + asked.substr(asked.rfind('/') + 1) + ":"), std::string::npos)
          << sent;
    }
  });
}

TEST(Router_D37, EachErrorSaysWhatWasWrong) {
  in_house([](House& house) -> Task<void> {
    const auto router = router_of(house);
    auto missing = ask("x", "gemini-9-none");
    EXPECT_EQ((co_await router.generate(missing)).error().kind(), ErrorKind::not_found);
    RouteRequest empty;
    const auto refused = co_await router.generate(empty);
    EXPECT_EQ(refused.error().kind(), ErrorKind::invalid_argument) << refused.error().describe();
    RouteRequest nothing_live;
    nothing_live.model = kLive;
    const auto also = co_await router.generate(nothing_live);
    EXPECT_EQ(also.error().kind(), ErrorKind::invalid_argument) << also.error().describe();
    auto long_one = ask("repeat: " + std::string(40'000, 'x'));
    const auto whole = co_await router.generate(long_one);
    EXPECT_TRUE(whole) << whole.error().describe();
    // A stream that breaks gives what came, and why it ended.
    emulator::Fault fault;
    fault.cut = 700;
    house.emulator.service().inject(fault);
    auto cut = ask("write 300 words about boats");
    auto stream = co_await router.stream(cut);
    EXPECT_TRUE(stream) << stream.error().describe();
    if (!stream) co_return;
    std::string text;
    while (auto part = co_await stream->next()) text += gemini::text_of(*part);
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(stream->outcome().error().kind(), ErrorKind::disconnected);
    auto again = ask("repeat: recovered");
    EXPECT_EQ(gemini::text_of((co_await router.generate(again))->response), "recovered");
  });
}

TEST(OpenAiProvider_B10, AKeyGoesOverTlsOrNowhere) {
  gemini::OpenAiOptions options;
  options.base_url = "http://models.example/v1";
  options.api_key = Secret("sk-canary");
  const auto provider = gemini::openai_provider(options);
  EXPECT_EQ(provider.error().message(),
            "a key does not go to models.example without TLS: use https");
  options.base_url = "ftp://x";
  EXPECT_FALSE(gemini::openai_provider(options));
}

}  // namespace
}  // namespace parley
