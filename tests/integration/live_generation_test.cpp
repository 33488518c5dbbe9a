// Generation over a Live session, beside the same calls over HTTP.
#include "parley/gemini/live_generation.hpp"

#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/json/value.hpp"
#include "parley/net/http_server.hpp"

namespace parley {
namespace {

using gemini::LiveTurns;
using gemini::ServedBy;
using gemini::WebSocketConfig;
using std::chrono::milliseconds;

constexpr const char* kWrites = "gemini-live-2.5-flash-preview";
constexpr const char* kSpeaks = "gemini-2.5-flash-native-audio-latest";

emulator::ServerOptions quick() {
  emulator::ServerOptions options;
  options.service.pace = options.live.pace = milliseconds(0);
  options.live.playback = 0;
  return options;
}

gemini::Client client_of(const std::string& base_url) {
  gemini::ClientOptions options;
  options.api_key = Secret("test-key");
  options.base_url = base_url;
  return *gemini::Client::make(options);
}

using Body = Task<void> (*)(emulator::Server& server, gemini::Client client);
Task<void> start_and_run(Body body, emulator::ServerOptions options) {
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(options));
  EXPECT_TRUE(server.start());
  auto client = client_of(server.base_url());
  co_await body(server, client);
  co_await server.stop();
}
void with_emulator(Body body, emulator::ServerOptions options = quick()) {
  run(start_and_run(body, std::move(options)));
}

struct Heard {
  std::string text, finish;
  std::size_t messages = 0, audio = 0;
  std::vector<gemini::FunctionCall> calls;
  std::optional<gemini::UsageMetadata> usage;
  Result<void> outcome;
};

Task<Heard> hear(Result<gemini::Stream> stream) {
  Heard heard;
  if (!stream) {
    heard.outcome = fail(stream.error());
    co_return heard;
  }
  while (auto message = co_await stream->next()) {
    ++heard.messages;
    heard.text += gemini::text_of(*message);
    if (auto reason = gemini::finish_reason_of(*message); !reason.empty()) heard.finish = reason;
    if (message->usage_metadata) heard.usage = message->usage_metadata;
    for (const auto& candidate : gemini::candidates_of(*message)) {
      if (!candidate.content) continue;
      for (const auto& part : gemini::parts_of(*candidate.content)) {
        if (part.inline_data) heard.audio += part.inline_data->data->size();
        if (part.function_call) heard.calls.push_back(*part.function_call);
      }
    }
  }
  heard.outcome = stream->outcome();
  co_return heard;
}

Task<void> one_call(emulator::Server&, gemini::Client client) {
  auto request = gemini::prompt("repeat: Good evening, everybody");
  auto over_http =
      co_await hear(co_await client.models().stream_generate_content("gemini-2.5-flash", request));
  auto stream = co_await gemini::stream_over_websocket(client, kWrites, request, WebSocketConfig());
  EXPECT_TRUE(stream) << stream.error().describe();
  if (!stream) co_return;
  EXPECT_EQ(stream->served_by(), ServedBy::websocket);
  EXPECT_EQ(stream->report().attempts.size(), 1u);
  auto over_socket = co_await hear(std::move(stream));
  EXPECT_TRUE(over_socket.outcome) << over_socket.outcome.error().describe();
  EXPECT_EQ(over_socket.text, "Good evening, everybody");
  EXPECT_EQ(over_socket.text, over_http.text);
  EXPECT_EQ(over_socket.finish, "STOP");
  EXPECT_EQ(over_socket.finish, over_http.finish);
  EXPECT_GT(over_socket.messages, 1u) << "it comes in pieces";
  EXPECT_TRUE(over_socket.usage);
  if (!over_socket.usage) co_return;
  EXPECT_GT(over_socket.usage->prompt_token_count, 0);
  EXPECT_EQ(over_socket.usage->candidates_token_count, over_http.usage->candidates_token_count);
}
TEST(LiveGeneration_A1_D6, OneCallStreamsTheSameAnswerAsHttp) {
  with_emulator(one_call);
}

Task<void> spoken(emulator::Server&, gemini::Client client) {
  auto request = gemini::prompt("repeat: Hear me");
  const auto whole =
      co_await gemini::generate_over_websocket(client, kSpeaks, request, WebSocketConfig());
  EXPECT_TRUE(whole) << whole.error().describe();
  if (!whole) co_return;
  EXPECT_EQ(gemini::text_of(whole->response), "Hear me");
  EXPECT_GT(whole->audio.size(), 1000u);
  EXPECT_EQ(whole->rate, 24'000);
  EXPECT_EQ(gemini::finish_reason_of(whole->response), "STOP");
  EXPECT_EQ(whole->response.model_version, kSpeaks);
  EXPECT_TRUE(whole->response.usage_metadata);
}
TEST(LiveGeneration_D6, OfSpeechTheTranscriptIsTheTextAndTheSpeechStandsBeside) {
  with_emulator(spoken);
}

// The journal's messages of Live clients.
std::vector<json::Object> told_to(emulator::Server& server) {
  std::vector<json::Object> out;
  for (const auto& entry : server.service().journal())
    if (entry.method == "LIVE") out.push_back(json::parse(entry.body)->as_object());
  return out;
}

Task<void> history(emulator::Server& server, gemini::Client client) {
  auto request = gemini::prompt("My name is Ada.");
  gemini::add_turn(request, gemini::model_content("Hello Ada."));
  gemini::add_turn(request, gemini::user_content("What is my name?"));
  gemini::set_system_instruction(request, "Answer in English.");
  const auto heard = co_await hear(
      co_await gemini::stream_over_websocket(client, kWrites, request, WebSocketConfig()));
  EXPECT_NE(heard.text.find("Ada"), std::string::npos) << heard.text;
  const auto told = told_to(server);
  EXPECT_EQ(told.size(), 2u);
  if (told.size() != 2) co_return;
  EXPECT_NE(json::to_string(json::Value(told[0])).find("Answer in English."), std::string::npos);
  const auto& turns = told[1].at("clientContent").at("turns").as_array();
  EXPECT_EQ(turns.size(), 3u);
  EXPECT_EQ(turns.at(0).at("role"), "user");
  EXPECT_EQ(turns.at(1).at("role"), "model");
  EXPECT_EQ(turns.at(2).at("role"), "user");
}
TEST(LiveGeneration_D7, RolesHistoryAndInstructionAreKept) {
  with_emulator(history);
}

std::vector<gemini::Content> says(std::string_view text) {
  return std::vector<gemini::Content>(1, gemini::user_content(text));
}

Task<void> turns(emulator::Server& server, gemini::Client client) {
  auto session = co_await LiveTurns::open(client, kWrites, gemini::GenerateContentRequest(),
                                          WebSocketConfig());
  EXPECT_TRUE(session) << session.error().describe();
  if (!session) co_return;
  auto hello = says("My name is Ada.");
  const auto first = co_await hear(co_await session->generate(std::move(hello)));
  EXPECT_TRUE(first.outcome);
  auto question = says("What is my name?");
  const auto second = co_await hear(co_await session->generate(std::move(question)));
  EXPECT_NE(second.text.find("Ada"), std::string::npos) << second.text;
  EXPECT_GT(second.usage->prompt_token_count, first.usage->prompt_token_count);
  const auto told = told_to(server);
  EXPECT_EQ(told.size(), 3u) << "one setup, and only what is new";
  EXPECT_EQ(told.back().at("clientContent").at("turns").as_array().size(), 1u);
  auto nothing = std::vector<gemini::Content>();
  EXPECT_EQ((co_await session->generate(std::move(nothing))).error().kind(),
            ErrorKind::invalid_argument);
  EXPECT_TRUE(co_await session->close());
}
TEST(LiveGeneration_D10, SeveralTurnsInOneSessionKeepTheContext) {
  with_emulator(turns);
}

Task<void> calls(emulator::Server&, gemini::Client client) {
  gemini::GenerateContentRequest request;
  gemini::FunctionDeclaration weather("get_weather");
  weather.parameters = json::Any(
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value());
  gemini::declare_function(request.tools, std::move(weather));
  auto session = co_await LiveTurns::open(client, kWrites, request, WebSocketConfig());
  auto question = says("What is the weather in Oslo?");
  const auto asked = co_await hear(co_await session->generate(std::move(question)));
  EXPECT_TRUE(asked.outcome);
  EXPECT_EQ(asked.calls.size(), 1u);
  if (asked.calls.empty()) co_return;
  EXPECT_EQ(asked.calls[0].name, "get_weather");
  EXPECT_EQ(asked.finish, "STOP");
  gemini::FunctionResponse response("get_weather");
  response.id = asked.calls[0].id;
  response.response = json::Members(json::Object{{"output", "sunny"}});
  std::vector<gemini::FunctionResponse> responses(1, response);
  const auto answer = co_await hear(co_await session->respond(std::move(responses)));
  EXPECT_NE(answer.text.find("sunny"), std::string::npos) << answer.text;
  EXPECT_EQ(answer.finish, "STOP");
}
TEST(LiveGeneration_D7, FunctionCallsEndAnAnswerAndTheirResultsBeginAnother) {
  with_emulator(calls);
}

Task<void> interrupted(emulator::Server& server, gemini::Client client) {
  auto session = co_await LiveTurns::open(client, kWrites, gemini::GenerateContentRequest(),
                                          WebSocketConfig());
  auto long_one = says("write 5000 words about boats");
  auto first = co_await session->generate(std::move(long_one));
  EXPECT_TRUE(co_await first->next());
  // More context does not break the answer off: it waits.
  auto more = says("My name is Ada.");
  EXPECT_TRUE(co_await session->add_context(std::move(more)));
  EXPECT_EQ(told_to(server).size(), 2u);
  EXPECT_TRUE(co_await first->next());
  // Another turn does.
  auto next = says("repeat: and now this");
  const auto second = co_await hear(co_await session->generate(std::move(next)));
  EXPECT_EQ(second.text, "and now this");
  EXPECT_TRUE(second.outcome);
  EXPECT_FALSE(co_await first->next());
  EXPECT_EQ(first->outcome().error().kind(), ErrorKind::cancelled);
  EXPECT_EQ(told_to(server).back().at("clientContent").at("turns").as_array().size(), 2u);
  auto question = says("What is my name?");
  const auto third = co_await hear(co_await session->generate(std::move(question)));
  EXPECT_NE(third.text.find("Ada"), std::string::npos) << third.text;
}
TEST(LiveGeneration_A41, ContextWaitsForTheAnswerAndATurnInterruptsIt) {
  auto options = quick();
  options.live.pace = milliseconds(5);
  with_emulator(interrupted, options);
}

Task<void> not_permitted(emulator::Server& server, gemini::Client client) {
  gemini::GenerateContentRequest request;
  request.generation_config.emplace().temperature = 0.5;
  auto session = co_await LiveTurns::open(client, kWrites, request, WebSocketConfig());
  gemini::GenerationConfig settings;
  settings.temperature = 0.5;
  EXPECT_TRUE(session->change_settings(settings)) << "as it is";
  settings.temperature = 0.9;
  const auto changed = session->change_settings(settings);
  EXPECT_EQ(changed.error().kind(), ErrorKind::invalid_state);
  EXPECT_NE(changed.error().message().find("begin another session"), std::string::npos);
  const auto other = co_await session->change_context(gemini::ContextUpdate());
  EXPECT_EQ(other.error().kind(), ErrorKind::invalid_argument);
  EXPECT_EQ(told_to(server).size(), 1u) << "nothing was sent";
}
TEST(LiveGeneration_A41, WhatTheServiceDoesNotTakeIsALocalError) {
  with_emulator(not_permitted);
}

Task<void> dropped(emulator::Server&, gemini::Client client) {
  std::vector<std::string> events;
  WebSocketConfig config;
  config.events = [&events](const Event& event) { events.push_back(event.name); };
  const auto ended = [&events] {
    return std::ranges::count(events, "net.ws_session_stop") +
           std::ranges::count(events, "net.ws_session_exception");
  };
  auto request = gemini::prompt("write 5000 words about boats");
  {
    auto stream = co_await gemini::stream_over_websocket(client, kWrites, request, config);
    EXPECT_TRUE(co_await stream->next());
    EXPECT_EQ(ended(), 0);
  }
  while (ended() == 0) co_await sleep_for(milliseconds(1));
}
TEST(LiveGeneration_D9, DroppingTheStreamClosesItsSession) {
  auto options = quick();
  options.live.pace = milliseconds(5);
  with_emulator(dropped, options);
}

// A service that refuses upgrades and answers over HTTP.
struct Refusing {
  Refusing(Executor executor, int with_status)
      : status(with_status), server(executor, net::HttpServerOptions(), [this](auto& exchange) {
          return answer(exchange);
        }) {
    port = server.listen().value();
  }
  Task<void> answer(net::Exchange& exchange) {
    const bool live = exchange.request().target.find("Bidi") != std::string::npos;
    ++(live ? upgrades : calls);
    http::Response response(live ? status : 200);
    response.headers.set("Content-Type", "text/event-stream");
    if (!live)
      response.body =
          "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"over HTTP\"}]},"
          "\"finishReason\":\"STOP\"}]}\n\n";
    co_await exchange.respond(std::move(response));
  }
  int status, upgrades = 0, calls = 0;
  net::HttpServer server;
  std::uint16_t port = 0;
};

Task<void> falls_back() {
  Refusing service(co_await boost::asio::this_coro::executor, 404);
  const auto client = client_of("http://127.0.0.1:" + std::to_string(service.port));
  std::vector<std::string> events;
  WebSocketConfig config;
  config.events = [&events](const Event& event) {
    if (event.name == "gemini.fallback") events.push_back(std::string(event.field("to")));
  };
  auto request = gemini::prompt("Hello");
  auto stream = co_await gemini::stream_over_websocket(client, kWrites, request, config);
  EXPECT_TRUE(stream) << stream.error().describe();
  if (!stream) co_return;
  EXPECT_EQ(stream->served_by(), ServedBy::http) << "and the result says so";
  EXPECT_EQ((co_await hear(std::move(stream))).text, "over HTTP");
  EXPECT_EQ(events, std::vector<std::string>{"http"});

  config.fallback_to_http = false;
  const auto refused = co_await gemini::stream_over_websocket(client, kWrites, request, config);
  EXPECT_EQ(refused.error().kind(), ErrorKind::upgrade_refused);
  EXPECT_EQ(refused.error().http_status(), 404);
  EXPECT_EQ(service.calls, 1);
  for (const int status : {401, 403}) {
    service.status = status;
    config.fallback_to_http = true;
    const auto denied = co_await gemini::stream_over_websocket(client, kWrites, request, config);
    EXPECT_FALSE(denied);
    EXPECT_EQ(denied.error().http_status(), status);
  }
  EXPECT_EQ(service.calls, 1) << "credentials that are refused here are refused there";
  EXPECT_EQ(service.upgrades, 4);
}
TEST(LiveGeneration_A15_W32, ARefusedUpgradeFallsBackWhereAskedAndIsSaid) {
  run(falls_back());
}

Task<void> tries_again() {
  Refusing service(co_await boost::asio::this_coro::executor, 503);
  const auto client = client_of("http://127.0.0.1:" + std::to_string(service.port));
  WebSocketConfig config;
  config.fallback_to_http = false;
  auto request = gemini::prompt("Hello");
  EXPECT_FALSE(co_await gemini::stream_over_websocket(client, kWrites, request, config));
  EXPECT_EQ(service.upgrades, 1) << "nothing is tried again unasked";
  int retries = 0;
  config.reconnect = true;
  config.reconnect_attempts = 1;
  config.events = [&retries](const Event& event) { retries += event.name == "gemini.retry"; };
  EXPECT_FALSE(co_await gemini::stream_over_websocket(client, kWrites, request, config));
  EXPECT_EQ(service.upgrades, 3);
  EXPECT_EQ(retries, 1);
}
TEST(LiveGeneration_A5_B9, ConnectingIsTriedAgainOnlyWhereAsked) {
  run(tries_again());
}

}  // namespace
}  // namespace parley
