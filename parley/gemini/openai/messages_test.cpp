#include "parley/gemini/openai/detail/messages.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <gtest/gtest.h>

#include "parley/base/bytes.hpp"

namespace parley::gemini::detail {
namespace {

std::string sent(const GenerateContentRequest& request, bool stream = false) {
  auto text = openai_request("m", request, "max_tokens", stream);
  return text ? *text : text.error().describe();
}

TEST(OpenAiRequest, RolesInstructionSettingsAndHistoryAreKept) {
  auto request = prompt("Hello");
  set_system_instruction(request, "Be brief.");
  add_turn(request, model_content("Hi."));
  add_turn(request, user_content("And now?"));
  auto& settings = request.generation_config.emplace();
  settings.max_output_tokens = 50;
  settings.temperature = 0.5;
  settings.stop_sequences = {"END"};
  EXPECT_EQ(sent(request, true),
            R"({"model":"m","messages":[{"role":"system","content":"Be brief."},)"
            R"({"role":"user","content":"Hello"},{"role":"assistant","content":"Hi."},)"
            R"({"role":"user","content":"And now?"}],"max_tokens":50,"temperature":0.5,)"
            R"("stop":["END"],"stream":true,"stream_options":{"include_usage":true}})");
}

TEST(OpenAiRequest, FunctionsTheirCallsAndResultsAreKept) {
  auto request = prompt("Weather in Bern?");
  FunctionDeclaration function("weather");
  function.description = "Of a town";
  function.parameters = json::Any(
      *json::parse(R"({"type":"OBJECT","properties":{"town":{"type":"STRING","nullable":true}}})"));
  declare_function(request.tools, std::move(function));
  request.tool_config.emplace().function_calling_config.emplace().mode =
      FunctionCallingMode::of("ANY");
  Content call = model_content("");
  call.parts->clear();
  FunctionCall asked("weather");
  asked.id = "c1";
  asked.args = json::Members(json::parse(R"({"town":"Bern"})")->as_object());
  call.parts->emplace_back().function_call = std::move(asked);
  add_turn(request, std::move(call));
  Content result = user_content("");
  result.parts->clear();
  FunctionResponse response("weather");
  response.id = "c1";
  response.response = json::Members(json::parse(R"({"sky":"blue"})")->as_object());
  result.parts->emplace_back().function_response = std::move(response);
  add_turn(request, std::move(result));
  EXPECT_EQ(sent(request),
            R"({"model":"m","messages":[{"role":"user","content":"Weather in Bern?"},)"
            R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",)"
            R"("function":{"name":"weather","arguments":"{\"town\":\"Bern\"}"}}]},)"
            R"({"role":"tool","tool_call_id":"c1","content":"{\"sky\":\"blue\"}"}],)"
            R"("tools":[{"type":"function","function":{"name":"weather","description":"Of a town",)"
            R"("parameters":{"type":"object","properties":{"town":{"type":["string","null"]}}}}}],)"
            R"("tool_choice":"required"})");
}

TEST(OpenAiRequest, PicturesAndSoundGoInPlace) {
  auto request = prompt("What is it?");
  Blob picture;
  picture.mime_type = "image/png";
  picture.data = Bytes{std::byte{1}, std::byte{2}};
  request.contents->front().parts->emplace_back().inline_data = picture;
  EXPECT_EQ(sent(request),
            R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":)"
            R"("What is it?"},{"type":"image_url","image_url":{"url":)"
            R"("data:image/png;base64,AQI="}}]}]})");
  picture.mime_type = "video/mp4";
  request.contents->front().parts->back().inline_data = picture;
  EXPECT_EQ(
      sent(request),
      "invalid_argument: a service of OpenAI's kind has no parts of type 'video/mp4': leave it "
      "out, or ask Gemini [stage setup]");
}

TEST(OpenAiRequest, AnswersInAFormAreAskedForByTheirSchema) {
  auto request = prompt("A name");
  auto& settings = request.generation_config.emplace();
  settings.response_mime_type = "application/json";
  EXPECT_TRUE(sent(request).ends_with(R"("response_format":{"type":"json_object"}})"));
  settings.response_schema = json::Any(*json::parse(R"({"type":"STRING"})"));
  EXPECT_TRUE(sent(request).ends_with(
      R"("response_format":{"type":"json_schema","json_schema":{"name":"answer",)"
      R"("schema":{"type":"string"}}}})"))
      << sent(request);
}

TEST(OpenAiRequest, WhatItHasNoWordForIsNamed) {
  auto request = prompt("x");
  request.generation_config.emplace().top_k = 3;
  EXPECT_TRUE(sent(request).find("has no topK") != std::string::npos);
  request = prompt("x");
  request.tools.emplace().emplace_back().google_search = json::Members(json::Object());
  EXPECT_TRUE(sent(request).find("has no search, code") != std::string::npos);
  request = prompt("x");
  request.cached_content = "cachedContents/1";
  EXPECT_TRUE(sent(request).find("has no cached contents") != std::string::npos);
}

TEST(OpenAiAnswer, TextThoughtsCallsUsageAndEndAreGeminis) {
  const auto answer = openai_answer(R"({
    "id": "chatcmpl-1", "object": "chat.completion", "model": "llama3.2",
    "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant",
      "reasoning_content": "hm", "content": "Look:", "tool_calls": [{"id": "c1", "type": "function",
        "function": {"name": "weather", "arguments": "{\"town\": \"Bern\"}"}}]}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16,
      "prompt_tokens_details": {"cached_tokens": 4},
      "completion_tokens_details": {"reasoning_tokens": 2}}})");
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(text_of(*answer), "Look:");
  EXPECT_EQ(finish_reason_of(*answer), "STOP");
  EXPECT_EQ(answer->model_version, "llama3.2");
  const auto& parts = *answer->candidates->front().content->parts;
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_TRUE(*parts[0].thought);
  EXPECT_EQ(parts[2].function_call->id, "c1");
  EXPECT_EQ((*parts[2].function_call->args)->at("town"), "Bern");
  EXPECT_EQ(answer->usage_metadata->prompt_token_count, 9);
  EXPECT_EQ(answer->usage_metadata->cached_content_token_count, 4);
  EXPECT_EQ(answer->usage_metadata->candidates_token_count, 5);
  EXPECT_EQ(answer->usage_metadata->thoughts_token_count, 2);
  EXPECT_EQ(answer->usage_metadata->total_token_count, 16);
}

TEST(OpenAiAnswer, WhatCannotBeReadIsAnError) {
  for (const char* body : {"", "[]", "{}", R"({"choices":1})", R"({"choices":[1]})",
                           R"({"choices":[{"message":{"tool_calls":[{"function":{"name":"f",)"
                           R"("arguments":"[1]"}}]}}]})"}) {
    const auto answer = openai_answer(body);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().kind(), ErrorKind::invalid_response) << body;
  }
}

TEST(OpenAiReader, PiecesOfTextComeAtOnceAndCallsWhenTheyAreWhole) {
  OpenAiReader reader;
  const auto read = [&reader](const char* data) { return reader.read(data).value(); };
  EXPECT_FALSE(read(R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})"));
  EXPECT_EQ(text_of(*read(R"({"choices":[{"index":0,"delta":{"content":"Hel"}}]})")), "Hel");
  EXPECT_EQ(text_of(*read(R"({"choices":[{"index":0,"delta":{"content":"lo"}}]})")), "lo");
  EXPECT_FALSE(read(R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1",)"
                    R"("function":{"name":"weather","arguments":""}}]}}]})"));
  EXPECT_FALSE(read(R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,)"
                    R"("function":{"arguments":"{\"a\""}}]}}]})"));
  EXPECT_FALSE(read(R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,)"
                    R"("function":{"arguments":":1}"}}]}}]})"));
  EXPECT_FALSE(reader.finished());
  const auto end = read(R"({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})");
  ASSERT_TRUE(end);
  EXPECT_EQ(finish_reason_of(*end), "STOP");
  EXPECT_EQ((*end->candidates->front().content->parts->front().function_call->args)->at("a"), 1);
  EXPECT_TRUE(reader.finished());
  const auto usage =
      read(R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})");
  EXPECT_EQ(usage->usage_metadata->total_token_count, 5);
  EXPECT_FALSE(read("[DONE]"));
}

TEST(OpenAiErrors, AreKindsByTheirStatusInTheServicesWords) {
  const auto limited = openai_error(
      429,
      R"({"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}})");
  EXPECT_EQ(limited.kind(), ErrorKind::rate_limited);
  EXPECT_EQ(limited.message(), "Rate limit reached");
  EXPECT_EQ(limited.detail("reason"), "rate_limit_exceeded");
  // Waiting does not bring money.
  EXPECT_EQ(openai_error(429, R"({"error":{"message":"m","code":"insufficient_quota"}})").kind(),
            ErrorKind::permission_denied);
  EXPECT_EQ(openai_error(404, R"({"error":"model 'x' not found"})").message(),
            "model 'x' not found");
  EXPECT_EQ(
      openai_error(502, "<html>bad gateway</html>").describe(),
      "unavailable: the service answered 502: <html>bad gateway</html> [stage receive, HTTP 502]");
}

}  // namespace
}  // namespace parley::gemini::detail
