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

std::vector<std::string> mistakes(std::string_view schema, std::string_view value) {
  return schema_mistakes(parse(value).value(), parse(schema).value(), OtherMembers::allowed);
}

TEST(JsonSchema_N8, EveryMistakeIsToldNotOnlyTheFirst) {
  const auto schema = R"({"type":"object","required":["a","b"],"additionalProperties":false,
    "propertyNames":{"maxLength":3},"properties":{"a":{"type":"integer","exclusiveMinimum":0,
    "exclusiveMaximum":10,"multipleOf":2},"list":{"type":"array","uniqueItems":true,"minItems":3},
    "n":{"not":{"const":1}},"m":{"allOf":[{"minimum":5},{"maximum":1}]}}})";
  using Texts = std::vector<std::string>;
  EXPECT_EQ(mistakes(schema, R"({"a":4,"b":1})"), (Texts{"$.b: no such member is known"}));
  EXPECT_EQ(mistakes(schema, R"({"a":0,"list":[1,1.0],"n":1,"m":3,"more":null})"),
            (Texts{"$: the member \"b\" is missing", "$.a: the number 0 is not more than 0",
                   "$.list: the length 4 is more than 3",
                   "$.list: the number of elements 2 is "
                   "less than 3",
                   "$.list: the elements 0 and 1 are equal", "$.n: it is what it must not be",
                   "$.m: the number 3 is less than 5", "$.m: the number 3 is more than 1",
                   "$.more: the length 4 is more than 3", "$.more: no such member is known"}));
  EXPECT_EQ(mistakes(schema, R"({"a":11,"b":1})").size(), 3u) << "too large, odd, and b";
  const auto many = mistakes(R"({"items":{"type":"string"}})",
                             "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22]");
  EXPECT_EQ(many.size(), 20u);
  EXPECT_EQ(mistakes("false", "1"), (Texts{"$: nothing may stand here"}));
  EXPECT_EQ(mistakes(R"({"minProperties":1,"$defs":{"x":{"y":{}}}})", "{}").size(), 1u);
}

TEST(JsonSchema_N8, ASchemaThatAPersonWroteIsCheckedItself) {
  const auto wrong = [](std::string_view schema) {
    const auto found = mistakes_in_schema(parse(schema).value());
    return found.empty() ? std::string() : found.front();
  };
  EXPECT_EQ(wrong(R"({"type":["string","NULL"],"title":"x","$defs":{"a":{"$ref":"#/$defs/a"}}})"),
            "");
  EXPECT_EQ(wrong(R"({"requried":["a"]})"),
            "schema, $: the word \"requried\" is not understood, did you mean required?");
  EXPECT_EQ(wrong(R"({"properties":{"a":{"type":"text"}}})"),
            "schema, $.properties.a.type: it must be null, boolean, object, array, number, integer "
            "or string");
  EXPECT_EQ(wrong(R"({"items":{"$ref":"#/$defs/x"}})"),
            "schema, $.items.$ref: it leads nowhere; references are \"#\" and \"#/…\"");
  for (const char* bad :
       {R"({"anyOf":[]})", R"({"minimum":"1"})", R"({"multipleOf":0})", R"({"required":[1]})",
        R"({"enum":1})", R"({"properties":[]})", R"({"uniqueItems":1})", "[]", R"({"not":3})"})
    EXPECT_NE(wrong(bad), "") << bad;
}

}  // namespace
}  // namespace parley::json
