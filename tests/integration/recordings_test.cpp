#include "recordings.hpp"

#include <gtest/gtest.h>

#include "parley/http/sse.hpp"
#include "parley/net/http_server.hpp"

#include "house.hpp"

namespace parley {
namespace {

using testing::Expected;
using testing::expected_of;
using testing::House;
using testing::HouseOptions;
using testing::in_house;
using testing::Person;
using testing::Recording;
using testing::text_of;

struct Heard {
  Heard() = default;
  std::string text;
  Result<void> outcome;
};

Task<Heard> ask(gemini::Client client, Recording recording) {
  Heard heard;
  auto request = gemini::prompt("Hello");
  const std::string model = "recording-" + recording.name;
  if (!recording.streamed) {
    auto answer = co_await client.models().generate_content(model, std::move(request));
    if (answer)
      heard.text = gemini::text_of(*answer);
    else
      heard.outcome = fail(std::move(answer.error()));
    co_return heard;
  }
  auto stream = co_await client.models().stream_generate_content(model, std::move(request));
  if (!stream) {
    heard.outcome = fail(std::move(stream.error()));
    co_return heard;
  }
  while (auto part = co_await stream->next()) heard.text += gemini::text_of(*part);
  heard.outcome = stream->outcome();
  co_return heard;
}

void check(const Heard& heard, const Expected& expected) {
  EXPECT_EQ(heard.text, expected.text);
  if (expected.error_code != 0) {
    ASSERT_FALSE(heard.outcome);
    const Error& error = heard.outcome.error();
    EXPECT_EQ(error.http_status(), expected.error_code) << error.describe();
    EXPECT_EQ(error.service_status(), expected.error_status);
    EXPECT_NE(error.message().find(expected.error_message), std::string::npos) << error.message();
  } else if (!expected.readable) {
    ASSERT_FALSE(heard.outcome);
    EXPECT_EQ(heard.outcome.error().kind(), ErrorKind::invalid_response);
  } else {
    EXPECT_TRUE(heard.outcome) << heard.outcome.error().describe();
  }
}

gemini::Client client_of(const std::string& base_url) {
  gemini::ClientOptions options;
  options.api_key = Secret("test-key");
  options.base_url = base_url;
  return *gemini::Client::make(options);
}

Task<void> every_recording_is_read(House& house) {
  const auto client = client_of(house.emulator.base_url());
  for (const auto& recording : testing::all_recordings()) {
    SCOPED_TRACE(recording.name);
    house.emulator.service().add_recording(recording.name, recording.bytes);
    check(co_await ask(client, recording), expected_of(recording.bytes));
  }
  EXPECT_EQ(house.emulator.streaming(), 0);
}

TEST(Recordings, EachIsReadByTheClient) {
  in_house(every_recording_is_read);
}

TEST(Recordings, EachIsReadWhenItComesInPiecesOfOneAndOfSevenBytes) {
  for (const std::size_t piece : {1, 7}) {
    HouseOptions options;
    options.emulator.service.replay_piece = piece;
    in_house(every_recording_is_read, options);
  }
}

Task<void> through_the_chat(House& house, Person& asker, Person& reader, Recording recording) {
  const auto expected = expected_of(recording.bytes);
  house.emulator.service().add_recording(recording.name, recording.bytes);
  co_await asker.say(R"({"type":"create_session","model_id":"recording-)" + recording.name + "\"}");
  const auto made = co_await asker.until("session_created");
  co_await reader.say(R"({"type":"join_session","session_id":")" + text_of(made, "session_id") +
                      "\"}");
  co_await reader.until("session_joined");
  const auto first = reader.frames().size();
  co_await asker.chat("Hello");
  for (;;) {
    const auto frame = co_await reader.next();
    const auto type = text_of(frame, "type");
    std::string seen;
    for (auto i = first; i < reader.frames().size(); ++i)
      if (text_of(reader.frames()[i], "type") == "chunk")
        seen += text_of(reader.frames()[i], "text");
    if (type == "error") {
      EXPECT_TRUE(expected.error_code != 0 || !expected.readable || expected.text.empty())
          << text_of(frame, "message");
      EXPECT_NE(text_of(frame, "message").find(expected.error_message), std::string::npos);
      EXPECT_TRUE(expected.text.starts_with(seen));
      co_return;
    }
    if (type != "response_complete") continue;
    EXPECT_TRUE(expected.error_code == 0 && expected.readable && !expected.text.empty());
    EXPECT_EQ(text_of(frame, "full_response"), expected.text);
    EXPECT_EQ(seen, expected.text);
    co_return;
  }
}

TEST(Recordings, EachStreamGoesThroughServerAndWebSocketToEveryMember) {
  in_house([](House& house) -> Task<void> {
    Person asker = co_await Person::join(house);
    Person reader = co_await Person::join(house);
    for (const auto& recording : testing::all_recordings()) {
      SCOPED_TRACE(recording.name);
      if (recording.streamed) co_await through_the_chat(house, asker, reader, recording);
    }
  });
}

// What a server on a raw port sends next: two pieces of a body.
struct Pieces {
  std::string first, second;
};

Task<void> send_pieces(net::Exchange& exchange, const Pieces& pieces) {
  http::Response head(200);
  head.headers.set("Content-Type", "text/event-stream");
  co_await exchange.begin(std::move(head));
  co_await exchange.write(pieces.first);
  if (!pieces.second.empty()) co_await exchange.write(pieces.second);
  co_await exchange.finish();
}

Task<void> each_split(Executor executor, std::size_t& files) {
  Pieces pieces;
  net::HttpServer server(executor, net::HttpServerOptions(), [&pieces](net::Exchange& exchange) {
    return send_pieces(exchange, pieces);
  });
  const auto port = server.listen();
  const auto client = client_of("http://127.0.0.1:" + std::to_string(*port));
  for (const auto& recording : testing::all_recordings()) {
    if (!recording.streamed || recording.bytes.size() > 1500 || recording.bytes.starts_with("{"))
      continue;
    SCOPED_TRACE(recording.name);
    const auto expected = expected_of(recording.bytes);
    ++files;
    for (std::size_t at = 1; at < recording.bytes.size(); ++at) {
      pieces.first = recording.bytes.substr(0, at);
      pieces.second = recording.bytes.substr(at);
      SCOPED_TRACE(at);
      check(co_await ask(client, recording), expected);
      if (::testing::Test::HasFailure()) co_return;
    }
  }
  co_await server.stop(std::chrono::milliseconds(0));
}

TEST(Recordings, EachSplitOfAStreamGivesTheSameAnswer) {
  std::size_t files = 0;
  testing::drive([&files](Executor executor) { return each_split(executor, files); });
  EXPECT_GE(files, 5u);
}

// The decoder alone, where a split is sure to be seen as one.
TEST(Recordings, TheDecoderSeesTheSameEventsAtEverySplit) {
  for (const auto& recording : testing::all_recordings()) {
    if (!recording.streamed || recording.bytes.size() > 6000) continue;
    const auto events = [](std::string_view a, std::string_view b) {
      http::SseDecoder decoder;
      std::vector<std::string> all;
      for (const auto part : {a, b}) {
        EXPECT_TRUE(decoder.receive(part));
        while (auto event = decoder.poll_event()) all.push_back(event->data);
      }
      EXPECT_TRUE(decoder.finish());
      while (auto event = decoder.poll_event()) all.push_back(event->data);
      all.push_back(decoder.foreign_text());
      return all;
    };
    const std::string_view bytes = recording.bytes;
    const auto whole = events(bytes, "");
    for (std::size_t at = 0; at <= bytes.size(); ++at)
      ASSERT_EQ(events(bytes.substr(0, at), bytes.substr(at)), whole)
          << recording.name << " " << at;
  }
}

TEST(Recordings, TheSharedOnesWereReadAsWell) {
  if (!testing::shared_recordings_are_here()) GTEST_SKIP() << "../shared/data is not here";
  EXPECT_GT(testing::all_recordings().size(), testing::own_recordings().size() + 60);
}

}  // namespace
}  // namespace parley
