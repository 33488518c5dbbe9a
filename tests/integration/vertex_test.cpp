// The Gemini client beside the emulator as Vertex AI: REST, tokens that end, Live.
#include "parley/gemini/live.hpp"
#include "parley/gemini/live_models.hpp"

#include "live_told.hpp"
#include "vertex_house.hpp"

namespace parley {
namespace {

using std::chrono::seconds;
using testing::in_vertex;
using testing::VertexHouse;

constexpr const char* kModel = "gemini-2.5-flash";
constexpr const char* kEither = "gemini-live-2.5-flash-preview";
constexpr const char* kSpeech = "gemini-2.5-flash-native-audio-latest";

Task<void> rest(VertexHouse& house) {
  const auto client = house.client(house.tokens());
  const auto models = client.models();
  auto request = gemini::prompt("repeat: one two three");
  auto answer =
      co_await models.generate_content("models/gemini-2.5-flash:generateContent", request);
  EXPECT_TRUE(answer) << answer.error().describe();
  if (!answer) co_return;
  EXPECT_EQ(gemini::text_of(*answer), "one two three");
  EXPECT_TRUE(answer->create_time);
  EXPECT_FALSE(answer->candidates->at(0).index);
  EXPECT_EQ(answer->usage_metadata->traffic_type, "ON_DEMAND");
  EXPECT_GT(gemini::usage_of(*answer->usage_metadata).total, 0);
  auto stream = co_await models.stream_generate_content(kModel, request);
  std::string text;
  std::int64_t total = 0;
  while (auto part = co_await stream->next()) {
    text += gemini::text_of(*part);
    total = gemini::usage_of(*part->usage_metadata).total;
  }
  EXPECT_TRUE(stream->outcome());
  EXPECT_EQ(text, "one two three");
  EXPECT_GT(total, 0);
  std::vector<gemini::Content> contents = *request.contents;
  auto count = co_await models.count_tokens(kModel, contents);
  EXPECT_GT(count->total_billable_characters.value_or(0), 0);
  EXPECT_EQ(house.asked("/v1beta1/projects/parley-test/locations/us-central1/publishers/google/"
                        "models/gemini-2.5-flash:"),
            3u);
}
TEST(Vertex_B3, RestIsAnsweredUnderItsOwnPaths) {
  in_vertex(rest);
}

Task<void> embeddings(VertexHouse& house) {
  const auto models = house.client(house.tokens()).models();
  const std::vector<std::string> texts = {"red apple", "green apple"};
  for (const char* model : {"gemini-embedding-001", "gemini-embedding-2"}) {
    auto all = co_await models.embed(model, texts, 64);
    EXPECT_TRUE(all) << all.error().describe();
    if (!all) continue;
    EXPECT_EQ(all->size(), 2u);
    EXPECT_EQ(all->at(1).size(), 64u);
    EXPECT_NE(all->at(0), all->at(1));
  }
  EXPECT_EQ(house.asked(":predict"), 2u);
  EXPECT_EQ(house.asked(":embedContent"), 2u);
}
TEST(Vertex_2_2, EmbeddingsComeOneByOne) {
  in_vertex(embeddings);
}

Task<void> catalogue(VertexHouse& house) {
  const auto models = house.client(house.tokens()).models();
  auto all = co_await models.list_all();
  EXPECT_TRUE(all) << all.error().describe();
  if (!all) co_return;
  EXPECT_EQ(all->at(0).name, "publishers/google/models/gemini-2.5-flash");
  EXPECT_EQ(all->at(0).version, "default");
  auto page = co_await models.list(5);
  EXPECT_EQ(page->models->size(), 5u);
  EXPECT_TRUE(page->next_page_token);
  EXPECT_EQ((co_await models.get(kModel))->name, "publishers/google/models/gemini-2.5-flash");
  auto live = co_await models.list_live();
  EXPECT_EQ(gemini::choose_live_model(*live).value(), "gemini-3.8-live");
  EXPECT_EQ(gemini::choose_live_model(*live, {"gemini-live-*"}).value(),
            "gemini-live-2.5-flash-preview");
}
TEST(Vertex_B43, TheCatalogueIsListedAndLiveModelsFound) {
  in_vertex(catalogue);
}

Task<void> live_on_developer(VertexHouse& house) {
  gemini::ClientOptions options;
  options.api_key = Secret("k");
  options.base_url = house.server->base_url();
  auto live = co_await gemini::Client::make(std::move(options))->models().list_live();
  EXPECT_TRUE(live);
  for (const auto& model : *live) {
    const auto& methods = *model.supported_generation_methods;
    EXPECT_NE(std::ranges::find(methods, "bidiGenerateContent"), methods.end()) << model.name;
  }
  EXPECT_EQ(gemini::choose_live_model(*live, {"gemini-9*", "gemini-3.1*"}).value(),
            "gemini-3.1-flash-live-preview");
}
TEST(LiveModels_B43, TheDeveloperApiTellsThemByTheirMethods) {
  in_vertex(live_on_developer);
}

Task<void> caches(VertexHouse& house) {
  const auto client = house.client(house.tokens());
  gemini::CachedContent wanted;
  wanted.model = kModel;
  wanted.contents.emplace().push_back(gemini::user_content(std::string(6000, 'a')));
  wanted.ttl = "60s";
  const auto caches = client.caches();
  auto cache = co_await caches.create(wanted);
  EXPECT_TRUE(cache) << cache.error().describe();
  if (!cache) co_return;
  const std::string parent = "projects/parley-test/locations/us-central1/cachedContents/";
  EXPECT_EQ(cache->name->find(parent), 0u) << *cache->name;
  const std::string brief = cache->name->substr(parent.size() - 15);
  EXPECT_TRUE(co_await caches.get(brief));
  EXPECT_TRUE(co_await caches.keep_for(*cache->name, 3600));
  EXPECT_EQ((co_await caches.list_all())->size(), 1u);
  for (const auto& name : {brief, *cache->name}) {
    auto request = gemini::prompt("Hello");
    request.cached_content = name;
    auto answer = co_await client.models().generate_content(kModel, request);
    EXPECT_TRUE(answer) << answer.error().describe();
    EXPECT_EQ(answer->usage_metadata->cached_content_token_count, 1500);
  }
  EXPECT_TRUE(co_await caches.remove(brief));
}
TEST(Vertex_2_1, CachesHaveFullNames) {
  in_vertex(caches);
}

Task<void> not_offered(VertexHouse& house) {
  const auto client = house.client(house.tokens());
  const auto before = house.server->service().journal().size();
  const auto file = co_await client.files().upload("x", gemini::UploadOptions("text/plain"));
  EXPECT_EQ(file.error().kind(), ErrorKind::invalid_argument);
  EXPECT_NE(file.error().message().find("gs://"), std::string::npos);
  EXPECT_FALSE(co_await client.files().list_all());
  EXPECT_FALSE(co_await client.files().remove("files/x"));
  EXPECT_EQ((co_await client.tokens().create()).error().kind(), ErrorKind::invalid_argument);
  auto request = gemini::prompt("x");
  EXPECT_FALSE(co_await client.models().generate_content("tunedModels/x", request));
  EXPECT_EQ(house.server->service().journal().size(), before);  // nothing was sent
}
TEST(Vertex_B6, WhatItDoesNotHaveIsRefusedHere) {
  in_vertex(not_offered);
}

Task<void> refusals(VertexHouse& house) {
  auto request = gemini::prompt("x");
  const auto tokens = house.tokens();
  auto answer = co_await house.client(tokens).models().generate_content("gemini-9", request);
  EXPECT_EQ(answer.error().kind(), ErrorKind::not_found);
  EXPECT_NE(answer.error().message().find("Publisher Model `projects/parley-test/"),
            std::string::npos);
  auto options = house.options(tokens);
  options.access.location = "nowhere";
  auto client = gemini::Client::make(options);
  auto lost = co_await client->models().generate_content(kModel, request);
  EXPECT_EQ(lost.error().kind(), ErrorKind::not_found);
  EXPECT_EQ(lost.error().message(),
            "the service answered 404 Not Found: with a web page, not as the API does; is the host "
            "right, and for Vertex AI the location?");
  options = house.options(tokens);
  options.access.project = "forbidden";
  client = gemini::Client::make(options);
  auto forbidden = co_await client->models().generate_content(kModel, request);
  EXPECT_EQ(forbidden.error().kind(), ErrorKind::permission_denied);
  EXPECT_EQ(forbidden.error().detail("reason").value_or(""), "IAM_PERMISSION_DENIED");
}
TEST(Vertex_1_7, ItsErrorsAreTypedAndWebPagesAreNoAnswers) {
  in_vertex(refusals);
}

Task<void> express(VertexHouse& house) {
  gemini::ClientOptions options;
  options.base_url = house.server->base_url();
  options.api_key = Secret("express-key");
  options.access.service = gemini::Service::vertex;
  auto client = gemini::Client::make(options);
  auto request = gemini::prompt("repeat: hi");
  auto answer = co_await client->models().generate_content(kModel, request);
  EXPECT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(house.asked("/v1beta1/publishers/google/models/gemini-2.5-flash:"), 1u);
}
TEST(Vertex_2_1, ExpressModeTakesAKeyAndNoProject) {
  in_vertex(express);
}

// A client whose clock goes its own way: a token ends for the service while it is young for it.
std::shared_ptr<api::TokenSource> tokens_of_slow_clock(VertexHouse& house) {
  const auto slow = std::make_shared<testing::HandClock>(*house.clock);
  slow->wall += seconds(200);
  auto options = house.token_options();
  options.policy.clock = slow;
  return api::tokens_of_file(house.service_account(), std::move(options)).value();
}

Task<void> ends(VertexHouse& house) {
  auto request = gemini::prompt("repeat: hi");
  const auto client = house.client(tokens_of_slow_clock(house));
  EXPECT_TRUE(co_await client.models().generate_content(kModel, request));
  house.clock->wall += seconds(3650);
  const auto before = house.asked(":generateContent");
  const auto refused = co_await client.models().generate_content(kModel, request);
  EXPECT_EQ(refused.error().kind(), ErrorKind::unauthenticated);
  EXPECT_EQ(refused.error().http_status(), 401);
  EXPECT_EQ(house.asked(":generateContent"), before + 1);  // nothing is repeated
  EXPECT_EQ(house.asked("/token"), 1u);
  // The token was dropped: the next call has another.
  EXPECT_TRUE(co_await client.models().generate_content(kModel, request));
  EXPECT_EQ(house.asked("/token"), 2u);
}
TEST(Vertex_B13, ATokenThatIsRefusedIsDroppedAndNothingRepeated) {
  in_vertex(ends);
}

Task<void> repeats(VertexHouse& house) {
  auto request = gemini::prompt("repeat: hi");
  auto options = house.options(house.tokens());
  options.repeat_refused = true;
  auto client = gemini::Client::make(options);
  EXPECT_TRUE(co_await client->models().generate_content(kModel, request));
  emulator::Fault fault;
  fault.status = 401;
  house.server->service().inject(fault);
  auto before = house.asked(":generateContent");
  EXPECT_TRUE(co_await client->models().generate_content(kModel, request));
  EXPECT_EQ(house.asked(":generateContent"), before + 2);
  EXPECT_EQ(house.asked("/token"), 2u);
  // Once, not for ever.
  house.server->service().inject(fault);
  house.server->service().inject(emulator::Fault());  // of the token
  house.server->service().inject(fault);
  before = house.asked(":generateContent");
  const auto refused = co_await client->models().generate_content(kModel, request);
  EXPECT_EQ(refused.error().http_status(), 401);
  EXPECT_EQ(house.asked(":generateContent"), before + 2);
  // A stream as well; the token was dropped.
  house.server->service().inject(emulator::Fault());
  house.server->service().inject(fault);
  auto stream = co_await client->models().stream_generate_content(kModel, request);
  EXPECT_TRUE(stream) << stream.error().describe();
}
TEST(Vertex_B13, ARefusedCallIsMadeOnceMoreWhereThePolicySaysSo) {
  in_vertex(repeats);
}

gemini::LiveOptions live_options(VertexHouse& house, const char* model) {
  gemini::LiveOptions options(model);
  const auto given = house.options(house.tokens());
  options.base_url = given.base_url;
  options.access = given.access;
  return options;
}

Task<void> live_text(VertexHouse& house) {
  auto options = live_options(house, kEither);
  options.answer_in(gemini::Modality::text);
  auto live = co_await gemini::Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  testing::Told told;
  EXPECT_TRUE(co_await live->send_turn("repeat: Good evening"));
  EXPECT_TRUE(co_await testing::read(*live, told, testing::a_turn));
  EXPECT_EQ(told.text, "Good evening");
  EXPECT_EQ(told.session_id.size(), 36u);
  EXPECT_GT(told.usage.answer, 0);
  EXPECT_EQ(told.unknown, 0u);
  EXPECT_EQ(house.asked("/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"),
            3u);  // the upgrade, the setup and the turn
}
TEST(Vertex_B3, LiveSpeaksUnderItsOwnPathWithABearer) {
  in_vertex(live_text);
}

gemini::FunctionDeclaration weather() {
  gemini::FunctionDeclaration function("get_weather");
  function.parameters = json::Any(
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value());
  return function;
}

Task<void> live_tools(VertexHouse& house) {
  auto options = live_options(house, kSpeech);
  options.transcribe().declare(weather());
  auto live = co_await gemini::Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  testing::Told told;
  EXPECT_TRUE(co_await live->send_turn("What is the weather in Oslo?"));
  EXPECT_TRUE(co_await testing::read(*live, told, testing::a_turn));
  EXPECT_EQ(told.calls.size(), 1u);
  EXPECT_EQ(told.tool_turns, 1u);
  EXPECT_EQ(told.audio_bytes, 0u);
  std::vector<gemini::FunctionResponse> responses;
  auto& response = responses.emplace_back(told.calls.at(0).name);
  response.id = told.calls.at(0).id;
  response.response = json::Members(json::Object{{"output", "sunny"}});
  EXPECT_TRUE(co_await live->respond(std::move(responses)));
  EXPECT_TRUE(co_await testing::read(
      *live, told, [](const testing::Told& so_far) { return so_far.turns == 2; }));
  EXPECT_EQ(told.tool_turns, 1u);  // the second turn is the answer's
  EXPECT_GT(told.audio_bytes, 0u);
  EXPECT_NE(told.said.find("sunny"), std::string::npos);
}
TEST(Vertex_3_6, TheTurnOfAToolCallIsToldApartFromTheAnswers) {
  in_vertex(live_tools);
}

Task<void> live_refused(VertexHouse& house) {
  auto options = live_options(house, kEither);
  options.access.tokens = api::TokenSource::fixed(Secret("canary-token"));
  auto live = co_await gemini::Live::connect(std::move(options));
  EXPECT_FALSE(live);
  EXPECT_EQ(live.error().kind(), ErrorKind::upgrade_refused);
  EXPECT_EQ(live.error().http_status(), 401);
  EXPECT_EQ(live.error().describe().find("canary"), std::string::npos);
  // A token that has ended is dropped: the next connection has another.
  options = live_options(house, kEither);
  options.answer_in(gemini::Modality::text);
  options.access.tokens = tokens_of_slow_clock(house);
  for (const bool good : {true, false, true}) {
    gemini::LiveOptions copy = options;
    auto connected = co_await gemini::Live::connect(std::move(copy));
    EXPECT_EQ(connected.has_value(), good);
    if (!good) {
      EXPECT_EQ(connected.error().http_status(), 401);
    }
    if (good && house.asked("/token") == 1) house.clock->wall += seconds(3650);
  }
  EXPECT_EQ(house.asked("/token"), 2u);
  options = live_options(house, kEither);
  options.setup.model = "gemini-2.5-flash";
  EXPECT_EQ((co_await gemini::Live::connect(std::move(options))).error().kind(),
            ErrorKind::invalid_argument);
}
TEST(Vertex_B6, ARefusedUpgradeSaysItsStatus) {
  in_vertex(live_refused);
}

Task<void> live_express(VertexHouse& house) {
  gemini::LiveOptions options(kEither);
  options.base_url = house.server->base_url();
  options.key = Secret("express-key");
  options.access.service = gemini::Service::vertex;
  options.answer_in(gemini::Modality::text);
  auto live = co_await gemini::Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
}
TEST(Vertex_2_4, LiveInExpressModeTakesAKey) {
  in_vertex(live_express);
}

Task<void> short_lived(VertexHouse& house) {
  gemini::ClientOptions options;
  options.api_key = Secret("k");
  options.base_url = house.server->base_url();
  auto client = gemini::Client::make(std::move(options));
  gemini::TokenRequest wanted;
  wanted.uses = 2;
  wanted.life = std::chrono::hours(1);
  wanted.lock = gemini::TokenRequest::Lock::what_is_set;
  wanted.setup.emplace().model = kEither;
  wanted.setup->generation_config.emplace().response_modalities.emplace().push_back(
      gemini::Modality::text);
  house.clock->wall =
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  auto token = co_await client->tokens().create(wanted);
  EXPECT_TRUE(token) << token.error().describe();
  if (!token) co_return;
  EXPECT_TRUE(token->reveal().starts_with("auth_tokens/"));
  for (int i = 0; i < 2; ++i) {
    gemini::LiveOptions session(kSpeech);  // the token's model wins
    session.base_url = house.server->base_url();
    session.key = *token;
    auto live = co_await gemini::Live::connect(std::move(session));
    EXPECT_TRUE(live) << live.error().describe();
    if (!live) continue;
    testing::Told told;
    EXPECT_TRUE(co_await live->send_turn("repeat: locked"));
    EXPECT_TRUE(co_await testing::read(*live, told, testing::a_turn));
    EXPECT_EQ(told.text, "locked");
  }
  gemini::LiveOptions third(kSpeech);
  third.base_url = house.server->base_url();
  third.key = *token;
  EXPECT_EQ((co_await gemini::Live::connect(std::move(third))).error().kind(),
            ErrorKind::unauthenticated);
  wanted.life = std::chrono::hours(21);
  EXPECT_EQ((co_await client->tokens().create(wanted)).error().kind(), ErrorKind::invalid_argument);
}
TEST(EphemeralTokens_B12, AreMadeWithLocksAndUsesAndOpenLive) {
  in_vertex(short_lived);
}

}  // namespace
}  // namespace parley
