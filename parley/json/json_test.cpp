#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "parley/json/cursor.hpp"
#include "parley/json/value.hpp"
#include "parley/json/writer.hpp"

namespace parley::json {
namespace {

struct Point {
  std::int64_t x = 0;
  std::optional<std::string> label;
  std::vector<Point> inner;
  Members extra;
};
void decode(Cursor in, Point& out) {
  in.each_field([&out](std::string_view key, Cursor value) {
    if (key == "x")
      value.read(out.x);
    else if (key == "label")
      value.read(out.label);
    else if (key == "inner")
      value.read(out.inner);
    else
      value.read((*out.extra)[key]);
  });
}
void encode(Writer& out, const Point& point) {
  out.begin_object().field("x", point.x).field("label", point.label);
  if (!point.inner.empty()) out.field("inner", point.inner);
  out.fields(point.extra).end_object();
}

std::string mistake(std::string_view text) {
  const auto value = decode_text<Point>(text);
  return value ? "none" : value.error().message();
}

TEST(Json, AMessageKeepsWhatItsDecoderDoesNotKnow) {
  const std::string_view text =
      R"({"x":7,"label":"é\"\n","inner":[{"x":-1,"big":18446744073709551615}],"new":{"a":[1,2.5,null,true]}})";
  const auto point = decode_text<Point>(text);
  ASSERT_TRUE(point) << point.error().describe();
  EXPECT_EQ(point->label, "é\"\n");
  EXPECT_EQ(point->inner.at(0).x, -1);
  EXPECT_EQ(encode_text(*point), text);
}

TEST(Json, AMistakeIsNamedWithItsPath) {
  EXPECT_EQ(mistake(R"({"x":"seven"})"),
            "$.x: expected a whole number, found a string that is none");
  EXPECT_EQ(mistake(R"({"x":7.5})"), "$.x: expected a whole number in the range of 64 bits");
  EXPECT_EQ(mistake(R"({"x":"12"})"), "none") << "proto3 sends int64 as text";
  EXPECT_EQ(mistake(R"({"inner":[{"x":1},{"x":2,"inner":[{"label":5}]}]})"),
            "$.inner[1].inner[0].label: expected a string, found a number");
  EXPECT_EQ(mistake("[]"), "expected an object, found an array");
}

TEST(Rfc8259, TextsThatAreNotJsonAreRefusedWithTheirPlace) {
  EXPECT_EQ(mistake(""), "the text is empty");
  EXPECT_TRUE(mistake("{\"x\": 1,\n \"y\" 2}").starts_with("line 2, column 6: "))
      << mistake("{\"x\": 1,\n \"y\" 2}");
  for (const std::string_view bad :
       {"{", "{\"x\":1}}", "{\"x\":01}", "{'x':1}", "{\"x\":tru}", "{\"x\":1,}", "\"\\ud800\"",
        "nul", "{\"skipped\": [1,2,}", "{\"x\":1} x", "\xEF\xBB\xBF{}", "{\"skipped\":\"\xff\"}",
        "[1e999]"}) {
    EXPECT_FALSE(parse(bad)) << bad;
    EXPECT_NE(mistake(bad), "none") << bad;
  }
}

TEST(Security_S22, LimitsHoldForUntrustedText) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse(nested(32)));
  EXPECT_EQ(parse(nested(33)).error().message(), "the text is nested deeper than 32 levels");
  EXPECT_TRUE(parse(nested(200), trusted_limits()));
  EXPECT_EQ(parse(R"({"a":{"b":1,"b":2}})").error().message(),
            "the name \"b\" stands twice in one object");
  EXPECT_EQ(parse(R"({"a":{"b":1,"b":2}})", trusted_limits())->at("a").at("b"), 2);
  EXPECT_EQ(parse(R"({"a":"\u0000"})").error().message(), "a string holds U+0000");
  std::string wide = "{";
  for (int i = 0; i <= 1000; ++i) wide += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
  EXPECT_EQ(parse(wide + "}").error().message(), "an object has more than 1000 members");
}

TEST(Json, WhatIsWrittenReadsBackEqual) {
  for (const std::string_view text :
       {R"([])", R"({})", R"([1,-2,1.5,0.1,1e+300,true,false,null,"",{"a":{}}])",
        R"("\u0001\b\f\r\t/\\")", R"("日本語 🎉 ﷽")", R"(2.0)", R"(-9223372036854775808)"}) {
    const auto value = parse(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(*parse(to_string(*value)), *value) << text;
    EXPECT_EQ(boost::json::parse(to_string(*value)), boost::json::parse(text)) << "another parser";
    EXPECT_EQ(*parse(to_pretty_string(*value)), *value) << text;
  }
  std::string out;
  Writer(out).value("a\xff\xfe z");
  EXPECT_EQ(out, "\"a\uFFFD\uFFFD z\"");
}

TEST(Json, StringsEndWhereTheyEndAtEveryPlaceOfABlock) {
  for (std::size_t before = 0; before < 200; ++before)
    for (const auto& [written, read] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", ""}, {"\\\"", "\""}, {"\\u00e9", "é"}, {"🎉", "🎉"}, {"\\ud83c\\udf89x", "🎉x"}}) {
      const std::string plain(before, 'p'), behind(before % 70, 'q');
      const auto value = parse("[\"" + plain + written + behind + "\", \"" + plain + "\"]");
      ASSERT_TRUE(value) << before << written;
      EXPECT_EQ(value->at(0).as_string(), plain + read + behind);
      EXPECT_EQ(value->at(1).as_string(), plain);
      for (const std::string bad :
           {"\n", "\xff", "\xf0\x9f\x8e", "\\x", "\\u12g4", "\\udf89", "\\"})
        EXPECT_FALSE(parse("\"" + plain + written + bad + "\"")) << before << bad;
      EXPECT_FALSE(parse("\"" + plain + written));
    }
}

TEST(Json, NumbersAtTheEdgesOfTheirForms) {
  const auto read = [](std::string_view text) { return to_string(parse(text).value()); };
  EXPECT_EQ(read("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(read("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(read("9223372036854775808"), "9223372036854775808");
  EXPECT_EQ(read("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(parse("18446744073709551616")->as_double(), 18446744073709551616.0);
  EXPECT_EQ(parse("-9223372036854775809")->as_double(), -9223372036854775809.0);
  EXPECT_EQ(parse("123456789012345678")->as_int64(), 123456789012345678);
  EXPECT_EQ(parse("1e-999")->as_double(), 0.0);
  EXPECT_EQ(parse("-0")->as_int64(), 0);
  EXPECT_EQ(parse("0.1")->as_double(), 0.1);
  EXPECT_EQ(parse("[1e999]").error().message(), "line 1, column 2: the number is too large");
  for (const std::string_view bad : {"-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "00", "-01", "0x1",
                                     "1 2", "--1", "Infinity", "NaN", "1_000"})
    EXPECT_FALSE(parse(bad)) << bad;
}

TEST(Json, PrettyTextLooksLikeTheServices) {
  EXPECT_EQ(to_pretty_string(*parse(R"({"a":[1,{"b":"c"}],"d":[],"e":{}})")),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"c\"\n    }\n  ],\n  \"d\": [],\n  \"e\": "
            "{}\n}");
}

TEST(Json, ProtoNamesHaveTwoSpellings) {
  EXPECT_TRUE(is_proto_name("maxOutputTokens", "maxOutputTokens"));
  EXPECT_TRUE(is_proto_name("max_output_tokens", "maxOutputTokens"));
  for (const std::string_view other : {"maxoutputtokens", "max_outputTokens", "max_output_token",
                                       "", "max_output_tokens_", "MaxOutputTokens"})
    EXPECT_FALSE(is_proto_name(other, "maxOutputTokens")) << other;
}

TEST(Json, ADecoderMayParseAnotherText) {
  struct Outer {
    std::string inner;
  };
  std::string seen;
  const auto result = detail::decode_with(R"({"a":"[1]","b":"[2]"})", Limits(), [&](Cursor root) {
    root.each_field([&](std::string_view key, Cursor value) {
      std::string text;
      value.read(text);
      seen += std::string(key) + to_string(*parse(text));
    });
  });
  EXPECT_TRUE(result);
  EXPECT_EQ(seen, "a[1]b[2]");
}

}  // namespace
}  // namespace parley::json
