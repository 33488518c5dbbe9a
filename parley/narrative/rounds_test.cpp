// Carousels, compositions, records and what a run does when it is stopped.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/base/random.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/forecast.hpp"
#include "parley/narrative/plan.hpp"
#include "parley/narrative/test_world.hpp"

namespace parley::narrative {
namespace {

using testing::answered;
using testing::book_of;
using testing::prompt_of;
using testing::TestWorld;

Error quota(const char* id) {
  return Error(ErrorKind::rate_limited, "quota")
      .with_retry_after(std::chrono::seconds(7))
      .with_detail("quota_id", id);
}

TEST(Carousel_D49_D50, RoundsOfANarrativeAndOfAnActRun) {
  TestWorld world;
  auto run = world.run(R"(
[narrative]
carousel = { iterations = 3 }
[acts]
a = "round {{iteration}}"
b = "of {{a}}"
)");
  EXPECT_EQ(run.status, Status::done);
  EXPECT_EQ(run.rounds, 3);
  EXPECT_EQ(world.models.calls.size(), 6u);
  EXPECT_EQ(world.models.calls[4].act, "[3]/a");
  EXPECT_EQ(run.output, "to of to round 3");
  run = world.run("[acts.a]\ninput = \"round {{iteration}}\"\ncarousel = { iterations = 4 }\n");
  EXPECT_EQ(run.acts[0].rounds, 4);
  EXPECT_EQ(run.output, "to round 4");
}

TEST(Carousel_D49, TheBudgetIsCheckedBeforeEachRound) {
  TestWorld world;
  const auto run = world.run(R"(
[narrative]
carousel = { iterations = 9, estimated_tokens_per_iteration = 100, budget = { tokens = 1100 } }
[acts]
a = "x"
)");
  EXPECT_EQ(run.status, Status::failed);
  EXPECT_EQ(run.rounds, 4) << "30 tokens each, and a call may need 1001";
  EXPECT_EQ(run.rounds_planned, 9);
  EXPECT_EQ(run.error->detail("code"), "carousel_budget_exhausted");
  EXPECT_TRUE(run.error->message().starts_with("4 of 9 rounds were completed: "));
}

TEST(Carousel_D50, AMinuteQuotaIsWaitedForAndNothingIsPaidTwice) {
  TestWorld world;
  int refusals = 0;
  world.models.answer = [&](const ModelCall& call) -> Result<ModelAnswer> {
    if (call.act == "[2]/b" && refusals++ < 2) return fail(quota("RequestsPerMinute"));
    return answered("ok");
  };
  auto run =
      world.run("[narrative]\ncarousel = { iterations = 2 }\n[acts]\na = \"x\"\nb = \"y\"\n");
  EXPECT_EQ(run.status, Status::done);
  EXPECT_EQ(run.rounds, 2);
  EXPECT_EQ(world.timer.waits.size(), 2u);
  EXPECT_EQ(world.timer.waits.front(), std::chrono::seconds(7));
  int asked = 0;
  for (const auto& call : world.models.calls) asked += call.act == "[2]/a";
  EXPECT_EQ(asked, 1) << "the first act of the round was answered";
  EXPECT_EQ(run.tokens, Tokens(40, 80));
  world.models.answer = [&](const ModelCall& call) -> Result<ModelAnswer> {
    if (call.act == "[2]/b") return fail(quota("RequestsPerDay"));
    return answered("ok");
  };
  world.timer.waits.clear();
  run = world.run(
      "[narrative]\ncarousel = { iterations = 5, continue_on_error = true }\n[acts]\na = "
      "\"x\"\nb = \"y\"\n");
  EXPECT_EQ(run.status, Status::failed) << "a day's quota ends it";
  EXPECT_EQ(run.rounds, 1);
  EXPECT_TRUE(world.timer.waits.empty());
}

TEST(Carousel_D49, ContinueOnErrorCountsTruthfully) {
  TestWorld world;
  world.models.answer = [](const ModelCall& call) -> Result<ModelAnswer> {
    if (call.act == "[2]/a") return fail(ErrorKind::service, "broken");
    return answered("ok");
  };
  const auto run = world.run(
      "[narrative]\ncarousel = { iterations = 3, continue_on_error = true }\n[acts]\na = \"x\"\n");
  EXPECT_EQ(run.status, Status::done);
  EXPECT_EQ(run.rounds, 2);
  EXPECT_EQ(run.rounds_planned, 3);
}

TEST(Narrative_D20, OfSeveralSharesOfTheLimitsTheLeastHolds) {
  struct Held final : Lease {
    explicit Held(std::vector<Tokens>& into) : used(into) {}
    void settle(const Tokens& tokens) override { used.push_back(tokens); }
    void fail(const Error&) override { used.emplace_back(-1, -1); }
    std::vector<Tokens>& used;
  };
  struct Asked final : Limits {
    Task<Result<std::unique_ptr<Lease>>> reserve(Charge charge) override {
      charges.push_back(std::move(charge));
      std::unique_ptr<Lease> lease = std::make_unique<Held>(used);
      co_return lease;
    }
    std::chrono::milliseconds forecast(const std::vector<Charge>&) const override {
      return std::chrono::milliseconds(0);
    }
    std::vector<Charge> charges;
    std::vector<Tokens> used;
  } limits;
  TestWorld world;
  world.ports.limits = &limits;
  const auto book = book_of(R"(
[narrative]
budget = { rpm_multiplier = 0.5, tpm_multiplier = 0.4 }
[acts]
a = "x"
[acts.b]
input = "y"
carousel = { iterations = 1, budget = { rpm_multiplier = 0.7, tpm_multiplier = 0.3 } }
)");
  RunOptions options;
  options.budget.rpm = 0.6;
  ASSERT_EQ(world.run(book, options).status, Status::done);
  ASSERT_EQ(limits.charges.size(), 2u);
  EXPECT_EQ(limits.charges[0].shares.rpm, 0.5);
  EXPECT_EQ(limits.charges[0].shares.tpm, 0.4);
  EXPECT_EQ(limits.charges[0].shares.rpd, 0.8) << "nobody says";
  EXPECT_EQ(limits.charges[1].shares.rpm, 0.5);
  EXPECT_EQ(limits.charges[1].shares.tpm, 0.3);
  EXPECT_EQ(limits.used, std::vector(2, Tokens(10, 20)));
}

TEST(Composition_D51, ANestedNarrativeRunsAndItsResultIsUsable) {
  TestWorld world;
  const auto book = book_of(R"(
[narrative]
name = "outer"
[acts]
inner = { narrative = "facts" }
write = ["From {{inner}}", "narrative:facts"]
[narratives.facts.acts]
a = "Fact"
)");
  auto run = world.run(book, RunOptions(), "outer");
  ASSERT_EQ(run.status, Status::done) << run.error->message();
  EXPECT_EQ(world.models.calls[0].act, "inner/a");
  EXPECT_EQ(world.models.calls[1].act, "write/facts/a");
  EXPECT_EQ(prompt_of(world.models.calls[2]), "From to Fact|Result of narrative facts:\nto Fact");
  world.models.answer = [](const ModelCall&) -> Result<ModelAnswer> {
    return fail(ErrorKind::service, "broken");
  };
  run = world.run(book, RunOptions(), "outer");
  EXPECT_EQ(run.error->message(), "narrative facts: broken");
}

// Asks until it is cancelled.
class Endless final : public ModelCaller {
 public:
  Task<Result<ModelAnswer>> ask(ModelCall) override {
    ++asked;
    boost::asio::steady_timer never(co_await boost::asio::this_coro::executor,
                                    std::chrono::hours(1));
    if (on_ask) on_ask();
    co_await never.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    ++cancelled;
    co_return fail(ErrorKind::cancelled, "stopped");
  }
  std::function<void()> on_ask;
  int asked = 0, cancelled = 0;
};

Task<void> run_into(const Book& book, Ports& ports, RunResult& result) {
  result = co_await run(book, book.own.front(), RunOptions(), ports);
}

TEST(Narrative_N7, CancellationReachesEveryCallUnderWay) {
  TestWorld world;
  Endless endless;
  world.ports.models = &endless;
  const auto book = book_of(
      "[narrative]\nhistory = \"none\"\n[acts]\na = \"x\"\nb = \"y\"\nn = { narrative = \"m\" }\nz "
      "= "
      "\"{{a}}\"\n[narratives.m.acts]\ni = \"j\"\n");
  boost::asio::io_context loop(1);
  boost::asio::cancellation_signal signal;
  endless.on_ask = [&] {
    if (endless.asked == 3)
      boost::asio::post(loop, [&] { signal.emit(boost::asio::cancellation_type::terminal); });
  };
  RunResult result;
  boost::asio::co_spawn(
      loop, run_into(book, world.ports, result),
      boost::asio::bind_cancellation_slot(signal.slot(),
                                          [](std::exception_ptr thrown) { EXPECT_FALSE(thrown); }));
  loop.run();
  EXPECT_EQ(endless.cancelled, 3);
  EXPECT_EQ(result.status, Status::cancelled);
  EXPECT_EQ(result.acts.back().status, Status::not_run);
  EXPECT_EQ(world.journal.entries().back().status, "cancelled");
}

TEST(Record_N1, ARunThatStoppedAnywhereGoesOnAndPaysNothingTwice) {
  const auto book = book_of(R"(
[narrative]
history = "none"
[acts]
a = "one"
b = "two"
c = { input = "{{a}} {{b}} {{iteration}}", loop = { at_most = 3, until = { contains = "3" } } }
d = { input = "{{c}}", carousel = { iterations = 2 }, save = "last" }
)");
  TestWorld whole;
  const auto expected = whole.run(book);
  ASSERT_EQ(expected.status, Status::done) << expected.error->message();
  const auto paid = whole.models.calls.size();
  for (std::size_t room = 1; room < whole.journal.lines.size(); ++room) {
    TestWorld first;
    first.journal.room = room;
    const auto broken = first.run(book);
    EXPECT_EQ(broken.status, Status::failed) << room;
    std::size_t answers = 0;
    const auto entries = first.journal.entries();
    for (const auto& entry : entries) answers += entry.type == EntryType::answer;
    TestWorld second;
    RunOptions options;
    options.replay = Replay(entries);
    options.resumed = true;
    const auto resumed = second.run(book, options);
    ASSERT_EQ(resumed.status, Status::done) << room << ": " << resumed.error->message();
    EXPECT_EQ(resumed.output, expected.output) << room;
    EXPECT_EQ(second.models.calls.size(), paid - answers) << room;
    EXPECT_EQ(resumed.tokens, expected.tokens) << room;
  }
}

TEST(Record_N11, AGoldenRunAsksNobodyAndFindsDifferences) {
  const auto book = book_of("acts.a = \"x\"\nacts.b = \"{{a}}\"\n");
  TestWorld world;
  const auto first = world.run(book);
  RunOptions options;
  options.replay = Replay(world.journal.entries());
  const auto calls = world.models.calls.size();
  auto again = world.run(book, options);
  EXPECT_EQ(world.models.calls.size(), calls);
  EXPECT_EQ(again.output, first.output);
  EXPECT_TRUE(again.unused.empty());
  again = world.run(book_of("acts.a = \"changed\"\nacts.b = \"{{a}}\"\n"), options);
  EXPECT_EQ(again.unused.size(), 2u);
}

// A narrative by chance, whose templates and `after` refer back.
std::string some_narrative(Random& random) {
  const auto count = 2 + random.below(8);
  std::string text = "[narrative]\nhistory = \"none\"\n[acts]\n", toc;
  for (std::uint64_t act = 0; act < count; ++act) {
    std::string input = "act" + std::to_string(act), after;
    for (std::uint64_t other = 0; other < count; ++other) {
      if (other >= act) continue;
      if (random.below(4) == 0) input += " {{a" + std::to_string(other) + "}}";
      if (random.below(6) == 0) after += "\"a" + std::to_string(other) + "\",";
    }
    if (act > 0 && random.below(5) == 0) input += " {{previous}}";
    text += "a" + std::to_string(act) + " = { input = \"" + input + "\", after = [" + after + "]" +
            (random.below(4) == 0 ? ", carousel = { iterations = 2 }" : "") +
            (random.below(5) == 0 ? ", history = \"all\"" : "") + " }\n";
  }
  return text;
}

TEST(Narrative_N4, RandomNarrativesRunInTheOrderOfTheirPlanAndReplayToTheSame) {
  SeededRandom random(2026);
  for (int round = 0; round < 60; ++round) {
    const auto text = some_narrative(random);
    SCOPED_TRACE(text);
    const auto book = book_of(text);
    const auto& one = *book.find("n");
    TestWorld world;
    const auto run = world.run(book);
    ASSERT_EQ(run.status, Status::done) << run.error->message();
    const auto plan_of = plan(one);
    const auto entries = world.journal.entries();
    std::map<std::string, std::size_t> began, ended;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].type == EntryType::act) began[entries[i].path] = i;
      if (entries[i].type == EntryType::end_act) ended[entries[i].path] = i;
    }
    for (std::size_t act = 0; act < one.acts.size(); ++act)
      for (const int need : plan_of.needs[act])
        EXPECT_LT(ended[one.acts[static_cast<std::size_t>(need)].name], began[one.acts[act].name]);
    RunOptions options;
    options.replay = Replay(entries);
    TestWorld other;
    const auto again = other.run(book, options);
    EXPECT_EQ(other.models.calls.size(), 0u);
    EXPECT_EQ(again.output, run.output);
    ASSERT_EQ(again.acts.size(), run.acts.size());
    for (std::size_t i = 0; i < run.acts.size(); ++i)
      EXPECT_EQ(again.acts[i].output, run.acts[i].output);
  }
}

TEST(DryRun_N9, PromptsTokensAndPricesAreToldAndNobodyIsAsked) {
  const auto book = book_of(R"(
[narrative]
budget = { tokens = 3000 }
[acts]
a = "0123456789abcdef"
b = { input = "Use {{a}} and {{a.title}}", max_tokens = 100, output = { format = "json", repairs = 1 } }
c = { input = "Maybe", when = { value = "{{b}}", contains = "x" } }
d = { input = "${state:none}", history = "none", loop = { at_most = 3, until = { contains = "x" } } }
[prices."gemini-2.5-flash"]
input = 1
output = 10
)");
  TestWorld world;
  auto task = forecast(book, "n", RunOptions(), world.ports);
  const auto told = parley::run(std::move(task));
  ASSERT_FALSE(told.error) << told.error->message();
  EXPECT_TRUE(world.models.calls.empty());
  EXPECT_TRUE(world.journal.lines.empty());
  ASSERT_EQ(told.calls.size(), 4u);
  EXPECT_EQ(told.calls[0].low, Tokens(4, 1));
  EXPECT_EQ(told.calls[0].high, Tokens(4, 1000));
  EXPECT_DOUBLE_EQ(*told.calls[0].high_cost, 0.010004);
  EXPECT_EQ(told.calls[1].most, 2);
  EXPECT_EQ(told.calls[2].least, 0);
  EXPECT_EQ(told.calls[3].most, 3);
  const auto text = json::to_string(*told.calls[1].request);
  EXPECT_NE(text.find("Use <answer of act a> and <answer of act a> title"), std::string::npos)
      << text;
  ASSERT_EQ(told.notes.size(), 1u);
  EXPECT_NE(told.notes[0].find("narrative n has a budget of 3000 tokens"), std::string::npos);
}

}  // namespace
}  // namespace parley::narrative
