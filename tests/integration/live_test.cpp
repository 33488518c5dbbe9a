// The Live client beside the emulator.
#include "parley/gemini/live.hpp"

#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/live_models.hpp"
#include "parley/json/value.hpp"

#include "live_told.hpp"

namespace parley {
namespace {

using gemini::Live;
using gemini::LiveOptions;
using gemini::Modality;
using testing::a_turn;
using testing::read;
using testing::Told;

constexpr const char* kEither = "gemini-live-2.5-flash-preview";
constexpr const char* kSpeech = "gemini-2.5-flash-native-audio-latest";

// Emulator

emulator::ServerOptions quick() {
  emulator::ServerOptions options;
  options.live.pace = std::chrono::milliseconds(0);
  options.live.playback = 0;
  options.live.hears = {"What time is it?"};
  options.service.bad_keys = {"wrong-key-7"};
  return options;
}

LiveOptions options_for(const emulator::Server& server, const char* model) {
  LiveOptions options(model);
  options.base_url = server.base_url();
  options.key = Secret("live-key-9");
  return options;
}

using Body = Task<void> (*)(emulator::Server& server);
Task<void> start_and_run(Body body) {
  emulator::Server server(co_await boost::asio::this_coro::executor, quick());
  EXPECT_TRUE(server.start());
  co_await body(server);
}
void with_emulator(Body body) {
  run(start_and_run(body));
}

Task<void> talk(emulator::Server& server) {
  auto options = options_for(server, kEither);
  options.answer_in(Modality::text);
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->send_turn("repeat: Good evening"));
  EXPECT_TRUE(co_await read(*live, told, a_turn));
  EXPECT_EQ(told.text, "Good evening");
  EXPECT_EQ(told.generated, 1u);
  EXPECT_GT(live->usage().total, 0);
  EXPECT_TRUE(co_await live->close());
  EXPECT_FALSE(co_await live->next());
  EXPECT_TRUE(live->outcome()) << live->outcome().error().describe();
  for (const auto& entry : server.service().journal())
    EXPECT_EQ(entry.body.find("live-key-9") + entry.target.find("live-key-9"),
              2 * std::string::npos);
  co_await server.stop();
}
TEST(Live_D10, AConversationInText) {
  with_emulator(talk);
}

Task<void> speech(emulator::Server& server) {
  auto options = options_for(server, kSpeech);
  options.transcribe();
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Bytes second(32'000);
  for (std::size_t i = 0; i < second.size(); i += 2)
    second[i + 1] = std::byte((i / 64) % 2 ? 0x20 : 0xe0);
  EXPECT_TRUE(co_await live->send_audio(second));
  EXPECT_TRUE(co_await live->end_audio());
  Told told;
  EXPECT_TRUE(co_await read(*live, told, a_turn));
  EXPECT_EQ(told.heard, "What time is it?");
  EXPECT_NE(told.said.find("What time is it?"), std::string::npos);
  EXPECT_GT(told.audio_bytes, 100'000u);
  co_await server.stop();
}
TEST(Live_B25, SpeechGoesInAndComesOut) {
  with_emulator(speech);
}

gemini::FunctionDeclaration weather() {
  gemini::FunctionDeclaration function("get_weather");
  function.parameters = json::Any(
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value());
  return function;
}

Task<void> tools(emulator::Server& server) {
  auto options = options_for(server, "gemini-3.8-live");
  auto function = weather();
  function.behavior = "BLOCKING";
  options.transcribe().declare(function);
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->send_text("What is the weather in Oslo?"));
  EXPECT_TRUE(co_await read(*live, told, [](const Told& so_far) { return !so_far.calls.empty(); }));
  EXPECT_EQ(json::to_string(**told.calls.at(0).args), R"({"city":"Oslo"})");
  gemini::FunctionResponse response("get_weather");
  response.id = told.calls[0].id;
  response.response = json::Members(json::Object{{"output", "sunny"}});
  std::vector<gemini::FunctionResponse> responses(1, response);
  EXPECT_TRUE(co_await live->respond(std::move(responses)));
  EXPECT_TRUE(co_await read(*live, told, a_turn));
  EXPECT_NE(told.said.find("sunny"), std::string::npos) << told.said;
  // Speaking while a call is pending cancels it.
  EXPECT_TRUE(co_await live->send_text("And the weather in Rome?"));
  EXPECT_TRUE(
      co_await read(*live, told, [](const Told& so_far) { return so_far.calls.size() == 2; }));
  EXPECT_TRUE(co_await live->send_turn("repeat: never mind"));
  EXPECT_TRUE(co_await read(*live, told, [](const Told& so_far) { return so_far.turns == 3; }));
  EXPECT_EQ(told.cancelled, std::vector<std::string>{*told.calls[1].id});
  EXPECT_EQ(told.interrupted, 1u);
  co_await server.stop();
}
TEST(Live_B30_B31, ToolsAreCalledAnsweredAndCancelled) {
  with_emulator(tools);
}

Task<void> resumes(emulator::Server& server) {
  auto options = options_for(server, kEither);
  options.answer_in(Modality::text).resume("");
  auto first = co_await Live::connect(std::move(options));
  EXPECT_TRUE(first) << first.error().describe();
  if (!first) co_return;
  Told told;
  EXPECT_TRUE(co_await first->send_turn("My name is Bob"));
  EXPECT_TRUE(
      co_await read(*first, told, [](const Told& so_far) { return !so_far.handle.empty(); }));
  EXPECT_EQ(first->handle(), told.handle);
  auto again = options_for(server, kEither);
  again.answer_in(Modality::text).resume(first->handle());
  EXPECT_TRUE(co_await first->close());
  auto second = co_await Live::connect(std::move(again));
  EXPECT_TRUE(second) << second.error().describe();
  if (!second) co_return;
  Told more;
  EXPECT_TRUE(co_await second->send_turn("Who am I?"));
  EXPECT_TRUE(co_await read(*second, more, a_turn));
  EXPECT_NE(more.text.find("Bob"), std::string::npos) << more.text;
  co_await server.stop();
}
TEST(Live_B34, AConversationGoesOnInAnotherConnection) {
  with_emulator(resumes);
}

Task<void> token(emulator::Server& server) {
  http::Request request("POST", "/v1alpha/auth_tokens");
  request.headers.set("x-goog-api-key", "live-key-9");
  request.body = R"({"uses":1})";
  const auto made = server.service().handle(request, http::parse_target(request.target).value());
  const auto name = json::parse(made.pieces.at(0))->at("name").as_string();
  auto options = options_for(server, kEither);
  options.answer_in(Modality::text);
  options.key = Secret(std::string(name));
  auto again = options;
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  for (const auto& entry : server.service().journal())
    if (entry.target.find("Constrained") != std::string::npos) {
      EXPECT_FALSE(entry.headers.find("x-goog-api-key")) << "the token is the credential";
      EXPECT_EQ(entry.target.find(std::string(name)), std::string::npos);
    }
  const auto used_up = co_await Live::connect(std::move(again));
  EXPECT_EQ(used_up.error().kind(), ErrorKind::unauthenticated);
  EXPECT_EQ(used_up.error().describe().find(std::string(name)), std::string::npos);
  co_await server.stop();
}
TEST(Live_B12, AShortLivedTokenIsGoodForOneSession) {
  with_emulator(token);
}

Task<void> expect_refusal(LiveOptions options, ErrorKind kind, std::uint16_t code,
                          std::string words) {
  auto live = co_await Live::connect(std::move(options));
  EXPECT_FALSE(live);
  if (live) co_return;
  EXPECT_EQ(live.error().kind(), kind) << live.error().describe();
  EXPECT_EQ(live.error().close_code(), code) << live.error().describe();
  EXPECT_NE(live.error().describe().find(words), std::string::npos) << live.error().describe();
  EXPECT_EQ(live.error().describe().find("wrong-key-7"), std::string::npos);
}

Task<void> refusals(emulator::Server& server) {
  auto wrong_key = options_for(server, kSpeech);
  wrong_key.key = Secret("wrong-key-7");
  co_await expect_refusal(std::move(wrong_key), ErrorKind::unauthenticated, 1007,
                          "API key not valid");
  auto gone = options_for(server, kSpeech);
  gone.resume("no-such-handle");
  co_await expect_refusal(std::move(gone), ErrorKind::not_found, 1008, "session not found");
  auto unknown = options_for(server, "gemini-9-live");
  co_await expect_refusal(std::move(unknown), ErrorKind::not_found, 1008, "bidiGenerateContent");
  auto silent = options_for(server, kSpeech);
  silent.connect.offer.headers.set("x-parley-live-fault", "after=0; silence");
  silent.step_timeout = std::chrono::milliseconds(50);
  co_await expect_refusal(std::move(silent), ErrorKind::timeout, 0, "setup");
  auto cut = options_for(server, kSpeech);
  cut.connect.offer.headers.set("x-parley-live-fault", "after=0; cut");
  co_await expect_refusal(std::move(cut), ErrorKind::disconnected, 1006, "");
  auto busy = options_for(server, kSpeech);
  busy.connect.offer.headers.set("x-parley-live-fault", "after=0; close=1011");
  co_await expect_refusal(std::move(busy), ErrorKind::service, 1011, "asked for this");
  co_await server.stop();
}
TEST(Live_B22_B6, ConnectingCannotHangAndSaysWhatTheServiceSaid) {
  with_emulator(refusals);
}

Task<void> breaks(emulator::Server& server) {
  for (const auto& [fault, kind] : std::initializer_list<std::pair<std::string, ErrorKind>>{
           {"after=2; cut", ErrorKind::disconnected},
           {"after=2; close=1011", ErrorKind::service}}) {
    auto options = options_for(server, kEither);
    options.answer_in(Modality::text);
    options.connect.offer.headers.set("x-parley-live-fault", fault);
    auto live = co_await Live::connect(std::move(options));
    EXPECT_TRUE(live) << live.error().describe();
    if (!live) co_return;
    Told told;
    EXPECT_TRUE(co_await live->send_turn("repeat: one two three four five six seven"));
    EXPECT_FALSE(co_await read(*live, told, a_turn));
    EXPECT_FALSE(told.text.empty()) << "what came before it stays";
    EXPECT_EQ(live->outcome().error().kind(), kind) << live->outcome().error().describe();
  }
  co_await server.stop();
}
TEST(Live_B15, ABrokenSessionSaysHow) {
  with_emulator(breaks);
}

Task<void> garbled(emulator::Server& server) {
  auto options = options_for(server, kEither);
  options.answer_in(Modality::text);
  options.connect.offer.headers.set("x-parley-live-fault", "after=2; garbage");
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->send_turn("repeat: one two three four five six seven"));
  EXPECT_TRUE(co_await read(*live, told, a_turn)) << "the session lives on";
  EXPECT_EQ(told.unreadable.size(), 1u);
  EXPECT_TRUE(co_await live->send_turn("repeat: still here"));
  EXPECT_TRUE(co_await read(*live, told, [](const Told& so_far) { return so_far.turns == 2; }));
  EXPECT_TRUE(told.text.ends_with("still here"));
  co_await server.stop();
}
TEST(Live_B19, AFrameThatCannotBeReadIsAnEventAndTheSessionLivesOn) {
  with_emulator(garbled);
}

Task<void> waits(emulator::Server& server) {
  std::vector<std::string> states;
  auto options = options_for(server, kEither);
  options.answer_in(Modality::text);
  options.on_state = [&](gemini::LiveState state) { states.emplace_back(to_string(state)); };
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  EXPECT_TRUE((co_await live->receive_all()).empty());
  EXPECT_EQ((co_await live->receive(std::chrono::milliseconds(1))).error().kind(),
            ErrorKind::timeout);
  EXPECT_TRUE(co_await live->say("repeat: hello"));
  const auto first = co_await live->receive();
  EXPECT_TRUE(first && std::holds_alternative<gemini::LiveText>(*first));
  while ((co_await live->receive_all()).empty()) co_await sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(co_await live->close());
  EXPECT_TRUE(co_await live->close());
  for (;;) {
    const auto event = co_await live->receive();
    if (event) continue;
    EXPECT_EQ(event.error().kind(), ErrorKind::disconnected) << event.error().describe();
    break;
  }
  EXPECT_EQ(live->state(), gemini::LiveState::disconnected);
  EXPECT_EQ(states, (std::vector<std::string>{"connecting", "setup_pending", "ready", "closing",
                                              "disconnected"}));
  co_await server.stop();
}
TEST(Live_B15_B16_B17_B21, ReceivingMayBeLimitedAndStatesAreTold) {
  with_emulator(waits);
}

TEST(Live_B26_B27, SettingsThatLiveDoesNotTakeAreNamed) {
  const auto refusal = [](LiveOptions options) {
    const auto result = gemini::check_live_setup(options.setup);
    return result ? std::string() : result.error().message();
  };
  LiveOptions options("gemini-3.8-live");
  options.setup.generation_config.emplace().stop_sequences = {"x"};
  EXPECT_EQ(refusal(options), "a Live session takes no stopSequences");
  options.setup.generation_config.emplace().enable_affective_dialog = true;
  EXPECT_EQ(refusal(options), "gemini-3.8-live has no affective dialog");
  auto& thinking = options.setup.generation_config.emplace().thinking_config.emplace();
  thinking.thinking_budget = 1;
  thinking.thinking_level = gemini::ThinkingLevel::low;
  EXPECT_EQ(refusal(options), "a thinking budget and a thinking level exclude each other");
  options.setup.generation_config.reset();
  options.setup.proactivity.emplace().proactive_audio = false;
  EXPECT_EQ(refusal(options), "proactive audio of gemini-3.8-live cannot be turned off");
  options.setup.proactivity.reset();
  gemini::FunctionDeclaration function("f");
  function.parameters_json_schema = json::Any(json::Object());
  options.declare(function);
  EXPECT_EQ(refusal(options), "the Live API ignores parametersJsonSchema: give f its parameters");
  EXPECT_EQ(gemini::live_text_way("models/gemini-2.5-flash-native-audio-latest"),
            gemini::LiveTextWay::turn);
  EXPECT_EQ(gemini::live_text_way("gemini-3.1-flash-live-preview"), gemini::LiveTextWay::realtime);
  EXPECT_EQ(gemini::live_text_way("gemini-3.5-live-translate-preview"), gemini::LiveTextWay::none);
}

Task<void> news(emulator::Server& server) {
  for (const auto& [fault, unknown] : std::initializer_list<std::pair<std::string, std::size_t>>{
           {"after=2; unknown", 1}, {"after=2; error=503", 1}, {"after=2; empty", 0}}) {
    auto options = options_for(server, kEither);
    options.answer_in(Modality::text);
    options.connect.offer.headers.set("x-parley-live-fault", fault);
    auto live = co_await Live::connect(std::move(options));
    EXPECT_TRUE(live) << live.error().describe();
    if (!live) co_return;
    Told told;
    EXPECT_TRUE(co_await live->send_turn("repeat: Good evening"));
    EXPECT_TRUE(co_await read(*live, told, a_turn)) << fault;
    EXPECT_EQ(told.unknown, unknown) << fault;
    EXPECT_EQ(told.text, "Good evening") << fault;
  }
  co_await server.stop();
}
TEST(Live_3_5, WhatThisVersionDoesNotKnowIsGivenWholeAndTheSessionGoesOn) {
  with_emulator(news);
}

TEST(Live_B27, WhatTheServiceWouldRefuseIsRefusedBeforeAConnection) {
  const auto refusal = [](LiveOptions options) {
    const auto result = gemini::check_live_setup(options.setup);
    return result ? std::string() : result.error().message();
  };
  EXPECT_EQ(refusal(LiveOptions("gemini-3.8-live")), "");
  EXPECT_EQ(refusal(LiveOptions("models/gemini-99-live-preview")), "") << "a model of the future";
  EXPECT_EQ(refusal(LiveOptions("gemini-2.5-pro")),
            "gemini-2.5-pro is no model for Live; gemini-3.8-live is one");
  EXPECT_EQ(refusal(LiveOptions("")), "no model was named for the Live session");
  LiveOptions text(kSpeech);
  EXPECT_NE(refusal(text.answer_in(Modality::text)).find("answers in AUDIO only"),
            std::string::npos);
  LiveOptions both("gemini-3.8-live");
  both.answer_in(Modality::audio);
  both.setup.generation_config->response_modalities->push_back(Modality::text);
  EXPECT_NE(refusal(both).find("not both"), std::string::npos);
}

Task<void> marks(emulator::Server& server) {
  auto live = co_await Live::connect(options_for(server, kSpeech));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  const auto refused = co_await live->begin_activity();
  EXPECT_EQ(refused.error().kind(), ErrorKind::invalid_state);
  auto options = options_for(server, kSpeech);
  options.detect_activity(false);
  auto manual = co_await Live::connect(std::move(options));
  EXPECT_TRUE(manual) << manual.error().describe();
  if (!manual) co_return;
  EXPECT_TRUE(co_await manual->begin_activity());
  Bytes second(32'000, std::byte(1));
  EXPECT_TRUE(co_await manual->send_audio(second));
  EXPECT_TRUE(co_await manual->end_activity());
  Told told;
  EXPECT_TRUE(co_await read(*manual, told, a_turn));
  EXPECT_EQ((co_await manual->end_audio()).error().kind(), ErrorKind::invalid_state);
  co_await server.stop();
}
TEST(Live_B41, MarksOfActivityGoOnlyWhereNothingElseMarksIt) {
  with_emulator(marks);
}

}  // namespace
}  // namespace parley
