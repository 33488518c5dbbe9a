// Scripts, quotas, control and the held clock of an emulator, as clients see them on the wire; and
// the examples of docs/emulator.md.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "parley/emulator/script/director.hpp"
#include "parley/emulator/server.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/live.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/websocket.hpp"

#include "live_told.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;
using testing::Told;

emulator::Script script_of(std::string_view yaml) {
  schematic::Diagnostics mistakes;
  auto script = emulator::read_script(yaml, {}, mistakes);
  EXPECT_FALSE(mistakes.has_errors()) << mistakes.text("script");
  return script;
}
emulator::ServerOptions quick(std::string_view yaml) {
  emulator::ServerOptions options;
  options.service.pace = options.live.pace = milliseconds(0);
  options.live.playback = 0;
  if (!yaml.empty()) options.script = script_of(yaml);
  return options;
}
gemini::Client client_of(const emulator::Server& server) {
  gemini::ClientOptions options;
  options.base_url = server.base_url();
  options.api_key = Secret("canary-key-4711");
  return gemini::Client::make(std::move(options)).value();
}
Task<http::Response> call(const emulator::Server& server, std::string method, std::string path,
                          std::string body = "") {
  net::HttpClient client(co_await boost::asio::this_coro::executor);
  http::Request request(std::move(method), std::move(path));
  request.body = std::move(body);
  auto origin = http::parse_url(server.base_url()).value();
  auto response = co_await client.send(std::move(origin), std::move(request));
  EXPECT_TRUE(response) << response.error().describe();
  co_return response ? std::move(*response) : http::Response(0);
}

Task<void> over_rest() {
  emulator::Server server(co_await boost::asio::this_coro::executor, quick(R"(version: 1
rules:
  - { when: { text: story, time: 1 }, error: { code: 429, quota: day, limit: 50, retry_in: 20s } }
  - { when: { text: story }, answer: [ Once, " upon", { error: { code: 503, as: event } } ] }
)"));
  EXPECT_TRUE(server.start());
  auto client = client_of(server);
  auto request = gemini::prompt("A story");
  auto refused = co_await client.models().generate_content("gemini-2.5-flash", request);
  EXPECT_FALSE(refused);
  EXPECT_EQ(refused.error().http_status(), 429);
  auto stream = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
  EXPECT_TRUE(stream) << stream.error().describe();
  if (!stream) co_return;
  std::string told;
  while (auto part = co_await stream->next()) told += gemini::text_of(*part);
  EXPECT_EQ(told, "Once upon");
  EXPECT_FALSE(stream->outcome()) << "the error in the middle is told";
  co_await server.stop();
}
TEST(EmulatorScript_W23, RulesAnswerOverRest) {
  run(over_rest());
}

Task<Result<gemini::Live>> connect(const emulator::Server& server) {
  gemini::LiveOptions options("gemini-live-2.5-flash-preview");
  options.base_url = server.base_url();
  options.key = Secret("canary-key-4711");
  options.answer_in(gemini::Modality::text);
  co_return co_await gemini::Live::connect(std::move(options));
}

Task<void> over_live() {
  emulator::Server server(co_await boost::asio::this_coro::executor, quick(R"(version: 1
live: { frames: text }
rules:
  - when: { text: weather }
    answer: [ { thought: Hm }, Warm, { go_away: 5s }, { message: { somethingNew: {} } } ]
  - { when: { text: bye }, answer: [ Bye, { close: { code: 1011, reason: Gone } } ] }
)"));
  EXPECT_TRUE(server.start());
  auto live = co_await connect(server);
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  Told told;
  EXPECT_TRUE(co_await live->send_turn("The weather?"));
  EXPECT_TRUE(co_await testing::read(*live, told, testing::a_turn));
  EXPECT_EQ(told.text, "Warm");
  EXPECT_EQ(told.thoughts, "Hm");
  EXPECT_TRUE(told.away);
  EXPECT_EQ(told.unknown, 1u);
  EXPECT_TRUE(co_await live->send_turn("bye"));
  EXPECT_FALSE(co_await testing::read(*live, told, [](const Told&) { return false; }));
  const auto outcome = live->outcome();
  EXPECT_FALSE(outcome);
  if (!outcome) {
    EXPECT_NE(outcome.error().describe().find("Gone"), std::string::npos);
  }
  co_await server.stop();
}
TEST(EmulatorScript_W23, RulesAnswerOverLive) {
  run(over_live());
}

Task<void> quota_by_option() {
  auto options = quick("");
  options.quotas.push_back(emulator::QuotaLimit::parse("model=gemini-2.5-*; rpm=1").value());
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(options));
  EXPECT_TRUE(server.start());
  auto client = client_of(server);
  auto request = gemini::prompt("repeat: one");
  EXPECT_TRUE(co_await client.models().generate_content("gemini-2.5-flash", request));
  auto refused = co_await client.models().generate_content("gemini-2.5-flash", request);
  EXPECT_FALSE(refused);
  EXPECT_EQ(refused.error().http_status(), 429);
  server.clock().advance(std::chrono::seconds(60));
  EXPECT_TRUE(co_await client.models().generate_content("gemini-2.5-flash", request));
  co_await server.stop();
}
TEST(EmulatorQuota_W23, AnOptionIsEnoughAndTimeCanBeMoved) {
  run(quota_by_option());
}

Task<void> ask_later(gemini::Client client, std::string& told) {
  auto request = gemini::prompt("slow");
  auto answer = co_await client.models().generate_content("gemini-2.5-flash", request);
  told = answer ? gemini::text_of(*answer) : answer.error().describe();
}

// The answer comes an hour later; the hour passes by a request.
Task<void> control_over_http() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto options = quick("");
  options.hold_clock = true;
  emulator::Server server(executor, std::move(options));
  EXPECT_TRUE(server.start());
  const auto taken = co_await call(
      server, "POST", "/parley/script",
      "version: 1\nrules: [ { when: { text: slow }, delay: 10s, answer: at last } ]\n");
  EXPECT_EQ(taken.status, 200) << taken.body;
  std::string told;
  boost::asio::co_spawn(executor, ask_later(client_of(server), told), [](std::exception_ptr) {});
  while (server.streaming() == 0) co_await sleep_for(milliseconds(1));
  auto moved = co_await call(server, "POST", "/parley/clock", R"({"advance":"9s"})");
  EXPECT_EQ(moved.status, 200) << moved.body;
  EXPECT_EQ(told, "");
  const auto state = co_await call(server, "GET", "/parley/state");
  EXPECT_NE(state.body.find("\"answers\": 1"), std::string::npos) << state.body;
  moved = co_await call(server, "POST", "/parley/clock", R"({"advance":"1s"})");
  while (told.empty()) co_await sleep_for(milliseconds(1));
  EXPECT_EQ(told, "at last");
  const auto journal = co_await call(server, "GET", "/parley/journal");
  EXPECT_NE(journal.body.find("generateContent"), std::string::npos) << journal.body;
  EXPECT_EQ(journal.body.find("canary-key-4711"), std::string::npos);
  co_await server.stop();
}
TEST(EmulatorControl_W23, AHeldClockAndTheJournalAreSteeredOverHttp) {
  run(control_over_http());
}

// The server plays the session to a client that says what the recorded one said.
Task<void> play_log(emulator::RecordedExchange session) {
  const auto recorded = session;
  auto options = quick("");
  options.replay.push_back(std::move(session));
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(options));
  EXPECT_TRUE(server.start());
  auto url = http::parse_url("ws" + server.base_url().substr(4) + "/ws/x.BidiGenerateContent");
  auto socket = co_await net::connect_websocket(*url, net::ConnectOptions());
  EXPECT_TRUE(socket) << socket.error().describe();
  if (!socket) co_return;
  for (const auto& piece : recorded.pieces) {
    if (piece.of_client) {
      std::string text = piece.bytes;
      EXPECT_TRUE(co_await socket->send_text(std::move(text)));
      continue;
    }
    auto message = co_await socket->next();
    EXPECT_TRUE(message);
    if (!message) co_return;
    EXPECT_EQ(message->data, piece.bytes);
  }
  co_await server.stop();
}
TEST(SessionLog_W21, TheServicesOwnRecordingsArePlayed) {
  namespace fs = std::filesystem;
  const auto folder = fs::path(PARLEY_SOURCE_DIR) / "../shared/data/gemini-live-recordings";
  if (!fs::exists(folder)) GTEST_SKIP() << "no recordings of the service beside the project";
  std::size_t played = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".log") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    auto session = emulator::read_session_log(bytes);
    ASSERT_TRUE(session) << entry.path() << ": " << session.error().message();
    run(play_log(std::move(*session)));
    ++played;
  }
  EXPECT_GT(played, 0u);
}

// The scripts of docs/emulator.md: what stands between ```yaml and ```.
std::vector<std::string> documented_scripts() {
  std::ifstream file(std::filesystem::path(PARLEY_SOURCE_DIR) / "docs/emulator.md");
  std::vector<std::string> all;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (!inside && line == "```yaml") {
      inside = true;
      all.emplace_back();
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      all.back() += line + "\n";
    }
  }
  return all;
}

// A question that the rule is meant for.
std::string body_for(const emulator::When& when) {
  json::Array parts;
  std::string text;
  for (const auto& word : when.texts) text += word + " ";
  if (!text.empty()) parts.push_back(json::Object{{"text", text}});
  if (!when.tool_result.empty())
    parts.push_back(json::Object{{"functionResponse", json::Object{{"name", when.tool_result},
                                                                   {"response", json::Object()}}}});
  json::Object turn{{"role", "user"}, {"parts", std::move(parts)}};
  return json::to_string(json::Object{{"contents", json::Array{std::move(turn)}}});
}

emulator::Answer answer_to(emulator::Service& service, const emulator::When& when) {
  const bool plain = !when.method.empty();
  http::Request request(
      plain ? when.method : "POST",
      plain ? when.path : "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  request.headers.add("x-goog-api-key", "k");
  if (!plain) request.body = body_for(when);
  return service.handle(request, *http::parse_target(request.target));
}

void expect_as_written(const emulator::Rule& rule, const emulator::Answer& answer) {
  std::string body;
  for (const auto& piece : answer.pieces) body += piece;
  const auto& reply = rule.reply;
  if (reply.error) EXPECT_EQ(answer.status, reply.error->code) << rule.name;
  if (reply.http) EXPECT_EQ(answer.status, reply.http->status) << rule.name;
  using Kind = emulator::Step::Kind;
  for (const auto& step : reply.steps) {
    if (step.kind == Kind::text || step.kind == Kind::thought)
      EXPECT_NE(body.find(step.text), std::string::npos) << rule.name << ": " << body;
    for (const auto& one : step.calls)
      EXPECT_NE(body.find('"' + one.name + '"'), std::string::npos) << rule.name << ": " << body;
  }
}

TEST(EmulatorDocs_W23, TheScriptsOfThePageAnswerAsTheySay) {
  const auto scripts = documented_scripts();
  ASSERT_GE(scripts.size(), 4u);
  std::size_t played = 0;
  for (const auto& yaml : scripts) {
    const auto script = script_of(yaml);
    emulator::ServiceOptions options;
    options.now = [] { return WallTime(); };
    options.director = std::make_shared<emulator::Director>(script, options.now);
    emulator::Service service(options);
    for (const auto& rule : script.rules) {
      if (rule.when.over == emulator::When::Over::live ||
          rule.when.event == emulator::When::Event::setup)
        continue;
      expect_as_written(rule, answer_to(service, rule.when));
      ++played;
    }
  }
  EXPECT_GE(played, 6u);
}

}  // namespace
}  // namespace parley
