#include "parley/narrative/template.hpp"

#include <gtest/gtest.h>

#include "parley/base/random.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/extract.hpp"

namespace parley::narrative {
namespace {

// What a text becomes where each reference gives its own name in angle brackets.
std::string filled(std::string_view text) {
  Diagnostics mistakes;
  const auto made = parse_template(text, Place("f", 3, 5), mistakes);
  if (!mistakes.empty()) return mistakes.front().place.text() + " " + mistakes.front().message;
  return expand(made,
                [](const Template::Reference& one) -> Result<std::string> {
                  return "<" + one.text() + ">";
                })
      .value();
}

TEST(Template_D47, ReferencesOfEveryKindAreFilled) {
  EXPECT_EQ(filled("a {{previous}} b {{ act }} {{act.json.0}} {{iteration}}"),
            "a <{{previous}}> b <{{act}}> <{{act.json.0}}> <{{iteration}}>");
  EXPECT_EQ(filled("${state:k}${env:HOME} ${state:global.k}"),
            "<${state:k}><${env:HOME}> <${state:global.k}>");
  EXPECT_EQ(filled(R"(\{{x}} \${env:X} $5 {single} \n)"), R"({{x}} ${env:X} $5 {single} \n)");
}

TEST(Template_D47, WhatIsWrongIsToldWithItsPosition) {
  EXPECT_EQ(filled("ab {{x"),
            "f:3:8 \"{{\" has no \"}}\" on its line; write \"\\{{\" for the sign "
            "itself");
  EXPECT_EQ(filled("ab\n  ${secret:x}").substr(0, 25), "f:4:3 \"${secret:x}\" is no");
  EXPECT_EQ(filled("{{a b}}").substr(0, 14), "f:3:5 \"{{a b}}");
  EXPECT_EQ(filled("{{}}").substr(0, 12), "f:3:5 \"{{}}\"");
}

TEST(Template_D47, WhatIsPutInIsNeverExpandedAgain) {
  Diagnostics mistakes;
  const auto made = parse_template("{{a}}!", Place("f", 1, 1), mistakes);
  const auto text = expand(
      made, [](const Template::Reference&) -> Result<std::string> { return "{{b}} ${env:HOME}"; });
  EXPECT_EQ(text.value(), "{{b}} ${env:HOME}!");
  const auto failed = expand(made, [](const Template::Reference&) -> Result<std::string> {
    return fail(ErrorKind::not_found, "none");
  });
  EXPECT_EQ(failed.error().message(), "none");
}

TEST(Template_D47, AnyTextIsReadAndItsEscapesGiveItBack) {
  SeededRandom random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text, escaped;
    for (auto count = random.below(12); count > 0; --count) {
      const std::string_view piece =
          std::initializer_list<std::string_view>{"{{", "}}", "${", "}", "a", "\n", "é", "x."}
              .begin()[random.below(8)];
      text += piece;
      if (piece == "{{" || piece == "${") escaped += '\\';
      escaped += piece;
    }
    if (text.find("{{{") != std::string::npos || text.find("\\") != std::string::npos) continue;
    EXPECT_EQ(filled(escaped), text);
  }
}

TEST(Template_D47, APathGoesIntoAnAnswerThatIsJson) {
  const std::string json = R"({"a":{"b":[1,"two",{"c":null}]}})";
  EXPECT_EQ(value_at(json, {"a", "b", "1"}).value(), "two");
  EXPECT_EQ(value_at(json, {"a", "b", "2"}).value(), R"({"c":null})");
  EXPECT_EQ(value_at(json, {"a", "x"}).error().message(), "$.a has no \"x\"");
  EXPECT_EQ(value_at(json, {"a", "b", "9"}).error().message(), "$.a.b has no \"9\"");
  EXPECT_NE(value_at("no json", {"a"}).error().message().find("the answer is no JSON"),
            std::string::npos);
}

TEST(Extract_D52, JsonIsFoundInFencesAndByItsBrackets) {
  for (const char* answer :
       {R"({"a":1})", "Here:\n```json\n{\"a\":1}\n```\nDone", "```\n{\"a\":1}\n```",
        "It is {\"a\":1}, as asked", "{not} this, {\"a\":1} that", "text ```x``` {\"a\":1}",
        "```toml\na = 2\n```\n```json\n{\"a\":1}\n```"}) {
    const auto found = extract(answer, Output::Format::json);
    ASSERT_TRUE(found) << answer;
    EXPECT_EQ(json::to_string(*found->value), R"({"a":1})") << answer;
  }
  EXPECT_EQ(json::to_string(*extract("x [1, \"]\", {\"}\": 2}] y", Output::Format::json)->value),
            R"([1,"]",{"}":2}])");
  EXPECT_NE(extract("nothing", Output::Format::json)
                .error()
                .message()
                .find("the answer has no valid JSON"),
            std::string::npos);
}

TEST(Extract_D52, TomlIsFoundInFences) {
  const auto found =
      extract("Here:\n```toml\n[a]\nb = 1979-05-27\nc = [1, 2]\n```\n", Output::Format::toml);
  ASSERT_TRUE(found);
  EXPECT_EQ(json::to_string(*found->value), R"({"a":{"b":"1979-05-27","c":[1,2]}})");
  EXPECT_FALSE(extract("Just words.", Output::Format::toml));
}

TEST(Rendering_D42, RowsAreShownInThreeWays) {
  const std::vector<std::string> columns{"id", "text"};
  std::vector<json::Array> rows(2);
  rows[0] = {1, "a|b, \"c\"\nd"};
  rows[1] = {2.5, nullptr};
  EXPECT_EQ(render_table(columns, rows, TableInput::Format::csv),
            "id,text\n1,\"a|b, \"\"c\"\"\nd\"\n2.5,\n");
  EXPECT_EQ(render_table(columns, rows, TableInput::Format::markdown),
            "| id | text |\n| --- | --- |\n| 1 | a\\|b, \"c\"<br>d |\n| 2.5 |  |\n");
  EXPECT_EQ(
      json::to_string(json::parse(render_table(columns, rows, TableInput::Format::json)).value()),
      R"([{"id":1,"text":"a|b, \"c\"\nd"},{"id":2.5,"text":null}])");
}

}  // namespace
}  // namespace parley::narrative
