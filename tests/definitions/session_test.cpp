// Generated sessions against scripted servers over real sockets.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "deepgram/agent.hpp"
#include "deepgram/listen.hpp"
#include "demo/rpc.hpp"
#include "elevenlabs/conversation.hpp"
#include "elevenlabs/stream_text_to_speech.hpp"
#include "graphql_transport_ws/graphql.hpp"
#include "scripts.hpp"

namespace parley {
namespace {

using testing::greet;
using testing::options_for;
using testing::ScriptedServer;
using testing::speak;
using testing::take;
using testing::tell;
namespace tts = elevenlabs::stream_text_to_speech;
namespace rpc = demo::rpc;

// Pattern 1 as document E writes it; after the close message audio still arrives.
Task<void> phases() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, speak);
  auto params = tts::Params("a voice").with_model_id("m1").with_output_format(
      elevenlabs::OutputFormat::pcm_16000);
  auto fresh = co_await tts::connect(params, options_for(server));
  EXPECT_TRUE(fresh);
  if (!fresh) co_return;
  elevenlabs::VoiceSettings voice;
  voice.stability = 0.5;
  auto live = co_await std::move(*fresh).initialize(
      elevenlabs::InitializeConnectionMessage().with_voice_settings(voice));
  EXPECT_TRUE(live);
  EXPECT_TRUE(co_await live->send_text(elevenlabs::SendTextMessage("Hello ")));
  auto closing = co_await std::move(*live).close();
  EXPECT_TRUE(closing);
  auto audio = co_await closing->next();
  const auto* chunk = std::get_if<elevenlabs::AudioOutputMessage>(&*audio);
  EXPECT_TRUE(chunk && chunk->audio.size() == 3u && chunk->is_final.is_null() &&
              chunk->alignment.is_null());
  EXPECT_TRUE(chunk && chunk->normalized_alignment.is_absent());
  auto last = co_await closing->next();
  EXPECT_TRUE(last && std::holds_alternative<elevenlabs::FinalOutputMessage>(*last));
  EXPECT_FALSE(co_await closing->next());
  EXPECT_TRUE(closing->outcome());
  co_await server.stop();
}
TEST(Session_E16, PhasesFollowEachOther) {
  run(phases());
}

Task<void> wrong_order() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, greet);
  auto connection = co_await rpc::Connection::open(rpc::Params("r"), options_for(server));
  EXPECT_TRUE(connection);
  if (!connection) co_return;
  EXPECT_EQ(connection->phase(), api::Phase::connected);
  auto early = co_await connection->send_call(demo::Call("x"));
  EXPECT_EQ(early.error().kind(), ErrorKind::invalid_state);
  EXPECT_EQ(early.error().message(), "Call cannot be sent while the session is connected");
  EXPECT_TRUE(co_await connection->initialize());
  auto twice = co_await connection->initialize();
  EXPECT_EQ(twice.error().message(), "Login may be sent once and was");
  EXPECT_TRUE(co_await connection->send_once(demo::Once()));
  auto again = co_await connection->send_once(demo::Once());
  EXPECT_EQ(again.error().message(), "Once may be sent once and was");
  EXPECT_TRUE(co_await connection->close());
  auto late = co_await connection->send_call(demo::Call("x"));
  EXPECT_EQ(late.error().kind(), ErrorKind::invalid_state);
  // Greeting and answer are still there to read.
  EXPECT_TRUE(std::holds_alternative<demo::Hello>(*co_await connection->next()));
  EXPECT_TRUE(std::holds_alternative<demo::Ready>(*co_await connection->next()));
  EXPECT_FALSE(co_await connection->next());
  co_await server.stop();
}
Task<void> take_packed(net::WebSocket& socket, int number, const http::Request& request) {
  co_await greet(socket, number, request);
  auto message = co_await socket.next();
  EXPECT_TRUE(message && message->binary && message->data == R"({"type":"packed"})");
  socket.close();
}

Task<void> binary_json() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, take_packed);
  auto connection = co_await rpc::Connection::open(rpc::Params("r"), options_for(server));
  EXPECT_TRUE(co_await connection->initialize());
  EXPECT_TRUE(co_await connection->send_packed(demo::Packed()));
  while (co_await connection->next()) continue;
  EXPECT_TRUE(connection->outcome());
  co_await server.stop();
}
TEST(Session_E10, JsonGoesInBinaryFramesWhereItsDefinitionSaysSo) {
  run(binary_json());
}

TEST(Session_E18, WhatIsOutOfPlaceIsAnErrorAtRunTime) {
  run(wrong_order());
}

Task<void> stay_silent(net::WebSocket&, int, const http::Request&) {
  co_return;
}
Task<void> refuse_login(net::WebSocket& socket, int, const http::Request&) {
  co_await tell(socket, R"({"type":"hello"})");
  (void)co_await take(socket);
  co_await tell(socket, R"({"type":"failure","message":"bad token"})");
}

Task<void> no_greeting() {
  const auto executor = co_await boost::asio::this_coro::executor;
  ScriptedServer silent(executor, stay_silent);
  auto options = options_for(silent);
  options.greeting_timeout = std::chrono::milliseconds(20);
  auto none = co_await rpc::Connection::open(rpc::Params("r"), options);
  EXPECT_FALSE(none);
  EXPECT_EQ(none.error().kind(), ErrorKind::timeout);
  EXPECT_EQ(none.error().stage(), Stage::setup);
  EXPECT_EQ(none.error().message(), "Demo sent no Hello within 20 ms");
  ScriptedServer refusing(executor, refuse_login);
  auto connection = co_await rpc::Connection::open(rpc::Params("r"), options_for(refusing));
  EXPECT_TRUE(connection);
  auto refused = co_await connection->initialize();
  EXPECT_EQ(refused.error().kind(), ErrorKind::service);
  EXPECT_EQ(refused.error().detail("body").value_or(""),
            R"({"type":"failure","message":"bad token"})");
  co_await silent.stop();
  co_await refusing.stop();
}
TEST(Session_E24, GreetingAndAnswerHaveTheirTime) {
  run(no_greeting());
}

Task<void> ping_agent(net::WebSocket& socket, int, const http::Request&) {
  co_await tell(
      socket,
      R"({"type":"conversation_initiation_metadata","conversation_initiation_metadata_event":{"conversation_id":"c","agent_output_audio_format":"pcm_16000"}})");
  co_await tell(socket, R"({"type":"ping","ping_event":{"event_id":77,"ping_ms":5}})");
  EXPECT_EQ(co_await take(socket), R"({"type":"pong","event_id":77})");
  co_await tell(socket, R"({"type":"something_new","x":1})");
  socket.close();
}

Task<void> auto_reply() {
  namespace talk = elevenlabs::conversation;
  ScriptedServer server(co_await boost::asio::this_coro::executor, ping_agent);
  auto connection =
      co_await talk::Connection::open(talk::Params().with_agent_id("a"), options_for(server));
  EXPECT_TRUE(connection);
  int unknown = 0;
  while (auto message = co_await connection->next())
    if (const auto* one = std::get_if<json::Unknown>(&*message)) {
      EXPECT_EQ(one->name, "something_new");
      ++unknown;
    }
  EXPECT_EQ(unknown, 1);
  EXPECT_EQ(connection->counters().auto_replies, 1u);
  EXPECT_EQ(connection->counters().unknown, 1u);
  EXPECT_TRUE(connection->outcome());
  co_await server.stop();
}
TEST(Session_E14, PingsAreAnsweredAndUnknownMessagesKept) {
  run(auto_reply());
}

Task<void> wait_for_keepalive(net::WebSocket& socket, int, const http::Request&) {
  EXPECT_EQ(co_await take(socket), R"({"type":"KeepAlive"})");
  socket.close(1011, "NET-0001");
}

Task<void> keepalive() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, wait_for_keepalive);
  auto options = options_for(server);
  options.keepalive_every = std::chrono::milliseconds(5);
  auto connection =
      co_await deepgram::listen::Connection::open(deepgram::listen::Params(), options);
  EXPECT_FALSE(co_await connection->next());
  EXPECT_GE(connection->counters().keepalives, 1u);
  const auto outcome = connection->outcome();
  EXPECT_EQ(outcome.error().kind(), ErrorKind::unavailable);
  EXPECT_EQ(outcome.error().close_code(), 1011);
  EXPECT_EQ(outcome.error().service_status(), "NET-0001");
  co_await server.stop();
}
TEST(Session_E12, KeepalivesGoOutAndCloseCodesHaveTheirMeaning) {
  run(keepalive());
}

Task<void> send_wrong(net::WebSocket& socket, int number, const http::Request&) {
  co_await tell(socket, R"({"type":"hello"})");
  if (number == 1)
    co_await tell(socket, R"({"type":"reply","in_reply_to":"x","result":1,"key":"AIzaSecret"})");
  if (number == 2) (void)co_await socket.send_binary(Bytes(3));
  if (number == 3) co_await tell(socket, R"({"type":"hello"})");
}

Task<void> wrong_messages() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, send_wrong);
  const std::string expected[] = {
      "a message of the server does not fit its definition: $.in_reply_to: expected a whole "
      "number, found a string that is none",
      "the server sent a binary frame where its definition has text",
      "Hello came twice, and comes once by its definition"};
  for (const auto& message : expected) {
    auto connection = co_await rpc::Connection::open(rpc::Params("r"), options_for(server));
    while (co_await connection->next()) continue;
    const auto outcome = connection->outcome();
    EXPECT_FALSE(outcome);
    EXPECT_EQ(outcome ? "" : outcome.error().message(), message);
  }
  co_await server.stop();
}
TEST(Session_E19, AMessageThatDoesNotFitEndsTheSessionAndSaysWhy) {
  run(wrong_messages());
}

struct Words {
  std::vector<std::string> left;
  Task<std::optional<elevenlabs::SendTextMessage>> next() {
    if (left.empty()) co_return std::nullopt;
    elevenlabs::SendTextMessage message(std::move(left.front()));
    left.erase(left.begin());
    co_return message;
  }
};

Task<void> callbacks() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, speak);
  int audio = 0, last = 0;
  std::optional<bool> closed;
  tts::Handlers handlers;
  handlers.on_audio_output([&](const elevenlabs::AudioOutputMessage&) { ++audio; })
      .on_final_output([&](const elevenlabs::FinalOutputMessage&) { ++last; })
      .on_closed([&](const Result<void>& outcome) { closed = outcome.has_value(); });
  auto params = tts::Params("a voice").with_model_id("m1").with_output_format(
      elevenlabs::OutputFormat::pcm_16000);
  auto connection = co_await tts::connect(params, handlers, options_for(server));
  EXPECT_TRUE(connection);
  elevenlabs::VoiceSettings voice;
  voice.stability = 0.5;
  EXPECT_TRUE(co_await connection->initialize(
      elevenlabs::InitializeConnectionMessage().with_voice_settings(voice)));
  Words words;
  words.left = {"Hello "};
  EXPECT_TRUE(co_await tts::send_all(*connection, words));
  EXPECT_TRUE(co_await connection->close());
  while (!closed) co_await sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(audio, 1);
  EXPECT_EQ(last, 1);
  EXPECT_TRUE(*closed);
  co_await server.stop();
}
TEST(Session_E17, CallbacksAreCalledAndAStreamOfTextIsSent) {
  run(callbacks());
}

Task<void> send_three(tts::Sink sink) {
  elevenlabs::VoiceSettings voice;
  voice.stability = 0.5;
  EXPECT_TRUE(co_await sink.send(
      tts::ClientMessage(elevenlabs::InitializeConnectionMessage().with_voice_settings(voice))));
  EXPECT_TRUE(co_await sink.send(tts::ClientMessage(elevenlabs::SendTextMessage("Hello "))));
  EXPECT_TRUE(co_await sink.send(tts::ClientMessage(elevenlabs::CloseConnectionMessage())));
}

Task<void> splits() {
  const auto executor = co_await boost::asio::this_coro::executor;
  ScriptedServer server(executor, speak);
  auto params = tts::Params("a voice").with_model_id("m1").with_output_format(
      elevenlabs::OutputFormat::pcm_16000);
  auto session = co_await tts::connect(params, options_for(server));
  auto halves = tts::split(std::move(*session));
  boost::asio::co_spawn(executor, send_three(std::move(halves.first)), boost::asio::detached);
  int messages = 0;
  while (co_await halves.second.next()) ++messages;
  EXPECT_EQ(messages, 2);
  EXPECT_TRUE(halves.second.outcome());
  co_await server.stop();
}
TEST(Session_E17, SinkAndStreamAreForTwoCoroutines) {
  run(splits());
}

Task<void> credentials() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, stay_silent);
  auto options = options_for(server);
  options.key = Secret();
  auto none = co_await rpc::Connection::open(rpc::Params("r"), options);
  EXPECT_EQ(none.error().kind(), ErrorKind::missing_credentials);
  EXPECT_EQ(none.error().message(),
            "no API key: pass one, or set PARLEY_TEST_DEMO_KEY or PARLEY_TEST_DEMO_OTHER");
  EXPECT_EQ(server.connections(), 0);
  auto bad = co_await rpc::Connection::open(rpc::Params(".."), options_for(server));
  EXPECT_EQ(bad.error().kind(), ErrorKind::invalid_argument);
  // A server that agrees on no subprotocol, where one is required.
  namespace gql = graphql_transport_ws::graphql;
  auto refused = co_await gql::connect(gql::Params(), options_for(server));
  EXPECT_EQ(refused.error().kind(), ErrorKind::protocol_violation);
  EXPECT_EQ(refused.error().describe().find("secret-key-1"), std::string::npos);
  co_await server.stop();
}
TEST(Session_E9, MissingCredentialsNameAllThatWasTried) {
  run(credentials());
}

}  // namespace
}  // namespace parley
