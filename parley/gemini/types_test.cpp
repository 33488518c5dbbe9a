#include "parley/gemini/types.hpp"

#include <gtest/gtest.h>

#include "parley/json/value.hpp"

namespace parley::gemini {
namespace {

template <class T>
void round_trip(std::string_view text) {
  const auto message = json::decode_text<T>(text);
  ASSERT_TRUE(message) << message.error().describe();
  EXPECT_EQ(*json::parse(json::encode_text(*message)), *json::parse(text));
}

TEST(GeminiTypes, AResponseWithAllMembersComesBackEqual) {
  round_trip<GenerateContentResponse>(R"({
    "candidates": [{
      "content": {"role": "model", "parts": [
        {"text": "Hello"},
        {"text": "because", "thought": true},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA", "displayName": "p"}},
        {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/f"}, "videoMetadata": {"fps": 1.5}},
        {"functionCall": {"id": "1", "name": "f", "args": {"a": [1, null, {"b": 2.5}]}}, "thoughtSignature": "c2ln"},
        {"functionResponse": {"id": "1", "name": "f", "response": {"ok": true}}},
        {"executableCode": {"language": "PYTHON", "code": "1"}}]},
      "finishReason": "A_NEW_REASON", "finishMessage": "m", "index": 1,
      "safetyRatings": [{"category": "C", "probability": "P", "blocked": true, "severity": "S"}],
      "avgLogprobs": -0.25, "groundingMetadata": {"webSearchQueries": ["q"]}}],
    "promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "m"},
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "thoughtsTokenCount": 3,
      "cachedContentTokenCount": 4, "totalTokenCount": 10, "toolUsePromptTokenCount": 5},
    "modelVersion": "v", "responseId": "r", "somethingNew": {"x": 1}})");
}

TEST(GeminiTypes, ARequestWithAllMembersComesBackEqual) {
  round_trip<GenerateContentRequest>(R"({
    "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
    "systemInstruction": {"parts": [{"text": "Be short."}]},
    "generationConfig": {"temperature": 0.5, "topP": 0.9, "topK": 40.5, "candidateCount": 1,
      "maxOutputTokens": 100, "stopSequences": ["END"], "responseMimeType": "application/json",
      "responseSchema": {"type": "OBJECT"}, "seed": 7, "thinkingConfig": {"thinkingBudget": 0}},
    "tools": [{"googleSearch": {}}], "safetySettings": [{"category": "C", "threshold": "T"}],
    "cachedContent": "cachedContents/x"})");
}

TEST(GeminiTypes, AModelAndAListComeBackEqual) {
  round_trip<ListModelsResponse>(R"({"models": [{"name": "models/m", "displayName": "M",
    "description": "d", "version": "001", "inputTokenLimit": 10, "outputTokenLimit": 20,
    "supportedGenerationMethods": ["generateContent"], "thinking": true}], "nextPageToken": "t"})");
  round_trip<CountTokensResponse>(R"({"totalTokens": 3, "promptTokensDetails": []})");
}

TEST(GeminiTypes, NumbersMayComeAsTextAndNamesInProtoSpelling) {
  const auto message = json::decode_text<GenerateContentResponse>(
      R"({"usage_metadata": {"prompt_token_count": "12"}, "model_version": "v"})");
  ASSERT_TRUE(message) << message.error().describe();
  EXPECT_EQ(message->usage_metadata->prompt_token_count, 12);
  EXPECT_EQ(message->model_version, "v");
}

TEST(GeminiTypes, TheTextIsTheFirstCandidatesWithoutThoughts) {
  const auto message = json::decode_text<GenerateContentResponse>(
      R"({"candidates": [{"content": {"parts": [{"text": "no", "thought": true}, {"text": "a"},
      {"functionCall": {"name": "f"}}, {"text": "b"}]}}, {"content": {"parts": [{"text": "other"}]}}]})");
  ASSERT_TRUE(message);
  EXPECT_EQ(text_of(*message), "ab");
  EXPECT_EQ(finish_reason_of(*message), "");
  EXPECT_EQ(text_of(GenerateContentResponse()), "");
  EXPECT_FALSE(is_recognised(GenerateContentResponse()));
}

TEST(GeminiTypes, AWrongTypeIsNamedWithItsPath) {
  const auto message = json::decode_text<GenerateContentResponse>(
      R"({"candidates": [{"content": {"parts": [{"text": 5}]}}]})");
  ASSERT_FALSE(message);
  EXPECT_NE(message.error().message().find("candidates[0].content.parts[0].text"),
            std::string::npos)
      << message.error().message();
}

}  // namespace
}  // namespace parley::gemini
