#include "parley/emulator/record/recording.hpp"

#include <gtest/gtest.h>

#include "parley/emulator/record/player.hpp"

namespace parley::emulator {
namespace {

using std::chrono::milliseconds;

http::Request asked(std::string target, std::string body) {
  http::Request request("POST", std::move(target));
  request.headers.set("x-goog-api-key", "canary-secret");
  request.headers.set("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

TEST(RecordingWriter_B10, CredentialsAreTakenOutOfEveryPlace) {
  RecordingWriter writer;
  std::string all = writer.begin();
  all += writer.request(1, milliseconds(0),
                        asked("/v1beta/models?key=canary-query&alt=sse",
                              R"({"q": "canary-secret", "private_key": "canary-\"pem"})"));
  http::Response head(200);
  head.headers.set("Set-Cookie", "canary-cookie");
  all += writer.response(1, milliseconds(1), head);
  all += writer.piece(1, milliseconds(2),
                      R"({"access_token" : "canary-token", "name": "auth_tokens/canary-name"})");
  all += writer.end(1, milliseconds(3), true);
  all += writer.open(2, milliseconds(4), asked("/ws?access_token=auth_tokens%2Fcanary-live", ""));
  all += writer.message(2, milliseconds(5), true, false, R"({"say": "canary-query"})");
  EXPECT_EQ(all.find("canary"), std::string::npos) << all;
  ASSERT_TRUE(read_recording(all)) << read_recording(all).error().message();
}

TEST(Recording_W21, WhatIsWrittenIsReadAgain) {
  RecordingWriter writer;
  std::string all = writer.begin();
  all += writer.request(1, milliseconds(0), asked("/a", "{}"));
  all += writer.open(2, milliseconds(1), asked("/ws", ""));
  http::Response head(201);
  head.headers.set("X-A", "b");
  all += writer.response(1, milliseconds(2), head);
  all += writer.message(2, milliseconds(3), false, true, "hello");
  all += writer.piece(1, milliseconds(4), "half \xc3");
  all += writer.piece(1, milliseconds(5), "\xa9 whole");
  all += writer.end(1, milliseconds(6), false);
  all += writer.close(2, milliseconds(7), 1008, "no more");
  const auto read = read_recording(all);
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->size(), 2u);
  const auto& rest = read->at(0);
  EXPECT_EQ(rest.status, 201);
  EXPECT_EQ(rest.headers.find("X-A"), "b");
  ASSERT_EQ(rest.pieces.size(), 2u);
  EXPECT_EQ(rest.pieces[0].bytes + rest.pieces[1].bytes, "half \xc3\xa9 whole");
  EXPECT_FALSE(rest.whole);
  const auto& live = read->at(1);
  EXPECT_TRUE(live.live);
  ASSERT_EQ(live.pieces.size(), 1u);
  EXPECT_TRUE(live.pieces[0].binary);
  EXPECT_EQ(live.close_code, 1008);
  EXPECT_EQ(live.close_reason, "no more");
}

TEST(Recording_W21, WhatDoesNotFitIsToldWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "line 1: there is no \"parley_recording\""},
      {"{\"parley_recording\":2}", "line 1: this version"},
      {"{\"parley_recording\":1}\nno", "line 2: "},
      {"{\"parley_recording\":1}\n[]", "line 2: it is no JSON object"},
      {"{\"parley_recording\":1}\n{\"at\":1,\"exchange\":7,\"end\":\"whole\"}",
       "line 2: exchange 7 has not begun"},
      {"{\"parley_recording\":1}\n{\"at\":-1,\"exchange\":7}", "line 2: \"at\" is no number"},
      {"{\"parley_recording\":1}\n{\"at\":1,\"exchange\":1,\"open\":{\"target\":\"/\"}}\n"
       "{\"at\":1,\"exchange\":1,\"open\":{\"target\":\"/\"}}",
       "line 3: exchange 1 begins twice"},
      {"{\"parley_recording\":1}\n{\"at\":1,\"exchange\":1,\"open\":{\"target\":\"/\"}}\n"
       "{\"at\":1,\"exchange\":1,\"text\":\"x\"}",
       "line 3: it says nothing that fits its exchange"},
  };
  for (const auto& [text, words] : cases) {
    const auto read = read_recording(text);
    ASSERT_FALSE(read) << text;
    EXPECT_TRUE(read.error().message().starts_with(words)) << read.error().message();
  }
}

RecordedExchange call(std::string body, std::string answer) {
  RecordedExchange exchange;
  exchange.method = "POST";
  exchange.target = "//v1/x?key=***";
  exchange.body = std::move(body);
  exchange.status = 200;
  exchange.whole = true;
  exchange.pieces.emplace_back().bytes = std::move(answer);
  return exchange;
}

TEST(Player_W21, CallsAreMatchedByWhatTheyAskInTheirOrder) {
  Player player({call("{\"a\":1,\"b\":2}", "one"), call("{\"a\":1,\"b\":2}", "two"),
                 call("{\"a\":3}", "three")},
                false);
  const auto ask = [&player](std::string body) {
    const auto answer = player.answer(asked("/v1/x?key=other", std::move(body)));
    return answer.status == 200 ? answer.pieces.at(0) : std::to_string(answer.status);
  };
  EXPECT_EQ(ask("{\"a\":3}"), "three");
  EXPECT_EQ(ask("{ \"b\": 2, \"a\": 1 }"), "one");
  EXPECT_EQ(ask("{\"a\":1,\"b\":2}"), "two");
  EXPECT_EQ(ask("{\"a\":1,\"b\":2}"), "two") << "the last one again";
  EXPECT_EQ(ask("{\"a\":4}"), "404");
}

TEST(Player_W21, ASessionSaysEachMessageWhenTheClientHasSaidAsMuch) {
  RecordedExchange exchange;
  exchange.live = true;
  exchange.target = "/ws";
  const auto add = [&exchange](bool of_client, std::string text, int at) {
    auto& piece = exchange.pieces.emplace_back();
    piece.of_client = of_client;
    piece.bytes = std::move(text);
    piece.at = milliseconds(at);
  };
  add(true, "setup", 0);
  add(false, "ready", 10);
  add(true, "hi", 20);
  add(false, "a", 30);
  add(false, "b", 530);
  TimePoint now{};
  Player player({exchange}, true);
  const auto session = player.session("/ws?key=x", now);
  ASSERT_TRUE(session);
  EXPECT_FALSE(player.session("/other", now));
  std::string said;
  const auto take = [&] {
    while (auto output = session->poll())
      said += output->kind == LiveOutput::Kind::close ? "close" : output->text + ",";
  };
  take();
  EXPECT_EQ(said, "");
  session->received("setup", now);
  while (const auto due = session->next_timeout()) session->handle_timeout(now = *due);
  take();
  EXPECT_EQ(said, "ready,");
  session->received("hi", now);
  const auto before = now;
  while (const auto due = session->next_timeout()) session->handle_timeout(now = *due);
  take();
  EXPECT_EQ(said, "ready,a,b,close");
  EXPECT_EQ(now - before, milliseconds(510));
}

TEST(SessionLog_W21, MessagesAreReadByTheirSize) {
  const auto read =
      read_session_log(">12 {\"setup\":{}}\n<27 {\n  \"setupComplete\": {}\n}\n\n>2 {}\n<2 {}");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(read->live);
  EXPECT_TRUE(read->target.empty());
  ASSERT_EQ(read->pieces.size(), 4u);
  EXPECT_TRUE(read->pieces[0].of_client);
  EXPECT_FALSE(read->pieces[0].binary);
  EXPECT_EQ(read->pieces[1].bytes, "{\n  \"setupComplete\": {}\n}\n");
  EXPECT_TRUE(read->pieces[1].binary);
}

TEST(SessionLog_W21, WhatDoesNotFitIsToldWithItsPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "byte 0: there is no message"},
      {"{}", "byte 0: a message begins with > or <"},
      {">2 {}\n=2 {}", "byte 6: a message begins"},
      {">x {}", "byte 1: a message's size"},
      {">99999999999999999999 {}", "byte 1: a message's size"},
      {">2{}", "byte 1: a message's size"},
      {">9 {}", "byte 3: 9 bytes are named, 2 are there"},
      {">2 {]", "byte 3: the message is no JSON: "},
      {">2 {}<2 {}", "byte 5: a line ends behind a message"},
  };
  for (const auto& [text, words] : cases) {
    const auto read = read_session_log(text);
    ASSERT_FALSE(read) << text;
    EXPECT_TRUE(read.error().message().starts_with(words)) << read.error().message();
  }
}

TEST(Player_W21, ASessionWithoutAPathIsOfEachLivePath) {
  auto exchange = read_session_log(">12 {\"setup\":{}}\n<2 {}\n");
  ASSERT_TRUE(exchange);
  Player player({std::move(*exchange)}, false);
  EXPECT_EQ(player.session("/v1beta/models", TimePoint()), nullptr);
  const auto session =
      player.session("/ws/a.v1beta.GenerativeService.BidiGenerateContent", TimePoint());
  ASSERT_NE(session, nullptr);
  EXPECT_FALSE(session->poll()) << "the client speaks first";
  session->received("{}", TimePoint());
  const auto said = session->poll();
  ASSERT_TRUE(said);
  EXPECT_EQ(said->text, "{}");
  EXPECT_FALSE(said->flipped);
}

}  // namespace
}  // namespace parley::emulator
