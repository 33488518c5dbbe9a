#include "parley/emulator/music/session.hpp"

#include <gtest/gtest.h>

#include "parley/base/random.hpp"
#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Studio {
  explicit Studio(MusicOptions options = MusicOptions(), LiveDoor door = LiveDoor())
      : session(std::move(options), std::move(door), now) {
    take();
  }
  void say(std::string_view text) {
    session.received(text, now);
    take();
  }
  void begin() {
    say(R"({"setup":{"model":"models/lyria-realtime-exp"}})");
    say(R"({"clientContent":{"weightedPrompts":[{"text":"techno","weight":1}]}})");
  }
  void pass(milliseconds time) {
    const auto end = now + time;
    while (const auto next = session.next_timeout()) {
      if (*next > end) break;
      now = std::max(now, *next);
      session.handle_timeout(now);
      take();
    }
    now = end;
  }
  void take() {
    while (auto output = session.poll())
      if (output->kind == LiveOutput::Kind::message)
        messages.push_back(output->text);
      else
        ended = std::to_string(output->close_code) + " " + output->close_reason;
  }
  std::size_t pieces() const {
    std::size_t count = 0;
    for (const auto& message : messages) count += message.find("audioChunks") != std::string::npos;
    return count;
  }

  TimePoint now{};
  MusicSession session;
  std::vector<std::string> messages;
  std::string ended;
};

TEST(MusicSession_3_11, PlaysInTimeAndRestsWhenItIsTold) {
  Studio studio;
  studio.begin();
  EXPECT_EQ(studio.messages.at(0), "{\n  \"setupComplete\": {}\n}\n");
  studio.pass(seconds(5));
  EXPECT_EQ(studio.pieces(), 0u) << "not before PLAY";
  studio.say(R"({"playbackControl":"PLAY"})");
  studio.pass(seconds(2) - milliseconds(1));
  EXPECT_EQ(studio.pieces(), 10u);
  const auto piece = json::parse(studio.messages.back(), json::trusted_limits()).value();
  const auto& chunk = piece.at("serverContent").at("audioChunks").at(0);
  EXPECT_EQ(chunk.at("mimeType"), "audio/l16;rate=48000;channels=2");
  EXPECT_EQ(from_base64(std::string_view(chunk.at("data").as_string()))->size(), 48'000u * 4 / 5);
  EXPECT_EQ(chunk.at("sourceMetadata").at("clientContent").at("weightedPrompts").at(0).at("text"),
            "techno");
  studio.say(R"({"playback_control":"PAUSE"})");
  studio.pass(seconds(10));
  EXPECT_EQ(studio.pieces(), 10u);
  studio.say(R"({"playbackControl":"PLAY"})");
  studio.pass(milliseconds(1));
  EXPECT_EQ(studio.pieces(), 11u);
}

TEST(MusicSession_3_11, TheSameWishesSoundTheSame) {
  const auto play = [](std::string_view wish) {
    Studio studio;
    studio.begin();
    studio.say(wish);
    studio.say(R"({"playbackControl":"PLAY"})");
    studio.pass(seconds(1));
    return studio.messages.back();
  };
  const char* slow = R"({"musicGenerationConfig":{"bpm":60}})";
  const char* sparse = R"({"musicGenerationConfig":{"density":0.1}})";
  EXPECT_EQ(play(slow), play(slow));
  EXPECT_NE(play(slow), play(sparse));
}

TEST(MusicSession_3_11, WhatIsWrongIsToldByTheClose) {
  const auto end_of = [](std::string_view text) {
    Studio studio;
    studio.begin();
    studio.say(text);
    return studio.ended;
  };
  const std::string bad = "1007 Request contains an invalid argument.";
  EXPECT_EQ(end_of(R"({"clientContent":{"weightedPrompts":[{"text":"a","weight":0}]}})"), bad);
  EXPECT_EQ(end_of(R"({"musicGenerationConfig":{"bpm":20}})"), bad);
  EXPECT_EQ(end_of(R"({"playbackControl":"DANCE"})"), bad);
  EXPECT_EQ(end_of(R"({"setup":{"model":"m"}})"),
            "1007 setup must be the first message and only the first");
  EXPECT_TRUE(end_of(R"({"musicGenerationConfig":{"tempo":1}})").find("\"tempo\"") !=
              std::string::npos);
  Studio other;
  other.say(R"({"setup":{"model":"models/gemini-3.8-live"}})");
  EXPECT_TRUE(other.ended.starts_with("1008 models/gemini-3.8-live is not found"));
  LiveDoor door;
  door.refusal = "API key not valid. Please pass a valid API key.";
  EXPECT_EQ(Studio(MusicOptions(), door).ended,
            "1007 API key not valid. Please pass a valid API key.");
}

TEST(MusicSession_3_11, AFilteredPromptIsNamedAndTheOthersAreFollowed) {
  Studio studio;
  studio.begin();
  studio.say(
      R"({"clientContent":{"weightedPrompts":[{"text":"In the style of X","weight":1},{"text":"jazz","weight":2}]}})");
  EXPECT_NE(studio.messages.back().find("filteredPrompt"), std::string::npos);
  EXPECT_EQ(studio.ended, "");
  studio.say(R"({"playbackControl":"PLAY"})");
  studio.pass(milliseconds(1));
  EXPECT_NE(studio.messages.back().find("jazz"), std::string::npos);
}

TEST(MusicSession_3_11, FaultsComeWhereTheyAreAskedFor) {
  const auto with = [](std::string_view fault) {
    LiveDoor door;
    door.fault = LiveFault::parse(fault).value();
    Studio studio(MusicOptions(), door);
    studio.begin();
    studio.say(R"({"playbackControl":"PLAY"})");
    studio.pass(milliseconds(300));
    return studio;
  };
  EXPECT_EQ(with("after=1; close=1011").ended, "1011 The emulator was asked for this.");
  EXPECT_EQ(with("after=0; silence").messages.size(), 0u);
  EXPECT_EQ(with("after=1; empty").messages.at(1), "{}\n");
  auto late = with("after=1; delay=1000");
  EXPECT_EQ(late.messages.size(), 1u);
  late.pass(seconds(2));
  EXPECT_GT(late.pieces(), 5u) << "nothing is lost";
}

TEST(MusicSession, SurvivesRandomClients) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SeededRandom random(seed);
    MusicOptions options;
    options.pace = 0.01;
    options.piece = milliseconds(20);
    Studio studio(options);
    studio.begin();
    constexpr const char* kMessages[] = {
        R"({"playbackControl":"PLAY"})",
        R"({"playbackControl":"STOP"})",
        R"({"playbackControl":"PAUSE"})",
        R"({"playbackControl":"RESET_CONTEXT"})",
        R"({"musicGenerationConfig":{"bpm":200,"scale":"B_MAJOR_A_FLAT_MINOR","density":1}})",
        R"({"clientContent":{"weightedPrompts":[{"text":"x","weight":-1e300}]}})"};
    for (int step = 0; step < 30; ++step) {
      studio.say(kMessages[random.below(std::size(kMessages))]);
      studio.pass(milliseconds(random.below(20)));
    }
    EXPECT_EQ(studio.ended, "") << seed;
  }
}

}  // namespace
}  // namespace parley::emulator
