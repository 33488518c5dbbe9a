#include <gtest/gtest.h>

#include "house.hpp"
#include "raw_socket.hpp"

namespace parley {
namespace {

using testing::House;
using testing::HouseOptions;
using testing::in_house;
using testing::number_of;
using testing::Person;
using testing::RawSocket;
using testing::text_of;

// Somebody who is not to notice what others send.
Task<void> still_well(Person& person) {
  co_await person.chat("still there?");
  const auto done = co_await person.until("response_complete");
  EXPECT_FALSE(text_of(done, "full_response").empty());
}

struct BadFrame {
  const char* what;
  unsigned char first;
  std::string payload;
  int code;
};

const std::vector<BadFrame>& bad_frames() {
  static const std::vector<BadFrame> all = {
      {"more than one message may have", 0x81, std::string(300 * 1024, 'x'), 1009},
      {"invalid UTF-8", 0x81, "\xff\xfe{}", 1007},
      {"half a code point", 0x81, "\"\xe2\x82", 1007},
      {"a binary message", 0x82, "{\"type\":\"ping\"}", 1003},
      {"a reserved bit", 0xc1, "{}", 1002},
      {"a reserved opcode", 0x83, "{}", 1002},
      {"a continuation of nothing", 0x80, "{}", 1002},
      {"a ping of 126 bytes", 0x89, std::string(126, 'p'), 1002},
      {"a fragmented ping", 0x09, "p", 1002},
      {"a close code that may not be sent", 0x88, "\x03\xed", 1002},
  };
  return all;
}

TEST(BadInput, EachBadFrameEndsItsOwnConnectionWithItsCode) {
  in_house([](House& house) -> Task<void> {
    Person other = co_await Person::join(house);
    for (const auto& bad : bad_frames()) {
      SCOPED_TRACE(bad.what);
      RawSocket raw(house);
      co_await raw.upgrade();
      co_await raw.frame(bad.first, bad.payload);
      co_await raw.frame(0x88, "\x03\xe8");  // more than the server needs to hear
      EXPECT_EQ(co_await raw.close_code(), bad.code);
    }
    co_await still_well(other);
    EXPECT_EQ(house.chat->statistics().connections, 1u);
  });
}

TEST(BadInput, AnUnmaskedFrameIsRefused) {
  in_house([](House& house) -> Task<void> {
    RawSocket raw(house);
    co_await raw.upgrade();
    co_await raw.write(std::string("\x81\x02{}"));
    EXPECT_EQ(co_await raw.close_code(), 1002);
  });
}

TEST(BadInput, MessagesThatAreNoMessagesAreToldAndTheConnectionStays) {
  in_house([](House& house) -> Task<void> {
    Person person = co_await Person::join(house);
    const std::pair<const char*, const char*> cases[] = {
        {"{", "Invalid JSON format"},
        {"[1]", "Invalid JSON format"},
        {"{\"type\":7}", "type"},
        {"{}", "type"},
        {R"({"type":"shout"})", "Unknown message type: shout"},
        {R"({"type":"chat"})", "Message is required"},
        {R"({"type":"chat","message":""})", "Message is required"},
        {R"({"type":"chat","message":[]})", "message"},
        {R"({"type":"join_session"})", "session_id"},
        {R"({"type":"join_session","session_id":"no-such"})", "Session not found"},
        {R"({"type":"chat","session_id":"no-such","message":"x"})", "Session not found"},
        {R"({"type":"create_session","model_id":5})", "model_id"},
    };
    for (const auto& [frame, words] : cases) {
      SCOPED_TRACE(frame);
      co_await person.say(frame);
      const auto error = co_await person.next();
      EXPECT_EQ(text_of(error, "type"), "error");
      EXPECT_NE(text_of(error, "message").find(words), std::string::npos)
          << text_of(error, "message");
      EXPECT_FALSE(text_of(error, "timestamp").empty());
      EXPECT_FALSE(text_of(error, "code").empty());
    }
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += "{\"a\":";
    co_await person.say(deep);
    EXPECT_EQ(text_of(co_await person.next(), "type"), "error");
    co_await still_well(person);
  });
}

TEST(BadInput, HalfRequestsAndHalfUpgradesHarmNobody) {
  in_house([](House& house) -> Task<void> {
    Person other = co_await Person::join(house);
    for (const std::string half : {"", "G", "GET /ws HTTP/1.1\r\n",
                                   "POST /sessions/new HTTP/1.1\r\nContent-Length: 10\r\n\r\n{",
                                   "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                                   "\x16\x03\x01\x02", "GET / HTTP/9.9\r\n\r\n"}) {
      RawSocket raw(house);
      co_await raw.connect();
      co_await raw.write(half);
      raw.socket().close();
    }
    co_await still_well(other);
  });
}

TEST(BadInput, AConnectionThatDiesInsideAMessageIsForgotten) {
  in_house([](House& house) -> Task<void> {
    Person other = co_await Person::join(house);
    co_await other.say(R"({"type":"create_session"})");
    const auto session = text_of(co_await other.until("session_created"), "session_id");
    RawSocket raw(house);
    co_await raw.upgrade();
    co_await raw.frame(0x81, R"({"type":"join_session","session_id":")" + session + "\"}");
    co_await other.until("user_joined");
    co_await raw.frame(0x01, "{\"type\":");
    raw.socket().close();
    co_await other.until("user_disconnected");
    EXPECT_EQ(house.chat->statistics().connections, 1u);
  });
}

// One who never reads is closed once its queue is full; the others get every frame.
TEST(BadInput, AReaderThatNeverReadsIsDroppedAndDisturbsNobody) {
  HouseOptions options;
  options.chat.max_output = 3 * 1024 * 1024;
  in_house(
      [](House& house) -> Task<void> {
        const std::string text(1024 * 1024, 'x');
        house.emulator.service().add_recording(
            "large",
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" + text +
                "\"}]}}]}\r\n\r\ndata: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
                "\".\"}]},\"finishReason\":\"STOP\"}]}\r\n\r\n");
        Person asker = co_await Person::join(house);
        co_await asker.say(R"({"type":"create_session","model_id":"recording-large"})");
        const auto session = text_of(co_await asker.until("session_created"), "session_id");
        RawSocket deaf(house);
        co_await deaf.connect();
        deaf.socket().set_option(boost::asio::socket_base::receive_buffer_size(4096));
        co_await deaf.write(
            "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(house.port) +
            "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        co_await deaf.frame(0x81, R"({"type":"join_session","session_id":")" + session + "\"}");
        co_await asker.until("user_joined");
        bool dropped = false;
        for (int round = 0; round < 20 && !dropped; ++round) {
          co_await asker.chat("again");
          const auto done = co_await asker.until("response_complete");
          EXPECT_EQ(text_of(done, "full_response").size(), text.size() + 1);
          for (const auto& frame : asker.frames())
            dropped = dropped || text_of(frame, "update_type") == "user_disconnected";
        }
        if (!dropped) co_await asker.until("user_disconnected");
        EXPECT_EQ(house.chat->statistics().connections, 1u);
      },
      options);
}

}  // namespace
}  // namespace parley
