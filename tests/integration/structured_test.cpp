// Answers as values of a generated type (examples/recipe.yaml), beside the emulator.
#include "parley/gemini/structured.hpp"

#include "parley/json/value.hpp"

#include "gemini_here.hpp"
#include "kitchen/types.hpp"

namespace parley {
namespace {

using kitchen::Recipe;
using testing::with_gemini;

constexpr const char* kModel = "gemini-2.5-flash";
constexpr const char* kGood =
    R"({"name":"Soup","course":"MAIN","serves":2,"steps":[{"text":"boil","minutes":9}]})";

TEST(Structured_A39, TheSchemaIsInTheWordsOfTheService) {
  const auto schema = gemini::service_schema(json::schema_of<Recipe>());
  EXPECT_EQ(schema.at("properties").at("course").at("$ref"), "#/$defs/Course");
  EXPECT_EQ(json::to_string(schema.at("$defs").at("Course")),
            R"({"type":"string","enum":["STARTER","MAIN","DESSERT"]})");
  EXPECT_EQ(json::to_string(schema.at("$defs").at("Step").at("properties").at("minutes")),
            R"({"type":"integer","format":"int32","minimum":1.0,"maximum":600.0})");
  EXPECT_EQ(json::to_string(schema.at("required")), R"(["name","course","serves","steps"])");
  const auto other = gemini::service_schema(
      json::parse(R"({"type":"object","properties":{"kind":{"const":"x","default":"x"},
        "open":{"anyOf":[{"type":"string"},{"type":"string","enum":["a","b"]}]},
        "price":{"type":"string","format":"decimal"}},"examples":[{}]})")
          .value());
  EXPECT_EQ(json::to_string(other),
            R"({"type":"object","properties":{"kind":{"enum":["x"],"type":"string"},)"
            R"("open":{"type":"string","enum":["a","b"]},"price":{"type":"string"}}})");
}

Task<void> asks(emulator::Server& server, gemini::Client client) {
  auto recipe = co_await gemini::generate_as<Recipe>(client.models(), kModel,
                                                     "A dessert, \"Pancakes\", for 4");
  EXPECT_TRUE(recipe) << recipe.error().describe();
  if (!recipe) co_return;
  EXPECT_EQ(recipe->name, "Pancakes");
  EXPECT_EQ(recipe->course, kitchen::Course::dessert);
  EXPECT_EQ(recipe->serves, 4);
  EXPECT_EQ(recipe->steps.size(), 1u);
  const auto& sent = server.service().journal().back().body;
  EXPECT_NE(sent.find(R"("responseMimeType":"application/json","responseJsonSchema":{)"),
            std::string::npos);
  std::string shown;
  std::function<void(std::string_view)> show = [&](std::string_view text) { shown += text; };
  auto request = gemini::prompt(std::string("repeat: ") + kGood);
  recipe = co_await gemini::stream_as<Recipe>(client.models(), kModel, request, show);
  EXPECT_TRUE(recipe) << recipe.error().describe();
  EXPECT_EQ(recipe->steps.at(0).minutes, 9);
  EXPECT_EQ(shown, kGood);
}
TEST(Structured_A39, AnAnswerIsAValueOfTheType) {
  with_gemini(asks);
}

Task<Error> error_of_text(gemini::Client client, std::string text) {
  auto recipe = co_await gemini::generate_as<Recipe>(client.models(), kModel, "repeat: " + text);
  EXPECT_FALSE(recipe) << text;
  co_return recipe ? Error(ErrorKind::internal, "none") : recipe.error();
}

Task<void> refuses(emulator::Server& server, gemini::Client client) {
  for (const auto& [text, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {"no json", "the answer is no JSON: line 1, column"},
           {R"({"name":"Soup"})", "$: the member \"course\" is missing"},
           {R"({"name":"Soup","course":"MAIN","serves":2,"steps":[{"text":"boil","minutes":"9"}]})",
            "$.steps[0].minutes: expected an integer, found a string"},
           {R"({"name":"Soup","course":"SNACK","serves":2,"steps":[]})",
            "$.course: expected one of"},
           {R"({"name":"Soup","course":"MAIN","serves":2,"steps":[],"more":1})",
            "$.more: no such member is known"},
           {R"({"name":"Soup","course":"MAIN","serves":0,"steps":[]})", "$.serves"}}) {
    const auto error = co_await error_of_text(client, text);
    EXPECT_EQ(error.kind(), ErrorKind::invalid_response) << text;
    EXPECT_NE(error.message().find(words), std::string::npos) << error.message();
    EXPECT_TRUE(error.detail("answer")) << text;
  }
  auto cut = gemini::prompt(std::string("repeat: ") + kGood);
  cut.generation_config.emplace().max_output_tokens = 3;
  auto recipe = co_await gemini::generate_as<Recipe>(client.models(), kModel, cut);
  EXPECT_NE(recipe.error().message().find("maxOutputTokens is too small"), std::string::npos)
      << recipe.error().message();
  server.service().add_recording("blocked",
                                 R"({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})");
  recipe = co_await gemini::generate_as<Recipe>(client.models(), "recording-blocked", "x");
  EXPECT_EQ(recipe.error().kind(), ErrorKind::service);
  EXPECT_EQ(recipe.error().detail("block_reason"), "PROHIBITED_CONTENT");
}
TEST(Structured_A39, WhatIsNotOfTheTypeIsToldWithItsPlace) {
  with_gemini(refuses);
}

}  // namespace
}  // namespace parley
