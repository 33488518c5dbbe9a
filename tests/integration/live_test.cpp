// The Live client beside the service's own recordings, and beside the emulator.
#include "parley/gemini/live.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "parley/base/text.hpp"
#include "parley/emulator/server.hpp"
#include "parley/gemini/live_models.hpp"
#include "parley/json/value.hpp"

#include "../definitions/scripted_server.hpp"

namespace parley {
namespace {

namespace fs = std::filesystem;
using gemini::Live;
using gemini::LiveEvent;
using gemini::LiveOptions;
using gemini::Modality;

constexpr const char* kEither = "gemini-live-2.5-flash-preview";
constexpr const char* kSpeech = "gemini-2.5-flash-native-audio-latest";

// All that a session told, summed up.
struct Told {
  std::string text, thoughts, said, heard;
  std::size_t audio_bytes = 0, parts = 0, interrupted = 0, generated = 0, turns = 0, unknown = 0;
  std::vector<gemini::FunctionCall> calls;
  std::vector<std::string> cancelled;
  gemini::Usage usage;
  std::string handle;
  bool away = false;

  void operator()(gemini::LiveText& one) { (one.thought ? thoughts : text) += one.text; }
  void operator()(gemini::LiveAudio& one) { audio_bytes += one.pcm.size(); }
  void operator()(gemini::LivePart&) { ++parts; }
  void operator()(gemini::LiveTranscript& one) { (one.of_user ? heard : said) += one.text; }
  void operator()(gemini::LiveToolCalls& one) {
    calls.insert(calls.end(), one.calls.begin(), one.calls.end());
  }
  void operator()(gemini::LiveToolCallsCancelled& one) {
    cancelled.insert(cancelled.end(), one.ids.begin(), one.ids.end());
  }
  void operator()(gemini::LiveInterrupted&) { ++interrupted; }
  void operator()(gemini::LiveGenerationComplete&) { ++generated; }
  void operator()(gemini::LiveTurnComplete&) { ++turns; }
  void operator()(gemini::LiveUsage& one) { usage = one.usage; }
  void operator()(gemini::LiveGoAway&) { away = true; }
  void operator()(gemini::LiveResumption& one) { handle = one.handle; }
  void operator()(gemini::LiveVoiceActivity&) {}
  void operator()(gemini::LiveGrounding&) {}
  void operator()(gemini::LiveUnknown&) { ++unknown; }
};

// Reads until `enough` of what was told, or the end.
template <class Enough>
Task<bool> read(Live& live, Told& told, Enough enough) {
  while (!enough(told)) {
    auto event = co_await live.next();
    if (!event) co_return false;
    std::visit(told, *event);
  }
  co_return true;
}
bool a_turn(const Told& told) {
  return told.turns > 0;
}

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
TEST(Live_B14, AConversationInText) {
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
TEST(Live_B27, SpeechGoesInAndComesOut) {
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
  options.transcribe().declare(weather());
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
TEST(Live_B29, ToolsAreCalledAnsweredAndCancelled) {
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
TEST(Live_B36, AConversationGoesOnInAnotherConnection) {
  with_emulator(resumes);
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
TEST(Live_B9, ConnectingCannotHangAndSaysWhatTheServiceSaid) {
  with_emulator(refusals);
}

Task<void> breaks(emulator::Server& server) {
  for (const auto& [fault, kind] : std::initializer_list<std::pair<std::string, ErrorKind>>{
           {"after=2; cut", ErrorKind::disconnected},
           {"after=2; garbage", ErrorKind::invalid_response},
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
TEST(Live_B21, ABrokenSessionSaysHow) {
  with_emulator(breaks);
}

TEST(Live_B26, WhatTheServiceWouldRefuseIsRefusedBeforeAConnection) {
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

// Recordings

struct Recorded {
  std::string name;
  std::vector<std::string> client, server;
};

std::vector<Recorded> recorded_sessions() {
  const auto folder = fs::path(PARLEY_SOURCE_DIR) / "../shared/data/gemini-live-recordings";
  std::vector<Recorded> all;
  if (!fs::exists(folder)) return all;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    Recorded session;
    session.name = entry.path().filename().string();
    // ">402 {…}" and "<27 {…}": the direction, a length, the message.
    for (std::size_t at = 0; at < bytes.size();) {
      const auto next = std::min(bytes.find("\n<", at + 1), bytes.find("\n>", at + 1));
      const auto line = bytes.substr(at, next == std::string::npos ? next : next - at);
      const auto begin = line.find('{');
      if (begin != std::string::npos)
        (line[0] == '>' ? session.client : session.server).push_back(line.substr(begin));
      at = next == std::string::npos ? bytes.size() : next + 1;
    }
    all.push_back(std::move(session));
  }
  return all;
}

// What another parser finds in the recorded messages.
Told expected_of(const Recorded& session) {
  Told told;
  for (const auto& text : session.server) {
    const auto message = boost::json::parse(text).as_object();
    if (const auto* usage = message.if_contains("usageMetadata"))
      if (const auto* total = usage->as_object().if_contains("totalTokenCount"))
        told.usage.total = total->to_number<std::int64_t>();
    if (const auto* call = message.if_contains("toolCall"))
      for (const auto& one : call->at("functionCalls").as_array())
        told.calls.emplace_back().name = one.at("name").as_string();
    const auto* content = message.if_contains("serverContent");
    if (!content) continue;
    const auto& object = content->as_object();
    told.turns += object.contains("turnComplete");
    told.generated += object.contains("generationComplete");
    for (const auto& [name, into] : {std::pair{"outputTranscription", &told.said},
                                     std::pair{"inputTranscription", &told.heard}})
      if (const auto* transcript = object.if_contains(name))
        if (const auto* words = transcript->as_object().if_contains("text"))
          *into += words->as_string();
    const auto* turn = object.if_contains("modelTurn");
    if (!turn || !turn->as_object().contains("parts")) continue;
    for (const auto& part : turn->at("parts").as_array()) {
      const auto& fields = part.as_object();
      if (const auto* words = fields.if_contains("text"))
        (fields.contains("thought") ? told.thoughts : told.text) += words->as_string();
      else if (fields.contains("inlineData"))
        told.audio_bytes +=
            from_base64(std::string_view(fields.at("inlineData").at("data").as_string()))->size();
      else
        ++told.parts;
    }
  }
  return told;
}

Task<void> play(const Recorded& session, net::WebSocket& socket) {
  (void)co_await testing::take(socket);
  for (const auto& text : session.server) {
    net::Message message(true, text);
    (void)co_await socket.send(std::move(message));
  }
  socket.close();
}

Task<void> replay(const Recorded& session) {
  testing::ScriptedServer server(co_await boost::asio::this_coro::executor,
                                 [&session](net::WebSocket& socket, int, const http::Request&) {
                                   return play(session, socket);
                                 });
  LiveOptions options("gemini-3.8-live");
  options.base_url = server.url();
  options.key = Secret("k");
  auto live = co_await Live::connect(std::move(options));
  Told told;
  if (live) {
    EXPECT_FALSE(co_await read(*live, told, [](const Told&) { return false; }));
    EXPECT_TRUE(live->outcome()) << live->outcome().error().describe();
  }
  const Told wanted = expected_of(session);
  EXPECT_EQ(told.text, wanted.text);
  EXPECT_EQ(told.thoughts, wanted.thoughts);
  EXPECT_EQ(told.said, wanted.said);
  EXPECT_EQ(told.heard, wanted.heard);
  EXPECT_EQ(told.audio_bytes, wanted.audio_bytes);
  EXPECT_EQ(told.parts, wanted.parts);
  EXPECT_EQ(told.turns, wanted.turns);
  EXPECT_EQ(told.generated, wanted.generated);
  EXPECT_EQ(told.calls.size(), wanted.calls.size());
  EXPECT_EQ(told.usage.total, wanted.usage.total);
  EXPECT_EQ(told.unknown, 0u);
  co_await server.stop();
}

TEST(Live_B18, EveryRecordedSessionIsReadWhole) {
  const auto sessions = recorded_sessions();
  if (sessions.empty()) GTEST_SKIP() << "../shared/data is not here";
  EXPECT_GE(sessions.size(), 10u);
  for (const auto& session : sessions) {
    SCOPED_TRACE(session.name);
    run(replay(session));
  }
}

}  // namespace
}  // namespace parley
