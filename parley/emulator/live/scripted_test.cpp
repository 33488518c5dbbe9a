// What a script says over Live, on a clock that the tests move.
#include <gtest/gtest.h>

#include "parley/emulator/live/session.hpp"
#include "parley/emulator/script/detail/settings.hpp"
#include "parley/emulator/script/director.hpp"

namespace parley::emulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A session with a script, and all that it said: "0 setupComplete" is a message at 0 ms that says
// so.
struct Stage {
  explicit Stage(std::string rules, std::string_view more = "", std::string key = "k") {
    schematic::Diagnostics diagnostics;
    auto script = read_script("version: 1\n" + rules, FileReader(), diagnostics);
    EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.text("s.yaml");
    LiveOptions options;
    options.pace = milliseconds(10);
    options.playback = 0;
    detail::apply(script.live, options);
    options.director = std::make_shared<Director>(std::move(script), [this] { return wall; });
    LiveDoor door;
    door.key = Secret(std::move(key));
    door.path = "/ws/x.BidiGenerateContent";
    session.emplace(std::move(options), memory, std::move(door), now);
    say(R"({"setup":{"model":"models/gemini-live-2.5-flash-preview","sessionResumption":{},
            "generationConfig":{"responseModalities":["TEXT"]})" +
        std::string(more) + "}}");
    pass(seconds(1));
  }
  void say(std::string_view text) {
    session->received(text, now);
    take();
  }
  void ask(std::string_view text) {
    messages.clear();
    begun = now;
    say(R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":")" + std::string(text) +
        R"("}]}],"turnComplete":true}})");
    pass(seconds(5));
  }
  void pass(milliseconds time) {
    const auto end = now + time;
    while (const auto next = session->next_timeout()) {
      if (*next > end) break;
      now = std::max(now, *next);
      session->handle_timeout(now);
      take();
    }
    now = end;
  }
  void take() {
    while (auto output = session->poll()) {
      const auto after = std::chrono::duration_cast<milliseconds>(now - begun).count();
      if (output->kind == LiveOutput::Kind::close)
        ended = std::to_string(output->close_code) + " " + output->close_reason;
      else if (output->cut_at)
        ended = "cut";
      else
        messages.emplace_back(after, output->text);
    }
  }
  // When the first message with those words came; -1: none did.
  std::int64_t when(std::string_view words) const {
    for (const auto& [at, text] : messages)
      if (text.find(words) != std::string::npos) return at;
    return -1;
  }

  WallTime wall{};
  TimePoint now{}, begun{};
  LiveMemory memory{1};
  std::optional<LiveSession> session;
  std::vector<std::pair<std::int64_t, std::string>> messages;
  std::string ended;
};

TEST(LiveScript_W23, ATurnIsItsStepsInTheirTime) {
  Stage stage(R"(
rules:
  - when: {over: live, text: oslo}
    delay: 100ms
    answer: [One, {wait: 300ms}, {thought: hm}, {heard: I said}, two]
    usage: {totalTokenCount: 77}
)");
  stage.ask("Oslo?");
  ASSERT_EQ(stage.messages.size(), 7u) << stage.ended;
  EXPECT_EQ(stage.when("\"One\""), 110);
  EXPECT_EQ(stage.when("\"thought\": true"), 410);
  EXPECT_EQ(stage.when("inputTranscription"), 420);
  EXPECT_EQ(stage.when("\"two\""), 430);
  EXPECT_EQ(stage.when("generationComplete"), 440);
  EXPECT_EQ(stage.when("\"totalTokenCount\": 77"), stage.when("turnComplete"));
  EXPECT_GE(stage.when("sessionResumptionUpdate"), 0);
  stage.ask("repeat: something else");
  EXPECT_GE(stage.when("something"), 0) << "the offline model answers what no rule means";
}

TEST(LiveScript_W23, CallsAreAnsweredByTheRuleOfTheirResult) {
  Stage stage(R"(
rules:
  - {when: {tool_result: "get_*"}, answer: done}
  - {when: {text: go}, answer: [{call: [{name: get_it, id: c1, args: {x: 1}}, {name: set_it, id: c2}]}]}
  - {when: {text: wait}, answer: [{call: {name: slow, id: c3}}, {wait: 50ms}, {cancel: all}]}
)");
  stage.ask("go");
  ASSERT_EQ(stage.messages.size(), 1u);
  EXPECT_GE(stage.when("\"c2\""), 0);
  stage.say(R"({"toolResponse":{"functionResponses":[{"id":"c1","name":"get_it","response":{}},
                {"id":"c2","name":"set_it","response":{}}]}})");
  stage.pass(seconds(1));
  EXPECT_GE(stage.when("\"done\""), 0);
  EXPECT_GE(stage.when("turnComplete"), 0);
  stage.ask("wait");
  EXPECT_EQ(stage.when("toolCall\""), 10);
  EXPECT_EQ(stage.when("toolCallCancellation"), 60);
  EXPECT_NE(stage.messages[1].second.find("\"c3\""), std::string::npos);
}

TEST(LiveScript_W23, TheServicesOwnMessagesComeWhenTheyAreWanted) {
  Stage stage(R"(
rules:
  - when: {text: all}
    answer:
      - a
      - go_away: 7500ms
      - handle: {resumable: false}
      - message: {serverContent: {modelTurn: {parts: [{text: b}]}, interrupted: true}, newThing: 1}
      - raw: "{}"
      - error: 503
    complete: false
)");
  stage.ask("all");
  EXPECT_EQ(stage.when("\"timeLeft\": \"7.5s\""), 20);
  EXPECT_GE(stage.when("sessionResumptionUpdate"), 20);
  EXPECT_EQ(stage.when("newHandle"), -1);
  EXPECT_EQ(stage.when("newThing"), 30);
  EXPECT_EQ(stage.when("UNAVAILABLE"), 50);
  EXPECT_EQ(stage.when("turnComplete"), -1);
  EXPECT_EQ(stage.messages.at(4).second, "{}");
}

TEST(LiveScript_W23, SessionsEndAsTheyAreTold) {
  const std::pair<const char*, const char*> cases[] = {
      {"rules: [{when: {text: end}, answer: [a, {close: {code: 1011, reason: Internal}}]}]",
       "1011 Internal"},
      {"rules: [{when: {text: end}, answer: [a, {close: 1000}]}]", "1000 "},
      {"rules: [{when: {text: end}, answer: [a, {cut: true}]}]", "cut"},
      {"rules: [{when: {text: end}, error: 503}]", "1011 The service is currently unavailable."},
      {"rules: [{when: {text: end}, error: 400}]", "1007 Request contains an invalid argument."},
      {"rules: [{when: {text: end}, live_fault: \"after=2; close=1008; reason=x\"}]", "1008 x"},
      {"rules: [{when: {text: end}, answer: [a, {text: b, fault: cut=3}]}]", "cut"},
      {"otherwise: refuse", "1008 No rule of the script is meant by this turn."},
  };
  for (const auto& [rules, ended] : cases) {
    Stage stage(rules);
    stage.ask("repeat: the end of it");
    EXPECT_EQ(stage.ended, ended) << rules;
  }
}

TEST(LiveScript_W23, ASetupIsSlowRefusedOrSilent) {
  const auto setup = [](const std::string& more) {
    return Stage("rules: [{when: {event: setup, model: \"gemini-live-*\"}, " + more + "}]");
  };
  EXPECT_EQ(Stage("live: {setup_delay: 400ms}").when("setupComplete"), 400);
  EXPECT_EQ(setup("delay: 700ms").when("setupComplete"), 700);
  EXPECT_EQ(setup("error: 404").ended, "1008 Requested entity was not found.");
  const auto silent = setup("complete: false");
  EXPECT_TRUE(silent.messages.empty() && silent.ended.empty());
  EXPECT_EQ(setup("answer: [{go_away: 1s}]").when("goAway"), 10);
}

TEST(LiveScript_W23, SettingsOfSessionsAreTheScripts) {
  Stage stage(R"(
live: {lifetime: 20s, notice: 5s, handles: false, end: {code: 1001, reason: Going}}
rules: [{when: {text: x}, answer: y}]
)");
  stage.ask("x");
  EXPECT_GE(stage.when("sessionResumptionUpdate"), 0);
  EXPECT_EQ(stage.when("newHandle"), -1);
  stage.pass(seconds(30));
  EXPECT_GE(stage.when("goAway"), 0);
  EXPECT_EQ(stage.ended, "1001 Going");
}

TEST(LiveScript_W23, QuotasEndASessionInTheServicesWords) {
  Stage stage("quotas: [{input_tokens_per_minute: 8}]");
  stage.ask("repeat: one");
  EXPECT_GE(stage.when("turnComplete"), 0) << stage.ended;
  stage.ask("repeat: a text that is longer than all that the quota still has room for");
  EXPECT_TRUE(stage.ended.starts_with("1011 You exceeded your current quota")) << stage.ended;
  EXPECT_LE(stage.ended.size(), 5 + 123u);
  const Stage none("quotas: [{requests_per_minute: 0}]");
  EXPECT_GE(none.when("setupComplete"), 0);
  EXPECT_TRUE(none.ended.starts_with("1011 You exceeded")) << none.ended;
}

}  // namespace
}  // namespace parley::emulator
