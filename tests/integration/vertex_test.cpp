// The Gemini client beside the emulator as Vertex AI: REST, and tokens that end.
#include "parley/gemini/live_event.hpp"
#include "parley/gemini/live_models.hpp"

#include "vertex_house.hpp"

namespace parley {
namespace {

using std::chrono::seconds;
using testing::in_vertex;
using testing::VertexHouse;

constexpr const char* kModel = "gemini-2.5-flash";

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

Task<void> ends(VertexHouse& house) {
  auto request = gemini::prompt("repeat: hi");
  const auto client = house.client(house.tokens_of_slow_clock());
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

}  // namespace
}  // namespace parley
