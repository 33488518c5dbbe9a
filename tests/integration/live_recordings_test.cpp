// The Live client beside the service's own recordings.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "parley/base/text.hpp"

#include "../definitions/scripted_server.hpp"
#include "live_told.hpp"

namespace parley {
namespace {

namespace fs = std::filesystem;
using gemini::Live;
using gemini::LiveOptions;
using testing::read;
using testing::Told;

struct Recorded {
  std::string name;
  std::vector<std::string> client, server;
};

std::vector<Recorded> recorded_sessions() {
  const auto folder = fs::path(PARLEY_SOURCE_DIR) / "../shared/data/gemini-live-recordings";
  std::vector<Recorded> all;
  if (!fs::exists(folder)) return all;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".log") continue;
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
  options.base_url = "http" + server.url().substr(2);  // ws://…
  options.key = Secret("k");
  auto live = co_await Live::connect(std::move(options));
  Told told;
  EXPECT_TRUE(live) << live.error().describe();
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
