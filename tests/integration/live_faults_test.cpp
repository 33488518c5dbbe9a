// What gemini::Live tells for each fault at each message of a session: docs/live-faults.md in code.
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/live.hpp"

#include "live_told.hpp"

namespace parley {
namespace {

using gemini::Live;
using gemini::LiveOptions;
using testing::Told;

// A session that says everything a service can say: text, speech with transcripts, calls, their
// cancellation, interruption, usage, handles.
struct Script {
  const char* name;
  const char* model;
  bool text;
  Task<void> (*play)(Live& live, Told& told);
};

// How long a message is waited for: short only where a fault keeps it from coming at all.
std::chrono::milliseconds patience{60'000};

Task<void> say_and_read(Live& live, Told& told, std::string text, std::size_t turns) {
  auto sent = co_await live.send_turn(text);
  if (!sent) co_return;
  const auto enough = [turns](const Told& so_far) { return so_far.turns >= turns; };
  while (!enough(told)) {
    auto event = co_await live.receive(patience);
    if (!event) co_return;
    std::visit(told, *event);
  }
}

// What is due behind the turn (handles), without waiting for what will not come.
Task<void> read_rest(Live& live, Told& told) {
  for (;;) {
    auto event = co_await live.receive(patience);
    if (!event) co_return;
    std::visit(told, *event);
    if (!told.handle.empty()) co_return;
  }
}

Task<void> play_text(Live& live, Told& told) {
  co_await say_and_read(live, told, "repeat: Good evening to all of you", 1);
  if (told.handle.empty()) co_await read_rest(live, told);
}
Task<void> play_speech(Live& live, Told& told) {
  co_await say_and_read(live, told, "repeat: Good", 1);
  if (told.handle.empty()) co_await read_rest(live, told);
}
Task<void> play_tools(Live& live, Told& told) {
  auto sent = co_await live.send_turn("What is the weather in Oslo?");
  while (sent && told.calls.empty()) {
    auto event = co_await live.receive(patience);
    if (!event) co_return;
    std::visit(told, *event);
  }
  co_await say_and_read(live, told, "repeat: never mind", 2);
  if (told.handle.empty()) co_await read_rest(live, told);
}

constexpr Script kScripts[] = {
    {"text", "gemini-live-2.5-flash-preview", true, play_text},
    {"speech", "gemini-2.5-flash-native-audio-latest", false, play_speech},
    {"tools", "gemini-live-2.5-flash-preview", true, play_tools},
};

struct Ended {
  Ended() = default;
  std::optional<Error> connect;  // connecting failed
  Result<void> outcome;
  Told told;
  std::size_t messages = 0;  // that the service said
};

Task<void> play(const Script& script, std::string fault, Ended& ended) {
  emulator::ServerOptions server_options;
  server_options.live.pace = std::chrono::milliseconds(0);
  server_options.live.playback = 0;
  emulator::Server server(co_await boost::asio::this_coro::executor, server_options);
  EXPECT_TRUE(server.start());
  if (!fault.empty()) {
    auto wanted = emulator::LiveFault::parse(fault);
    EXPECT_TRUE(wanted) << fault;
    server.service().inject_live(*wanted);
  }
  LiveOptions options(script.model);
  options.base_url = server.base_url();
  options.key = Secret("k");
  // Only what never comes is waited for in vain.
  const bool never = fault.find("silence") != fault.npos || fault.find("garbage") != fault.npos;
  if (never) options.step_timeout = std::chrono::milliseconds(200);
  patience = never ? std::chrono::milliseconds(150) : std::chrono::milliseconds(60'000);
  options.resume("").transcribe();
  if (script.text) options.answer_in(gemini::Modality::text);
  gemini::FunctionDeclaration weather("get_weather");
  options.declare(std::move(weather));
  auto live = co_await Live::connect(std::move(options));
  if (!live) {
    ended.connect = std::move(live.error());
    co_return;
  }
  co_await script.play(*live, ended.told);
  ended.outcome = live->outcome();
  co_await server.stop();
}

Ended run_script(const Script& script, std::string fault) {
  Ended ended;
  run(play(script, std::move(fault), ended));
  return ended;
}

// Why connecting or the session failed; null: neither did.
const Error* why_of(const Ended& ended) {
  if (ended.connect) return &*ended.connect;
  return ended.outcome ? nullptr : &ended.outcome.error();
}

// Everything that was told, for comparison.
std::string summary(const Told& told) {
  return told.text + "|" + told.said + "|" + std::to_string(told.audio_bytes) + "|" +
         std::to_string(told.generated) + "|" + std::to_string(told.turns) + "|" +
         std::to_string(told.calls.size()) + "|" + std::to_string(told.cancelled.size()) + "|" +
         std::to_string(told.interrupted) + "|" + std::to_string(told.usage.total) + "|" +
         (told.handle.empty() ? "" : "handle");
}

// Messages of the whole session, counted by asking for a close behind each.
std::size_t messages_of(const Script& script) {
  for (std::size_t n = 1; n < 100; ++n) {
    const auto ended = run_script(script, "after=" + std::to_string(n) + "; close=4321");
    if (ended.outcome || ended.outcome.error().close_code() != 4321) return n;
  }
  return 0;
}

class LiveFaults_5 : public ::testing::TestWithParam<Script> {
 protected:
  void SetUp() override {
    whole_ = run_script(GetParam(), "");
    ASSERT_FALSE(whole_.connect);
    ASSERT_TRUE(whole_.outcome);
    ASSERT_FALSE(whole_.told.handle.empty());
    count_ = messages_of(GetParam());
    ASSERT_GT(count_, 4u);
  }
  Ended at(std::size_t message, std::string_view fault) {
    return run_script(GetParam(), "after=" + std::to_string(message) + "; " + std::string(fault));
  }
  Ended whole_;
  std::size_t count_ = 0;
};

TEST_P(LiveFaults_5, AClosedSessionTellsCodeAndWords) {
  for (std::size_t n = 0; n < count_; ++n) {
    const auto ended = at(n, "close=1011; reason=Internal error encountered.");
    const Error* why = why_of(ended);
    ASSERT_TRUE(why) << n;
    EXPECT_EQ(why->kind(), ErrorKind::unavailable) << n;
    EXPECT_EQ(why->close_code(), 1011) << n;
    EXPECT_EQ(why->close_reason(), "Internal error encountered.") << n;
  }
}

TEST_P(LiveFaults_5, ACutAtAnyByteIsADisconnectAndWhatCameBeforeStays) {
  for (std::size_t n = 0; n < count_; ++n)
    for (const char* bytes : {"0", "1", "3", "20"}) {
      const auto ended = at(n, std::string("cut=") + bytes);
      const Error* why = why_of(ended);
      ASSERT_TRUE(why) << n;
      EXPECT_EQ(why->kind(), ErrorKind::disconnected) << n << " " << why->describe();
      EXPECT_TRUE(whole_.told.text.starts_with(ended.told.text));
      EXPECT_LE(ended.told.turns, whole_.told.turns);
    }
}

TEST_P(LiveFaults_5, WhatOnlyChangesTheWayAMessageComesChangesNothing) {
  for (std::size_t n = 0; n < count_; ++n)
    for (const char* fault : {"delay=5", "flip", "fragments=3", "drip=7/0", "empty"}) {
      const auto ended = at(n, fault);
      EXPECT_FALSE(ended.connect) << n << " " << fault;
      EXPECT_TRUE(ended.outcome) << n << " " << fault;
      EXPECT_EQ(summary(ended.told), summary(whole_.told)) << n << " " << fault;
      EXPECT_TRUE(ended.told.unreadable.empty()) << n << " " << fault;
    }
}

TEST_P(LiveFaults_5, GarbageIsToldAndTheSessionGoesOn) {
  for (std::size_t n = 1; n < count_; ++n)
    for (const char* fault : {"garbage", "garbage=9"}) {
      const auto ended = at(n, fault);
      EXPECT_TRUE(ended.outcome) << n;
      EXPECT_EQ(ended.told.unreadable.size(), 1u) << n << " " << fault;
    }
  const auto at_setup = at(0, "garbage");
  ASSERT_TRUE(at_setup.connect);
  EXPECT_EQ(at_setup.connect->kind(), ErrorKind::timeout);
  EXPECT_EQ(at_setup.connect->stage(), Stage::setup);
}

TEST_P(LiveFaults_5, AReservedOpcodeBreaksTheProtocol) {
  for (std::size_t n = 0; n < count_; ++n) {
    const auto ended = at(n, "opcode");
    const Error* why = why_of(ended);
    ASSERT_TRUE(why) << n;
    EXPECT_EQ(why->kind(), ErrorKind::protocol_violation) << n << " " << why->describe();
    EXPECT_EQ(why->close_code(), 1002) << n;
  }
}

TEST_P(LiveFaults_5, AMessageOverTheLimitEndsTheSessionWith1009) {
  for (std::size_t n = 0; n < count_; n += 2) {
    const auto ended = at(n, "huge=40000000");
    const Error* why = why_of(ended);
    ASSERT_TRUE(why) << n;
    EXPECT_EQ(why->kind(), ErrorKind::too_large) << n << " " << why->describe();
    EXPECT_EQ(why->close_code(), 1009) << n;
  }
  EXPECT_EQ(at(2, "huge=3000000").told.text.size(),
            whole_.told.text.size() + 3'000'000 - 55);  // below it, it is a text like another
}

TEST_P(LiveFaults_5, GoAwayIsToldAndTheSessionGoesOn) {
  for (std::size_t n = 1; n < count_; ++n) {
    const auto ended = at(n, "goaway=30500");
    EXPECT_TRUE(ended.outcome) << n;
    EXPECT_TRUE(ended.told.away) << n;
    EXPECT_EQ(summary(ended.told), summary(whole_.told)) << n;
  }
}

TEST_P(LiveFaults_5, WhatNobodyKnowsIsGivenWhole) {
  for (std::size_t n = 1; n < count_; ++n)
    for (const char* fault : {"unknown", "error=503"}) {
      const auto ended = at(n, fault);
      EXPECT_TRUE(ended.outcome) << n;
      EXPECT_EQ(ended.told.unknown, 1u) << n << " " << fault;
      EXPECT_EQ(summary(ended.told), summary(whole_.told)) << n << " " << fault;
    }
}

TEST_P(LiveFaults_5, SilenceIsATimeoutOfTheOneWhoWaitsAndTheSessionStays) {
  for (std::size_t n = 0; n < count_; n += 2) {
    const auto ended = at(n, "silence");
    if (n == 0) {
      ASSERT_TRUE(ended.connect);
      EXPECT_EQ(ended.connect->kind(), ErrorKind::timeout);
      EXPECT_EQ(ended.connect->stage(), Stage::setup);
      continue;
    }
    EXPECT_TRUE(ended.outcome) << n;
    EXPECT_TRUE(whole_.told.text.starts_with(ended.told.text));
  }
}

INSTANTIATE_TEST_SUITE_P(Sessions, LiveFaults_5, ::testing::ValuesIn(kScripts),
                         [](const auto& script) { return script.param.name; });

}  // namespace
}  // namespace parley
