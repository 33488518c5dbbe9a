// The Live client beside the emulator as Vertex AI, and short-lived tokens of the Developer API.
#include "parley/gemini/live.hpp"

#include "live_told.hpp"
#include "vertex_house.hpp"

namespace parley {
namespace {

using std::chrono::seconds;
using testing::in_vertex;
using testing::VertexHouse;

constexpr const char* kEither = "gemini-live-2.5-flash-preview";
constexpr const char* kSpeech = "gemini-2.5-flash-native-audio-latest";

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
  options.access.tokens = house.tokens_of_slow_clock();
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

Task<void> live_scheduling(VertexHouse& house) {
  gemini::LiveOptions options(kEither);
  options.base_url = house.server->base_url();
  options.key = Secret("express-key");
  options.access.service = gemini::Service::vertex;
  options.answer_in(gemini::Modality::text);
  gemini::FunctionDeclaration function("look_up");
  function.behavior = "NON_BLOCKING";
  options.declare(std::move(function));
  auto live = co_await gemini::Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  gemini::FunctionResponse response("look_up");
  response.id = "any";
  response.scheduling = "WHEN_IDLE";
  std::vector<gemini::FunctionResponse> responses(1, response);
  const auto refused = co_await live->respond(std::move(responses));
  EXPECT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::invalid_argument);
  EXPECT_NE(refused.error().message().find("Vertex AI schedules no answers"), std::string::npos);
}
TEST(Vertex_3_4, AnAnswerThatIsToBeScheduledIsRefusedBeforeItIsSent) {
  in_vertex(live_scheduling);
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

Task<void> in_header(VertexHouse& house) {
  gemini::LiveOptions options(kSpeech);
  options.base_url = house.server->base_url();
  options.key = Secret("auth_tokens/canary");
  EXPECT_EQ((co_await gemini::Live::connect(std::move(options))).error().kind(),
            ErrorKind::unauthenticated);
  const auto upgrade = house.server->service().journal().front();
  EXPECT_EQ(upgrade.target,
            "/ws/google.ai.generativelanguage.v1alpha.GenerativeService."
            "BidiGenerateContentConstrained");
  EXPECT_TRUE(upgrade.headers.find("Authorization"));
  EXPECT_FALSE(upgrade.headers.find("x-goog-api-key"));
  EXPECT_EQ(house.all_told().find("canary"), std::string::npos);
}
TEST(EphemeralTokens_B12, TheTokenGoesInAHeaderToTheConstrainedMethod) {
  in_vertex(in_header);
}

}  // namespace
}  // namespace parley
