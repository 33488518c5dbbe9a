#include "parley/json/schema.hpp"

#include <gtest/gtest.h>

#include "parley/json/value.hpp"

namespace parley::json {
namespace {

constexpr std::string_view kTypes = R"({
  "Recipe": {"type": "object", "required": ["name", "steps"], "properties": {
    "name": {"type": "string", "minLength": 1},
    "steps": {"type": "array", "items": {"$ref": "#/$defs/Step"}, "maxItems": 3},
    "like": {"$ref": "#/$defs/Recipe"},
    "rating": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"type": "null"}]},
    "notes": {"type": "object", "additionalProperties": {"type": "string"}}}},
  "Step": {"type": "object", "required": ["minutes"], "properties": {
    "minutes": {"type": "integer"}, "heat": {"type": "string", "enum": ["low", "high"]},
    "kind": {"const": "step"}}},
  "Other": {"type": "object"}})";

std::string wrong(std::string_view value) {
  const auto schema = schema_of(TypeSchema{"Recipe", kTypes});
  const auto checked = check_schema(parse(value).value(), schema);
  return checked ? "" : checked.error().message();
}

TEST(JsonSchema_A39, HasTheTypesThatItRefersToAndNoOthers) {
  const auto schema = schema_of(TypeSchema{"Recipe", kTypes});
  const auto& definitions = schema.at("$defs").as_object();
  EXPECT_EQ(definitions.size(), 2u);
  EXPECT_TRUE(definitions.contains("Step"));
  EXPECT_TRUE(definitions.contains("Recipe")) << "it refers to itself";
  EXPECT_EQ(to_string(schema_of(TypeSchema{"Other", kTypes})), R"({"type":"object"})");
}

TEST(JsonSchema_A39, WhatDoesNotFitIsToldWithItsPlace) {
  EXPECT_EQ(wrong(R"({"name":"Soup","steps":[{"minutes":3,"heat":"low","kind":"step"}]})"), "");
  EXPECT_EQ(wrong(R"({"name":"Soup","steps":[],"rating":null,"notes":{"a":"b"}})"), "");
  EXPECT_EQ(wrong(R"({"name":"Soup"})"), "$: the member \"steps\" is missing");
  EXPECT_EQ(wrong(R"({"name":"Soup","steps":[{"minutes":1},{"minutes":"2"}]})"),
            "$.steps[1].minutes: expected an integer, found a string");
  EXPECT_EQ(wrong(R"({"name":"Soup","steps":[{"minutes":1.5}]})"),
            "$.steps[0].minutes: expected an integer, found a fraction");
  EXPECT_EQ(wrong(R"({"name":"Soup","steps":[],"colour":"red"})"),
            "$.colour: no such member is known");
  EXPECT_EQ(wrong(R"({"name":"Soup","steps":[{"minutes":1,"heat":"hot"}]})"),
            "$.steps[0].heat: expected one of [\"low\",\"high\"], found \"hot\"");
  EXPECT_EQ(wrong(R"({"name":"Soup","steps":[{"minutes":1,"kind":"x"}]})"),
            "$.steps[0].kind: expected \"step\", found \"x\"");
  EXPECT_EQ(wrong(R"({"name":"","steps":[]})"), "$.name: the length 0 is less than 1");
  EXPECT_NE(wrong(R"({"name":"a","steps":[],"rating":9})").find("$.rating: none"),
            std::string::npos);
  EXPECT_EQ(wrong(R"({"name":"a","steps":[],"notes":{"a":1}})"),
            "$.notes.a: expected a string, found a number");
  EXPECT_EQ(wrong(R"({"name":"a","steps":[],"like":{"name":"b"}})"),
            "$.like: the member \"steps\" is missing");
  EXPECT_EQ(wrong("[]"), "$: expected an object, found an array");
}

TEST(JsonSchema_1_4, TypesMayBeInCapitalsAsTheServiceWritesThem) {
  const auto schema =
      parse(R"({"type":"ARRAY","items":{"type":"STRING","nullable":true}})").value();
  EXPECT_TRUE(check_schema(parse(R"(["a",null])").value(), schema));
  EXPECT_FALSE(check_schema(parse("[1]").value(), schema));
}

TEST(JsonSchema_A39, ASchemaWithoutEndIsRefused) {
  const auto schema = parse(R"({"$ref":"#"})").value();
  EXPECT_NE(check_schema(Value(1), schema).error().message().find("without end"),
            std::string::npos);
  EXPECT_FALSE(check_schema(Value(1), parse(R"({"$ref":"#/$defs/X"})").value()));
  const auto doubling = parse(R"({"anyOf":[{"$ref":"#"},{"$ref":"#"}]})").value();
  EXPECT_FALSE(check_schema(Value(1), doubling)) << "and in time";
}

}  // namespace
}  // namespace parley::json
