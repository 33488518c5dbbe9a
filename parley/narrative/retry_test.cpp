#include "parley/narrative/test_world.hpp"

// How often an act asks, and whom.
namespace parley::narrative {
namespace {

using testing::answered;
using testing::book_of;
using testing::TestWorld;

TEST(Narrative_N6, RetriesAndFallbackModelsAreToldAndRecorded) {
  TestWorld world;
  world.models.answer = [&](const ModelCall& call) -> Result<ModelAnswer> {
    if (call.model == "best") return fail(ErrorKind::unavailable, "overloaded");
    auto answer = answered("hello");
    answer.model = "second-001";
    return answer;
  };
  const auto run = world.run(R"(
[acts.a]
input = "x"
model = "best"
retry = { attempts = 3, delay = "1s", cap = "90s", fallback = ["second"] }
)");
  EXPECT_EQ(run.status, Status::done);
  EXPECT_EQ(run.acts[0].model, "second-001");
  ASSERT_EQ(run.acts[0].notes.size(), 1u);
  EXPECT_NE(run.acts[0].notes[0].find("best did not answer (unavailable: overloaded)"),
            std::string::npos);
  EXPECT_EQ(world.timer.waits,
            (std::vector{std::chrono::milliseconds(1000), std::chrono::milliseconds(2000)}));
  int failures = 0;
  for (const auto& entry : world.journal.entries()) failures += entry.type == EntryType::failure;
  EXPECT_EQ(failures, 3);
}

TEST(Narrative_N6, ThePolicyMayChangeWhileAnActWaits) {
  TestWorld world;
  std::vector<std::string> asked;
  int attempts = 2;
  std::vector<std::string> fallback;
  world.models.answer = [&](const ModelCall& call) -> Result<ModelAnswer> {
    asked.push_back(call.model);
    // After the first failure somebody allows more, and names another model.
    if (asked.size() == 1) attempts = 3;
    if (asked.size() == 3) fallback = {"second"};
    if (call.model == "best") return fail(ErrorKind::unavailable, "overloaded");
    return answered("hello");
  };
  const auto book = book_of("[acts.a]\ninput = \"x\"\nmodel = \"best\"\n");
  RunOptions options;
  options.retry = [&](const std::string& act, const Retry& of_file) {
    EXPECT_EQ(act, "a");
    auto out = of_file;
    out.attempts = attempts;
    out.fallback = fallback;
    return out;
  };
  const auto run = world.run(book, options);
  EXPECT_EQ(run.status, Status::done);
  EXPECT_EQ(asked, (std::vector<std::string>{"best", "best", "best", "second"}));
  std::string answered_by;
  for (const auto& entry : world.journal.entries())
    if (entry.type == EntryType::answer) answered_by = entry.model;
  EXPECT_EQ(answered_by, "second");
}

TEST(Narrative_N6, EachActMayHaveItsOwnPolicy) {
  TestWorld world;
  world.models.answer = [&](const ModelCall& call) -> Result<ModelAnswer> {
    if (call.act == "b") return fail(ErrorKind::unavailable, "overloaded");
    return answered("hello");
  };
  const auto book = book_of(
      "[narrative]\nretry = { attempts = 2 }\n[acts.a]\ninput = \"x\"\n[acts.b]\ninput = \"y\"\n"
      "retry = { attempts = 4, delay = \"3s\" }\n");
  const auto run = world.run(book);
  EXPECT_EQ(run.status, Status::failed);
  EXPECT_EQ(world.models.calls.size(), 5u);
  EXPECT_EQ(world.timer.waits,
            (std::vector{std::chrono::milliseconds(3000), std::chrono::milliseconds(6000),
                         std::chrono::milliseconds(12000)}));
}

TEST(Narrative_W30, AnActComesBackWhenTheServiceSays) {
  TestWorld world;
  int asked = 0;
  world.models.answer = [&](const ModelCall&) -> Result<ModelAnswer> {
    if (++asked == 1)
      return fail(
          Error(ErrorKind::rate_limited, "quota").with_retry_after(std::chrono::seconds(7)));
    if (asked == 2) return fail(ErrorKind::rate_limited, "Quota exceeded. Please retry in 2.5s.");
    return answered("hello");
  };
  const auto run = world.run(book_of("[acts.a]\ninput = \"x\"\nretry = { attempts = 3 }\n"));
  EXPECT_EQ(run.status, Status::done);
  EXPECT_EQ(world.timer.waits,
            (std::vector{std::chrono::milliseconds(7000), std::chrono::milliseconds(2500)}));
}

}  // namespace
}  // namespace parley::narrative
