#include "parley/config/settings.hpp"

#include <map>

#include <gtest/gtest.h>

namespace parley::config {
namespace {

struct Read {
  Read() = default;
  explicit Read(std::string_view text) {
    settings.add_file(Source::project_file, "parley.toml", text, diagnostics);
  }
  std::string told() const { return to_text(diagnostics); }
  Settings settings;
  Diagnostics diagnostics;
};

TEST(Settings_D4_D18, TheNearestPlaceWinsAndPartsOfFilesMerge) {
  Settings settings;
  Diagnostics diagnostics;
  EXPECT_EQ(settings.model(), "gemini-2.5-flash");
  // The project's file is read first: what counts is the source, not the order.
  settings.add_file(Source::project_file, "parley.toml",
                    "model = \"b\"\n[providers.gemini.tiers.free]\nrpm = 7\n", diagnostics);
  settings.add_file(Source::user_file, "/home/me/parley.toml",
                    "model = \"a\"\nmax_wait = \"30s\"\n[providers.gemini.tiers.free]\nrpm = 3\n"
                    "rpd = 9\n",
                    diagnostics);
  EXPECT_EQ(settings.model(), "b");
  EXPECT_EQ(settings.max_wait(), std::chrono::seconds(30));
  EXPECT_EQ(settings.find("providers.gemini.tiers.free.rpm")->where, "parley.toml:3:1");
  EXPECT_EQ(to_text(settings.find("providers.gemini.tiers.free.rpd")->value), "9");
  const std::map<std::string, std::string> variables{{"GENAI_MODEL_ID", "c"},
                                                     {"GEMINI_TIER", "Tier 1"}};
  settings.add_environment(
      [&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
      },
      diagnostics);
  EXPECT_EQ(to_text(diagnostics), "");
  EXPECT_EQ(settings.model(), "c");
  EXPECT_EQ(settings.find("model")->where, "GENAI_MODEL_ID");
  ASSERT_TRUE(settings.set("model", "d", "--model"));
  EXPECT_EQ(settings.model(), "d");
  EXPECT_EQ(settings.find("model")->source, Source::command_line);
}

TEST(Settings_D18, EveryMistakeIsToldWithItsPlaceAndTheNearestName) {
  const Read read(
      "modle = \"x\"\nmodel = 3\nmax_wait = \"soon\"\n[multipliers]\nrpm = 1.5\n"
      "[providers.gemini]\napi_key = \"AIza\"\ntiers = 1\n[providers.b.tiers.free]\n"
      "rpm = -1\nrmp = 2\n");
  EXPECT_EQ(
      read.told(),
      "parley.toml:1:1: error: unknown key \"modle\", did you mean model? [unknown_key]\n"
      "parley.toml:2:9: error: model must be a text [wrong_value]\n"
      "parley.toml:3:12: error: max_wait must be a time such as \"500ms\", \"30s\", \"5m\" or "
      "\"2h\", at most a year [wrong_value]\n"
      "parley.toml:5:7: error: multipliers.rpm must be a number over 0 and at most 1 "
      "[wrong_value]\n"
      "parley.toml:7:1: error: providers.gemini.api_key: keys of a service do not belong into "
      "a file: name the variable that has it in api_key_env [unknown_key]\n"
      "parley.toml:8:9: error: providers.gemini.tiers is a whole number, and must be a table "
      "[wrong_type]\n"
      "parley.toml:10:7: error: providers.b.tiers.free.rpm must be a whole number from 0 to "
      "1e+15 [wrong_value]\n"
      "parley.toml:11:1: error: unknown key \"providers.b.tiers.free.rmp\", did you mean rpm? "
      "[unknown_key]\n");
  EXPECT_EQ(read.settings.model(), "gemini-2.5-flash");  // what is wrong is left out
}

TEST(Settings_D18, ABrokenFileIsToldAtItsPlace) {
  const Read read("model = \"x\"\n[providers\n");
  EXPECT_TRUE(read.told().starts_with("parley.toml:2:")) << read.told();
  EXPECT_EQ(read.settings.model(), "gemini-2.5-flash");
}

TEST(Settings_D19_D21, AModelsRowStandsOverItsTierOverTheBuiltInTable) {
  const Read read(R"(
[multipliers]
rpm = 1.0
tpm = 1.0
rpd = 1.0
[providers.gemini.tiers.free]
rpm = 20
max_concurrent = 3
daily_quota_usd = 1.5
cost_per_million_input_tokens = 2.0
[providers.gemini.tiers.free.models."gemini-2.5-pro"]
rpm = 2
[providers.gemini.models."gemini-2.5-flash-lite"]
tpm = 5
route = "rest"
)");
  ASSERT_EQ(read.told(), "");
  const auto provider = read.settings.provider().value();
  const auto flash = read.settings.limits(provider, "models/gemini-2.5-flash").value();
  EXPECT_EQ(flash.requests_per_minute, 20);
  EXPECT_EQ(flash.input_tokens_per_minute, 250'000);  // of the table
  EXPECT_EQ(flash.concurrency, 3);
  EXPECT_EQ(flash.money_per_day, 1'500'000);
  EXPECT_EQ(read.settings.limits(provider, "gemini-2.5-pro").value().requests_per_minute, 2);
  const auto lite = read.settings.limits(provider, "gemini-2.5-flash-lite").value();
  EXPECT_EQ(lite.requests_per_minute, 20);
  EXPECT_EQ(lite.input_tokens_per_minute, 5);
  EXPECT_EQ(read.settings.route(provider, "gemini-2.5-flash-lite"), Route::rest);
  EXPECT_EQ(read.settings.route(provider, "gemini-2.5-pro"), Route::automatic);
  EXPECT_EQ(read.settings.price(provider, "gemini-2.5-flash")->input, 2.0);
  EXPECT_EQ(read.settings.price(provider, "gemini-2.5-flash")->cached, 0.5);
}

TEST(Settings_D20, MultipliersAreSetAside) {
  const Read read(
      "[providers.gemini.tiers.mine]\nrpm = 10\ntpm = 1000\n[providers.gemini]\n"
      "default_tier = \"mine\"\n[multipliers]\ntpm = 0.5\n");
  ASSERT_EQ(read.told(), "");
  const auto limits = read.settings.limits(read.settings.provider().value(), "some-model").value();
  EXPECT_EQ(limits.requests_per_minute, 8);
  EXPECT_EQ(limits.input_tokens_per_minute, 500);
  EXPECT_FALSE(limits.requests_per_day);
}

TEST(Settings_D4, ProvidersAreNamedAndAnUnknownOneIsToldWithTheOthers) {
  const Read read(
      "provider = \"olama\"\n[providers.ollama]\nkind = \"openai\"\n"
      "base_url = \"http://127.0.0.1:11434/v1\"\n");
  ASSERT_EQ(read.told(), "");
  EXPECT_EQ(read.settings.provider().error().message(),
            "there is no provider \"olama\", did you mean ollama?; there is gemini, ollama");
  const auto local = read.settings.provider("ollama").value();
  EXPECT_EQ(local.kind, ProviderKind::openai);
  EXPECT_EQ(local.base_url, "http://127.0.0.1:11434/v1");
}

TEST(Settings_D19, AnthropicIsAProviderWithTiersAndPricesOfItsOwn) {
  const Read read(
      "[providers.anthropic]\ndefault_tier = \"build\"\n"
      "[providers.anthropic.tiers.build]\nrpm = 50\noutput_tpm = 8000\n"
      "[providers.anthropic.tiers.build.models.\"claude-x\"]\nrpm = 10\n"
      "cost_per_million_input_tokens = 3.0\ncost_per_million_output_tokens = 15.0\n"
      "[providers.gate]\nkind = \"anthropic\"\n");
  ASSERT_EQ(read.told(), "");
  const auto anthropic = read.settings.provider("anthropic").value();
  EXPECT_EQ(anthropic.kind, ProviderKind::anthropic) << "its name says so";
  EXPECT_EQ(read.settings.provider("gate")->kind, ProviderKind::anthropic);
  const auto limits = read.settings.whole_limits(anthropic, "claude-x");
  EXPECT_EQ(limits.requests_per_minute, 10);
  EXPECT_EQ(limits.output_tokens_per_minute, 8000);
  EXPECT_FALSE(limits.requests_per_day) << "no table of Gemini's";
  EXPECT_EQ(read.settings.price(anthropic, "claude-x")->output, 15.0);
  EXPECT_FALSE(read.settings.price(anthropic, "claude-y"));
  const Read wrong("[providers.x]\nkind = \"antropic\"\n");
  EXPECT_NE(wrong.told().find("\"anthropic\""), std::string::npos) << wrong.told();
}

TEST(Settings_D18, OptionsOfACommandLineAreCheckedAsFilesAre) {
  Settings settings;
  EXPECT_EQ(settings.set("providers.gemini.models.\"gemini-2.5-pro\".rpm", "x", "--set")
                .error()
                .message(),
            "providers.gemini.models.\"gemini-2.5-pro\".rpm must be a whole number");
  EXPECT_EQ(settings.set("providers.gemini", "x", "--set").error().message(),
            "providers.gemini is a table, and no value");
  EXPECT_EQ(settings.set("providers.gemini.default_teir", "x", "--set").error().message(),
            "unknown key \"providers.gemini.default_teir\", did you mean default_tier?");
  EXPECT_EQ(settings.set("a.\"b", "x", "--set").error().message(), "\"a.\"b\" is no key");
  ASSERT_TRUE(settings.set("fallback_models", "a, b", "--set"));
  EXPECT_EQ(settings.fallback_models(), (std::vector<std::string>{"a", "b"}));
}

TEST(Settings_D18, EveryKnownKeyIsReadAndPrintedAsItStands) {
  for (const auto& key : known_keys()) {
    Settings settings;
    std::string name(key.pattern);
    for (auto at = name.find('*'); at != std::string::npos; at = name.find('*'))
      name.replace(at, 1, "gemini");
    const std::string text = name.ends_with("kind")    ? "vertex"
                             : name.ends_with("route") ? "live"
                             : key.type == "text"      ? "word"
                             : key.type == "time"      ? "1500ms"
                                                       : "1";
    ASSERT_TRUE(settings.set(name, text, "--set")) << name;
    const auto* set = settings.find(name);
    ASSERT_TRUE(set) << name;
    Read again;
    again.settings.add_file(Source::command_line, "again.toml",
                            set->key() + " = " + to_text(set->value) + "\n", again.diagnostics);
    EXPECT_EQ(again.told(), "") << name;
    EXPECT_EQ(again.settings.find(name)->value, set->value) << name;
  }
}

}  // namespace
}  // namespace parley::config
