#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "parley/net/http_server.hpp"

#include "house.hpp"

// The Gemini client against the emulator and against servers that misbehave.

namespace parley {
namespace {

using testing::drive;
using testing::House;
using testing::HouseOptions;
using testing::in_house;

gemini::Client client_of(const std::string& base_url) {
  gemini::ClientOptions options;
  options.api_key = Secret("test-key");
  options.base_url = base_url;
  return *gemini::Client::make(options);
}

TEST(GeminiModels, AnswerCountListAndGet) {
  in_house([](House& house) -> Task<void> {
    const auto models = client_of(house.emulator.base_url()).models();
    auto request = gemini::prompt("repeat: exactly this");
    const auto answer = co_await models.generate_content("gemini-2.5-flash", request);
    EXPECT_EQ(gemini::text_of(*answer), "exactly this");
    EXPECT_EQ(gemini::finish_reason_of(*answer), "STOP");
    EXPECT_EQ(answer->model_version, "gemini-2.5-flash");
    std::vector<gemini::Content> contents(1, gemini::user_content("Count this"));
    const auto tokens = co_await models.count_tokens("models/gemini-2.5-flash", contents);
    EXPECT_GT(tokens->total_tokens, 0);
    const auto all = co_await models.list_all();
    const auto page = co_await models.list(2);
    EXPECT_EQ(page->models->size(), 2u);
    EXPECT_GT(all->size(), 2u);
    const auto one = co_await models.get("gemini-2.5-flash");
    EXPECT_EQ(one->name, "models/gemini-2.5-flash");
    const auto none = co_await models.get("no-such-model");
    EXPECT_EQ(none.error().kind(), ErrorKind::not_found);
  });
}

TEST(GeminiModels, ARequestGoesOutWhole) {
  in_house([](House& house) -> Task<void> {
    const auto models = client_of(house.emulator.base_url() + "/proxy/path").models();
    auto request = gemini::prompt("Hello");
    gemini::set_system_instruction(request, "Be kind.");
    (void)co_await models.generate_content("gemini-2.5-flash", request);
    const auto& seen = house.emulator.service().journal().back();
    EXPECT_EQ(seen.target, "/proxy/path/v1beta/models/gemini-2.5-flash:generateContent");
    EXPECT_EQ(seen.headers.find("x-goog-api-key").value_or(""), "***");
    EXPECT_NE(seen.body.find("Be kind."), std::string::npos);
  });
}

struct FaultCase {
  int status;
  ErrorKind kind;
  bool retryable;
};

TEST(GeminiErrors_A32_D30, EachStatusIsATypedError) {
  in_house([](House& house) -> Task<void> {
    const auto models = client_of(house.emulator.base_url()).models();
    const FaultCase cases[] = {
        {400, ErrorKind::invalid_argument, false},  {401, ErrorKind::unauthenticated, false},
        {403, ErrorKind::permission_denied, false}, {404, ErrorKind::not_found, false},
        {429, ErrorKind::rate_limited, true},       {500, ErrorKind::unavailable, true},
        {503, ErrorKind::unavailable, true},        {504, ErrorKind::unavailable, true}};
    for (const auto& wanted : cases) {
      SCOPED_TRACE(wanted.status);
      emulator::Fault fault;
      fault.status = wanted.status;
      house.emulator.service().inject(fault);
      auto request = gemini::prompt("Hello");
      const auto stream = co_await models.stream_generate_content("gemini-2.5-flash", request);
      EXPECT_FALSE(stream);
      if (stream) continue;
      EXPECT_EQ(stream.error().kind(), wanted.kind);
      EXPECT_EQ(stream.error().http_status(), wanted.status);
      EXPECT_EQ(stream.error().retryable(), wanted.retryable);
      if (wanted.status == 429) {
        EXPECT_TRUE(stream.error().retry_after());
      }
      EXPECT_EQ(stream.error().describe().find("test-key"), std::string::npos);
    }
  });
}

TEST(GeminiErrors_A31, AStreamThatIsCutKeepsItsTextAndIsADisconnection) {
  in_house([](House& house) -> Task<void> {
    const auto models = client_of(house.emulator.base_url()).models();
    for (const std::size_t cut : {0, 1, 200, 400}) {
      SCOPED_TRACE(cut);
      emulator::Fault fault;
      fault.cut = cut;
      house.emulator.service().inject(fault);
      auto request = gemini::prompt("write 300 words about boats");
      auto stream = co_await models.stream_generate_content("gemini-2.5-flash", request);
      if (!stream) {
        EXPECT_EQ(stream.error().kind(), ErrorKind::disconnected);
        continue;
      }
      std::size_t parts = 0;
      while (auto part = co_await stream->next()) ++parts;
      EXPECT_FALSE(stream->outcome());
      if (stream->outcome()) continue;
      EXPECT_EQ(stream->outcome().error().kind(), ErrorKind::disconnected);
      EXPECT_EQ(parts > 0, cut == 400);
    }
  });
}

// A server that holds the rest of its answer back until it is told.
struct Gate {
  explicit Gate(Executor executor)
      : timer(executor, boost::asio::steady_timer::time_point::max()) {}
  boost::asio::steady_timer timer;
  bool finished = false;
};

Task<void> hold_back(net::Exchange& exchange, Gate& gate) {
  http::Response head(200);
  head.headers.set("Content-Type", "text/event-stream");
  co_await exchange.begin(std::move(head));
  co_await exchange.write(
      "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"first\"}]}}]}\r\n\r\n");
  boost::system::error_code ignored;
  co_await gate.timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  co_await exchange.write(
      "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\" second\"}]},"
      "\"finishReason\":\"STOP\"}]}\r\n\r\n");
  co_await exchange.finish();
  gate.finished = true;
}

TEST(GeminiStream_A37, TheFirstChunkIsThereBeforeTheBodyEnds) {
  drive([](Executor executor) -> Task<void> {
    Gate gate(executor);
    net::HttpServer server(executor, net::HttpServerOptions(),
                           [&gate](net::Exchange& exchange) { return hold_back(exchange, gate); });
    const auto port = server.listen();
    const auto client = client_of("http://127.0.0.1:" + std::to_string(*port));
    auto request = gemini::prompt("Hello");
    auto stream = co_await client.models().stream_generate_content("any", request);
    const auto first = co_await stream->next();
    EXPECT_EQ(gemini::text_of(*first), "first");
    EXPECT_FALSE(gate.finished);
    gate.timer.expires_at(boost::asio::steady_timer::time_point::min());
    const auto second = co_await stream->next();
    EXPECT_EQ(gemini::text_of(*second), " second");
    EXPECT_FALSE(co_await stream->next());
    EXPECT_TRUE(stream->outcome());
  });
}

Task<void> read_for_ever(gemini::Client client) {
  auto request = gemini::prompt("write 5000 words about boats");
  auto stream = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
  if (!stream) co_return;  // cancelled before its first piece came
  while (auto part = co_await stream->next()) {
  }
}

// Waits, turn by turn of the loop, until the emulator has noticed.
Task<void> until_streaming(House& house, int count) {
  while (house.emulator.streaming() != count) co_await sleep_for(std::chrono::milliseconds(1));
}

TEST(GeminiStream_A30_D9, CancellingTheTaskClosesTheSocket) {
  HouseOptions options;
  options.emulator.service.pace = std::chrono::milliseconds(20);
  in_house(
      [](House& house) -> Task<void> {
        boost::asio::cancellation_signal stop;
        bool ended = false;
        boost::asio::co_spawn(house.executor, read_for_ever(client_of(house.emulator.base_url())),
                              boost::asio::bind_cancellation_slot(
                                  stop.slot(), [&ended](std::exception_ptr) { ended = true; }));
        co_await until_streaming(house, 1);
        stop.emit(boost::asio::cancellation_type::terminal);
        co_await until_streaming(house, 0);
        EXPECT_TRUE(ended);
      },
      options);
}

TEST(GeminiStream_A30_D9, DroppingTheStreamClosesTheSocket) {
  HouseOptions options;
  options.emulator.service.pace = std::chrono::milliseconds(20);
  in_house(
      [](House& house) -> Task<void> {
        const auto client = client_of(house.emulator.base_url());
        {
          auto request = gemini::prompt("write 5000 words about boats");
          auto stream =
              co_await client.models().stream_generate_content("gemini-2.5-flash", request);
          EXPECT_TRUE(co_await stream->next());
          EXPECT_EQ(house.emulator.streaming(), 1);
        }
        co_await until_streaming(house, 0);
      },
      options);
}

TEST(GeminiStream, DeletingTheSessionStopsTheModel) {
  HouseOptions options;
  options.emulator.service.pace = std::chrono::milliseconds(20);
  in_house(
      [](House& house) -> Task<void> {
        auto person = co_await testing::Person::join(house);
        co_await person.chat("write 5000 words about boats");
        const auto chunk = co_await person.until("chunk");
        EXPECT_EQ(house.emulator.streaming(), 1);
        co_await house.json("DELETE", "/sessions/" + testing::text_of(chunk, "session_id"));
        co_await until_streaming(house, 0);
      },
      options);
}

}  // namespace
}  // namespace parley
