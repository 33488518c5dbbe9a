// Faults of the emulator as a client without any knowledge of Gemini sees them on the wire.
#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/json/value.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/websocket.hpp"

namespace parley {
namespace {

constexpr const char* kSetup =
    R"({"setup":{"model":"models/gemini-live-2.5-flash-preview","generationConfig":{"responseModalities":["TEXT"]}}})";
constexpr const char* kTurn =
    R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"repeat: one two three"}]}],"turnComplete":true}})";

// All that a session said until its turn was complete, or until it ended.
struct Heard {
  Heard() = default;
  std::vector<net::Message> messages;
  std::optional<Error> ended;
  int close_code = 0;
  std::string close_reason;

  std::string words() const {
    std::string all;
    for (const auto& message : messages) all += message.data;
    return all;
  }
};

Task<void> hold(std::string fault, Heard& heard) {
  emulator::ServerOptions options;
  options.live.pace = std::chrono::milliseconds(0);
  emulator::Server server(co_await boost::asio::this_coro::executor, options);
  EXPECT_TRUE(server.start());
  auto url = http::parse_url(
      "ws" + server.base_url().substr(4) +
      "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=k");
  net::ConnectOptions connect;
  if (!fault.empty()) connect.offer.headers.set("x-parley-live-fault", fault);
  connect.protocol.max_message = 100'000;
  auto socket = co_await net::connect_websocket(*url, std::move(connect));
  EXPECT_TRUE(socket) << socket.error().describe();
  if (!socket) co_return;
  std::string setup = kSetup, turn = kTurn;
  EXPECT_TRUE(co_await socket->send_text(std::move(setup)));
  bool asked = false;
  while (auto message = co_await socket->next()) {
    const bool ready = message->data.find("setupComplete") != std::string::npos;
    const bool complete = message->data.find("turnComplete") != std::string::npos;
    heard.messages.push_back(std::move(*message));
    if (complete) co_return;
    if (!ready || std::exchange(asked, true)) continue;
    if (auto sent = co_await socket->send_text(std::move(turn)); !sent) break;
  }
  heard.close_code = socket->close_code();
  heard.close_reason = socket->close_reason();
  if (auto why = socket->outcome(); !why) heard.ended = std::move(why.error());
  co_await server.stop();
}

Heard heard_with(std::string fault) {
  Heard heard;
  run(hold(std::move(fault), heard));
  return heard;
}

class LiveWire_W22 : public ::testing::Test {
 protected:
  LiveWire_W22() : usual_(heard_with("")) {}
  Heard usual_;
};

TEST_F(LiveWire_W22, OtherFramesCarryTheSameMessages) {
  ASSERT_GT(usual_.messages.size(), 3u);
  for (const auto& message : usual_.messages) EXPECT_TRUE(message.binary);
  for (const char* fault : {"fragments=3", "drip=5/0", "delay=3"}) {
    const auto heard = heard_with("after=1; " + std::string(fault));
    EXPECT_EQ(heard.words(), usual_.words()) << fault;
    EXPECT_EQ(heard.messages.size(), usual_.messages.size()) << fault;
  }
  const auto flipped = heard_with("after=1; flip");
  EXPECT_EQ(flipped.words(), usual_.words());
  for (std::size_t i = 0; i < flipped.messages.size(); ++i)
    EXPECT_EQ(flipped.messages[i].binary, i != 1) << i;
}

TEST_F(LiveWire_W22, ACutEndsTheConnectionInsideTheMessage) {
  for (std::size_t after = 0; after < usual_.messages.size(); ++after)
    for (const char* bytes : {"0", "1", "2", "9"}) {
      const auto heard = heard_with("after=" + std::to_string(after) + "; cut=" + bytes);
      EXPECT_EQ(heard.messages.size(), after) << bytes;
      ASSERT_TRUE(heard.ended);
      EXPECT_EQ(heard.ended->kind(), ErrorKind::disconnected);
      EXPECT_EQ(heard.close_code, 1006);
    }
}

TEST_F(LiveWire_W22, ACloseHasItsCodeAndWords) {
  const auto heard = heard_with("after=2; close=1011; reason=Internal error encountered.");
  EXPECT_EQ(heard.messages.size(), 2u);
  EXPECT_EQ(heard.close_code, 1011);
  EXPECT_EQ(heard.close_reason, "Internal error encountered.");
}

TEST_F(LiveWire_W22, AReservedOpcodeIsABrokenProtocol) {
  const auto heard = heard_with("after=1; opcode");
  EXPECT_EQ(heard.messages.size(), 1u);
  EXPECT_EQ(heard.close_code, 1002);
}

TEST_F(LiveWire_W22, WhatComesBeforeAMessageLeavesItAsItIs) {
  const std::pair<const char*, const char*> cases[] = {
      {"empty", "{}"},
      {"unknown", "somethingNew"},
      {"error=503", "UNAVAILABLE"},
      {"goaway=30500", "\"timeLeft\": \"30.5s\""},
      {"huge=5000", "AAAA"},
  };
  for (const auto& [fault, words] : cases) {
    auto heard = heard_with("after=2; " + std::string(fault));
    ASSERT_EQ(heard.messages.size(), usual_.messages.size() + 1) << fault;
    EXPECT_NE(heard.messages[2].data.find(words), std::string::npos) << heard.messages[2].data;
    EXPECT_TRUE(json::parse(heard.messages[2].data)) << fault;
    heard.messages.erase(heard.messages.begin() + 2);
    EXPECT_EQ(heard.words(), usual_.words()) << fault;
  }
  EXPECT_EQ(heard_with("after=2; huge=200000").close_code, 1009) << "over the client's limit";
}

TEST_F(LiveWire_W22, GarbageIsNoJsonAndWhatFollowsIsAsUsual) {
  for (const char* fault : {"garbage", "garbage=9"}) {
    const auto heard = heard_with("after=2; " + std::string(fault));
    ASSERT_EQ(heard.messages.size(), usual_.messages.size());
    EXPECT_FALSE(json::parse(heard.messages[2].data)) << heard.messages[2].data;
    EXPECT_EQ(heard.messages[3].data, usual_.messages[3].data);
  }
}

Task<void> stream_faults() {
  emulator::ServerOptions options;
  options.service.pace = std::chrono::milliseconds(0);
  emulator::Server server(co_await boost::asio::this_coro::executor, options);
  EXPECT_TRUE(server.start());
  net::HttpClient client;
  const auto url = http::parse_url(server.base_url());
  const auto ask = [](std::string fault) {
    http::Request request("POST", "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
    request.headers.set("x-goog-api-key", "k");
    request.headers.set("x-parley-fault", fault);
    request.body = R"({"contents":[{"parts":[{"text":"repeat: one two three four"}]}]})";
    return request;
  };
  auto whole = co_await client.send(*url, ask("delay=0"));
  EXPECT_TRUE(whole);
  for (const char* fault : {"split=1", "drip=3/0"}) {
    auto pieces = co_await client.send(*url, ask(fault));
    EXPECT_TRUE(pieces);
    if (pieces) {
      EXPECT_EQ(pieces->body.size(), whole->body.size()) << fault;
    }
  }
  // A body that stalls stays open: what came before is there, and the client may leave.
  auto stalled = co_await client.open(*url, ask("stall=40"));
  EXPECT_TRUE(stalled);
  std::string got;
  while (got.size() < 40) got += *co_await stalled->next();
  EXPECT_EQ(got.size(), 40u);
  EXPECT_EQ(server.streaming(), 1) << "the answer is under way";
  auto broken = co_await client.send(*url, ask("error=503; after=1"));
  EXPECT_TRUE(broken);
  EXPECT_NE(broken->body.find("data: {\"error\""), std::string::npos) << broken->body;
  co_await server.stop();
}
TEST(RestWire_W22, PiecesStallsAndErrorsInTheMiddle) {
  run(stream_faults());
}

}  // namespace
}  // namespace parley
