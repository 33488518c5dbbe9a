#include "parley/gemini/anthropic/detail/messages.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <gtest/gtest.h>

#include "parley/base/bytes.hpp"
#include "parley/gemini/anthropic/anthropic.hpp"

namespace parley::gemini::detail {
namespace {

std::string body_of(const GenerateContentRequest& request, bool stream = false) {
  auto text = anthropic_request("claude-x", request, 4096, stream);
  return text ? *text : text.error().describe();
}
// What stands behind the messages of "x".
std::string settings_of(const GenerationConfig& settings) {
  auto request = prompt("x");
  request.generation_config = settings;
  return body_of(request);
}
bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}
json::Members members(std::string_view text) {
  return json::Members(json::parse(text)->as_object());
}

TEST(AnthropicRequest_D28, RolesInstructionSettingsAndHistoryAreKept) {
  auto request = prompt("Hello");
  set_system_instruction(request, "Be brief.");
  add_turn(request, model_content("Hi."));
  add_turn(request, user_content("And now?"));
  auto& settings = request.generation_config.emplace();
  settings.max_output_tokens = 50;
  settings.temperature = 0.5;
  settings.top_k = 3;
  settings.stop_sequences = {"END"};
  EXPECT_EQ(body_of(request, true),
            R"({"model":"claude-x","max_tokens":50,"system":"Be brief.","messages":[)"
            R"({"role":"user","content":[{"type":"text","text":"Hello"}]},)"
            R"({"role":"assistant","content":[{"type":"text","text":"Hi."}]},)"
            R"({"role":"user","content":[{"type":"text","text":"And now?"}]}],)"
            R"("temperature":0.5,"top_k":3,"stop_sequences":["END"],"stream":true})");
  EXPECT_TRUE(has(body_of(prompt("x")), R"("max_tokens":4096)")) << "the service wants one";
}

TEST(AnthropicRequest_D28, FunctionsTheirCallsAndResultsAreKeptAndResultsComeFirst) {
  auto request = prompt("Weather in Bern?");
  FunctionDeclaration function("weather");
  function.description = "Of a town";
  function.parameters =
      json::Any(*json::parse(R"({"type":"OBJECT","properties":{"town":{"type":"STRING"}}})"));
  declare_function(request.tools, std::move(function));
  declare_function(request.tools, FunctionDeclaration("now"));
  auto& calling = request.tool_config.emplace().function_calling_config.emplace();
  calling.mode = FunctionCallingMode::of("ANY");
  Content calls = model_content("");
  calls.parts->clear();
  Content results = user_content("And?");
  for (const char* id : {"toolu_1", "", ""}) {
    FunctionCall asked("weather");
    FunctionResponse answer("weather");
    if (*id) answer.id = asked.id = id;
    asked.args = members(R"({"town":"Bern"})");
    answer.response = members(*id ? R"({"sky":"blue"})" : R"({"error":"no wind"})");
    calls.parts->emplace_back().function_call = std::move(asked);
    results.parts->emplace_back().function_response = std::move(answer);
  }
  add_turn(request, std::move(calls));
  add_turn(request, std::move(results));
  EXPECT_EQ(
      body_of(request),
      R"({"model":"claude-x","max_tokens":4096,"messages":[)"
      R"({"role":"user","content":[{"type":"text","text":"Weather in Bern?"}]},)"
      R"({"role":"assistant","content":[)"
      R"({"type":"tool_use","id":"toolu_1","name":"weather","input":{"town":"Bern"}},)"
      R"({"type":"tool_use","id":"call_weather_2","name":"weather","input":{"town":"Bern"}},)"
      R"({"type":"tool_use","id":"call_weather_3","name":"weather","input":{"town":"Bern"}}]},)"
      R"({"role":"user","content":[)"
      R"({"type":"tool_result","tool_use_id":"toolu_1","content":"{\"sky\":\"blue\"}"},)"
      R"({"type":"tool_result","tool_use_id":"call_weather_2",)"
      R"("content":"{\"error\":\"no wind\"}","is_error":true},)"
      R"({"type":"tool_result","tool_use_id":"call_weather_3",)"
      R"("content":"{\"error\":\"no wind\"}","is_error":true},)"
      R"({"type":"text","text":"And?"}]}],)"
      R"("tools":[{"name":"weather","description":"Of a town","input_schema":)"
      R"({"type":"object","properties":{"town":{"type":"string"}}}},)"
      R"({"name":"now","input_schema":{"type":"object","properties":{}}}],)"
      R"("tool_choice":{"type":"any"}})");
  request.tool_config->function_calling_config->allowed_function_names = {"now"};
  EXPECT_TRUE(has(body_of(request), R"("tool_choice":{"type":"tool","name":"now"})"));
  request.tool_config->function_calling_config->allowed_function_names = {"now", "weather"};
  EXPECT_TRUE(has(body_of(request), "has no choice among several of the functions"));
}

TEST(AnthropicRequest_D28, PicturesAndPapersGoInPlaceOrByAnAddress) {
  auto request = prompt("What is it?");
  auto& parts = *request.contents->front().parts;
  Blob blob;
  blob.mime_type = "image/png";
  blob.data = Bytes{std::byte{1}, std::byte{2}};
  parts.emplace_back().inline_data = blob;
  blob.mime_type = "application/pdf";
  parts.emplace_back().inline_data = blob;
  FileData file("https://example.com/a.jpg");
  file.mime_type = "image/jpeg";
  parts.emplace_back().file_data = file;
  EXPECT_TRUE(
      has(body_of(request),
          R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AQI="}},)"
          R"({"type":"document","source":{"type":"base64","media_type":"application/pdf",)"
          R"("data":"AQI="}},)"
          R"({"type":"image","source":{"type":"url","url":"https://example.com/a.jpg"}}]})"))
      << body_of(request);
  parts.back().file_data->file_uri = "https://generativelanguage.googleapis.com/v1beta/files/x";
  EXPECT_TRUE(has(body_of(request), "has no files but by a public https URL"));
  parts.pop_back();
  blob.mime_type = "audio/wav";
  parts.back().inline_data = blob;
  EXPECT_EQ(body_of(request),
            "invalid_argument: Anthropic's Messages API has no parts of type 'audio/wav': leave it "
            "out, or ask Gemini [stage setup]");
}

TEST(AnthropicRequest_D28, ThoughtsGoBackWithTheirSignatureAndOthersAreLeftOut) {
  auto request = prompt("x");
  Content answer = model_content("Hi.");
  Part foreign = text_part("of Gemini");
  foreign.thought = true;
  foreign.thought_signature = "abc";
  Part first = text_part("The to"), last = text_part("wn."), hidden;
  first.thought = last.thought = hidden.thought = true;
  last.thought_signature = std::string(kSignedThought) + "c2ln";
  hidden.thought_signature = std::string(kRedactedThought) + "b3A=";
  *answer.parts = {foreign, first, last, hidden, text_part("Hi.")};
  add_turn(request, std::move(answer));
  EXPECT_TRUE(has(body_of(request),
                  R"("content":[{"type":"thinking","thinking":"The town.","signature":"c2ln"},)"
                  R"({"type":"redacted_thinking","data":"b3A="},{"type":"text","text":"Hi."}])"))
      << body_of(request);
  request.generation_config.emplace().thinking_config.emplace().thinking_budget = 2048;
  EXPECT_TRUE(has(body_of(request), R"("thinking":{"type":"enabled","budget_tokens":2048})"));
}

TEST(AnthropicRequest_D28, AnswersInAFormAreAskedForByTheirSchema) {
  GenerationConfig settings;
  settings.response_mime_type = "application/json";
  EXPECT_TRUE(has(settings_of(settings), "'application/json' without a schema"));
  settings.response_schema = json::Any(*json::parse(R"({"type":"STRING"})"));
  EXPECT_TRUE(
      has(settings_of(settings),
          R"("output_config":{"format":{"type":"json_schema","schema":{"type":"string"}}})"));
}

TEST(AnthropicRequest_D28, WhatItHasNoWordForIsNamed) {
  const auto with = [](auto change) {
    GenerationConfig settings;
    change(settings);
    return settings_of(settings);
  };
  EXPECT_TRUE(has(with([](auto& s) { s.seed = 1; }), "has no seed"));
  EXPECT_TRUE(has(with([](auto& s) { s.candidate_count = 2; }), "has no candidateCount but 1"));
  EXPECT_TRUE(has(with([](auto& s) { s.presence_penalty = 1; }), "has no presencePenalty"));
  EXPECT_TRUE(has(with([](auto& s) { s.frequency_penalty = 1; }), "has no frequencyPenalty"));
  EXPECT_TRUE(has(with([](auto& s) { s.logprobs = 1; }), "has no logprobs"));
  auto request = prompt("x");
  request.tools.emplace().emplace_back().google_search = json::Members(json::Object());
  EXPECT_TRUE(has(body_of(request), "has no search, code"));
  request = prompt("x");
  request.cached_content = "cachedContents/1";
  EXPECT_TRUE(has(body_of(request), "has no cached contents"));
}

TEST(AnthropicAnswer_D28, TextThoughtsCallsUsageAndEndAreGeminis) {
  const auto answer = anthropic_answer(R"({
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
    "content": [{"type": "thinking", "thinking": "hm", "signature": "c2ln"},
      {"type": "text", "text": "Look:"}, {"type": "of_tomorrow"},
      {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"town": "Bern"}}],
    "stop_reason": "tool_use", "stop_sequence": null,
    "usage": {"input_tokens": 9, "cache_creation_input_tokens": 100,
      "cache_read_input_tokens": 2000, "output_tokens": 7}})");
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(text_of(*answer), "Look:");
  EXPECT_EQ(finish_reason_of(*answer), "STOP");
  EXPECT_EQ(answer->model_version, "claude-x");
  const auto& parts = *answer->candidates->front().content->parts;
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_TRUE(*parts[0].thought);
  EXPECT_EQ(parts[2].function_call->id, "toolu_1");
  EXPECT_EQ((*parts[2].function_call->args)->at("town"), "Bern");
  EXPECT_EQ(answer->usage_metadata->prompt_token_count, 2109);
  EXPECT_EQ(answer->usage_metadata->cached_content_token_count, 2000);
  EXPECT_EQ(answer->usage_metadata->candidates_token_count, 7);
  EXPECT_EQ(answer->usage_metadata->total_token_count, 2116);
  EXPECT_EQ(anthropic_finish("max_tokens"), "MAX_TOKENS");
  EXPECT_EQ(anthropic_finish("refusal"), "SAFETY");
  EXPECT_EQ(anthropic_finish("of_tomorrow"), "of_tomorrow");
}

TEST(AnthropicAnswer_D28, WhatCannotBeReadIsAnError) {
  for (const char* body : {"", "[]", "{}", R"({"content":1})", R"({"content":[1]})",
                           R"({"content":[{"type":"tool_use","name":"f","input":[]}]})"}) {
    const auto answer = anthropic_answer(body);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().kind(), ErrorKind::invalid_response) << body;
  }
}

TEST(AnthropicReader_D28, TextComesAtOnceCallsWhenTheyAreWholeAndUsageAtTheEnd) {
  AnthropicReader reader;
  const auto read = [&reader](const char* data) { return reader.read(data).value(); };
  EXPECT_FALSE(read(R"({"type":"message_start","message":{"id":"msg_1","model":"claude-x","usage":)"
                    R"({"input_tokens":12,"cache_read_input_tokens":30,"output_tokens":1}}})"));
  EXPECT_FALSE(read(R"({"type":"content_block_start","index":0,"content_block":)"
                    R"({"type":"thinking","thinking":"","signature":""}})"));
  const auto thought = read(R"({"type":"content_block_delta","index":0,"delta":)"
                            R"({"type":"thinking_delta","thinking":"hm"}})");
  EXPECT_TRUE(*thought->candidates->front().content->parts->front().thought);
  EXPECT_FALSE(read(R"({"type":"content_block_delta","index":0,"delta":)"
                    R"({"type":"signature_delta","signature":"c2ln"}})"));
  const auto signature = read(R"({"type":"content_block_stop","index":0})");
  EXPECT_EQ(signature->candidates->front().content->parts->front().thought_signature,
            "anthropic:thinking:c2ln");
  EXPECT_FALSE(read(R"({"type":"ping"})"));
  EXPECT_FALSE(read(R"({"type":"content_block_start","index":1,"content_block":)"
                    R"({"type":"text","text":""}})"));
  const auto text = read(R"({"type":"content_block_delta","index":1,"delta":)"
                         R"({"type":"text_delta","text":"Look"}})");
  EXPECT_EQ(text_of(*text), "Look");
  EXPECT_EQ(text->response_id, "msg_1");
  EXPECT_FALSE(text->usage_metadata);
  EXPECT_FALSE(read(R"({"type":"content_block_stop","index":1})"));
  EXPECT_FALSE(read(R"({"type":"content_block_start","index":2,"content_block":)"
                    R"({"type":"tool_use","id":"toolu_1","name":"weather","input":{}}})"));
  for (const char* piece : {R"({\"to)", R"(wn\":1})"}) {
    const auto event = std::string(R"({"type":"content_block_delta","index":2,"delta":)"
                                   R"({"type":"input_json_delta","partial_json":")") +
                       piece + "\"}}";
    EXPECT_FALSE(read(event.c_str()));
  }
  const auto call = read(R"({"type":"content_block_stop","index":2})");
  EXPECT_EQ((*call->candidates->front().content->parts->front().function_call->args)->at("town"),
            1);
  const auto end = read(R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},)"
                        R"("usage":{"output_tokens":31}})");
  EXPECT_EQ(finish_reason_of(*end), "STOP");
  EXPECT_EQ(end->usage_metadata->prompt_token_count, 42);
  EXPECT_EQ(end->usage_metadata->candidates_token_count, 31);
  EXPECT_EQ(end->usage_metadata->total_token_count, 73);
  EXPECT_FALSE(reader.finished());
  EXPECT_FALSE(read(R"({"type":"message_stop"})"));
  EXPECT_TRUE(reader.finished());
}

TEST(AnthropicReader_D28, EventsThatMakeNoSenseAreErrorsThatSayWhich) {
  const auto error = [](std::initializer_list<const char*> events) {
    AnthropicReader reader;
    for (const char* event : events)
      if (auto read = reader.read(event); !read) return read.error().describe();
    return std::string();
  };
  constexpr const char* kCall = R"({"type":"content_block_start","index":0,"content_block":)"
                                R"({"type":"tool_use","id":"t","name":"f","input":{}}})";
  EXPECT_TRUE(has(error({"{"}), "an event of the stream cannot be read"));
  EXPECT_TRUE(has(error({"1"}), "an event of the stream is no object"));
  EXPECT_TRUE(has(error({R"({"type":"content_block_stop","index":4})"}),
                  "a content_block_stop of a block that is not open"));
  EXPECT_TRUE(has(error({kCall, kCall}), "the block 0 begins twice"));
  EXPECT_TRUE(
      has(error({kCall, R"({"type":"message_stop"})"}), "the message ended within a block"));
  EXPECT_TRUE(has(error({kCall,
                         R"({"type":"content_block_delta","index":0,"delta":)"
                         R"({"type":"input_json_delta","partial_json":"{"}})",
                         R"({"type":"content_block_stop","index":0})"}),
                  "the input of the call of f cannot be read"));
  EXPECT_EQ(
      error({R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"}),
      "unavailable: Overloaded [stage receive, HTTP 529]");
}

TEST(AnthropicErrors_D28, AreKindsByTheirStatusInTheServicesWords) {
  const auto limited = anthropic_error(
      429, R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"},)"
           R"("request_id":"req_1"})");
  EXPECT_EQ(limited.kind(), ErrorKind::rate_limited);
  EXPECT_EQ(limited.message(), "slow");
  EXPECT_EQ(limited.detail("reason"), "rate_limit_error");
  EXPECT_EQ(limited.detail("request_id"), "req_1");
  // Waiting does not bring money.
  EXPECT_EQ(anthropic_error(429, R"({"error":{"type":"rate_limit_error","message":"m",)"
                                 R"("details":{"error_code":"enforced_spend_limit_reached"}}})")
                .kind(),
            ErrorKind::permission_denied);
  EXPECT_EQ(anthropic_error(529, R"({"error":{"type":"overloaded_error","message":"m"}})").kind(),
            ErrorKind::unavailable);
  EXPECT_EQ(anthropic_error(413, "<html>too large</html>").kind(), ErrorKind::too_large);
}

TEST(AnthropicOptions_B10, KeyAndAddressAreOfTheEnvironmentAndAKeyGoesOverTlsOrNowhere) {
  const auto of = [](std::string url) {
    return [url](const char* name) -> std::optional<std::string> {
      if (name == std::string_view("ANTHROPIC_API_KEY")) return "sk-canary";
      if (name == std::string_view("ANTHROPIC_BASE_URL")) return url;
      return std::nullopt;
    };
  };
  EXPECT_EQ(anthropic_options_of(of(""))->base_url, "https://api.anthropic.com");
  auto options = anthropic_options_of(of("http://models.example")).value();
  EXPECT_EQ(options.api_key.reveal(), "sk-canary");
  EXPECT_EQ(anthropic_provider(options).error().message(),
            "a key does not go to models.example without TLS: use https");
  options.base_url = "https://models.example";
  EXPECT_TRUE(anthropic_provider(options));
  options.max_tokens = 0;
  EXPECT_EQ(anthropic_provider(options).error().message(), "max_tokens must be at least 1");
  EXPECT_EQ(anthropic_options_of([](const char*) { return std::optional<std::string>(); })
                .error()
                .message(),
            "ANTHROPIC_API_KEY is not set");
}

}  // namespace
}  // namespace parley::gemini::detail
