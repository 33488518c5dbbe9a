// Pause, resume and cancel over every transport that streams.
#include "parley/api/stream_control.hpp"

#include <gtest/gtest.h>

#include "parley/api/rest.hpp"
#include "parley/api/text_delivery.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/live.hpp"

#include "house.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;
using testing::House;
using testing::HouseOptions;
using testing::in_house;

gemini::Client client_of(const House& house) {
  gemini::ClientOptions options;
  options.api_key = Secret("test-key");
  options.base_url = house.emulator.base_url();
  return *gemini::Client::make(options);
}

Task<gemini::Stream> ask(House& house, std::string_view text) {
  auto request = gemini::prompt(text);
  auto stream = co_await client_of(house).models().stream_generate_content("gemini-2.5-flash",
                                                                           std::move(request));
  co_return std::move(*stream);
}

TEST(StreamControl_A23_A25, AnAnswerOverHttpIsPausedAndComesWhole) {
  in_house([](House& house) -> Task<void> {
    std::string plain;
    auto other = co_await ask(house, "write 2000 words about boats");
    while (auto part = co_await other.next()) plain += gemini::text_of(*part);

    api::StreamOptions options;
    options.limits.metrics = api::MetricsLevel::detailed;
    options.limits.buffer.max_chunks = 5;
    auto source = co_await ask(house, "write 2000 words about boats");
    auto stream = co_await api::control_stream(std::move(source), options);
    auto control = stream->control();
    std::string text;
    for (int round = 0; round < 3; ++round) {
      for (int n = 0; n < 3; ++n)
        if (auto part = co_await stream->next()) text += gemini::text_of(*part);
      EXPECT_TRUE(control.pause());
      EXPECT_FALSE(co_await stream->next_until(TimePoint::min()));
      EXPECT_TRUE(control.resume());
    }
    while (auto part = co_await stream->next()) text += gemini::text_of(*part);
    EXPECT_EQ(text, plain);
    EXPECT_TRUE(stream->outcome());
    EXPECT_LE(control.metrics().peak_chunks, 5u) << "memory does not grow with the stream";
    EXPECT_EQ(control.metrics().pauses, 3u);
    EXPECT_TRUE(control.metrics().first_chunk);
  });
}

Task<void> until_streaming(House& house, int count) {
  while (house.emulator.streaming() != count) co_await sleep_for(milliseconds(1));
}

TEST(StreamControl_A30, CancellingAnAnswerOverHttpClosesItsSocket) {
  HouseOptions options;
  options.emulator.service.pace = milliseconds(20);
  in_house(
      [](House& house) -> Task<void> {
        auto source = co_await ask(house, "write 5000 words about boats");
        auto stream = co_await api::control_stream(std::move(source));
        EXPECT_TRUE(co_await stream->next());
        EXPECT_EQ(house.emulator.streaming(), 1);
        EXPECT_TRUE(stream->control().cancel());
        EXPECT_FALSE(co_await stream->next());
        co_await stream->wait_released();
        EXPECT_EQ(stream->source(), nullptr);
        co_await until_streaming(house, 0);
      },
      options);
}

TEST(StreamControl_A23_A30, ALiveSessionIsPausedAndCancelled) {
  in_house([](House& house) -> Task<void> {
    gemini::LiveOptions options("gemini-live-2.5-flash-preview");
    options.base_url = house.emulator.base_url();
    options.key = Secret("test-key");
    options.answer_in(gemini::Modality::text);
    // The socket tells its end when the loop lets go of it, behind this coroutine.
    const auto events = std::make_shared<std::vector<std::string>>();
    options.events = [events](const Event& event) { events->push_back(event.name); };
    auto live = co_await gemini::Live::connect(std::move(options));
    EXPECT_TRUE(co_await live->send_turn("repeat: in pieces, one by one"));
    auto stream = co_await api::control_stream(std::move(*live));
    EXPECT_TRUE(stream->control().pause());
    EXPECT_FALSE(co_await stream->next_until(TimePoint::min()));
    EXPECT_TRUE(stream->control().resume());
    std::string text;
    while (auto event = co_await stream->next()) {
      if (const auto* said = std::get_if<gemini::LiveText>(&*event)) text += said->text;
      if (std::holds_alternative<gemini::LiveTurnComplete>(*event)) break;
    }
    EXPECT_EQ(text, "in pieces, one by one");
    EXPECT_TRUE(stream->control().cancel());
    EXPECT_FALSE(co_await stream->next());
    co_await stream->wait_released();
    while (std::ranges::count(*events, "api.session_stop") +
               std::ranges::count(*events, "api.session_exception") ==
           0)
      co_await sleep_for(milliseconds(1));
  });
}

TEST(StreamControl_A23, AWebSocketIsPaused) {
  in_house([](House& house) -> Task<void> {
    auto url = house.url("/ws", "ws");
    net::ConnectOptions connecting;
    auto socket = co_await net::connect_websocket(std::move(url), std::move(connecting));
    EXPECT_TRUE(socket) << socket.error().describe();
    if (!socket) co_return;
    auto stream = co_await api::control_stream(std::move(*socket));
    EXPECT_TRUE(stream->control().pause());
    EXPECT_TRUE(stream->control().resume());
    const auto first = co_await stream->next();
    EXPECT_NE(first->data.find("connected"), std::string::npos);
    EXPECT_TRUE(stream->control().cancel());
    EXPECT_FALSE(co_await stream->next());
    co_await stream->wait_released();
  });
}

// Server-sent events of a generated client.
Task<void> two_events(net::Exchange& exchange) {
  http::Response response(200);
  response.headers.set("Content-Type", "text/event-stream");
  response.body = "data: {\"totalTokens\":1}\n\ndata: {\"totalTokens\":2}\n\n";
  co_await exchange.respond(std::move(response));
}

TEST(StreamControl_A23, TypedEventsOfAGeneratedClientArePaused) {
  testing::drive([](Executor executor) -> Task<void> {
    net::HttpServer server(executor, net::HttpServerOptions(), two_events);
    const auto port = server.listen();
    net::HttpClient client;
    auto url = *http::parse_url("http://127.0.0.1:" + std::to_string(*port));
    http::Request request("GET", "/");
    auto body = co_await client.open(std::move(url), std::move(request));
    api::EventStream events(api::CallStream(std::move(*body)), 1 << 20);
    api::TypedEvents<gemini::CountTokensResponse> typed(std::move(events), "");
    auto stream = co_await api::control_stream(std::move(typed));
    EXPECT_TRUE(stream->control().pause());
    EXPECT_TRUE(stream->control().resume());
    EXPECT_EQ((co_await stream->next())->total_tokens, 1);
    EXPECT_EQ((co_await stream->next())->total_tokens, 2);
    EXPECT_FALSE(co_await stream->next());
    EXPECT_EQ(stream->state(), api::StreamState::completed);
  });
}

TEST(TextDelivery_A38, AnAnswerIsHandedOnByLines) {
  in_house([](House& house) -> Task<void> {
    auto source = co_await ask(house, "repeat: one\ntwo\nthree");
    auto stream = co_await api::control_stream(std::move(source));
    api::DeliveryOptions options;
    options.mode = api::DeliveryMode::by_line;
    const std::function<std::string(const gemini::GenerateContentResponse&)> text_of =
        gemini::text_of;
    api::DeliveredText<gemini::Stream> text(std::move(*stream), text_of, options);
    std::vector<std::string> lines;
    while (auto line = co_await text.next()) lines.push_back(*line);
    EXPECT_EQ(lines, (std::vector<std::string>{"one\n", "two\n", "three"}));
  });
}

}  // namespace
}  // namespace parley
