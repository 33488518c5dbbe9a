#include "parley/emulator/live/session.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "parley/base/random.hpp"
#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A session on a clock that moves only when it is told to.
struct Stage {
  explicit Stage(LiveOptions live_options = LiveOptions(), LiveDoor door = LiveDoor())
      : options(std::move(live_options)), session(options, memory, std::move(door), now) {}

  void say(std::string_view text) {
    session.received(text, now);
    take();
  }
  void setup(std::string_view model, std::string_view more = "") {
    say(R"({"setup":{"model":"models/)" + std::string(model) + '"' + std::string(more) + "}}");
  }
  // Goes on until nothing more is due within that time.
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
    while (auto output = session.poll()) {
      if (output->kind == LiveOutput::Kind::close) {
        ended = std::to_string(output->close_code) + " " + output->close_reason;
      } else if (output->cut_at) {
        ended = "cut";
      } else {
        messages.push_back(output->text);
        times.push_back(now);
      }
    }
  }
  std::size_t count(std::string_view word) const {
    return static_cast<std::size_t>(std::ranges::count_if(messages, [word](const auto& message) {
      return message.find('"' + std::string(word) + '"') != std::string::npos;
    }));
  }
  // Where the first message with that word stands.
  std::size_t at(std::string_view word) const {
    for (std::size_t i = 0; i < messages.size(); ++i)
      if (messages[i].find('"' + std::string(word) + '"') != std::string::npos) return i;
    return messages.size();
  }

  TimePoint now{};
  LiveOptions options;
  LiveMemory memory{1};
  LiveSession session;
  std::vector<std::string> messages;
  std::vector<TimePoint> times;
  std::string ended;
};

constexpr const char* kText = R"(,"generationConfig":{"responseModalities":["TEXT"]})";
constexpr const char* kEither = "gemini-live-2.5-flash-preview";
constexpr const char* kSpeech = "gemini-2.5-flash-native-audio-latest";

std::string turn(std::string_view text) {
  return R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":")" + std::string(text) +
         R"("}]}],"turnComplete":true}})";
}
std::string audio(double loudness, int milliseconds_long) {
  Bytes pcm;
  for (int i = 0; i < 16 * milliseconds_long; ++i) {
    const auto value = static_cast<std::int16_t>(loudness * std::sin(i / 8.0));
    pcm.push_back(static_cast<std::byte>(value & 0xff));
    pcm.push_back(static_cast<std::byte>(value >> 8 & 0xff));
  }
  return R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":")" +
         to_base64(pcm) + R"("}}})";
}

TEST(LiveSession_3_3, SetupCompleteIsTheServicesTwentySixBytes) {
  Stage stage;
  stage.setup(kEither, kText);
  ASSERT_EQ(stage.messages.size(), 1u);
  EXPECT_EQ(stage.messages[0], "{\n  \"setupComplete\": {}\n}\n");
  EXPECT_EQ(stage.messages[0].size(), 26u);
}

TEST(LiveSession_3_6, ATurnHasItsOrderAndItsPace) {
  LiveOptions options;
  options.pace = milliseconds(30);
  Stage stage(options);
  stage.setup(kEither, kText);
  stage.say(turn("repeat: one two three four five"));
  EXPECT_EQ(stage.messages.size(), 1u) << "the answer takes its time";
  stage.pass(seconds(5));
  EXPECT_GT(stage.count("modelTurn"), 1u);
  EXPECT_EQ(stage.at("generationComplete") + 1, stage.at("turnComplete"));
  EXPECT_EQ(stage.at("usageMetadata"), stage.at("turnComplete"));
  EXPECT_EQ(stage.times[2] - stage.times[1], milliseconds(30));
}

TEST(LiveSession_3_6, ATurnInSpeechEndsWhenItHasBeenPlayed) {
  Stage stage;
  stage.setup(kSpeech);
  stage.say(turn("repeat: fifteen letters and some more of them"));
  stage.pass(seconds(60));
  const auto generated = stage.times[stage.at("generationComplete")];
  const auto over = stage.times[stage.at("turnComplete")];
  EXPECT_LT(generated - TimePoint(), seconds(1));
  EXPECT_GT(over - generated, seconds(1));
}

TEST(LiveSession_3_6, AnInterruptionTakesBackWhatWasNotSaid) {
  Stage stage;
  stage.setup(kSpeech, R"(,"outputAudioTranscription":{})");
  stage.say(turn("repeat: a long answer that will never be heard to its end by anybody"));
  stage.pass(milliseconds(40));
  stage.say(turn("repeat: ok"));
  const auto before = stage.at("interrupted");
  ASSERT_LT(before, stage.messages.size());
  EXPECT_EQ(stage.at("turnComplete"), before + 1);
  EXPECT_EQ(stage.at("generationComplete"), stage.messages.size()) << "not of the first turn";
  stage.pass(seconds(30));
  EXPECT_EQ(stage.count("generationComplete"), 1u);
  EXPECT_EQ(stage.count("turnComplete"), 2u);
}

TEST(LiveSession_3_4, SpeechIsHeardByItsLoudness) {
  LiveOptions options;
  options.hears = {"Hello"};
  Stage stage(options);
  stage.setup(kSpeech, R"(,"inputAudioTranscription":{})");
  for (int i = 0; i < 10; ++i) stage.say(audio(10, 100));
  EXPECT_EQ(stage.count("inputTranscription"), 0u) << "silence is no turn";
  for (int i = 0; i < 10; ++i) stage.say(audio(8000, 100));
  EXPECT_EQ(stage.count("inputTranscription"), 0u) << "speech goes on";
  for (int i = 0; i < 6; ++i) stage.say(audio(0, 100));
  EXPECT_EQ(stage.count("inputTranscription"), 1u);
  stage.pass(milliseconds(100));
  EXPECT_GT(stage.count("modelTurn"), 0u);
  for (int i = 0; i < 3; ++i) stage.say(audio(8000, 100));
  EXPECT_EQ(stage.count("interrupted"), 1u) << "barge-in";
}

TEST(LiveSession_3_4, ActivityIsToldOnlyWhereDetectionIsOff) {
  Stage automatic;
  automatic.setup(kSpeech);
  automatic.say(R"({"realtimeInput":{"activityStart":{}}})");
  EXPECT_EQ(automatic.ended, "1007 Precondition check failed.");
  Stage manual;
  manual.setup(kSpeech,
               R"(,"realtimeInputConfig":{"automaticActivityDetection":{"disabled":true}})");
  manual.say(audio(8000, 100));
  manual.say(R"({"realtime_input":{"activity_start":{}}})");
  for (int i = 0; i < 15; ++i) manual.say(audio(8000, 100));
  manual.say(R"({"realtime_input":{"activity_end":{}}})");
  manual.pass(seconds(60));
  EXPECT_EQ(manual.count("turnComplete"), 1u);
  EXPECT_EQ(manual.ended, "");
}

TEST(LiveSession_3_8, AFullContextEndsTheSessionAndCompressionLetsItGoOn) {
  LiveOptions options;
  options.context_tokens = 60;
  const auto talk = [&options](std::string_view more) {
    Stage stage(options);
    stage.setup(kEither, std::string(kText) + std::string(more));
    for (int i = 0; i < 12 && stage.ended.empty(); ++i) {
      stage.say(turn("repeat: some words of this turn"));
      stage.pass(seconds(5));
    }
    return std::pair(stage.ended, stage.count("turnComplete"));
  };
  const auto [ended, turns] = talk("");
  EXPECT_EQ(ended, "1007 Request contains an invalid argument.");
  EXPECT_GT(turns, 0u);
  EXPECT_LT(turns, 12u);
  const auto [still, all] = talk(
      R"(,"contextWindowCompression":{"triggerTokens":"50","slidingWindow":{"targetTokens":"25"}})");
  EXPECT_EQ(still, "");
  EXPECT_EQ(all, 12u);
}

TEST(LiveSession_3_10, WhatIsWrongIsToldByTheClose) {
  const auto end_of = [](std::string_view first, std::string_view second = "") {
    Stage stage;
    stage.say(first);
    if (!second.empty()) stage.say(second);
    return stage.ended;
  };
  const std::string good = R"({"setup":{"model":"models/gemini-3.8-live"}})";
  EXPECT_EQ(end_of(turn("hello")), "1007 setup must be the first message and only the first");
  EXPECT_EQ(end_of(good, good), "1007 setup must be the first message and only the first");
  EXPECT_EQ(
      end_of(R"({"setup":{"model":"models/gemini-3.8-live","voice":"Kore"}})"),
      "1007 Invalid JSON payload received. Unknown name \"voice\" at 'setup': Cannot find field.");
  EXPECT_EQ(end_of(good, R"({"hello":{}})"),
            "1007 Invalid JSON payload received. Unknown name \"hello\": Cannot find field.");
  EXPECT_TRUE(end_of(good, "{").starts_with("1007 Invalid JSON payload received. line 1"));
  EXPECT_EQ(end_of(good, R"({"clientContent":{},"toolResponse":{"functionResponses":[]}})"),
            "1007 Request contains an invalid argument.");
  EXPECT_EQ(end_of(good, R"({"realtimeInput":{"mediaChunks":[]}})"),
            "1007 realtime_input.media_chunks is deprecated. Use audio, video, or text instead.");
  EXPECT_TRUE(end_of(R"({"setup":{"model":"models/gemini-2.5-pro"}})").starts_with("1008 models/"));
  EXPECT_TRUE(
      end_of(
          R"({"setup":{"model":"models/gemini-3.8-live","generationConfig":{"responseModalities":["TEXT"]}}})")
          .starts_with("1007 The requested combination of response modalities (TEXT)"));
  LiveDoor door;
  door.refusal = "API key not valid. Please pass a valid API key.";
  Stage refused(LiveOptions(), door);
  refused.take();
  EXPECT_EQ(refused.ended, "1007 API key not valid. Please pass a valid API key.");
}

TEST(LiveSession_3_8, GoAwayComesBeforeTheEnd) {
  Stage stage;
  stage.setup(kSpeech);
  stage.pass(std::chrono::minutes(9));
  ASSERT_EQ(stage.count("goAway"), 1u);
  EXPECT_NE(stage.messages.back().find("\"60s\""), std::string::npos);
  EXPECT_EQ(stage.ended, "");
  stage.pass(std::chrono::minutes(1));
  EXPECT_TRUE(stage.ended.starts_with("1008"));
  EXPECT_FALSE(stage.session.next_timeout());
}

TEST(LiveSession_3_8, AHandleExpires) {
  LiveMemory memory(1);
  LiveMemory::Conversation conversation;
  conversation.until = TimePoint() + seconds(10);
  const auto handle = memory.keep(conversation);
  EXPECT_NE(memory.find(handle, TimePoint() + seconds(9)), nullptr);
  EXPECT_EQ(memory.find(handle, TimePoint() + seconds(10)), nullptr);
}

// Whatever a client sends, in whatever order: the session says each thing once, ends at most once,
// and is silent afterwards.
TEST(LiveSession, SurvivesRandomClients) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SeededRandom random(seed);
    Stage stage;
    stage.setup(
        random.below(2) ? kSpeech : kEither,
        R"(,"tools":[{"functionDeclarations":[{"name":"get_weather"}]}],"sessionResumption":{})");
    for (int step = 0; step < 40; ++step) {
      switch (random.below(7)) {
        case 0:
          stage.say(turn("hello"));
          break;
        case 1:
          stage.say(turn("the weather please"));
          break;
        case 2:
          stage.say(audio(random.below(2) ? 9000 : 0, static_cast<int>(random.below(900))));
          break;
        case 3:
          stage.say(R"({"realtimeInput":{"audioStreamEnd":true}})");
          break;
        case 4:
          stage.say(
              R"({"toolResponse":{"functionResponses":[{"id":"function-call-1001","name":"get_weather","response":{}}]}})");
          break;
        case 5:
          stage.say(R"({"realtimeInput":{"text":"and now"}})");
          break;
        default:
          stage.pass(milliseconds(random.below(3000)));
      }
    }
    EXPECT_EQ(stage.ended, "") << seed;
    stage.pass(std::chrono::minutes(5));
    EXPECT_EQ(stage.messages.back().find("modelTurn"), std::string::npos) << seed;
    EXPECT_GE(stage.count("turnComplete"), stage.count("generationComplete")) << seed;
  }
}

}  // namespace
}  // namespace parley::emulator
