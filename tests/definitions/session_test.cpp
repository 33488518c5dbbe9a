// Generated sessions against scripted servers over real sockets.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "deepgram/agent.hpp"
#include "deepgram/listen.hpp"
#include "demo/rpc.hpp"
#include "elevenlabs/conversation.hpp"
#include "elevenlabs/stream_text_to_speech.hpp"
#include "graphql_transport_ws/graphql.hpp"
#include "scripted_server.hpp"

namespace parley {
namespace {

using testing::ScriptedServer;
using testing::take;
using testing::tell;
namespace tts = elevenlabs::stream_text_to_speech;
namespace rpc = demo::rpc;

api::SessionOptions options_for(const ScriptedServer& server) {
  api::SessionOptions options;
  options.base_url = server.url();
  options.key = Secret("secret-key-1");
  return options;
}

Task<void> speak(net::WebSocket& socket, int, const http::Request& request) {
  EXPECT_EQ(request.headers.find("xi-api-key").value_or(""), "secret-key-1");
  EXPECT_EQ(request.target,
            "/v1/text-to-speech/a%20voice/stream-input?model_id=m1&output_format=pcm_16000");
  EXPECT_EQ(co_await take(socket), R"({"text":" ","voice_settings":{"stability":0.5}})");
  EXPECT_EQ(co_await take(socket), R"({"text":"Hello "})");
  EXPECT_EQ(co_await take(socket), R"({"text":""})");
  co_await tell(socket, R"({"audio":"AAEC","isFinal":null,"alignment":null})");
  co_await tell(socket, R"({"audio":null,"isFinal":true})");
  socket.close();
}

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
  EXPECT_TRUE(chunk && chunk->audio.size() == 3u && chunk->is_final.is_null() && chunk->alignment.is_null());
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

Task<void> greet(net::WebSocket& socket, int number, const http::Request&) {
  co_await tell(socket, R"({"type":"hello"})");
  EXPECT_EQ(co_await take(socket), R"({"type":"login","token":"secret-key-1"})") << number;
  co_await tell(socket, R"({"type":"ready"})");
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
  EXPECT_EQ(refused.error().detail("body").value_or(""), R"({"type":"failure","message":"bad token"})");
  co_await silent.stop();
  co_await refusing.stop();
}
TEST(Session_E24, GreetingAndAnswerHaveTheirTime) {
  run(no_greeting());
}

Task<void> ping_agent(net::WebSocket& socket, int, const http::Request&) {
  co_await tell(socket, R"({"type":"conversation_initiation_metadata","conversation_initiation_metadata_event":{"conversation_id":"c","agent_output_audio_format":"pcm_16000"}})");
  co_await tell(socket, R"({"type":"ping","ping_event":{"event_id":77,"ping_ms":5}})");
  EXPECT_EQ(co_await take(socket), R"({"type":"pong","event_id":77})");
  co_await tell(socket, R"({"type":"something_new","x":1})");
  socket.close();
}

Task<void> auto_reply() {
  namespace talk = elevenlabs::conversation;
  ScriptedServer server(co_await boost::asio::this_coro::executor, ping_agent);
  auto connection = co_await talk::Connection::open(talk::Params().with_agent_id("a"), options_for(server));
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
  auto connection = co_await deepgram::listen::Connection::open(deepgram::listen::Params(), options);
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
  if (number == 1) co_await tell(socket, R"({"type":"reply","in_reply_to":"x","result":1,"key":"AIzaSecret"})");
  if (number == 2) (void)co_await socket.send_binary(Bytes(3));
  if (number == 3) co_await tell(socket, R"({"type":"hello"})");
}

Task<void> wrong_messages() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, send_wrong);
  const std::string expected[] = {
      "a message of the server does not fit its definition: $.in_reply_to: expected a whole number, found a string that is none",
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

Task<void> flood(net::WebSocket& socket, int, const http::Request&) {
  co_await tell(socket, R"({"type":"hello"})");
  for (int i = 0; i < 500; ++i)
    co_await tell(socket, R"({"type":"reply","result":)" + std::to_string(i) + "}");
  socket.close();
}

Task<void> overflow() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, flood);
  for (const auto policy : {api::Overflow::block, api::Overflow::drop_oldest, api::Overflow::fail}) {
    auto options = options_for(server);
    options.overflow = policy;
    options.inbox_messages = 10;
    auto connection = co_await rpc::Connection::open(rpc::Params("r"), options);
    EXPECT_TRUE(connection) << connection.error().describe();
    if (!connection) continue;
    if (policy != api::Overflow::block)
      while (connection->counters().messages_in < 501 && connection->outcome())
        co_await sleep_for(std::chrono::milliseconds(1));
    int replies = 0;
    while (auto message = co_await connection->next()) replies += std::holds_alternative<demo::Reply>(*message);
    const auto& counters = connection->counters();
    if (policy == api::Overflow::block) {
      EXPECT_EQ(replies, 500);
    }
    if (policy == api::Overflow::drop_oldest) {
      EXPECT_EQ(replies, 10);
      EXPECT_EQ(counters.dropped, 491u);
    }
    if (policy == api::Overflow::fail) {
      EXPECT_EQ(connection->outcome().error().kind(), ErrorKind::too_large);
    }
  }
  co_await server.stop();
}
TEST(Session_E24, AFullInboxFollowsItsPolicy) {
  run(overflow());
}

Task<void> drop_first(net::WebSocket& socket, int number, const http::Request& request) {
  co_await greet(socket, number, request);
  if (number == 1) {
    co_await tell(socket, R"({"type":"reply","result":"one"})");
    (void)co_await take(socket);
    socket.abort();
    co_return;
  }
  EXPECT_EQ(co_await take(socket), R"({"type":"call","method":"subscribe"})");
  co_await tell(socket, R"({"type":"reply","result":"two"})");
  socket.close();
}

Task<void> reconnects() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, drop_first);
  auto options = options_for(server);
  options.reconnect.max_attempts = 3;
  options.reconnect.first_delay = std::chrono::milliseconds(1);
  int seen = 0;
  const auto executor = co_await boost::asio::this_coro::executor;
  std::optional<rpc::Connection> sender;
  // Resubscribing is the caller's: through a second handle.
  options.on_reconnect = [&](const api::Reconnected& what) {
    seen = static_cast<int>(what.times);
    boost::asio::co_spawn(executor, sender->send_call(demo::Call("subscribe")), boost::asio::detached);
  };
  auto connection = co_await rpc::Connection::open(rpc::Params("r"), options);
  sender = connection->share();
  EXPECT_TRUE(co_await connection->initialize());
  EXPECT_TRUE(co_await connection->send_call(demo::Call("go")));
  std::vector<std::string> results;
  while (auto message = co_await connection->next())
    if (const auto* reply = std::get_if<demo::Reply>(&*message)) results.push_back(json::to_string(reply->result));
  EXPECT_EQ(results, (std::vector<std::string>{"\"one\"", "\"two\""}));
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(connection->counters().reconnects, 1u);
  sender.reset();
  co_await server.stop();
}
TEST(Session_E22, APolicyReconnectsAndTellsIt) {
  run(reconnects());
}

Task<void> no_policy() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, drop_first);
  auto connection = co_await rpc::Connection::open(rpc::Params("r"), options_for(server));
  EXPECT_TRUE(co_await connection->initialize());
  EXPECT_TRUE(co_await connection->send_call(demo::Call("go")));
  while (co_await connection->next()) continue;
  EXPECT_EQ(connection->outcome().error().kind(), ErrorKind::disconnected);
  EXPECT_EQ(server.connections(), 1);
  co_await server.stop();
}
TEST(Session_E24, WithoutAPolicyNothingReconnects) {
  run(no_policy());
}

Task<void> answer_calls(net::WebSocket& socket, int number, const http::Request& request) {
  co_await greet(socket, number, request);
  // The second is answered first, the third not at all.
  EXPECT_EQ(co_await take(socket), R"({"type":"call","method":"a","req_id":1})");
  EXPECT_EQ(co_await take(socket), R"({"type":"call","method":"b","req_id":2})");
  co_await tell(socket, R"({"type":"reply","in_reply_to":2,"result":"B"})");
  co_await tell(socket, R"({"type":"reply","in_reply_to":1,"result":"A"})");
}

Task<void> call(rpc::Connection& connection, std::string method, std::string& result, int& done) {
  auto answer = co_await connection.request(rpc::ClientMessage(demo::Call(std::move(method))));
  EXPECT_TRUE(answer);
  if (answer) result = json::to_string(std::get<demo::Reply>(*answer).result);
  ++done;
}

Task<void> correlates() {
  const auto executor = co_await boost::asio::this_coro::executor;
  ScriptedServer server(executor, answer_calls);
  auto connection = co_await rpc::Connection::open(rpc::Params("r"), options_for(server));
  EXPECT_TRUE(co_await connection->initialize());
  std::string a, b;
  int done = 0;
  boost::asio::co_spawn(executor, call(*connection, "a", a, done), boost::asio::detached);
  co_await call(*connection, "b", b, done);
  while (done < 2) co_await sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(a, "\"A\"");
  EXPECT_EQ(b, "\"B\"");
  auto none = co_await connection->request(rpc::ClientMessage(demo::Call("c")));
  EXPECT_EQ(none.error().kind(), ErrorKind::timeout);
  co_await server.stop();
}
TEST(Session_E21, RequestsFindTheirAnswers) {
  run(correlates());
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
  auto params = tts::Params("a voice").with_model_id("m1").with_output_format(elevenlabs::OutputFormat::pcm_16000);
  auto connection = co_await tts::connect(params, handlers, options_for(server));
  EXPECT_TRUE(connection);
  elevenlabs::VoiceSettings voice;
  voice.stability = 0.5;
  EXPECT_TRUE(co_await connection->initialize(elevenlabs::InitializeConnectionMessage().with_voice_settings(voice)));
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
  EXPECT_TRUE(co_await sink.send(tts::ClientMessage(elevenlabs::InitializeConnectionMessage().with_voice_settings(voice))));
  EXPECT_TRUE(co_await sink.send(tts::ClientMessage(elevenlabs::SendTextMessage("Hello "))));
  EXPECT_TRUE(co_await sink.send(tts::ClientMessage(elevenlabs::CloseConnectionMessage())));
}

Task<void> splits() {
  const auto executor = co_await boost::asio::this_coro::executor;
  ScriptedServer server(executor, speak);
  auto params = tts::Params("a voice").with_model_id("m1").with_output_format(elevenlabs::OutputFormat::pcm_16000);
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
  EXPECT_EQ(none.error().message(), "no API key: pass one, or set PARLEY_TEST_DEMO_KEY or PARLEY_TEST_DEMO_OTHER");
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
