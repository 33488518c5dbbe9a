// What the recording proxy writes down is played again, and holds no key.
#include <gtest/gtest.h>

#include "parley/emulator/record/proxy.hpp"
#include "parley/emulator/server.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/live.hpp"

#include "live_told.hpp"

namespace parley {
namespace {

using testing::Told;

constexpr const char* kKey = "canary-key-4711";

// The same conversation over REST and Live, told as text.
Task<std::string> converse(std::string base_url) {
  std::string told;
  gemini::ClientOptions options;
  options.base_url = base_url;
  options.api_key = Secret(kKey);
  auto client = gemini::Client::make(std::move(options));
  EXPECT_TRUE(client);
  auto request = gemini::prompt("repeat: Grüße aus Köln");
  auto answer = co_await client->models().generate_content("gemini-2.5-flash", request);
  EXPECT_TRUE(answer) << answer.error().describe();
  if (answer) told += gemini::text_of(*answer) + "|";
  auto question = gemini::prompt("write 60 words about rivers");
  auto stream = co_await client->models().stream_generate_content("gemini-2.5-flash", question);
  EXPECT_TRUE(stream) << stream.error().describe();
  if (stream)
    while (auto part = co_await stream->next()) told += gemini::text_of(*part) + "/";
  auto missing = co_await client->models().generate_content("no-such-model", request);
  EXPECT_FALSE(missing);
  if (!missing) told += "|" + missing.error().message();
  gemini::LiveOptions live_options("gemini-live-2.5-flash-preview");
  live_options.base_url = base_url;
  live_options.key = Secret(kKey);
  live_options.answer_in(gemini::Modality::text);
  auto live = co_await gemini::Live::connect(std::move(live_options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return told;
  for (const char* say : {"repeat: one", "repeat: two"}) {
    Told turn;
    EXPECT_TRUE(co_await live->send_turn(say));
    EXPECT_TRUE(co_await testing::read(*live, turn, testing::a_turn));
    told += "|" + turn.text + std::to_string(turn.usage.total);
  }
  EXPECT_TRUE(co_await live->close());
  while (co_await live->next()) {
  }
  EXPECT_TRUE(live->outcome());
  co_return told;
}

struct Recorded {
  Recorded() = default;
  std::string lines, first, second;
};

Task<void> record_and_replay(Recorded& recorded) {
  const auto executor = co_await boost::asio::this_coro::executor;
  emulator::ServerOptions options;
  options.service.pace = options.live.pace = std::chrono::milliseconds(0);
  emulator::Server service(executor, options);
  EXPECT_TRUE(service.start());
  emulator::ProxyOptions proxy_options;
  proxy_options.upstream = service.base_url();
  std::function<void(std::string_view)> write = [&recorded](std::string_view line) {
    recorded.lines += line;
  };
  auto proxy = emulator::RecordingProxy::make(executor, std::move(proxy_options), std::move(write));
  EXPECT_TRUE(proxy);
  EXPECT_TRUE(proxy->start());
  recorded.first = co_await converse(proxy->base_url());
  co_await proxy->stop();
  co_await service.stop();

  auto exchanges = emulator::read_recording(recorded.lines);
  EXPECT_TRUE(exchanges) << exchanges.error().message();
  emulator::ServerOptions replaying;
  replaying.replay = std::move(*exchanges);
  emulator::Server player(executor, replaying);
  EXPECT_TRUE(player.start());
  recorded.second = co_await converse(player.base_url());
  co_await player.stop();
}

TEST(Recording_W21, WhatWasRecordedIsPlayedAgainAndHoldsNoKey) {
  Recorded recorded;
  run(record_and_replay(recorded));
  EXPECT_NE(recorded.first.find("Grüße aus Köln"), std::string::npos);
  EXPECT_EQ(recorded.first, recorded.second);
  EXPECT_EQ(recorded.lines.find(kKey), std::string::npos) << recorded.lines;
}

Task<void> unreachable() {
  const auto executor = co_await boost::asio::this_coro::executor;
  emulator::ProxyOptions options;
  options.upstream = "http://127.0.0.1:1";
  std::string lines;
  std::function<void(std::string_view)> write = [&lines](std::string_view line) { lines += line; };
  auto proxy = emulator::RecordingProxy::make(executor, std::move(options), std::move(write));
  EXPECT_TRUE(proxy);
  EXPECT_TRUE(proxy->start());
  gemini::ClientOptions client_options;
  client_options.base_url = proxy->base_url();
  client_options.api_key = Secret(kKey);
  auto client = gemini::Client::make(std::move(client_options));
  auto request = gemini::prompt("hello");
  const auto answer = co_await client->models().generate_content("gemini-2.5-flash", request);
  EXPECT_FALSE(answer);
  EXPECT_EQ(answer.error().http_status(), 502);
  co_await proxy->stop();
  EXPECT_TRUE(emulator::read_recording(lines)) << lines;
}
TEST(Recording, AServiceThatCannotBeReachedIsABadGateway) {
  run(unreachable());
}

}  // namespace
}  // namespace parley
