#include "parley/emulator/rest/service.hpp"

#include <gtest/gtest.h>

#include "parley/emulator/model/offline_model.hpp"

namespace parley::emulator {
namespace {

constexpr std::string_view kHello = R"({"contents":[{"role":"user","parts":[{"text":"Hello"}]}]})";

Answer ask(Service& service, std::string method, std::string target, std::string body = "",
           std::string key = "k", std::string fault = "") {
  http::Request request(method, target);
  request.body = std::move(body);
  if (!key.empty()) request.headers.set("x-goog-api-key", key);
  if (!fault.empty()) request.headers.set("x-parley-fault", fault);
  return service.handle(request, *http::parse_target(target));
}
std::string body_of(const Answer& answer) {
  std::string body;
  for (const auto& piece : answer.pieces) body += piece;
  return body;
}
json::Object object_of(const Answer& answer) {
  const auto value = json::parse(body_of(answer), json::trusted_limits());
  EXPECT_TRUE(value) << body_of(answer);
  return value && value->is_object() ? value->as_object() : json::Object();
}
constexpr std::string_view kStream = "/v1beta/models/gemini-2.5-flash:streamGenerateContent";

TEST(Emulator, AStreamIsCrlfEventsWithUsageInEach) {
  Service service;
  const auto answer = ask(service, "POST", std::string(kStream) + "?alt=sse",
                          R"({"contents":[{"parts":[{"text":"Write 100 words about rivers"}]}]})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.find("Content-Type").value_or(""), "text/event-stream");
  ASSERT_GT(answer.pieces.size(), 5u);
  std::string finish, id;
  for (const auto& piece : answer.pieces) {
    ASSERT_TRUE(piece.starts_with("data: {") && piece.ends_with("}\r\n\r\n")) << piece;
    EXPECT_EQ(piece.find('\n'), piece.size() - 3) << "one line";
    const auto event = json::parse(piece.substr(6, piece.size() - 10))->as_object();
    EXPECT_GT(event.at("usageMetadata").at("promptTokenCount").as_int64(), 0);
    EXPECT_EQ(event.at("modelVersion").as_string(), "gemini-2.5-flash");
    if (id.empty()) id = event.at("responseId").as_string().c_str();
    EXPECT_EQ(event.at("responseId").as_string(), id);
    const auto& candidate = event.at("candidates").as_array().at(0).as_object();
    EXPECT_TRUE(finish.empty()) << "only the last event has a finish reason";
    if (candidate.contains("finishReason"))
      finish = candidate.at("finishReason").as_string().c_str();
  }
  EXPECT_EQ(finish, "STOP");
}

TEST(Emulator, WithoutAltSseTheStreamIsOneJsonArray) {
  Service service;
  const auto answer = ask(service, "POST", std::string(kStream), std::string(kHello));
  const auto array = json::parse(body_of(answer), json::trusted_limits());
  ASSERT_TRUE(array);
  EXPECT_GE(array->as_array().size(), 1u);
}

TEST(Emulator, TheSameSeedAndConversationGiveTheSameAnswer) {
  Service one, two;
  const auto target = std::string(kStream) + "?alt=sse";
  EXPECT_EQ(body_of(ask(one, "POST", target, std::string(kHello))),
            body_of(ask(two, "POST", target, std::string(kHello))));
}

TEST(Emulator, KeysAreCheckedAsTheServiceDoes) {
  ServiceOptions options;
  options.bad_keys = {"stolen"};
  Service service(options);
  const auto target = "/v1beta/models/gemini-2.5-flash:generateContent";
  const auto none = ask(service, "POST", target, std::string(kHello), "");
  EXPECT_EQ(none.status, 403);
  EXPECT_EQ(object_of(none).at("error").at("status").as_string(), "PERMISSION_DENIED");
  const auto bad = ask(service, "POST", target, std::string(kHello), "stolen");
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(object_of(bad).at("error").at("details").at(0).at("reason").as_string(),
            "API_KEY_INVALID");
  EXPECT_EQ(ask(service, "GET", "/v1beta/models?key=good", "", "").status, 200);
}

TEST(Emulator, RequestsThatTheServiceRefusesAreRefused) {
  Service service;
  struct Case {
    const char *model, *body;
    int status;
    const char* words;
  };
  const Case cases[] = {
      {"gemini-2.5-flash", "{", 400, "Invalid JSON payload"},
      {"gemini-2.5-flash", "{}", 400, "contents"},
      {"gemini-2.5-flash", R"({"contents":[{"parts":[{"text":5}]}]})", 400, "contents"},
      {"gemini-2.5-flash", R"({"contents":[{"parts":[{"text":"a"}]}],"nonsense":1})", 400,
       "nonsense"},
      {"gemini-2.5-flash", R"({"contents":[{"role":"robot","parts":[{"text":"a"}]}]})", 400,
       "role"},
      {"no-such-model", R"({"contents":[{"parts":[{"text":"a"}]}]})", 404, "not found"},
  };
  for (const auto& bad : cases) {
    SCOPED_TRACE(bad.body);
    const auto answer = ask(
        service, "POST", "/v1beta/models/" + std::string(bad.model) + ":generateContent", bad.body);
    EXPECT_EQ(answer.status, bad.status);
    const auto error = object_of(answer).at("error").as_object();
    EXPECT_EQ(error.at("code").as_int64(), bad.status);
    EXPECT_NE(std::string(error.at("message").as_string()).find(bad.words), std::string::npos)
        << error.at("message");
  }
  EXPECT_EQ(ask(service, "POST", "/v1beta/models/gemini-2.5-flash:sing", "{}").status, 404);
  EXPECT_EQ(ask(service, "GET", "/other").status, 404);
}

TEST(Emulator, ModelsAreListedInPagesAndFound) {
  Service service;
  const auto first = object_of(ask(service, "GET", "/v1beta/models?pageSize=2"));
  EXPECT_EQ(first.at("models").as_array().size(), 2u);
  const std::string token(first.at("nextPageToken").as_string());
  const auto second =
      object_of(ask(service, "GET", "/v1beta/models?pageSize=2&pageToken=" + token));
  EXPECT_NE(first.at("models").at(0), second.at("models").at(0));
  EXPECT_EQ(
      object_of(ask(service, "GET", "/v1beta/models/gemini-2.5-flash")).at("name").as_string(),
      "models/gemini-2.5-flash");
  EXPECT_EQ(ask(service, "GET", "/v1beta/models/none").status, 404);
}

TEST(Emulator, TokensAreCounted) {
  Service service;
  const auto counted = object_of(
      ask(service, "POST", "/v1beta/models/gemini-2.5-flash:countTokens", std::string(kHello)));
  EXPECT_GT(counted.at("totalTokens").as_int64(), 0);
}

TEST(EmulatorFaults, ComeOnRequestAndAreToldApart) {
  Service service;
  const auto target = std::string(kStream) + "?alt=sse";
  const auto status =
      ask(service, "POST", target, std::string(kHello), "k", "status=429; delay=50");
  EXPECT_EQ(status.status, 429);
  EXPECT_EQ(status.fault.delay, std::chrono::milliseconds(50));
  EXPECT_EQ(object_of(status).at("error").at("status").as_string(), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(ask(service, "POST", target, std::string(kHello), "k", "cut=100").fault.cut, 100u);
  const auto wrong = ask(service, "POST", target, std::string(kHello), "k", "explode=1");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(body_of(wrong).find("explode=1"), std::string::npos);
  for (const char* bad :
       {"status", "status=200", "status=999", "delay=-1", "cut=x", "delay=99999999"})
    EXPECT_FALSE(Fault::parse(bad)) << bad;
  EXPECT_TRUE(Fault::parse(" status=503 ;; cut=0 "));
  service.inject(*Fault::parse("status=500"));
  EXPECT_EQ(ask(service, "POST", target, std::string(kHello)).status, 500);
  EXPECT_EQ(ask(service, "POST", target, std::string(kHello)).status, 200) << "for one request";
}

TEST(EmulatorJournal, RemembersRequestsWithoutTheirKeys) {
  ServiceOptions options;
  options.journal_size = 3;
  Service service(options);
  http::Request request("POST", std::string(kStream) + "?key=CANARY");
  request.headers.set("x-goog-api-key", "CANARY");
  request.headers.set("Authorization", "Bearer CANARY");
  request.body = kHello;
  for (int i = 0; i < 5; ++i) (void)service.handle(request, *http::parse_target(request.target));
  ASSERT_EQ(service.journal().size(), 3u);
  for (const auto& entry : service.journal()) {
    EXPECT_EQ(entry.target.find("CANARY"), std::string::npos);
    for (const auto& header : entry.headers.all())
      EXPECT_EQ(header.value.find("CANARY"), std::string::npos) << header.name;
    EXPECT_EQ(entry.body, kHello);
  }
}

TEST(EmulatorRecordings, AreFoundByModelAndByHeader) {
  Service service;
  service.add_recording("hi", "data: {\"candidates\":[]}\r\n\r\ndata: {}\r\n\r\n");
  EXPECT_EQ(ask(service, "POST", "/v1beta/models/recording-hi:streamGenerateContent?alt=sse", "{}")
                .pieces.size(),
            2u);
  EXPECT_EQ(ask(service, "POST", "/v1beta/models/recording-no:generateContent", "{}").status, 404);
  service.add_recording("bad", R"({"error":{"code":503,"message":"m","status":"UNAVAILABLE"}})");
  EXPECT_EQ(ask(service, "POST", "/v1beta/models/recording-bad:generateContent", "{}").status, 503);
}

std::string offline(std::string_view prompt, gemini::GenerateContentRequest request = {}) {
  gemini::add_turn(request, gemini::user_content(prompt));
  std::string text;
  for (const auto& piece : answer_offline(request, 1).pieces) text += piece;
  return text;
}

TEST(OfflineModel, SaysThatItIsOneAndObeysSimpleWishes) {
  EXPECT_NE(offline("Who are you?").find("offline"), std::string::npos);
  EXPECT_EQ(offline("repeat: gr\xc3\xbc\xc3\x9f  dich"), "gr\xc3\xbc\xc3\x9f  dich");
  const auto words = offline("write 300 words about boats");
  EXPECT_NEAR(static_cast<double>(std::ranges::count(words, ' ')), 300, 30);
  EXPECT_NE(offline("Show me code in Python").find("```python"), std::string::npos);
  EXPECT_NE(offline("a table in Markdown please").find("| "), std::string::npos);
}

TEST(OfflineModel, AnswersInTheLanguageOfTheQuestion) {
  const auto japanese = offline("\xe3\x81\x93\xe3\x82\x93\xe3\x81\xab\xe3\x81\xa1\xe3\x81\xaf");
  EXPECT_TRUE(
      std::ranges::any_of(japanese, [](char c) { return static_cast<unsigned char>(c) >= 0xe3; }));
  EXPECT_NE(offline("Answer in German, please"), offline("Answer in French, please"));
}

TEST(OfflineModel, ShowsTheConversationItWasGiven) {
  gemini::GenerateContentRequest request;
  gemini::add_turn(request, gemini::user_content("My name is Ada."));
  gemini::add_turn(request, gemini::model_content("Hello Ada."));
  EXPECT_NE(offline("What is my name?", request).find("Ada"), std::string::npos);
}

TEST(OfflineModel, LimitsAndStopSequencesHold) {
  gemini::GenerateContentRequest limited;
  gemini::GenerationConfig config;
  config.max_output_tokens = 10;
  limited.generation_config = config;
  gemini::add_turn(limited, gemini::user_content("write 300 words about boats"));
  const auto answer = answer_offline(limited, 1);
  EXPECT_EQ(answer.finish_reason, "MAX_TOKENS");
  EXPECT_LE(answer.answer_tokens, 10);
  gemini::GenerateContentRequest stopped;
  gemini::GenerationConfig stops;
  stops.stop_sequences = {"dich"};
  stopped.generation_config = stops;
  EXPECT_EQ(offline("repeat: ich und dich und", stopped), "ich und ");
}

TEST(OfflineModel, AsksForJsonGetJson) {
  gemini::GenerateContentRequest request;
  gemini::GenerationConfig config;
  config.response_mime_type = "application/json";
  request.generation_config = config;
  EXPECT_TRUE(json::parse(offline("Tell me about boats", request)));
}

}  // namespace
}  // namespace parley::emulator
