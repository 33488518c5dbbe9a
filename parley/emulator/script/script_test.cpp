#include "parley/emulator/script/script.hpp"

#include <gtest/gtest.h>

#include "parley/audio/wav.hpp"
#include "parley/emulator/rest/service.hpp"
#include "parley/emulator/script/director.hpp"
#include "parley/json/codec.hpp"

namespace parley::emulator {
namespace {

using std::chrono::milliseconds;

std::string mistakes_of(std::string_view yaml) {
  schematic::Diagnostics diagnostics;
  read_script(yaml, FileReader(), diagnostics);
  return diagnostics.text("s.yaml");
}
Script script_of(std::string rules) {
  schematic::Diagnostics diagnostics;
  auto script = read_script("version: 1\n" + rules, FileReader(), diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.text("s.yaml");
  return script;
}

TEST(Script_W23, EachMistakeHasItsPlaceAndTheNearestName) {
  const std::pair<const char*, const char*> cases[] = {
      {"rules: []\n", "s.yaml:1:1: error: "},
      {"version: 2\n", "s.yaml:1:10: error: \"version\" must be a whole number from 1 to 1"},
      {"version: 1\nrule: []\n", "s.yaml:2:1: error: "},
      {"version: 1\nrule: []\n", "\"rules\""},
      {"version: 1\nrules:\n  - when: {txt: a}\n    answer: b\n", "s.yaml:3:12: error: "},
      {"version: 1\nrules:\n  - when: {txt: a}\n    answer: b\n", "\"text\""},
      {"version: 1\nrules:\n  - answer: a\n    error: 503\n",
       "s.yaml:3:5: error: a rule has one of"},
      {"version: 1\nrules:\n  - name: a\n", "s.yaml:3:5: error: the rule has no"},
      {"version: 1\nrules:\n  - answer:\n      - txet: a\n", "s.yaml:4:9: error: "},
      {"version: 1\nrules:\n  - answer:\n      - {text: a, wait: 1s}\n", "a step does one thing"},
      {"version: 1\nrules:\n  - answer: [{wait: soon}]\n", "s.yaml:3:21: error: \"wait\" must be"},
      {"version: 1\nrules:\n  - answer: [{close: 99}]\n", "a code from 1000 to 4999"},
      {"version: 1\nrules:\n  - answer: [{audio: {time: 1s, hum: a}}]\n", "one of \"wav\""},
      {"version: 1\nrules:\n  - answer: [{audio: {wav: a.wav}}]\n", "in a script that is a file"},
      {"version: 1\nrules:\n  - error: 200\n", "s.yaml:3:12: error: "},
      {"version: 1\nrules:\n  - error: {code: 500, quota: day}\n", "belongs to the code 429"},
      {"version: 1\nrules:\n  - when: {matches: \"(\"}\n    answer: a\n", "no regular expression"},
      {"version: 1\nrules:\n  - when: {matches: \"a{1000}{1000}\"}\n    answer: a\n", "too large"},
      {"version: 1\nrules:\n  - when: {time: 3-2}\n    answer: a\n", "a range such as 2-4"},
      {"version: 1\nrules:\n  - answer: a\n    fault: sleep=1\n", "s.yaml:4:12: error: "},
      {"version: 1\nquotas: [{model: a}]\n", "the quota has no"},
      {"version: 1\nrules:\n  - answer: [{part: {inlineData: 3}}]\n", "\"part\": "},
      {"version: 1\nrules:\n  - {answer: a, delay: 999999999m}\n", "\"delay\" must be a time"},
      {"version: 1\nrandom_faults: {rest: 2}\n", "a number from 0 to 1"},
      {"version: 1\nlive: {frames: octal}\n", "s.yaml:2:16: error: "},
      {"version: 1\nrules: [{answer: a}\n", "s.yaml:"},
      {"", "s.yaml:"},
  };
  for (const auto& [yaml, words] : cases) {
    const auto mistakes = mistakes_of(yaml);
    EXPECT_NE(mistakes.find(words), std::string::npos) << yaml << "\nsays:\n" << mistakes;
  }
}

TEST(Script_W23, SoundComesFromAFileTheHumOrATime) {
  const audio::Samples samples(1600, 7);
  const auto wav = audio::write_wav(samples, 16'000).value();
  const FileReader files = [&](const std::string& name) -> Result<std::string> {
    if (name != "a.wav") return fail(ErrorKind::not_found, "cannot read it");
    return std::string(as_text(wav));
  };
  schematic::Diagnostics diagnostics;
  const auto script = read_script(
      "version: 1\nrules:\n  - answer:\n      - audio: {wav: a.wav, piece: 40ms}\n"
      "      - audio: {hum: hello}\n      - audio: {time: 250ms}\n",
      files, diagnostics);
  ASSERT_FALSE(diagnostics.has_errors()) << diagnostics.text("s");
  const auto& steps = script.rules.at(0).reply.steps;
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_EQ(steps[0].rate, 16'000);
  EXPECT_EQ(steps[0].pcm.size(), 2 * 640u);
  EXPECT_EQ(steps[2].pcm.size(), 2 * 320u);
  EXPECT_FALSE(steps[3].pcm.empty());
  EXPECT_EQ(steps[4].pcm.size(), 2 * 6000u);
  read_script("version: 1\nrules:\n  - answer: [{audio: {wav: b.wav}}]\n", files, diagnostics);
  EXPECT_NE(diagnostics.text("s").find("\"b.wav\": cannot read it"), std::string::npos);
}

// A service that plays a script over REST.
struct House {
  explicit House(Script script) {
    ServiceOptions options;
    options.now = [this] { return now; };
    options.director = director = std::make_shared<Director>(std::move(script), options.now);
    service.emplace(std::move(options));
  }
  Answer ask(std::string_view text, std::string_view model = "gemini-2.5-flash",
             bool stream = false, std::string_view more = "") {
    http::Request request("POST",
                          "/v1beta/models/" + std::string(model) +
                              (stream ? ":streamGenerateContent?alt=sse" : ":generateContent"));
    request.headers.set("x-goog-api-key", "k");
    request.headers.set("x-team", "blue");
    request.body = R"({"contents":[{"role":"user","parts":[{"text":")" + std::string(text) +
                   R"("}]}])" + std::string(more) + "}";
    return service->handle(request, *http::parse_target(request.target));
  }
  std::string said(std::string_view text, std::string_view model = "gemini-2.5-flash",
                   std::string_view more = "") {
    const auto body = bytes(ask(text, model, false, more));
    const auto answer = json::decode_text<gemini::GenerateContentResponse>(body);
    return answer ? gemini::text_of(*answer) : body;
  }
  static std::string bytes(const Answer& answer) {
    std::string all;
    for (const auto& piece : answer.pieces) all += piece;
    return all;
  }
  WallTime now{};
  std::shared_ptr<Director> director;
  std::optional<Service> service;
};

TEST(Script_W23, TheFirstRuleOfWhichAllHoldsIsMeant) {
  House house(script_of(R"(
rules:
  - {when: {text: [oslo, RAIN]}, answer: both}
  - {when: {matches: "^[0-9]+$"}, answer: a number}
  - {when: {model: "*-pro"}, answer: the larger model}
  - {when: {request: {generationConfig: {max_output_tokens: 7}}}, answer: seven}
  - {when: {headers: {X-Team: "bl*"}, text: team}, answer: blue}
  - {when: {key: other}, answer: never}
  - {when: {text: again, time: 2-3}, answer: second and third}
  - {when: {over: live}, answer: never}
)"));
  EXPECT_EQ(house.said("Rain in OSLO?"), "both");
  EXPECT_EQ(house.said("42"), "a number");
  EXPECT_EQ(house.said("a 42", "gemini-2.5-pro"), "the larger model");
  EXPECT_EQ(house.said("x", "gemini-2.5-flash", R"(,"generationConfig":{"maxOutputTokens":7})"),
            "seven");
  EXPECT_EQ(house.said("my team"), "blue");
  EXPECT_NE(house.said("repeat: again"), "second and third");
  EXPECT_EQ(house.said("repeat: again"), "second and third");
  EXPECT_EQ(house.said("repeat: again"), "second and third");
  EXPECT_EQ(house.said("repeat: again"), "again") << "the offline model answers what no rule means";
  const auto state = house.director->state();
  EXPECT_EQ(state.at(6).as_object().at("matched"), 4);
  EXPECT_EQ(state.at(6).as_object().at("line"), 10);
}

TEST(Script_W23, AStreamHasItsPiecesItsPaceAndItsEnd) {
  House house(script_of(R"(
rules:
  - pace: 20ms
    answer: [One, {wait: 300ms}, {text: two}, {thought: hm}, {call: {name: f, args: {x: 1}}}]
    finish: MAX_TOKENS
    usage: {totalTokenCount: 77}
    grounding: {webSearchQueries: [rain]}
)"));
  const auto answer = house.ask("x", "gemini-2.5-flash", true);
  ASSERT_EQ(answer.pieces.size(), 4u);
  EXPECT_EQ(answer.waits, (std::vector<milliseconds>{milliseconds(0), milliseconds(300),
                                                     milliseconds(20), milliseconds(20)}));
  EXPECT_NE(answer.pieces[0].find("\"text\": \"One\""), std::string::npos) << answer.pieces[0];
  EXPECT_EQ(answer.pieces[0].find("finishReason"), std::string::npos);
  EXPECT_NE(answer.pieces[2].find("\"thought\": true"), std::string::npos);
  for (const char* words : {"\"name\": \"f\"", "MAX_TOKENS", "\"totalTokenCount\": 77",
                            "\"webSearchQueries\": [\"rain\"]"})
    EXPECT_NE(answer.pieces[3].find(words), std::string::npos) << words << answer.pieces[3];
}

TEST(Script_W23, ErrorsComeInAllTheirShapes) {
  House house(script_of(R"(
rules:
  - {when: {text: busy}, error: {code: 429, quota: day, limit: 3, retry_in: 12s}}
  - {when: {text: own}, error: {code: 400, status: FAILED_PRECONDITION, message: Not here.}}
  - {when: {text: bare}, answer: [a, {error: 503}]}
  - {when: {text: event}, answer: [a, {error: {code: 503, as: event}}]}
  - {when: {text: end}, answer: [a, {error: {code: 503, as: end}}]}
  - {when: {text: page}, http: {status: 502, headers: {X-Why: proxy}, body: no}}
  - {when: {text: cut}, answer: [a, {cut: true}]}
  - {when: {text: fault}, fault: "delay=9; cut=5"}
)"));
  const auto busy = house.ask("busy");
  EXPECT_EQ(busy.status, 429);
  for (const char* words : {"PerDayPerProject", "\"retryDelay\": \"12s\"", "limit: 3"})
    EXPECT_NE(House::bytes(busy).find(words), std::string::npos) << words;
  const auto own = house.ask("own");
  EXPECT_EQ(own.status, 400);
  EXPECT_NE(House::bytes(own).find("FAILED_PRECONDITION"), std::string::npos);
  EXPECT_NE(House::bytes(own).find("Not here."), std::string::npos);
  const auto bare = house.ask("bare", "gemini-2.5-flash", true);
  ASSERT_EQ(bare.pieces.size(), 2u);
  EXPECT_TRUE(bare.pieces[1].starts_with("{\n  \"error\"")) << bare.pieces[1];
  const auto event = house.ask("event", "gemini-2.5-flash", true);
  EXPECT_TRUE(event.pieces.at(1).starts_with("data: {\"error\"")) << event.pieces[1];
  const auto end = house.ask("end", "gemini-2.5-flash", true);
  ASSERT_EQ(end.pieces.size(), 1u);
  EXPECT_EQ(end.fault.cut, end.pieces[0].size());
  EXPECT_EQ(house.ask("bare").status, 503) << "an answer that is no stream is the error";
  const auto page = house.ask("page");
  EXPECT_EQ(page.status, 502);
  EXPECT_EQ(page.headers.find("X-Why"), "proxy");
  EXPECT_EQ(House::bytes(page), "no");
  EXPECT_TRUE(house.ask("cut", "gemini-2.5-flash", true).fault.cut);
  const auto fault = house.ask("repeat: fault");
  EXPECT_EQ(fault.fault.delay, milliseconds(9));
  EXPECT_EQ(fault.fault.cut, 5u);
  EXPECT_NE(House::bytes(fault).find("fault"), std::string::npos) << "the offline model's words";
}

TEST(Script_W23, MessagesAndTextMayBeLiteral) {
  House house(script_of(R"(
rules:
  - {when: {text: odd}, answer: [{message: {candidates: [], newThing: 7}}, {raw: ": note\n\n"}]}
  - {when: {text: open}, answer: [a], complete: false}
otherwise: refuse
)"));
  const auto odd = house.ask("odd", "gemini-2.5-flash", true);
  ASSERT_EQ(odd.pieces.size(), 2u);
  EXPECT_EQ(odd.pieces[0], "data: {\"candidates\": [],\"newThing\": 7}\r\n\r\n");
  EXPECT_EQ(odd.pieces[1], ": note\n\n");
  EXPECT_EQ(House::bytes(house.ask("open", "gemini-2.5-flash", true)).find("finishReason"),
            std::string::npos);
  EXPECT_EQ(house.ask("other").status, 404);
}

TEST(Script_W23, ARuleWithoutAnAnswerIsMeantWhereOthersAreRefused) {
  House house(script_of("rules: [{when: {text: slow}, fault: delay=9}]\notherwise: refuse"));
  EXPECT_EQ(house.said("repeat: slow"), "slow");
  EXPECT_EQ(house.ask("repeat: fast").status, 404);
}

TEST(Script_W23, AModelThatThereIsNotIsAnsweredByARule) {
  House house(script_of("rules: [{when: {model: mine-*}, answer: I am here}]"));
  EXPECT_EQ(house.said("hello", "mine-1"), "I am here");
  EXPECT_EQ(house.ask("hello", "yours-1").status, 404);
}

TEST(Script_W23, QuotasHoldBesideRules) {
  House house(script_of("quotas: [{requests_per_minute: 1}]"));
  EXPECT_EQ(house.ask("a").status, 200);
  const auto refused = house.ask("a");
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(House::bytes(refused).find("\"retryDelay\": \"60s\""), std::string::npos);
  house.now += std::chrono::seconds(60);
  EXPECT_EQ(house.ask("a").status, 200);
}

}  // namespace
}  // namespace parley::emulator
