#include "parley/emulator/script/script.hpp"

#include <gtest/gtest.h>

#include "parley/audio/wav.hpp"
#include "parley/emulator/script/director.hpp"

namespace parley::emulator {
namespace {

std::string mistakes_of(std::string_view yaml) {
  schematic::Diagnostics mistakes;
  (void)read_script(yaml, {}, mistakes);
  return mistakes.text("s.yaml");
}
Script script_of(std::string_view yaml) {
  schematic::Diagnostics mistakes;
  auto script = read_script(yaml, {}, mistakes);
  EXPECT_FALSE(mistakes.has_errors()) << mistakes.text("s.yaml");
  return script;
}

struct Mistake {
  const char* yaml;
  const char* told;
};
class Mistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, HaveTheirPlaceAndTheNearestName) {
  const auto told = mistakes_of(GetParam().yaml);
  EXPECT_NE(told.find(GetParam().told), std::string::npos) << told;
}
INSTANTIATE_TEST_SUITE_P(
    Script_W23, Mistakes,
    ::testing::Values(
        Mistake{"version: 1\nrulez: []\n", "s.yaml:2:1: error: "},
        Mistake{"version: 1\nrulez: []\n", "\"rules\""}, Mistake{"rules: []\n", "\"version\""},
        Mistake{"version: 2\n", "\"version\" must be a whole number from 1 to 1, found \"2\""},
        Mistake{"version: 1\nrules:\n  - when: { modle: x }\n    answer: hi\n", "s.yaml:3:13: "},
        Mistake{"version: 1\nrules:\n  - when: { modle: x }\n    answer: hi\n", "\"model\""},
        Mistake{"version: 1\nrules:\n  - when: { time: 0 }\n    answer: hi\n", "found \"0\""},
        Mistake{"version: 1\nrules:\n  - when: { matches: \"a(\" }\n    answer: hi\n",
                "s.yaml:3:22: error: \"matches\" is no regular expression"},
        Mistake{"version: 1\nrules:\n  - name: nothing\n",
                "the rule has no \"answer\", \"error\", \"http\" or \"fault\""},
        Mistake{"version: 1\nrules:\n  - answer: hi\n    error: 503\n", "has one of \"answer\""},
        Mistake{"version: 1\nrules:\n  - error: 200\n", "a code from 400 to 599"},
        Mistake{"version: 1\nrules:\n  - error: { code: 500, quota: day }\n",
                "a quota belongs to the code 429"},
        Mistake{"version: 1\nrules:\n  - answer: [ { txt: hi } ]\n", "\"text\""},
        Mistake{"version: 1\nrules:\n  - answer: [ { text: a, wait: 1s } ]\n",
                "a step does one thing"},
        Mistake{"version: 1\nrules:\n  - answer: [ { call: { args: {} } } ]\n", "\"name\""},
        Mistake{"version: 1\nrules:\n  - answer: [ { audio: { wav: x.wav } } ]\n",
                "files can be named only in a script that is a file"},
        Mistake{"version: 1\nrules:\n  - answer: [ { close: 99 } ]\n", "a code from 1000 to 4999"},
        Mistake{"version: 1\nrules:\n  - answer: [ { part: { inlineData: 3 } } ]\n", "\"part\": "},
        Mistake{"version: 1\nrules:\n  - { answer: a, delay: 999999999m }\n",
                "\"delay\" must be a time such as 15s"},
        Mistake{"version: 1\nrules:\n  - fault: cutt=3\n", "\"cutt=3\" is no fault"},
        Mistake{"version: 1\nquotas: [ { model: x } ]\n", "\"requests_per_minute\""},
        Mistake{"version: 1\nrandom_faults: { rest: 2 }\n", "a number from 0 to 1"},
        Mistake{"version: 1\nlive: { frames: txt }\n", "\"text\""},
        Mistake{"version: 1\nrules: [ { when: { event: setup }, http: { status: 200 } } ]\n",
                "a setup has no answer over HTTP"}));

TEST(Script_W23, TextThatIsNoYamlIsToldWithItsLine) {
  EXPECT_NE(mistakes_of("version: 1\nrules: [\n").find("s.yaml:"), std::string::npos);
}

TEST(Script_W23, AFileThatItNamesIsReadBesideIt) {
  std::string asked;
  schematic::Diagnostics mistakes;
  const auto files = [&asked](const std::string& name) -> Result<std::string> {
    asked = name;
    return fail(ErrorKind::not_found, "there is no such file");
  };
  (void)read_script("version: 1\nrules: [ { answer: [ { audio: { wav: hello.wav } } ] } ]\n", files,
                    mistakes);
  EXPECT_EQ(asked, "hello.wav");
  EXPECT_NE(mistakes.text("s").find("\"hello.wav\": there is no such file"), std::string::npos);
}

TEST(Script_W23, TheSoundOfAFileIsSaidInPieces) {
  const audio::Samples samples(1600, 7);
  const auto wav = audio::write_wav(samples, 16'000);
  ASSERT_TRUE(wav);
  schematic::Diagnostics mistakes;
  const auto files = [&wav](const std::string&) -> Result<std::string> {
    return std::string(as_text(*wav));
  };
  const auto script = read_script(
      "version: 1\nrules: [ { answer: [ { audio: { wav: hello.wav, piece: 50ms } } ] } ]\n", files,
      mistakes);
  ASSERT_FALSE(mistakes.has_errors()) << mistakes.text("s");
  const auto& steps = script.rules.at(0).reply.steps;
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].rate, 16'000);
  EXPECT_EQ(steps[1].pcm.size(), 1600u);
}

TEST(Script_W23, AudioIsAsLongAsItSaysInPiecesOfThatTime) {
  const auto script =
      script_of("version: 1\nrules: [ { answer: [ { audio: { time: 50ms, piece: 20ms } } ] } ]\n");
  const auto& steps = script.rules.at(0).reply.steps;
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].pcm.size(), 2u * 480);
  EXPECT_EQ(steps[2].pcm.size(), 2u * 240);
}

// Which rule is meant, by its name.
std::string meant(Director& director, const Asked& asked) {
  const auto* reply = director.find(asked);
  for (const auto& rule : director.script().rules)
    if (&rule.reply == reply) return rule.name;
  return "none";
}
Asked asked_for(std::string text) {
  Asked asked;
  asked.method = "POST";
  asked.path = "/v1beta/models/gemini-2.5-flash:generateContent";
  asked.model = "gemini-2.5-flash";
  asked.key = "k";
  asked.text = std::move(text);
  return asked;
}

TEST(Director_W23, TheFirstRuleWhereAllHoldsIsMeant) {
  Director director(script_of(R"(version: 1
rules:
  - { name: word, when: { text: [ WEATHER, oslo ] }, answer: a }
  - { name: pattern, when: { matches: "^[0-9]+$" }, answer: b }
  - { name: tool, when: { tool_result: "get_*" }, answer: c }
  - { name: model, when: { model: "*-pro" }, answer: d }
  - { name: key, when: { key: "team-*", path: "/v1beta/*" }, answer: e }
  - { name: header, when: { headers: { X-Test: "a*" } }, answer: f }
  - { name: member, when: { request: { generation_config: { temperature: 0 } } }, answer: g }
  - { name: live, when: { over: live }, answer: h }
)"));
  EXPECT_EQ(meant(director, asked_for("Weather in Oslo?")), "word");
  EXPECT_EQ(meant(director, asked_for("Weather in Rome?")), "none");
  EXPECT_EQ(meant(director, asked_for("2048")), "pattern");
  auto asked = asked_for("");
  asked.tool_results = {"get_weather"};
  EXPECT_EQ(meant(director, asked), "tool");
  asked = asked_for("x");
  asked.model = "gemini-2.5-pro";
  EXPECT_EQ(meant(director, asked), "model");
  asked = asked_for("x");
  asked.key = "team-a";
  EXPECT_EQ(meant(director, asked), "key");
  asked = asked_for("x");
  http::Headers headers;
  headers.add("x-test", "abc");
  asked.headers = &headers;
  EXPECT_EQ(meant(director, asked), "header");
  asked = asked_for("x");
  const auto body =
      json::parse(R"({"generationConfig":{"temperature":0.0,"topK":3}})", json::trusted_limits());
  asked.request = &*body;
  EXPECT_EQ(meant(director, asked), "member");
  asked = asked_for("x");
  asked.live = true;
  EXPECT_EQ(meant(director, asked), "live");
}

// A rule that comes behind the one that answers is not asked, and counts nothing.
TEST(Director_W23, TimesAreCountedForEachRule) {
  Director director(script_of(R"(version: 1
rules:
  - { name: first, when: { time: 1 }, error: 503 }
  - { name: then, when: { time: 2-3 }, error: 500 }
  - { name: later, when: { time: "3-" }, answer: a }
)"));
  std::vector<std::string> names;
  for (int i = 0; i < 6; ++i) names.push_back(meant(director, asked_for("x")));
  EXPECT_EQ(names, (std::vector<std::string>{"first", "none", "then", "then", "none", "later"}));
  EXPECT_EQ(director.state().at(0).as_object().at("matched").to_number<int>(), 6);
}

TEST(Director_W23, ARuleWithAnAnswerIsNotMeantByARequestThatGeneratesNothing) {
  Director director(script_of(R"(version: 1
rules:
  - { name: answer, answer: a }
  - { name: list, when: { method: GET }, http: { status: 500 } }
)"));
  auto asked = asked_for("");
  asked.generates = false;
  asked.method = "GET";
  EXPECT_EQ(meant(director, asked), "list");
}

}  // namespace
}  // namespace parley::emulator
