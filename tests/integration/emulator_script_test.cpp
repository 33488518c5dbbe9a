// Scripts, quotas, the clock and the control of an emulator, as clients see them on the wire.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "parley/emulator/record/player.hpp"
#include "parley/emulator/server.hpp"
#include "parley/gemini/answer.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/live.hpp"
#include "parley/json/value.hpp"
#include "parley/net/http_client.hpp"

#include "live_told.hpp"

namespace parley {
namespace {

namespace fs = std::filesystem;
using testing::Told;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

emulator::Script script_of(std::string_view yaml) {
  schematic::Diagnostics diagnostics;
  auto script = emulator::read_script(yaml, emulator::FileReader(), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text("s.yaml");
  return script;
}

gemini::Client client_of(const emulator::Server& server) {
  gemini::ClientOptions options;
  options.base_url = server.base_url();
  options.api_key = Secret("canary-key");
  return gemini::Client::make(std::move(options)).value();
}

Task<Result<gemini::Live>> session_of(const emulator::Server& server) {
  gemini::LiveOptions options("gemini-live-2.5-flash-preview");
  options.base_url = server.base_url();
  options.key = Secret("canary-key");
  options.answer_in(gemini::Modality::text);
  co_return co_await gemini::Live::connect(std::move(options));
}

// The JSON of an answer of /parley/…
Task<json::Value> control(const emulator::Server& server, std::string method, std::string path,
                          std::string body) {
  net::HttpClient client;
  http::Request request(std::move(method), "/parley/" + path);
  request.body = std::move(body);
  auto url = http::parse_url(server.base_url()).value();
  auto answer = co_await client.send(std::move(url), std::move(request));
  EXPECT_TRUE(answer) << answer.error().describe();
  if (!answer) co_return json::Value();
  EXPECT_EQ(answer->status, 200) << answer->body;
  co_return json::parse(answer->body, json::trusted_limits()).value_or(json::Value());
}

Task<void> weather_over_rest(const gemini::Client& client) {
  auto question = gemini::prompt("What is the weather in Oslo?");
  auto busy = co_await client.models().generate_content("gemini-2.5-flash", question);
  EXPECT_FALSE(busy);
  EXPECT_EQ(busy ? 0 : busy.error().http_status(), 503);
  auto called = co_await client.models().generate_content("gemini-2.5-flash", question);
  EXPECT_TRUE(called) << called.error().describe();
  if (!called) co_return;
  const auto calls = gemini::calls_of(*called);
  EXPECT_EQ(calls.size(), 1u);
  auto next = question;
  next.contents->push_back(*called->candidates->at(0).content);
  auto& turn = next.contents->emplace_back();
  turn.role = "user";
  auto& answered = turn.parts.emplace().emplace_back().function_response.emplace();
  answered.name = "get_weather";
  auto stream = co_await client.models().stream_generate_content("gemini-2.5-flash", next);
  EXPECT_TRUE(stream) << stream.error().describe();
  std::string text;
  int total = 0;
  while (auto part = co_await stream->next()) {
    text += gemini::text_of(*part);
    total = part->usage_metadata->total_token_count.value_or(0);
  }
  EXPECT_EQ(text, "It is 12 degrees and sunny in Oslo.");
  EXPECT_EQ(total, 29);
  auto story = gemini::prompt("a story about the sea");
  auto broken = co_await client.models().stream_generate_content("gemini-2.5-flash", story);
  EXPECT_TRUE(broken) << broken.error().describe();
  text.clear();
  while (auto part = co_await broken->next()) text += gemini::text_of(*part);
  EXPECT_EQ(text, "Once upon a time");
  const auto outcome = broken->outcome();
  EXPECT_FALSE(outcome);
  EXPECT_EQ(outcome ? 0 : outcome.error().http_status(), 503);
}

Task<void> play_the_example() {
  emulator::ServerOptions options;
  options.script =
      script_of(bytes_of(fs::path(PARLEY_SOURCE_DIR) / "examples/weather_script.yaml"));
  emulator::Server server(co_await boost::asio::this_coro::executor, options);
  EXPECT_TRUE(server.start());
  const auto client = client_of(server);
  co_await weather_over_rest(client);
  auto live = co_await session_of(server);
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  EXPECT_TRUE(co_await live->send_turn("Shall I move?"));
  Told told;
  EXPECT_TRUE(co_await testing::read(*live, told, testing::a_turn));
  EXPECT_EQ(told.text, "You should move.");
  EXPECT_TRUE(told.away);
  EXPECT_TRUE(co_await live->close());
  co_await server.stop();
}
TEST(EmulatorScript_W23, TheExamplesScriptIsPlayedToOurClient) {
  run(play_the_example());
}

Task<void> refuse_by_quota() {
  emulator::ServerOptions options;
  options.quotas.push_back(emulator::QuotaLimit::parse("rpm=2; model=gemini-2.5-flash").value());
  options.hold_clock = true;
  emulator::Server server(co_await boost::asio::this_coro::executor, options);
  EXPECT_TRUE(server.start());
  const auto client = client_of(server);
  auto question = gemini::prompt("repeat: x");
  for (int i = 0; i < 2; ++i) {
    auto answer = co_await client.models().generate_content("gemini-2.5-flash", question);
    EXPECT_TRUE(answer) << answer.error().describe();
  }
  (void)co_await control(server, "POST", "clock", R"({"advance": "15s"})");
  auto refused = co_await client.models().generate_content("gemini-2.5-flash", question);
  EXPECT_FALSE(refused);
  if (!refused) {
    EXPECT_EQ(refused.error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(refused.error().retry_after(), std::chrono::seconds(45));
  }
  const auto state = co_await control(server, "GET", "state", "");
  EXPECT_EQ(state.at("quotas").at(0).at("used"), 2);
  EXPECT_EQ(json::to_string(state).find("canary"), std::string::npos);
  (void)co_await control(server, "POST", "clock", R"({"advance": "45s"})");
  auto answer = co_await client.models().generate_content("gemini-2.5-flash", question);
  EXPECT_TRUE(answer) << answer.error().describe();
  co_await server.stop();
}
TEST(EmulatorQuota_W23, AHiddenQuotaIsMetAndFreesByTheClock) {
  run(refuse_by_quota());
}

Task<void> hold_the_clock() {
  emulator::ServerOptions options;
  options.hold_clock = true;
  emulator::Server server(co_await boost::asio::this_coro::executor, options);
  EXPECT_TRUE(server.start());
  // The setup is answered at once; a turn's messages come 30 ms apart.
  auto live = co_await session_of(server);
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  EXPECT_TRUE(co_await live->send_turn("repeat: one two"));
  // What was sent is known before the clock moves.
  json::Value journal;
  do journal = co_await control(server, "GET", "journal", "");
  while (json::to_string(journal).find("one two") == std::string::npos);
  EXPECT_EQ(json::to_string(journal).find("canary"), std::string::npos);
  const auto state = co_await control(server, "GET", "state", "");
  EXPECT_EQ(state.at("sessions"), 1);
  EXPECT_EQ(state.at("streaming"), 0);
  (void)co_await control(server, "POST", "clock", R"({"advance": "5s"})");
  Told told;
  EXPECT_TRUE(co_await testing::read(*live, told, testing::a_turn));
  EXPECT_EQ(told.text, "one two");
  EXPECT_FALSE(told.away);
  (void)co_await control(server, "POST", "clock", R"({"advance": "541s"})");
  EXPECT_TRUE(co_await testing::read(*live, told, [](const Told& one) { return one.away; }));
  (void)co_await control(server, "POST", "clock", R"({"advance": "2m"})");
  EXPECT_FALSE(co_await testing::read(*live, told, [](const Told&) { return false; }));
  EXPECT_FALSE(live->outcome());
  co_await server.stop();
}
TEST(EmulatorClock_W22, TenMinutesOfASessionPassByThreeCalls) {
  run(hold_the_clock());
}

Task<void> change_the_script() {
  emulator::ServerOptions options;
  emulator::Server server(co_await boost::asio::this_coro::executor, options);
  EXPECT_TRUE(server.start());
  const auto client = client_of(server);
  auto question = gemini::prompt("repeat: x");
  (void)co_await control(server, "POST", "script", "version: 1\nrules: [{answer: scripted}]\n");
  auto answer = co_await client.models().generate_content("gemini-2.5-flash", question);
  EXPECT_TRUE(answer && gemini::text_of(*answer) == "scripted");
  auto live = co_await session_of(server);
  EXPECT_TRUE(live) << live.error().describe();
  if (live) {
    EXPECT_TRUE(co_await live->send_turn("hello"));
    Told told;
    EXPECT_TRUE(co_await testing::read(*live, told, testing::a_turn));
    EXPECT_EQ(told.text, "scripted");
    EXPECT_TRUE(co_await live->close());
  }
  (void)co_await control(server, "DELETE", "script", "");
  (void)co_await control(server, "POST", "faults", R"({"rest": "status=500"})");
  answer = co_await client.models().generate_content("gemini-2.5-flash", question);
  EXPECT_FALSE(answer);
  answer = co_await client.models().generate_content("gemini-2.5-flash", question);
  EXPECT_TRUE(answer && gemini::text_of(*answer) == "x");
  co_await server.stop();
}
TEST(EmulatorControl_W23, ScriptsAndFaultsComeOverHttp) {
  run(change_the_script());
}

// What the service said in a recorded session, as a client without knowledge of it hears it.
Task<void> play_a_log(std::string text) {
  auto exchange = emulator::read_session_log(text);
  EXPECT_TRUE(exchange) << exchange.error().message();
  if (!exchange) co_return;
  const auto pieces = exchange->pieces;
  emulator::ServerOptions options;
  options.replay.push_back(std::move(*exchange));
  emulator::Server server(co_await boost::asio::this_coro::executor, options);
  EXPECT_TRUE(server.start());
  auto url = http::parse_url(
      "ws" + server.base_url().substr(4) +
      "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=k");
  net::ConnectOptions connect;
  auto socket = co_await net::connect_websocket(*url, std::move(connect));
  EXPECT_TRUE(socket) << socket.error().describe();
  if (!socket) co_return;
  for (const auto& piece : pieces) {
    if (piece.of_client) {
      std::string said = piece.bytes;
      EXPECT_TRUE(co_await socket->send_text(std::move(said)));
      continue;
    }
    auto heard = co_await socket->next();
    EXPECT_TRUE(heard);
    if (!heard) co_return;
    EXPECT_TRUE(heard->binary);
    EXPECT_EQ(heard->data, piece.bytes);
  }
  EXPECT_FALSE(co_await socket->next());
  EXPECT_EQ(socket->close_code(), 1000);
  co_await server.stop();
}
TEST(EmulatorReplay_W21, SessionsOfTheServicesOwnRecordingsArePlayed) {
  const auto folder = fs::path(PARLEY_SOURCE_DIR) / "../shared/data/gemini-live-recordings";
  if (!fs::exists(folder)) GTEST_SKIP() << "../shared/data is not here";
  int played = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".log") continue;
    SCOPED_TRACE(entry.path().filename().string());
    run(play_a_log(bytes_of(entry.path())));
    ++played;
  }
  EXPECT_GT(played, 0);
}

}  // namespace
}  // namespace parley
