#include "parley/narrative/load.hpp"

#include "parley/narrative/plan.hpp"
#include "parley/narrative/test_world.hpp"

namespace parley::narrative {
namespace {

using namespace std::string_literals;
using testing::book_of;
using testing::MapSources;
using testing::mistakes_of;

TEST(NarrativeFile_D39, EverythingOfTheFormatIsRead) {
  const auto book = book_of(R"(
[narrative]
name = "report"
description = "A weekly report"
template = "item"
target = "reports"
preserve_source = true
model = "gemini-2.5-pro"
temperature = 0.3
max_tokens = 500
carousel = { iterations = 3, estimated_tokens_per_iteration = 200, continue_on_error = true }
[narrative.budget]
tokens = 10000
money = 0.5
time = "5m"
rpm_multiplier = 0.5
[toc]
order = ["gather", "write"]
[acts]
gather = "Gather facts"
[acts.write]
model = "gemini-2.5-flash"
temperature = 1.5
max_tokens = 50
extract_output = true
retry = { attempts = 3, delay = "2s", fallback = ["gemini-2.0-flash"] }
[[acts.write.input]]
type = "text"
content = "Write about {{gather}}"
history_retention = "drop"
[schemas.item]
type = "object"
[prices."gemini-2.5-pro"]
input = 1.25
output = 10
)");
  const auto& one = *book.find("report");
  EXPECT_EQ(one.template_schema, "item");
  EXPECT_EQ(one.target, "reports");
  EXPECT_TRUE(one.preserve_source);
  EXPECT_EQ(one.settings.model, "gemini-2.5-pro");
  EXPECT_EQ(one.settings.temperature, 0.3);
  EXPECT_EQ(one.settings.max_tokens, 500);
  EXPECT_EQ(one.carousel->iterations, 3);
  EXPECT_EQ(one.carousel->estimated_tokens_per_iteration, 200);
  EXPECT_TRUE(one.carousel->continue_on_error);
  EXPECT_EQ(one.budget.tokens, 10000);
  EXPECT_EQ(one.budget.money, 0.5);
  EXPECT_EQ(one.budget.time, std::chrono::minutes(5));
  EXPECT_EQ(one.budget.rpm, 0.5);
  ASSERT_EQ(one.acts.size(), 2u);
  const auto& write = one.acts[1];
  EXPECT_EQ(write.settings.model, "gemini-2.5-flash");
  EXPECT_EQ(write.retry->attempts, 3);
  EXPECT_EQ(write.retry->delay, std::chrono::seconds(2));
  EXPECT_EQ(write.inputs.at(0).retention, Retention::drop);
  EXPECT_EQ(write.inputs.at(0).place, Place("n.toml", 27, 1));
  EXPECT_EQ(book.prices.at("gemini-2.5-pro").output, 10);
}

TEST(NarrativeFile_D39, TheTableOfContentsMayBeATableAListOrMissing) {
  const auto acts = "[acts]\na = \"x\"\nb = \"y\"\n"s;
  for (const auto& [toc, names] : std::initializer_list<std::pair<std::string, std::string>>{
           {"[toc]\norder = [\"b\", \"a\"]\n", "ba"},
           {"toc = [\"b\", \"a\"]\n", "ba"},
           {"[narrative]\ntoc = [\"b\", \"a\"]\n", "ba"},
           {"[narrative.toc]\norder = [\"b\", \"a\"]\n", "ba"},
           {"", "ab"}}) {
    std::string found;
    const auto book = book_of(toc + acts);
    for (const auto& act : book.narratives.begin()->second.acts) found += act.name;
    EXPECT_EQ(found, names) << toc;
  }
}

TEST(NarrativeFile_D40, AnActIsATextAListOrATable) {
  const auto book = book_of(R"(
[acts]
plain = "one"
list = ["one", "media.photo", { type = "text", content = "two" }, "narrative:other"]
table = { input = "one", temperature = 0 }
nested = { narrative = "other" }
[media.photo]
file = "photo.jpg"
[narratives.other.acts]
x = "y"
[narrative]
name = "main"
)");
  const auto& one = *book.find("main");
  EXPECT_EQ(one.find("list")->inputs.size(), 4u);
  EXPECT_EQ(std::get<MediaInput>(one.find("list")->inputs[1].what).mime, "image/jpeg");
  EXPECT_EQ(std::get<NestedInput>(one.find("list")->inputs[3].what).name, "other");
  EXPECT_EQ(one.find("table")->settings.temperature, 0);
  EXPECT_EQ(one.find("nested")->nested, "other");
}

TEST(NarrativeFile_D41_D42, InputsOfAllKindsAreRead) {
  const auto book = book_of(R"toml(
[[acts.a.input]]
type = "image"
url = "https://example.org/a.png"
[[acts.a.input]]
type = "audio"
base64 = "AAAA"
mime = "audio/wav"
[[acts.a.input]]
type = "document"
file = "paper.pdf"
filename = "The paper"
[[acts.a.input]]
type = "bot_command"
platform = "discord"
command = "server.get_stats"
args = { guild_id = "1", count = 3 }
required = false
cache_duration = 300
[[acts.a.input]]
type = "table"
name = "posts"
columns = ["id", "text"]
where = { author = "{{state_of}}" }
limit = 5
offset = 2
order_by = "id desc"
format = "markdown"
alias = "newest posts"
sample = 3
[acts]
state_of = "x"
[toc]
order = ["state_of", "a"]
)toml");
  const auto& inputs = book.narratives.begin()->second.find("a")->inputs;
  ASSERT_EQ(inputs.size(), 5u);
  EXPECT_EQ(std::get<MediaInput>(inputs[0].what).mime, "image/png");
  EXPECT_EQ(std::get<MediaInput>(inputs[2].what).filename, "The paper");
  const auto& command = std::get<CommandInput>(inputs[3].what);
  EXPECT_EQ(command.args.at("count").source, "3");
  EXPECT_FALSE(command.required);
  EXPECT_EQ(command.cache_duration, std::chrono::minutes(5));
  const auto& table = std::get<TableInput>(inputs[4].what);
  EXPECT_EQ(table.columns.size(), 2u);
  EXPECT_EQ(table.format, TableInput::Format::markdown);
  EXPECT_EQ(table.sample, 3);
  EXPECT_FALSE(table.pull_and_delete) << "D44";
}

TEST(NarrativeFile_D43, ResourcesAreReferredToByName) {
  EXPECT_EQ(mistakes_of("acts.a = \"tables.post\"\ntables.posts = { name = \"posts\" }\n"),
            "n.toml:1:10: error: there is no [tables.post], did you mean posts? "
            "[unknown_reference]\n");
  EXPECT_EQ(mistakes_of("acts.a = \"narrative:none\"\n"),
            "n.toml:1:10: error: there is no narrative none in n.toml [unknown_reference]\n");
  const auto book = book_of("acts.a = [\"bots.x\"]\n[bots.x]\nplatform = \"p\"\ncommand = \"c\"\n");
  EXPECT_EQ(std::get<CommandInput>(book.narratives.begin()->second.acts[0].inputs[0].what).command,
            "c");
}

TEST(NarrativeFile_D51, NarrativesOfOtherFilesBelongToTheBook) {
  MapSources sources{{"dir/a.toml",
                      "[acts.x]\nnarrative = \"more/b.toml\"\n[acts.y]\nnarrative = "
                      "\"more/b.toml#second\"\n"},
                     {"dir/more/b.toml",
                      "[narratives.first.acts]\np = \"q\"\n[narratives.second.acts]\nr = \"s\"\n"}};
  auto loaded = load("dir/a.toml", sources);
  EXPECT_EQ(to_text(loaded.diagnostics),
            "dir/a.toml:2:13: error: dir/more/b.toml has several narratives; write "
            "\"more/b.toml#first\" [unknown_reference]\n");
  sources.files["dir/a.toml"] = "[acts.y]\nnarrative = \"more/b.toml#second\"\n";
  loaded = load("dir/a.toml", sources);
  EXPECT_TRUE(loaded.ok()) << to_text(loaded.diagnostics);
  EXPECT_EQ(loaded.book.own, std::vector<std::string>{"a"});
  EXPECT_EQ(loaded.book.find("a")->acts[0].nested, "dir/more/b.toml#second");
  EXPECT_TRUE(loaded.book.find("dir/more/b.toml#second"));
  sources.files.erase("dir/more/b.toml");
  EXPECT_EQ(to_text(load("dir/a.toml", sources).diagnostics),
            "dir/a.toml:2:13: error: there is no file dir/more/b.toml [file_read]\n");
}

TEST(NarrativeCheck_N10, CirclesAreToldWithTheirPath) {
  EXPECT_EQ(mistakes_of(R"(
[acts]
a = { input = "{{b}}", history = "none" }
b = { input = "x", after = ["c"], history = "none" }
c = { input = "{{a}}", history = "none" }
)"),
            "n.toml:3:5: error: acts wait for each other: a -> b -> c -> a (an act waits for those "
            "that its templates, after and history name, and with history \"all\" for all before "
            "it) [cycle]\n");
  MapSources sources{{"a.toml", "[acts.x]\nnarrative = \"b.toml\"\n"},
                     {"b.toml", "[acts.y]\nnarrative = \"c.toml\"\n"},
                     {"c.toml", "[acts.z]\nnarrative = \"a.toml\"\n"}};
  EXPECT_EQ(to_text(load("a.toml", sources).diagnostics),
            "c.toml:2:13: error: narratives contain each other: a -> b.toml#b -> c.toml#c -> a "
            "[cycle]\n");
}

TEST(NarrativeCheck_N10, AllMistakesAreToldAtOnceWithTheirPlaces) {
  EXPECT_EQ(mistakes_of(R"(
[narrative]
name = "n"
temprature = 1
temperature = 3
[toc]
order = ["draft", "polsh", "draft"]
[acts.draft]
model = 7
input = "Write about {{topci}} and ${env:API_KEY} and ${home}"
[acts.polish]
input = "{{draft}}"
retry = { attempts = 99 }
[acts.empty]
)"),
            "n.toml:4:1: error: narrative n: unknown key \"temprature\", did you mean temperature? "
            "[unknown_key]\n"
            "n.toml:5:15: error: narrative n: temperature is 3, and must be from 0 to 2 "
            "[out_of_range]\n"
            "n.toml:7:19: error: toc: there is no act polsh, did you mean polish? [missing_act]\n"
            "n.toml:7:28: error: toc: act draft stands in it twice; use loop or carousel to run an "
            "act again [duplicate_act]\n"
            "n.toml:9:9: error: act draft: model is a whole number, and must be a text "
            "[wrong_type]\n"
            "n.toml:10:22: error: act draft: {{topci}} names no act of narrative n [unknown_name]\n"
            "n.toml:10:36: error: act draft: ${env:API_KEY} looks like a credential, which must "
            "not go to a model [secret]\n"
            "n.toml:10:55: error: \"${home}\" is no reference; there are {{previous}}, "
            "{{iteration}}, {{act}}, {{act.path}}, ${state:key} and ${env:NAME} [template]\n"
            "n.toml:11:7: warning: act polish stands in no table of contents and never runs "
            "[unused_act]\n"
            "n.toml:14:7: warning: act empty stands in no table of contents and never runs "
            "[unused_act]\n");
}

TEST(NarrativeCheck_D53, EachKindOfMistakeHasItsCode) {
  for (const auto& [text, code] : std::initializer_list<std::pair<std::string, std::string>>{
           {"a = [", "toml_parse"},
           {"\xff", "toml_parse"},
           {"", "empty_toc"},
           {"toc = []\nacts.a = \"x\"", "empty_toc"},
           {"toc = [\"b\"]\nacts.a = \"x\"", "missing_act"},
           {"acts.a = \"  \"", "empty_prompt"},
           {"acts.a = []", "empty_prompt"},
           {"acts.a = { temperature = 1 }", "empty_prompt"},
           {"acts.a = 1", "wrong_type"},
           {"acts.previous = \"x\"", "bad_name"},
           {"narrative.template = \"x\"\nacts.a = \"x\"", "missing_template"},
           {"acts.a = \"{{previous}}\"", "unknown_name"},
           {"acts.a = \"{{iteration}}\"", "unknown_name"},
           {"acts.a = \"{{a\"", "template"},
           {"acts.a = { input = \"x\", after = [\"b\"] }", "missing_act"},
           {"acts.a = { input = \"x\", carousel = { iterations = 0 } }", "out_of_range"},
           {"acts.a = { input = \"x\", carousel = {} }", "missing_key"},
           {"acts.a = { input = \"x\", carousel = { iterations = 2, budget = { tokens = 10 } } }",
            "budget"},
           {"acts.a = { input = \"x\", loop = { at_most = 2 } }", "missing_key"},
           {"acts.a = { input = \"x\", when = { value = \"y\" } }", "missing_key"},
           {"acts.a = { input = [{ type = \"image\" }] }", "missing_key"},
           {"acts.a = { input = [{ type = \"image\", file = \"x\" }] }", "missing_key"},
           {"acts.a = { input = [{ type = \"table\", name = \"t\", where = \"x = '{{b}}'\" }] }",
            "template"},
           {"acts.a = { input = \"x\", output = { schema = { typ = \"object\" } } }", "schema"},
           {"acts.a = { input = \"x\", assert = [{}] }", "missing_key"}}) {
    const auto told = mistakes_of(text);
    EXPECT_NE(told.find("[" + code + "]"), std::string::npos) << text << "\n" << told;
    EXPECT_EQ(told.find("error"), told.rfind("error:")) << "one mistake: " << told;
  }
  MapSources none{};
  EXPECT_EQ(to_text(load("x.toml", none).diagnostics),
            "x.toml: error: there is no file x.toml [file_read]\n");
}

TEST(NarrativeCheck_N10, AnErrorValueTellsTheFirstMistakeAndHowManyMore) {
  MapSources sources{{"n.toml", "toc = [\"some\", \"more\"]\nacts.a = \"b\"\n"}};
  const auto error = error_of(load("n.toml", sources).diagnostics);
  EXPECT_EQ(error.message(), "n.toml:1:8: toc: there is no act some (and 1 more)");
  EXPECT_EQ(error.detail("code"), "missing_act");
}

TEST(NarrativePlan_N4, IndependentActsStandInOneStep) {
  const auto steps_of = [](const std::string& text) {
    const auto book = book_of(text);
    const auto& one = book.narratives.begin()->second;
    std::string out;
    for (const auto& step : plan(one).steps) {
      for (const int act : step) out += one.acts[static_cast<std::size_t>(act)].name;
      out += " ";
    }
    return out;
  };
  const auto quiet = "[narrative]\nhistory = \"none\"\n"s;
  EXPECT_EQ(steps_of("acts.a = \"x\"\nacts.b = \"y\"\n"), "a b ") << "D45: each sees those before";
  EXPECT_EQ(steps_of(quiet + "[acts]\na = \"x\"\nb = \"y\"\nc = \"{{a}} {{b}}\"\nd = \"z\"\n"),
            "abd c ");
  EXPECT_EQ(steps_of(quiet + "[acts]\na = \"x\"\nb = { input = \"y\", history = [\"a\"] }\nc = "
                             "\"{{previous}}\"\n"),
            "a b c ");
}

}  // namespace
}  // namespace parley::narrative
