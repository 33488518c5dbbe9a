// Answers over REST by a script and its quotas.
#include <gtest/gtest.h>

#include "parley/emulator/rest/service.hpp"
#include "parley/emulator/script/director.hpp"

namespace parley::emulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Played {
  explicit Played(const std::string& script, ServiceOptions options = ServiceOptions())
      : service(options_of(script, std::move(options), &now)) {}
  static ServiceOptions options_of(const std::string& script, ServiceOptions options,
                                   const WallTime* now) {
    schematic::Diagnostics mistakes;
    auto read = read_script("version: 1\n" + script, {}, mistakes);
    EXPECT_FALSE(mistakes.has_errors()) << mistakes.text("s.yaml");
    options.now = [now] { return *now; };
    options.director = std::make_shared<Director>(std::move(read), options.now);
    return options;
  }
  Answer ask(std::string_view text, std::string_view method = "streamGenerateContent?alt=sse",
             std::string_view model = "gemini-2.5-flash") {
    http::Request request("POST",
                          "/v1beta/models/" + std::string(model) + ":" + std::string(method));
    request.headers.add("x-goog-api-key", "k");
    request.body =
        R"({"contents":[{"role":"user","parts":[{"text":")" + std::string(text) + R"("}]}]})";
    return service.handle(request, *http::parse_target(request.target));
  }
  WallTime now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 26);
  Service service;
};
std::string body_of(const Answer& answer) {
  std::string body;
  for (const auto& piece : answer.pieces) body += piece;
  return body;
}
bool has(const Answer& answer, std::string_view words) {
  return body_of(answer).find(words) != std::string::npos;
}

TEST(RestScript_W23, AStreamHasThePiecesInTheirPace) {
  Played played(R"(rules:
  - when: { text: weather }
    pace: 20ms
    answer: [ { thought: Hm }, It is, { wait: 1s }, " warm" ]
    finish: MAX_TOKENS
    usage: { promptTokenCount: 3, totalTokenCount: 9 }
    grounding: { webSearchQueries: [ weather ] }
)");
  const auto answer = played.ask("The weather?");
  ASSERT_EQ(answer.pieces.size(), 3u) << body_of(answer);
  EXPECT_NE(answer.pieces[0].find("\"thought\": true"), std::string::npos);
  EXPECT_EQ(answer.waits, (std::vector{milliseconds(0), milliseconds(20), milliseconds(1000)}));
  EXPECT_NE(answer.pieces[2].find("\"MAX_TOKENS\""), std::string::npos);
  EXPECT_NE(answer.pieces[2].find("\"totalTokenCount\": 9"), std::string::npos);
  EXPECT_NE(answer.pieces[2].find("webSearchQueries"), std::string::npos);
  EXPECT_EQ(answer.pieces[1].find("finishReason"), std::string::npos);
  const auto whole = played.ask("weather", "generateContent");
  EXPECT_TRUE(has(whole, "\"It is warm\"")) << body_of(whole);
  EXPECT_TRUE(has(played.ask("repeat: by the model"), "by "));
}

TEST(RestScript_W23, CallsAudioAndPartsAreParts) {
  Played played(R"(rules:
  - answer:
      - call: { name: get_weather, args: { city: Oslo } }
      - audio: { time: 10ms }
      - part: { executableCode: { language: PYTHON, code: "1" } }
)");
  const auto answer = played.ask("x", "generateContent");
  EXPECT_TRUE(has(answer, "\"get_weather\"")) << body_of(answer);
  EXPECT_TRUE(has(answer, "audio/L16;codec=pcm;rate=24000"));
  EXPECT_TRUE(has(answer, "executableCode"));
  EXPECT_TRUE(has(answer, "Model generated function call(s)."));
}

TEST(RestScript_W23, AnErrorComesInItsShape) {
  Played played(R"(rules:
  - { when: { text: event }, answer: [ a, { error: { code: 503, as: event } }, b ] }
  - { when: { text: bare }, answer: [ a, { error: { code: 500, message: Oh } } ] }
  - { when: { text: ends }, answer: [ a, { error: { code: 500, as: end } } ] }
  - { when: { text: whole }, error: { code: 429, quota: day, limit: 50, retry_in: 20s } }
)");
  const auto event = played.ask("event");
  ASSERT_EQ(event.pieces.size(), 2u);
  EXPECT_TRUE(event.pieces[1].starts_with("data: {\"error\"")) << event.pieces[1];
  const auto bare = played.ask("bare");
  ASSERT_EQ(bare.pieces.size(), 2u);
  EXPECT_TRUE(bare.pieces[1].starts_with("{")) << bare.pieces[1];
  EXPECT_TRUE(has(bare, "\"Oh\""));
  const auto ends = played.ask("ends");
  EXPECT_EQ(ends.fault.cut, body_of(ends).size());
  const auto whole = played.ask("whole");
  EXPECT_EQ(whole.status, 429);
  EXPECT_TRUE(has(whole, "GenerateRequestsPerDayPerProjectPerModel-FreeTier")) << body_of(whole);
  EXPECT_TRUE(has(whole, "\"retryDelay\": \"20s\""));
  EXPECT_TRUE(has(whole, "\"quotaValue\": \"50\""));
}

TEST(RestScript_W23, AnyPathHasAPlainAnswer) {
  Played played(R"(rules:
  - when: { method: GET, path: "/v1beta/models*", time: 1 }
    http: { status: 502, headers: { X-Proxy: gone }, body: Bad gateway }
    delay: 30ms
)");
  http::Request request("GET", "/v1beta/models");
  request.headers.add("x-goog-api-key", "k");
  const auto answer = played.service.handle(request, *http::parse_target(request.target));
  EXPECT_EQ(answer.status, 502);
  EXPECT_EQ(answer.headers.find("x-proxy").value_or(""), "gone");
  EXPECT_EQ(body_of(answer), "Bad gateway");
  EXPECT_EQ(answer.fault.delay, milliseconds(30));
  EXPECT_EQ(played.service.handle(request, *http::parse_target(request.target)).status, 200);
}

TEST(RestScript_W23, LiteralMessagesAndCutsGoOutAsTheyStand) {
  Played played(R"(rules:
  - { when: { text: odd }, answer: [ { message: { somethingNew: 1 } }, { raw: "data: {\r\n\r\n" } ] }
  - { when: { text: cut }, answer: [ a, { cut: true } ] }
  - { when: { text: drip }, answer: a, fault: "drip=3/5" }
)");
  const auto odd = played.ask("odd");
  ASSERT_EQ(odd.pieces.size(), 2u) << body_of(odd);
  EXPECT_EQ(odd.pieces[0], "data: {\"somethingNew\": 1}\r\n\r\n");
  EXPECT_EQ(odd.pieces[1], "data: {\r\n\r\n");
  const auto cut = played.ask("cut");
  EXPECT_EQ(cut.fault.cut, body_of(cut).size());
  EXPECT_EQ(played.ask("drip").fault.piece, 3u);
}

TEST(RestScript_W23, WhatNoRuleIsMeantByMayBeRefused) {
  Played played("otherwise: refuse\nrules: [ { when: { text: a }, answer: b } ]\n");
  EXPECT_EQ(played.ask("a").status, 200);
  EXPECT_EQ(played.ask("x").status, 404);
  Played faulty("otherwise: refuse\nrules: [ { fault: cut=9 } ]\n");
  const auto answer = faulty.ask("repeat: by the model");
  EXPECT_EQ(answer.status, 200) << "a rule without an answer is meant, and the model answers";
  EXPECT_EQ(answer.fault.cut, 9u);
}

TEST(RestScript_W23, AHiddenQuotaAnswersAsTheServiceDoes) {
  Played played("quotas: [ { model: \"gemini-2.5-*\", requests_per_minute: 2 } ]\n");
  EXPECT_EQ(played.ask("a").status, 200);
  played.now += seconds(10);
  EXPECT_EQ(played.ask("a").status, 200);
  const auto refused = played.ask("a", "generateContent");
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(has(refused, "RESOURCE_EXHAUSTED")) << body_of(refused);
  EXPECT_TRUE(has(refused, "\"retryDelay\": \"50s\"")) << body_of(refused);
  EXPECT_EQ(played.ask("a", "countTokens").status, 200) << "it generates nothing";
  played.now += seconds(50);
  EXPECT_EQ(played.ask("a").status, 200);
}

}  // namespace
}  // namespace parley::emulator
