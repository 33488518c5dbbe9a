#include <algorithm>

#include <gtest/gtest.h>

#include "parley/emulator/live/session.hpp"

namespace parley::emulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A session in text of a model that is named, on a clock that moves only when it is told to.
struct Talk {
  explicit Talk(std::string_view model, std::string_view more = "") {
    say(R"({"setup":{"model":"models/)" + std::string(model) + '"' + std::string(more) + "}}");
    pass(milliseconds(1));
  }
  void say(std::string_view text) {
    session.received(text, now);
    take();
  }
  void text(std::string_view words) {
    say(R"({"realtimeInput":{"text":")" + std::string(words) + R"("}})");
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
  std::size_t count(std::string_view word) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        messages, [word](const auto& message) { return message.find(word) != std::string::npos; }));
  }
  // What was said, from its transcript.
  std::string said() const {
    std::string all;
    for (const auto& message : messages) {
      const auto at = message.find("\"outputTranscription\"");
      if (at == std::string::npos) continue;
      const auto begin = message.find("\"text\": \"", at) + 9;
      all += message.substr(begin, message.find("\"\n", begin) - begin);
    }
    return all;
  }
  void answer(std::string_view more) {
    say(R"({"toolResponse":{"functionResponses":[{"id":"function-call-1001","name":"get_weather",)"
        R"("response":{"output":"sunny"})" +
        std::string(more) + "}]}}");
  }

  static LiveOptions quick() {
    LiveOptions options;
    options.playback = 0;
    return options;
  }
  TimePoint now{};
  LiveMemory memory{1};
  LiveSession session{quick(), memory, LiveDoor(), now};
  std::vector<std::string> messages;
  std::string ended;
};

std::string tool(std::string_view behavior) {
  return R"(,"outputAudioTranscription":{},"tools":[{"functionDeclarations":[{"name":"get_weather")" +
         (behavior.empty() ? std::string() : R"(,"behavior":")" + std::string(behavior) + '"') +
         "}]}]";
}

TEST(LiveSession_3_9, BesideANonBlockingCallTheModelTalksOn) {
  Talk talk("gemini-3.8-live", tool(""));  // NON_BLOCKING by itself
  talk.text("the weather please");
  talk.pass(seconds(5));
  EXPECT_EQ(talk.said(), "I am looking that up.");
  EXPECT_EQ(talk.count("turnComplete"), 1u);
  talk.text("repeat: meanwhile");
  talk.pass(seconds(5));
  EXPECT_TRUE(talk.said().ends_with("meanwhile")) << talk.said();
  EXPECT_EQ(talk.count("toolCallCancellation"), 0u) << "the call goes on";
  talk.answer("");
  talk.pass(seconds(5));
  EXPECT_NE(talk.said().find("sunny"), std::string::npos) << talk.said();
  EXPECT_EQ(talk.count("turnComplete"), 3u);
}

TEST(LiveSession_3_9, SchedulingSaysWhenAnAnswerIsUsed) {
  const auto during_speech = [](std::string_view scheduling) {
    Talk talk("gemini-2.5-flash-native-audio-latest", tool("NON_BLOCKING"));
    talk.text("the weather please");
    talk.pass(seconds(5));
    talk.text("repeat: one two three four five six seven eight nine ten eleven twelve");
    talk.pass(milliseconds(40));
    talk.answer(R"(,"scheduling":")" + std::string(scheduling) + '"');
    talk.pass(seconds(20));
    return talk;
  };
  const auto idle = during_speech("WHEN_IDLE");
  EXPECT_EQ(idle.count("interrupted"), 0u);
  EXPECT_LT(idle.said().find("twelve"), idle.said().find("sunny")) << idle.said();
  EXPECT_NE(idle.said().find("sunny"), std::string::npos);
  const auto now = during_speech("INTERRUPT");
  EXPECT_EQ(now.count("interrupted"), 1u);
  EXPECT_EQ(now.said().find("twelve"), std::string::npos) << now.said();
  EXPECT_NE(now.said().find("sunny"), std::string::npos);
  auto silent = during_speech("SILENT");
  EXPECT_EQ(silent.said().find("sunny"), std::string::npos) << silent.said();
  EXPECT_EQ(silent.count("turnComplete"), 2u);
}

TEST(LiveSession_3_9, AnAnswerMayComeInParts) {
  Talk talk("gemini-3.8-live", tool("NON_BLOCKING"));
  talk.text("the weather please");
  talk.pass(seconds(5));
  talk.answer(R"(,"willContinue":true)");
  talk.pass(seconds(5));
  talk.answer("");
  talk.pass(seconds(5));
  talk.answer("");  // nobody waits for it any more
  talk.pass(seconds(5));
  EXPECT_EQ(talk.count("turnComplete"), 3u);
}

TEST(LiveSession_3_9, ABlockingCallHoldsTheModelUpAndIsCancelledByTheUser) {
  for (const auto& [model, behavior] :
       {std::pair{"gemini-3.8-live", "BLOCKING"},
        std::pair{"gemini-3.1-flash-live-preview", "NON_BLOCKING"},  // accepted, but blocks
        std::pair{"gemini-2.5-flash-native-audio-latest", ""}}) {
    Talk talk(model, tool(behavior));
    talk.text("the weather please");
    talk.pass(seconds(5));
    EXPECT_EQ(talk.said(), "") << model;
    talk.text("repeat: never mind");
    talk.pass(seconds(5));
    EXPECT_EQ(talk.count("toolCallCancellation"), 1u) << model;
    EXPECT_EQ(talk.ended, "") << model;
  }
}

TEST(LiveSession_3_6, ExtendedThinkingEndsSeveralTurnsForOneQuestion) {
  Talk talk("gemini-3.8-live-extended-thinking", R"(,"outputAudioTranscription":{})");
  talk.text("repeat: the answer");
  talk.pass(seconds(20));
  EXPECT_EQ(talk.said(), "Let me think.the answer");
  EXPECT_EQ(talk.count("turnComplete"), 2u);
  EXPECT_EQ(talk.count("IN_PROGRESS"), 1u);
  ASSERT_FALSE(talk.messages.empty());
  EXPECT_NE(talk.messages.back().find("IDLE"), std::string::npos);
}

TEST(LiveSession_3_4_B24, AHistoryThatIsGivenAtFirstIsNotAnswered) {
  Talk talk(
      "gemini-3.1-flash-live-preview",
      R"(,"outputAudioTranscription":{},"historyConfig":{"initialHistoryInClientContent":true})");
  talk.text("not processed yet");
  talk.say(R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"My name is Bob"}]},)"
           R"({"role":"model","parts":[{"text":"Hello Bob"}]}]}})");
  talk.say(R"({"clientContent":{"turnComplete":true}})");
  talk.pass(seconds(5));
  EXPECT_EQ(talk.count("turnComplete"), 0u);
  talk.text("Who am I?");
  talk.pass(seconds(20));
  EXPECT_NE(talk.said().find("Bob"), std::string::npos) << talk.said();
  EXPECT_EQ(talk.count("turnComplete"), 1u);
}

TEST(LiveSession_3_4_B40, SignalsOfSpeechNameTheirPlace) {
  Talk talk("gemini-2.5-flash-native-audio-latest", R"(,"explicitVadSignal":true)");
  std::string loud(4266, 'q');
  for (int i = 0; i < 3; ++i)
    talk.say(R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":")" + loud +
             R"(=="}}})");
  talk.say(R"({"realtimeInput":{"audioStreamEnd":true}})");
  talk.pass(milliseconds(10));
  EXPECT_EQ(talk.ended, "");
  EXPECT_EQ(talk.count("ACTIVITY_START"), 1u);
  EXPECT_EQ(talk.count("ACTIVITY_END"), 1u);
  EXPECT_EQ(talk.count("\"audioOffset\": \"0.300s\""), 1u) << talk.messages.back();
}

TEST(LiveSession_3_4_B40, TurnCoverageSaysWhichPicturesBelongToATurn) {
  const auto tokens = [](std::string_view coverage) {
    Talk talk("gemini-3.8-live",
              R"(,"realtimeInputConfig":{"turnCoverage":")" + std::string(coverage) + "\"}");
    talk.say(R"({"realtimeInput":{"video":{"mimeType":"image/jpeg","data":"AAAA"}}})");
    talk.text("repeat: seen");
    talk.pass(seconds(5));
    return talk.count("\"promptTokenCount\": 261");  // 3 of the text, 258 of the picture
  };
  EXPECT_EQ(tokens("TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO"), 1u);
  EXPECT_EQ(tokens("TURN_INCLUDES_ALL_INPUT"), 1u);
  EXPECT_EQ(tokens("TURN_INCLUDES_ONLY_ACTIVITY"), 0u);
}

TEST(LiveSession_3_9_B24, SettingsThatAGenerationHasNotAreRefused) {
  const auto end_of = [](std::string_view model, std::string_view more) {
    return Talk(model, more).ended;
  };
  const std::string bad = "1007 Request contains an invalid argument.";
  EXPECT_EQ(end_of("gemini-3.8-live", R"(,"proactivity":{"proactiveAudio":false})"), bad);
  EXPECT_EQ(end_of("gemini-3.8-live", R"(,"proactivity":{"proactiveAudio":true})"), "");
  EXPECT_EQ(end_of("gemini-3.1-flash-live-preview", R"(,"proactivity":{"proactiveAudio":true})"),
            bad);
  EXPECT_EQ(end_of("gemini-3.8-live", R"(,"generationConfig":{"enableAffectiveDialog":true})"),
            bad);
  EXPECT_EQ(
      end_of(
          "gemini-3.8-live",
          R"(,"generationConfig":{"thinkingConfig":{"thinkingBudget":1,"thinkingLevel":"LOW"}})"),
      bad);
  EXPECT_EQ(
      end_of(
          "gemini-3.8-live",
          R"(,"safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}],"labels":{"a":"b"})"),
      "");
}

}  // namespace
}  // namespace parley::emulator
