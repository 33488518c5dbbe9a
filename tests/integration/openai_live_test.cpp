// Live sessions with a service that speaks OpenAI's Realtime API.
#include <algorithm>

#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/continuity/conversation.hpp"
#include "parley/gemini/live_tools.hpp"
#include "parley/gemini/openai/realtime.hpp"
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

emulator::ServerOptions two_services() {
  emulator::ServerOptions options;
  options.live.pace = std::chrono::milliseconds(0);
  options.live.playback = 0;
  options.live.hears = {"What time is it?", "repeat: still here"};
  options.service.bad_keys = {"wrong-key-7"};
  return options;
}

LiveOptions realtime(const emulator::Server& server, std::string_view key = "sk-key-9") {
  gemini::OpenAiLiveOptions options("gpt-realtime");
  options.base_url = server.base_url() + "/v1";
  options.key = Secret(std::string(key));
  auto live = gemini::openai_live(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  return *live;
}

using Body = Task<void> (*)(emulator::Server& server);
Task<void> start_and_run(Body body, emulator::ServerOptions options) {
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(options));
  EXPECT_TRUE(server.start());
  co_await body(server);
  co_await server.stop();
}
void with_service(Body body) {
  run(start_and_run(body, two_services()));
}

Bytes speech_of(std::size_t seconds) {
  Bytes pcm(32'000 * seconds);
  for (std::size_t i = 0; i < pcm.size(); i += 2)
    pcm[i + 1] = std::byte((i / 64) % 2 ? 0x20 : 0xe0);
  return pcm;
}

auto turns(std::size_t count) {
  return [count](const Told& told) { return told.turns >= count; };
}

Task<void> in_text(emulator::Server& server) {
  auto options = realtime(server);
  options.answer_in(Modality::text).instruct("Be brief.");
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->say("My name is Ada."));
  EXPECT_TRUE(co_await read(*live, told, a_turn));
  EXPECT_EQ(told.generated, 1u);
  EXPECT_GT(told.usage.total, 0);
  told.text.clear();
  EXPECT_TRUE(co_await live->say("Who am I?"));
  EXPECT_TRUE(co_await read(*live, told, turns(2)));
  EXPECT_NE(told.text.find("Ada"), std::string::npos) << told.text;
  EXPECT_TRUE(co_await live->close());
  while (co_await live->next()) {
  }
  EXPECT_TRUE(live->outcome()) << live->outcome().error().describe();
  for (const auto& entry : server.service().journal())
    EXPECT_EQ(entry.body.find("sk-key-9") + entry.target.find("sk-key-9"), 2 * std::string::npos);
}
TEST(OpenAiLive_W20, AConversationInText) {
  with_service(in_text);
}

Task<void> in_speech(emulator::Server& server) {
  auto options = realtime(server);
  options.transcribe().speak_with("marin");
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->send_audio(speech_of(1)));
  EXPECT_TRUE(co_await live->send_audio(Bytes(32'000)));
  EXPECT_TRUE(co_await read(*live, told, a_turn));
  EXPECT_EQ(told.heard, "What time is it?");
  EXPECT_NE(told.said.find("What time is it?"), std::string::npos) << told.said;
  EXPECT_GT(told.audio_bytes, 100'000u);
  EXPECT_GT(told.usage.answer_by.audio, 0);
}
TEST(OpenAiLive_W20, SpeechGoesInAndComesOut) {
  with_service(in_speech);
}

Task<void> with_marks(emulator::Server& server) {
  auto options = realtime(server);
  options.transcribe().detect_activity(false);
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->begin_activity());
  EXPECT_TRUE(co_await live->send_audio(speech_of(1)));
  EXPECT_TRUE(co_await live->end_activity());
  EXPECT_TRUE(co_await read(*live, told, a_turn));
  EXPECT_EQ(told.heard, "What time is it?");
}
TEST(OpenAiLive_W20, TheProgramMayMarkWhereSpeechIs) {
  with_service(with_marks);
}

Task<void> interrupted(emulator::Server& server) {
  auto options = realtime(server);
  options.transcribe();
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->say("write 200 words about rivers"));
  const auto sounds = [](const Told& so_far) { return so_far.audio_bytes > 0; };
  EXPECT_TRUE(co_await read(*live, told, sounds));
  EXPECT_TRUE(co_await live->say("repeat: enough"));
  EXPECT_TRUE(co_await read(*live, told, turns(2)));
  EXPECT_EQ(told.interrupted, 1u);
  EXPECT_TRUE(told.said.ends_with("enough")) << told.said;
  bool truncated = false;
  for (const auto& entry : server.service().journal())
    truncated = truncated || entry.body.find("conversation.item.truncate") != std::string::npos;
  EXPECT_TRUE(truncated) << "the service is told how much was heard";
}
Task<void> slowly(Body body) {
  auto options = two_services();
  options.live.pace = std::chrono::milliseconds(20);
  co_await start_and_run(body, std::move(options));
}
TEST(OpenAiLive_W20, AnAnswerIsStoppedAndTheServiceForgetsWhatWasNotHeard) {
  run(slowly(interrupted));
}

Task<void> functions(emulator::Server& server) {
  gemini::FunctionDeclaration weather("get_weather");
  weather.parameters = json::Any(
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value());
  auto options = realtime(server);
  options.transcribe().declare(std::move(weather));
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->say("What is the weather in Oslo?"));
  EXPECT_TRUE(co_await read(*live, told, [](const Told& so_far) { return !so_far.calls.empty(); }));
  EXPECT_EQ(json::to_string(**told.calls.at(0).args), R"({"city":"Oslo"})");
  EXPECT_EQ(told.turns, 0u) << "the turn goes on with the answer";
  gemini::FunctionResponse response("get_weather");
  response.id = told.calls[0].id;
  response.response = json::Members(json::Object{{"output", "sunny"}});
  std::vector<gemini::FunctionResponse> responses(1, response);
  EXPECT_TRUE(co_await live->respond(std::move(responses)));
  EXPECT_TRUE(co_await read(*live, told, a_turn));
  EXPECT_NE(told.said.find("sunny"), std::string::npos) << told.said;
}
TEST(OpenAiLive_W20, FunctionsAreCalledAndAnswered) {
  with_service(functions);
}

Task<void> stop_and_change(emulator::Server& server) {
  auto options = realtime(server);
  options.answer_in(Modality::text);
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->say("write 200 words about rivers"));
  EXPECT_TRUE(co_await read(*live, told, [](const Told& so_far) { return !so_far.text.empty(); }));
  EXPECT_TRUE(co_await live->interrupt());
  EXPECT_TRUE(co_await read(*live, told, a_turn));
  EXPECT_EQ(told.interrupted, 1u);
  EXPECT_EQ(told.generated, 0u);
  gemini::ContextUpdate update;
  update.system_instruction = gemini::user_content("Speak of the sea.");
  EXPECT_TRUE(co_await live->update_context(std::move(update)));
  EXPECT_TRUE(co_await live->say("repeat: on we go"));
  EXPECT_TRUE(co_await read(*live, told, turns(2)));
  EXPECT_TRUE(told.text.ends_with("on we go")) << told.text;
  bool updated = false;
  for (const auto& entry : server.service().journal())
    updated = updated || entry.body.find("Speak of the sea.") != std::string::npos;
  EXPECT_TRUE(updated);
}
TEST(OpenAiLive_W20, StopMeansStopAndTheInstructionCanBeChanged) {
  run(slowly(stop_and_change));
}

Task<void> refused(emulator::Server& server) {
  auto wrong = realtime(server, "wrong-key-7");
  auto live = co_await Live::connect(std::move(wrong));
  EXPECT_FALSE(live);
  if (!live) {
    EXPECT_EQ(live.error().kind(), ErrorKind::unauthenticated) << live.error().describe();
    EXPECT_EQ(live.error().http_status(), 401);
    EXPECT_EQ(live.error().describe().find("wrong-key-7"), std::string::npos);
  }
  auto warm = realtime(server);
  warm.setup.generation_config.emplace().temperature = 0.5;
  auto refused = co_await Live::connect(std::move(warm));
  EXPECT_FALSE(refused);
  if (!refused) {
    EXPECT_EQ(refused.error().kind(), ErrorKind::invalid_argument);
    EXPECT_NE(refused.error().message().find("temperature"), std::string::npos);
  }
}
TEST(OpenAiLive_W20, RefusalsNameWhatWasWrong) {
  with_service(refused);
}

TEST(OpenAiLive_W20, OptionsThatCannotWorkAreRefused) {
  gemini::OpenAiLiveOptions nowhere("gpt-realtime");
  nowhere.key = Secret("k");
  nowhere.base_url = "http://example.com/v1";
  auto made = gemini::openai_live(nowhere);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message().find("without TLS"), std::string::npos);
  gemini::OpenAiLiveOptions nameless("");
  EXPECT_EQ(gemini::openai_live(nameless).error().kind(), ErrorKind::invalid_argument);
}

// Reads until the model has ended `count` turns; what it wrote or said.
Task<std::string> hear_turns(gemini::Conversation& conversation, std::size_t count,
                             std::vector<std::string>& log) {
  std::string said;
  while (count > 0) {
    auto event = co_await conversation.next();
    if (!event) break;
    log.push_back(gemini::describe(*event));
    const auto* live = std::get_if<gemini::LiveEvent>(&*event);
    if (!live) continue;
    if (const auto* text = std::get_if<gemini::LiveTranscript>(live); text && !text->of_user)
      said += text->text;
    count -= std::holds_alternative<gemini::LiveTurnComplete>(*live) ? 1 : 0;
  }
  co_return said;
}

Task<void> fail_over() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto first = std::make_unique<emulator::Server>(executor, two_services());
  emulator::Server second(executor, two_services());
  EXPECT_TRUE(first->start() && second.start());
  LiveOptions gemini_live("gemini-2.5-flash-native-audio-latest");
  gemini_live.base_url = first->base_url();
  gemini_live.key = Secret("k");
  gemini_live.transcribe().speak_with("Puck");
  gemini::ConversationOptions options(std::move(gemini_live));
  options.policy.history.enabled = true;
  auto other = realtime(second);
  other.speak_with("marin");
  options.fallbacks.emplace_back("openai", std::move(other));
  auto conversation = co_await gemini::Conversation::open(std::move(options));
  EXPECT_TRUE(conversation) << conversation.error().describe();
  if (!conversation) co_return;
  std::vector<std::string> log;
  EXPECT_TRUE(co_await conversation->say("My name is Ada."));
  (void)co_await hear_turns(*conversation, 1, log);
  co_await first->stop();
  first.reset();
  EXPECT_TRUE(co_await conversation->say("Who am I?"));
  const auto said = co_await hear_turns(*conversation, 1, log);
  EXPECT_NE(said.find("Ada"), std::string::npos) << said;
  EXPECT_EQ(conversation->setup().model, "models/gpt-realtime");
  const auto told = [&log](std::string_view words) {
    return std::ranges::any_of(log, [&](const auto& line) { return line.contains(words); });
  };
  EXPECT_TRUE(told("hand-over done at openai: loss, seeded"));
  EXPECT_TRUE(told("history told: 2 turns"));
  bool voice = false;
  for (const auto& entry : second.service().journal())
    voice = voice || entry.body.find("\"voice\":\"marin\"") != std::string::npos;
  EXPECT_TRUE(voice);
  co_await second.stop();
}
TEST(OpenAiLive_W20, AConversationFailsOverFromGeminiWithItsHistory) {
  run(fail_over());
}

// Nobody listens at the first service; the session has one place, one request for its turn.
Task<void> paid_once(emulator::Server& server) {
  api::Limiter limiter;
  limit::Limits limits;
  limits.requests_per_minute = 10;
  limits.concurrency = 1;
  const auto pool = *limiter.configure("p", "m", limits);
  LiveOptions nowhere("gemini-2.5-flash-native-audio-latest");
  nowhere.base_url = "http://127.0.0.1:1";
  nowhere.key = Secret("k");
  nowhere.transcribe();
  nowhere.limits.emplace(limiter, pool);
  std::vector<std::string> told;
  nowhere.events = [&told](const Event& event) { told.push_back(event.name); };
  gemini::ConversationOptions options(std::move(nowhere));
  options.policy.history.enabled = true;
  auto other = realtime(server);
  other.limits.emplace(limiter, pool);
  options.fallbacks.emplace_back("openai", std::move(other));
  auto conversation = co_await gemini::Conversation::open(std::move(options));
  EXPECT_TRUE(conversation) << conversation.error().describe();
  if (!conversation) co_return;
  std::vector<std::string> log;
  EXPECT_TRUE(co_await conversation->say("repeat: hello"));
  EXPECT_EQ(co_await hear_turns(*conversation, 1, log), "hello");
  const auto all = limiter.snapshot(pool);
  EXPECT_EQ(all.leases, 1u);
  EXPECT_EQ(all.states.at(0).used, 1) << "a request for the turn";
}
TEST(OpenAiLive_W20_D25, AFallbackIsPaidForByTheConversationAlone) {
  with_service(paid_once);
}

Task<void> without_history(emulator::Server& server) {
  gemini::ConversationOptions options(realtime(server));
  options.fallbacks.emplace_back("other", realtime(server));
  auto conversation = co_await gemini::Conversation::open(std::move(options));
  EXPECT_FALSE(conversation);
  if (conversation) co_return;
  EXPECT_EQ(conversation.error().kind(), ErrorKind::invalid_argument);
}
TEST(OpenAiLive_W20, FallbacksWithoutAHistoryAreRefused) {
  with_service(without_history);
}

}  // namespace
}  // namespace parley
