// Live sessions by a script, on a clock that moves only when it is told to.
#include <gtest/gtest.h>

#include "parley/emulator/live/test_stage.hpp"
#include "parley/emulator/script/director.hpp"

namespace parley::emulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::turn;

// In text, of a model that speaks or writes.
struct Scripted : testing::Stage {
  explicit Scripted(std::string rules, std::string more = "") : Stage(options_of(rules)) {
    say(R"({"setup":{"model":"models/gemini-live-2.5-flash-preview","generationConfig":)"
        R"({"responseModalities":["TEXT"]})" +
        more + "}}");
  }
  static LiveOptions options_of(const std::string& rules) {
    schematic::Diagnostics mistakes;
    auto script = read_script("version: 1\n" + rules, {}, mistakes);
    EXPECT_FALSE(mistakes.has_errors()) << mistakes.text("s.yaml");
    LiveOptions options;
    options.pace = milliseconds(10);
    options.director = std::make_shared<Director>(std::move(script), [] { return WallTime(); });
    return options;
  }
  std::string all() const {
    std::string text;
    for (const auto& message : messages) text += message;
    return text;
  }
};

TEST(LiveScript_W23, AnAnswerHasItsPiecesInTheirPace) {
  Scripted session(R"(rules:
  - when: { text: weather }
    pace: 20ms
    delay: 100ms
    answer: [ { thought: Hm }, It is, " warm", { wait: 1s }, "." ]
)");
  session.say(turn("The weather?"));
  session.pass(seconds(10));
  ASSERT_EQ(session.messages.size(), 7u) << session.all();
  EXPECT_NE(session.messages[1].find("\"thought\": true"), std::string::npos);
  EXPECT_NE(session.messages[4].find("\".\""), std::string::npos);
  EXPECT_EQ(session.times[2] - session.times[1], milliseconds(20));
  EXPECT_EQ(session.times[4] - session.times[3], seconds(1));
  EXPECT_EQ(session.at("generationComplete"), 5u);
  EXPECT_EQ(session.at("turnComplete"), 6u);
  EXPECT_EQ(session.at("usageMetadata"), 6u);
  session.say(turn("repeat: by the model"));
  session.pass(seconds(10));
  EXPECT_NE(session.all().find("by "), std::string::npos) << "no rule is meant";
}

TEST(LiveScript_W23, CallsAreAnsweredAndCancelled) {
  Scripted session(R"(rules:
  - when: { text: weather }
    answer: [ { call: { name: get_weather, id: c1, args: { city: Oslo } } } ]
  - when: { tool_result: get_weather }
    answer: Twelve degrees
  - when: { text: cancel }
    answer: [ { call: { name: slow, id: c2 } }, { wait: 1s }, { cancel: all }, Never mind ]
)");
  session.say(turn("weather"));
  session.pass(seconds(5));
  EXPECT_EQ(session.count("toolCall"), 1u) << session.all();
  EXPECT_EQ(session.count("turnComplete"), 0u) << "the call is waited for";
  session.say(R"({"toolResponse":{"functionResponses":[{"id":"c1","name":"get_weather",)"
              R"("response":{"output":"12"}}]}})");
  session.pass(seconds(5));
  EXPECT_NE(session.all().find("Twelve degrees"), std::string::npos) << session.all();
  EXPECT_EQ(session.count("turnComplete"), 1u);
  session.say(turn("cancel"));
  session.pass(seconds(5));
  EXPECT_EQ(session.count("toolCallCancellation"), 1u) << session.all();
  EXPECT_EQ(session.count("c2"), 2u);
  EXPECT_NE(session.all().find("Never mind"), std::string::npos);
}

TEST(LiveScript_W23, MessagesGoOutAsTheyStand) {
  Scripted session(R"(rules:
  - answer:
      - message: { serverContent: { inputTranscription: { text: a } }, usageMetadata: { totalTokenCount: 7 } }
      - message: {}
      - raw: "{ no JSON"
      - error: { code: 503 }
      - go_away: 1500ms
      - heard: what you said
      - part: { executableCode: { language: PYTHON, code: "1" } }
      - interrupted: true
    generation_complete: false
    complete: false
)");
  session.say(turn("x"));
  session.pass(seconds(5));
  ASSERT_EQ(session.messages.size(), 9u) << session.all();
  EXPECT_NE(session.messages[1].find("\"totalTokenCount\": 7"), std::string::npos);
  EXPECT_EQ(session.messages[2], "{}\n");
  EXPECT_EQ(session.messages[3], "{ no JSON");
  EXPECT_NE(session.messages[4].find("\"UNAVAILABLE\""), std::string::npos);
  EXPECT_NE(session.messages[5].find("\"1.5s\""), std::string::npos);
  EXPECT_NE(session.messages[6].find("what you said"), std::string::npos);
  EXPECT_NE(session.messages[7].find("executableCode"), std::string::npos);
  EXPECT_NE(session.messages[8].find("interrupted"), std::string::npos);
  EXPECT_EQ(session.ended, "");
}

TEST(LiveScript_W23, ASessionEndsAsItSays) {
  Scripted closed("rules: [ { answer: [ a, { close: { code: 1011, reason: Gone } } ] } ]\n");
  closed.say(turn("x"));
  closed.pass(seconds(1));
  EXPECT_EQ(closed.ended, "1011 Gone");
  Scripted cut("rules: [ { answer: [ a, { cut: true } ] } ]\n");
  cut.say(turn("x"));
  cut.pass(seconds(1));
  EXPECT_EQ(cut.ended, "cut");
  Scripted failed("rules: [ { error: 503 } ]\n");
  failed.say(turn("x"));
  failed.pass(seconds(1));
  EXPECT_EQ(failed.ended, "1011 The service is currently unavailable.");
  Scripted other("otherwise: refuse\n");
  other.say(turn("x"));
  EXPECT_EQ(other.ended, "1008 No rule of the script is meant by this turn.");
}

TEST(LiveScript_W23, ASetupIsSlowOrRefused) {
  Scripted slow("live: { setup_delay: 2s }\nrules: [ { when: { event: setup }, delay: 3s } ]\n");
  EXPECT_EQ(slow.messages.size(), 0u);
  LiveOptions options = Scripted::options_of("rules: [ { when: { event: setup }, delay: 3s } ]\n");
  options.setup_delay = seconds(2);
  testing::Stage both(options);
  both.setup("gemini-live-2.5-flash-preview");
  both.pass(milliseconds(4999));
  EXPECT_EQ(both.messages.size(), 0u);
  both.pass(milliseconds(1));
  EXPECT_EQ(both.count("setupComplete"), 1u);
  Scripted refused("rules: [ { when: { event: setup }, error: 404 } ]\n");
  refused.pass(seconds(1));
  EXPECT_EQ(refused.ended, "1008 Requested entity was not found.");
  Scripted silent("rules: [ { when: { event: setup }, complete: false } ]\n");
  silent.pass(seconds(60));
  EXPECT_EQ(silent.messages.size(), 0u);
  EXPECT_EQ(silent.ended, "");
}

TEST(LiveScript_W23, HandlesAndFaultsStandWhereTheyAre) {
  Scripted session(R"(rules:
  - answer: [ { handle: { resumable: false } }, a, { text: b, fault: "garbage=3" }, c ]
)",
                   R"(,"sessionResumption":{})");
  session.say(turn("x"));
  session.pass(seconds(5));
  EXPECT_NE(session.messages[1].find("\"resumable\": false"), std::string::npos) << session.all();
  EXPECT_NE(session.messages[2].find("\"a\""), std::string::npos);
  EXPECT_EQ(session.messages[3].find("\"b\""), std::string::npos);
  EXPECT_NE(session.messages[3].find("}\\{"), std::string::npos);
  EXPECT_NE(session.messages[4].find("\"c\""), std::string::npos);
}

TEST(LiveScript_W23, AnInterruptionTakesBackWhatAScriptHasNotSaid) {
  Scripted session("rules: [ { when: { text: long }, pace: 1s, answer: [ a, b, c ] } ]\n");
  session.say(turn("long"));
  session.pass(milliseconds(1500));
  session.say(turn("repeat: ok"));
  EXPECT_EQ(session.count("interrupted"), 1u) << session.all();
  session.pass(seconds(20));
  EXPECT_EQ(session.all().find("\"c\""), std::string::npos) << session.all();
}

TEST(LiveScript_W23, AQuotaEndsASessionWithTheServicesWords) {
  auto options = Scripted::options_of("quotas: [ { requests_per_minute: 1 } ]\n");
  testing::Stage first(options), second(options);
  first.setup("gemini-live-2.5-flash-preview");
  EXPECT_EQ(first.ended, "");
  second.setup("gemini-live-2.5-flash-preview");
  second.pass(seconds(5));
  EXPECT_EQ(second.count("setupComplete"), 1u) << "the service says so first";
  EXPECT_TRUE(second.ended.starts_with("1011 You exceeded your current quota")) << second.ended;
}

}  // namespace
}  // namespace parley::emulator
