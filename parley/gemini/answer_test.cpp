#include "parley/gemini/answer.hpp"

#include <gtest/gtest.h>

#include "parley/gemini/turn.hpp"
#include "parley/json/codec.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini {
namespace {

GenerateContentResponse response(std::string_view text) {
  return json::decode_text<GenerateContentResponse>(text, json::trusted_limits()).value();
}

TEST(GeminiAnswer_1_5, RatingsCitationsAndGroundingAreFoundUnderEitherName) {
  const auto answer = response(R"({"candidates": [{
      "content": {"parts": [{"text": "Grüße aus Oslo."}]}, "finishReason": "STOP",
      "safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"}],
      "citationMetadata": {"citations": [{"endIndex": 4, "uri": "https://a"}]},
      "groundingMetadata": {
        "groundingChunks": [{"web": {"uri": "https://b", "title": "B"}},
                            {"retrievedContext": {"uri": "gs://c"}}, {"other": {}}],
        "groundingSupports": [{"segment": {"endIndex": 7}, "groundingChunkIndices": [0, 1]},
                              {"segment": {"endIndex": 3}, "groundingChunkIndices": [0]},
                              {"segment": {"endIndex": 900}, "groundingChunkIndices": [0]}]}}]})");
  EXPECT_EQ(safety_ratings_of(answer).at(0).probability, "LOW");
  EXPECT_EQ(citations_of(answer).at(0).uri, "https://a");
  EXPECT_EQ(citations_of(response(R"({"candidates": [{"citationMetadata":
      {"citationSources": [{"startIndex": 1, "endIndex": 4}]}}]})"))
                .at(0)
                .start_index,
            1);
  ASSERT_TRUE(grounding_of(answer));
  const auto sources = sources_of(*grounding_of(answer));
  ASSERT_EQ(sources.size(), 3u) << "a kind that is not known keeps its index";
  EXPECT_EQ(sources[0].title, "B");
  EXPECT_EQ(sources[1].uri, "gs://c");
  EXPECT_EQ(text_with_sources(answer), "Grüße[1][2] aus Oslo.")
      << "places are bytes; one inside a character, or behind the text, is left out";
  EXPECT_TRUE(safety_ratings_of(response("{}")).empty());
  EXPECT_TRUE(citations_of(response("{}")).empty());
  EXPECT_FALSE(grounding_of(response("{}")));
}

TEST(GeminiAnswer_1_5, WhatStoppedAnAnswerIsTold) {
  EXPECT_FALSE(problem_of(response(R"({"candidates": [{"finishReason": "STOP"}]})")));
  EXPECT_FALSE(problem_of(response(R"({"candidates": [{"finishReason": "MAX_TOKENS"}]})")));
  const auto stopped = problem_of(
      response(R"({"candidates": [{"finishReason": "SPII", "finishMessage": "a number"}]})"));
  EXPECT_EQ(stopped->message(), "the answer was stopped (SPII): a number");
  EXPECT_EQ(stopped->detail("finish_reason"), "SPII");
  const auto blocked = problem_of(response(R"({"promptFeedback": {"blockReason": "JAILBREAK",
      "safetyRatings": [{"blocked": true}]}})"));
  EXPECT_EQ(blocked->detail("block_reason"), "JAILBREAK");
  EXPECT_EQ(blocked->kind(), ErrorKind::service);
  EXPECT_EQ(problem_of(response("{}"))->kind(), ErrorKind::invalid_response);
}

TEST(TurnJoiner_1_6, PiecesBecomeOneTurnAndWhatBelongsToAPartStaysThere) {
  TurnJoiner joiner;
  for (const char* piece :
       {R"({"role": "model", "parts": [{"text": "Hm", "thought": true}]})",
        R"({"parts": [{"text": "m.", "thought": true}, {"text": "Hel"}]})",
        R"({"parts": [{"text": "lo"}]})", R"({})",
        R"({"parts": [{"text": "", "thoughtSignature": "c2ln"}]})",
        R"({"parts": [{"functionCall": {"name": "f", "id": "1"}, "thoughtSignature": "eA=="}]})",
        R"({"parts": [{"text": "!"}, {"text": "?"}]})"})
    joiner.add(json::decode_text<Content>(piece).value());
  EXPECT_EQ(json::encode_text(joiner.turn()),
            R"({"role":"model","parts":[{"text":"Hmm.","thought":true},{"text":"Hello"},)"
            R"({"text":"","thoughtSignature":"c2ln"},)"
            R"({"functionCall":{"id":"1","name":"f"},"thoughtSignature":"eA=="},{"text":"!?"}]})");
  TurnJoiner nothing;
  nothing.add(response(R"({"usageMetadata": {}})"));
  EXPECT_TRUE(nothing.empty());
}

TEST(GeminiAnswer_A39, CallsAreGivenInTheirOrder) {
  const auto calls = calls_of(response(R"({"candidates": [{"content": {"parts": [
      {"functionCall": {"name": "a"}}, {"text": "x"}, {"functionCall": {"name": "b"}}]}}]})"));
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[1].name, "b");
}

}  // namespace
}  // namespace parley::gemini
