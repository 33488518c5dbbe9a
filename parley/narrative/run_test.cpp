#include <boost/json/object.hpp>

#include "parley/narrative/budget.hpp"
#include "parley/narrative/runner.hpp"
#include "parley/narrative/test_world.hpp"

namespace parley::narrative {
namespace {

using testing::answered;
using testing::book_of;
using testing::prompt_of;
using testing::TestWorld;

constexpr auto kApart = "[narrative]\nhistory = \"none\"\n";

std::string statuses(const RunResult& run) {
  std::string out;
  for (const auto& act : run.acts)
    out += (out.empty() ? "" : " ") + act.path + ":" + std::string(to_string(act.status));
  return out;
}

TEST(Narrative_D45, ActsSeeEarlierPromptsAndAnswersAndHaveTheirOwnSettings) {
  TestWorld world;
  const auto run = world.run(R"(
[narrative]
model = "gemini-2.5-pro"
temperature = 0.1
system = "Be brief."
[acts]
one = "First"
[acts.two]
model = "gemini-2.5-flash"
temperature = 0.9
max_tokens = 5
input = "Second"
)");
  ASSERT_TRUE(run.status == Status::done);
  ASSERT_EQ(world.models.calls.size(), 2u);
  const auto& [first, second] = std::tie(world.models.calls[0], world.models.calls[1]);
  EXPECT_EQ(first.model, "gemini-2.5-pro");
  EXPECT_EQ(first.request.generation_config->temperature, 0.1);
  EXPECT_EQ(second.model, "gemini-2.5-flash");
  EXPECT_EQ(second.request.generation_config->temperature, 0.9);
  EXPECT_EQ(second.request.generation_config->max_output_tokens, 5);
  EXPECT_EQ(second.request.system_instruction->parts->at(0).text, "Be brief.");
  ASSERT_EQ(second.request.contents->size(), 3u);
  EXPECT_EQ(second.request.contents->at(0).parts->at(0).text, "First");
  EXPECT_EQ(second.request.contents->at(1).parts->at(0).text, "to First");
  EXPECT_EQ(run.output, "to Second");
  EXPECT_EQ(run.tokens, Tokens(20, 40));
}

TEST(Narrative_D47, TemplatesAreFilledAndNothingIsFilledTwice) {
  TestWorld world;
  world.state.values["narrative.n/city"] = "Oslo {{two}}";
  world.state.values["global/x"] = "everywhere";
  world.ports.environment = [](const std::string& name) -> std::optional<std::string> {
    return name == "WHO" ? std::optional<std::string>("me") : std::nullopt;
  };
  world.models.answer = [](const ModelCall& call) -> Result<ModelAnswer> {
    return answered(call.act == "one" ? R"({"a":["x","{{two}}"]})" : "end");
  };
  const auto run = world.run(std::string(kApart) + R"toml(
[acts]
one = "in ${state:city} and ${state:global.x} for ${env:WHO}"
two = "\\{{ {{one.a.1}} {{previous.a.0}} {{one}}"
)toml");
  ASSERT_TRUE(run.status == Status::done) << run.error->message();
  EXPECT_EQ(prompt_of(world.models.calls[0]), "in Oslo {{two}} and everywhere for me");
  EXPECT_EQ(prompt_of(world.models.calls[1]), R"({{ {{two}} x {"a":["x","{{two}}"]})");
  const auto failed = world.run("acts.a = \"in ${state:none}\"");
  EXPECT_EQ(failed.error->message(),
            "n.toml:1:14: act a: ${state:none}: the state narrative.n has no \"none\" yet");
}

TEST(Narrative_D47, QuestionsToPeopleAndJudgesAreFilledAsWell) {
  TestWorld world;
  world.models.answer = [](const ModelCall& call) -> Result<ModelAnswer> {
    return answered(call.model == "judge" ? "Yes, it is." : "a draft of " + call.act);
  };
  const auto book = book_of(std::string(kApart) + R"(
[acts]
draft = "Write"
[acts.send]
input = "Send it"
approval = "Send {{draft}}?"
assert = { judge = "Is it like {{draft}}?", model = "judge" }
)");
  auto run = world.run(book);
  EXPECT_EQ(run.error->message(), "act send waits for approval: Send a draft of draft?");
  // An agreement to another question is none.
  Entry agreed(EntryType::value);
  agreed.path = "send";
  agreed.what = "approval";
  agreed.key = sha256("Send another draft?");
  RunOptions again;
  again.resumed = true;
  again.replay = Replay(world.journal.entries());
  again.replay.add(agreed);
  EXPECT_EQ(world.run(book, again).status, Status::paused);
  agreed.key = sha256("Send a draft of draft?");
  again.replay = Replay(world.journal.entries());
  again.replay.add(agreed);
  run = world.run(book, again);
  EXPECT_EQ(run.status, Status::done);
  EXPECT_NE(prompt_of(world.models.calls.back()).find("Is it like a draft of draft?"),
            std::string::npos);
}

TEST(Narrative_N3, ConditionsLoopsAndApprovals) {
  TestWorld world;
  const auto book = book_of(std::string(kApart) + R"(
[acts]
draft = "Write"
[acts.polish]
input = "Polish {{draft}} {{iteration}}"
[acts.polish.loop]
at_most = 5
until = { contains = "3" }
[acts.sad]
input = "Mourn"
when = { value = "{{polish}}", contains = "nothing of that" }
[acts.send]
input = "Send {{sad}}."
approval = "Send it?"
)");
  auto run = world.run(book);
  EXPECT_EQ(statuses(run), "draft:done polish:done sad:skipped send:paused");
  EXPECT_EQ(run.acts[1].rounds, 3);
  EXPECT_EQ(run.status, Status::paused);
  EXPECT_EQ(run.error->message(), "act send waits for approval: Send it?");
  struct Yes final : Approver {
    Task<Approval> ask(std::string, std::string question) override {
      asked = std::move(question);
      co_return answer;
    }
    std::string asked;
    Approval answer = Approval::yes;
  } person;
  world.ports.approver = &person;
  RunOptions again;
  again.replay = Replay(world.journal.entries());
  again.resumed = true;
  const auto before = world.models.calls.size();
  run = world.run(book, again);
  EXPECT_EQ(run.status, Status::done);
  EXPECT_EQ(world.models.calls.size(), before + 1) << "only what was not answered";
  EXPECT_EQ(prompt_of(world.models.calls.back()), "Send .") << "a skipped act says nothing";
  EXPECT_EQ(person.asked, "Send it?");
  person.answer = Approval::no;
  run = world.run(book);
  EXPECT_EQ(run.error->detail("code"), "approval_refused");
  world.ports.approver = nullptr;
  run = world.run(std::string(kApart) +
                  "[acts.a]\ninput = \"x\"\nloop = { at_most = 2, until = { "
                  "contains = \"never\" } }\n");
  EXPECT_NE(run.error->message().find("the loop's exit did not hold in 2 rounds"),
            std::string::npos);
}

TEST(Narrative_N4, OnErrorContinueRunsWhatDoesNotNeedTheFailure) {
  const std::string acts = R"(
[acts]
a = "fail"
b = "{{a}}"
c = "on its own"
d = "{{c}}"
)";
  for (const bool keep : {false, true}) {
    TestWorld world;
    world.models.answer = [](const ModelCall& call) -> Result<ModelAnswer> {
      if (call.act == "a") return fail(ErrorKind::service, "broken");
      return answered("ok");
    };
    const auto run =
        world.run(std::string(kApart) + (keep ? "on_error = \"continue\"\n" : "") + acts);
    EXPECT_EQ(statuses(run),
              keep ? "a:failed b:not_run c:done d:done" : "a:failed b:not_run c:not_run d:not_run");
    EXPECT_EQ(run.status, Status::failed);
  }
}

TEST(Narrative_N5, ASpentBudgetStopsBeforeTheCall) {
  TestWorld world;
  auto run = world.run(R"(
[narrative.budget]
tokens = 1030
[acts]
one = "First"
two = "Second"
)");
  EXPECT_EQ(statuses(run), "one:done two:failed");
  EXPECT_EQ(world.models.calls.size(), 1u);
  EXPECT_EQ(run.error->message(),
            "the budget of narrative n is spent: 30 of 1030 tokens are used or reserved, and the "
            "next call may need 1004; nothing was asked");
  EXPECT_EQ(run.error->detail("code"), "budget_exhausted");
  run = world.run("[narrative.budget]\nmoney = 0.001\n[acts]\none = \"x\"\n");
  EXPECT_NE(run.error->message().find("the model has no price"), std::string::npos);
  run = world.run(
      "[narrative.budget]\nmoney = 0.001\n[acts]\none = \"x\"\n[prices.\"gemini-2.5-flash\"]\n"
      "output = 2.5\n");
  EXPECT_NE(run.error->message().find("may need $0.002500; nothing was asked"), std::string::npos)
      << run.error->message();
  run = world.run(
      "[narrative.budget]\ntime = \"1500ms\"\n[acts]\na = \"x\"\nb = \"y\"\nc = "
      "\"z\"\n");
  EXPECT_EQ(statuses(run), "a:done b:done c:failed");
  EXPECT_NE(run.error->message().find("2.0 of 1.5 s have passed"), std::string::npos);
}

TEST(Narrative_N8, AWrongAnswerIsGivenBackAtMostSoOften) {
  const std::string text = R"(
[acts.a]
input = "Give me a person"
output = { schema = "person", repairs = 2 }
[acts.b]
input = "Greet {{a.name}}"
history = "none"
[schemas.person]
type = "object"
required = ["name", "age"]
properties = { name = { type = "string" }, age = { type = "integer" } }
)";
  TestWorld world;
  int asked = 0;
  world.models.answer = [&](const ModelCall& call) -> Result<ModelAnswer> {
    if (call.act == "b") return answered("Hi");
    ++asked;
    if (asked == 1) return answered("I will not");
    return answered(asked == 2 ? R"({"name":1})" : "```json\n{\"name\":\"Ada\",\"age\":36}\n```");
  };
  auto run = world.run(text);
  ASSERT_EQ(run.status, Status::done) << run.error->message();
  EXPECT_EQ(run.acts[0].output, R"({"name":"Ada","age":36})");
  EXPECT_EQ(run.acts[0].notes.size(), 2u);
  EXPECT_EQ(prompt_of(world.models.calls[2]),
            "Your answer cannot be used:\n- $: the member \"age\" is missing\n- $.name: expected a "
            "string, found a number\nGive the whole answer again, corrected, as JSON alone.");
  EXPECT_EQ(world.models.calls[0].request.generation_config->response_mime_type,
            "application/json");
  EXPECT_EQ(prompt_of(world.models.calls[3]), "Greet Ada");
  asked = -100;
  world.models.answer = [](const ModelCall&) -> Result<ModelAnswer> { return answered("no"); };
  run = world.run(text);
  EXPECT_EQ(run.error->detail("code"), "schema");
  EXPECT_NE(run.error->message().find("still wrong after 2 repairs"), std::string::npos);
}

TEST(Narrative_N11, AssertionsAreCheckedAndJudged) {
  TestWorld world;
  world.models.answer = [](const ModelCall& call) -> Result<ModelAnswer> {
    return answered(prompt_of(call).starts_with("Judge") ? "No, it is rude." : "Hello there");
  };
  const auto run = world.run(R"(
[acts.a]
input = "Greet"
assert = [
  { contains = "Hello" }, { lacks = "there" }, { min_length = 5, max_length = 6 },
  { schema = { type = "object" } }, { judge = "Is it polite?", model = "judge" } ]
)");
  EXPECT_EQ(run.status, Status::failed);
  EXPECT_EQ(run.error->detail("code"), "assertion");
  ASSERT_EQ(run.acts[0].notes.size(), 4u);
  EXPECT_EQ(run.acts[0].notes[0], "n.toml:5:27: the answer contains \"there\"");
  EXPECT_EQ(run.acts[0].notes[3], "n.toml:6:37: judge: Is it polite? no: No, it is rude.");
  EXPECT_EQ(world.models.calls.back().model, "judge");
}

TEST(Narrative_D46, HistoryKeepsShortensOrDropsInputsOfAllKinds) {
  TestWorld world;
  world.files.files["big.txt"] = std::string(20'000, 'x');
  const auto run = world.run(R"(
[[acts.a.input]]
type = "text"
content = "kept"
[[acts.a.input]]
type = "text"
content = "dropped"
history_retention = "drop"
[[acts.a.input]]
type = "text"
content = "a long story"
history_retention = "summary"
[[acts.a.input]]
type = "document"
file = "big.txt"
[acts]
b = "And?"
)");
  ASSERT_EQ(run.status, Status::done) << run.error->message();
  EXPECT_EQ(gemini::parts_of(world.models.calls[0].request.contents->at(0)).size(), 4u);
  const auto& kept = gemini::parts_of(world.models.calls[1].request.contents->at(0));
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].text, "kept");
  EXPECT_EQ(kept[1].text,
            "[A text of 12 bytes stood here and is shortened; it began: a long story]");
  EXPECT_EQ(kept[2].text, "[A medium of 20000 bytes stood here and is shortened]");
}

TEST(Narrative_D41, MediaAreSentByUrlAsBytesAndFromFiles) {
  TestWorld world;
  world.files.files["sub/a.pdf"] = "%PDF";
  const auto run = world.run(R"(
[[acts.a.input]]
type = "image"
url = "https://example.org/{{b}}.png?size=1"
[[acts.a.input]]
type = "audio"
base64 = "AAEC"
mime = "audio/wav"
[[acts.a.input]]
type = "document"
file = "./sub/a.pdf"
filename = "The paper"
[acts]
b = "x"
[toc]
order = ["b", "a"]
)");
  ASSERT_EQ(run.status, Status::done) << run.error->message();
  const auto& parts = gemini::parts_of(gemini::contents_of(world.models.calls[1].request).back());
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[0].file_data->file_uri, "https://example.org/to x.png?size=1");
  EXPECT_EQ(parts[0].file_data->mime_type, "image/png");
  EXPECT_EQ(parts[1].inline_data->mime_type, "audio/wav");
  EXPECT_EQ(parts[1].inline_data->data->size(), 3u);
  EXPECT_EQ(parts[2].text, "File The paper:");
  EXPECT_EQ(parts[3].inline_data->mime_type, "application/pdf");
  EXPECT_EQ(parts[3].inline_data->data->size(), 4u);
  const auto failed = world.run("acts.a = { input = [{ type = \"image\", file = \"no.png\" }] }");
  EXPECT_EQ(failed.error->message(), "n.toml:1:21: act a: there is no file no.png");
  EXPECT_EQ(failed.error->detail("code"), "prompt_assembly");
}

TEST(Narrative_N2, TheCacheAnswersTheSamePromptAndNoOther) {
  struct Kept final : AnswerCache {
    std::optional<ModelAnswer> find(const std::string& hash) override {
      const auto found = answers.find(hash);
      if (found == answers.end()) return std::nullopt;
      return found->second;
    }
    Result<void> keep(const std::string& hash, const ModelAnswer& answer) override {
      answers[hash] = answer;
      return {};
    }
    std::map<std::string, ModelAnswer> answers;
  } cache;
  TestWorld world;
  world.ports.cache = &cache;
  RunOptions options;
  options.cache = true;
  const auto text = [](std::string prompt, std::string more = "") {
    return book_of("[acts.a]\ninput = \"" + prompt + "\"\n" + more);
  };
  (void)world.run(text("x"), options);
  const auto run = world.run(text("x"), options);
  EXPECT_EQ(world.models.calls.size(), 1u);
  EXPECT_TRUE(run.acts[0].from_record);
  EXPECT_EQ(run.tokens, Tokens()) << "it costs nothing";
  (void)world.run(text("y"), options);
  (void)world.run(text("x", "temperature = 1\n"), options);
  (void)world.run(text("x", "model = \"other\"\n"), options);
  EXPECT_EQ(world.models.calls.size(), 4u);
  (void)world.run(text("x", "cache = false\n"), options);
  EXPECT_EQ(world.models.calls.size(), 5u);
}

TEST(Narrative_D57, AnAnswerThatWasStoppedIsNoAnswerAndOneThatWasCutIsTold) {
  TestWorld world;
  world.models.answer = [](const ModelCall&) -> Result<ModelAnswer> {
    auto answer = answered("half");
    answer.finish_reason = "SAFETY";
    return answer;
  };
  auto run = world.run("acts.a = \"x\"");
  EXPECT_EQ(run.error->detail("code"), "refused");
  EXPECT_EQ(run.tokens, Tokens(10, 20)) << "it was paid for";
  world.models.answer = [](const ModelCall&) -> Result<ModelAnswer> {
    auto answer = answered("half");
    answer.finish_reason = "MAX_TOKENS";
    return answer;
  };
  run = world.run("acts.a = \"x\"");
  EXPECT_EQ(run.status, Status::done);
  EXPECT_EQ(run.acts[0].notes.size(), 1u);
}

}  // namespace
}  // namespace parley::narrative
