// Conversations of all kinds over networks that break by chance: words, functions, models of two
// generations, policies. A run that fails names its seed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "parley/gemini/live.hpp"
#include "parley/json/value.hpp"

#include "world.hpp"

namespace parley {
namespace {

using namespace gemini;
using std::chrono::milliseconds;
using testing::Break;
using testing::World;
using testing::WorldOptions;

constexpr std::uint64_t kSeeds = 60;
constexpr std::size_t kQuestions = 4;

Break random_break(Random& random) {
  Break out;
  switch (random.below(6)) {
    case 0:
      out.refused = Error(ErrorKind::connect_failed, "the network is not there");
      break;
    case 1:
      out.after_taken = random.below(6) + 1;
      break;
    case 2:
      out.at = milliseconds(random.below(800));
      break;
    case 3:
      out.after_told = random.below(30);
      out.close_code = random.below(2) == 0 ? 1011 : 1001;
      break;
    case 4:
      out.after_told = random.below(60);
      break;
    default:
      break;
  }
  return out;
}

struct Plan {
  explicit Plan(std::uint64_t seed) : random(std::make_shared<SeededRandom>(seed)) {}
  std::shared_ptr<SeededRandom> random;
  bool newer = false;  // a model that takes text as it happens
  WorldOptions options;

  std::uint64_t pick(std::uint64_t below) { return random->below(below); }
};

Plan plan_for(std::uint64_t seed) {
  Plan plan(seed);
  plan.newer = plan.pick(3) == 0;
  LiveOptions live(plan.newer ? "gemini-3.1-flash-live-preview" : "gemini-live-2.5-flash-preview");
  live.answer_in(plan.newer ? Modality::audio : Modality::text);
  if (plan.newer) live.transcribe();
  FunctionDeclaration weather("get_weather");
  weather.parameters =
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value();
  live.declare(weather);
  auto& options = plan.options;
  options.setup = live.setup;
  options.seed = seed;
  options.policy = testing::durable();
  options.policy.retry.stable = milliseconds(500);
  options.policy.hand_over.break_first = plan.pick(4) == 0;
  options.policy.hand_over.handle_wait = milliseconds(plan.pick(200));
  options.policy.hand_over.margin = milliseconds(50);
  options.latency = milliseconds(plan.pick(30));
  options.jitter = milliseconds(plan.pick(20));
  options.live.pace = milliseconds(plan.pick(15) + 1);
  const auto way = plan.pick(3);
  if (way == 0) options.policy.ask_for_handles = false;
  if (way == 1) {
    options.setup.session_resumption.emplace().transparent = true;
    options.live.handle_every = plan.pick(4) + 1;
  }
  if (plan.pick(3) == 0) {
    options.live.lifetime = milliseconds(500 + plan.pick(900));
    options.live.notice = milliseconds(250);
  }
  options.breaks = [random = plan.random](LinkId link) {
    return link <= 6 ? random_break(*random) : Break();
  };
  return plan;
}

std::string log_of(const World& world) {
  std::string log;
  for (const auto& line : world.heard().log) log += line + "\n";
  return log + ::testing::PrintToString(world.heard().answers) + "\n" +
         ::testing::PrintToString(world.taken());
}

// Each call that came is answered once, some time later.
void serve_functions(World& world, Plan& plan, std::size_t& run) {
  for (; run < world.heard().calls.size(); ++run) {
    const auto call = world.heard().calls[run];
    world.run_for(milliseconds(plan.pick(200)));
    FunctionResponse response(call.name);
    response.id = call.id;
    response.response = json::Object{{"output", fmt::format("{} degrees", run + 11)}};
    world.send(answers_message({response}));
  }
}

// How often a connection was lost.
void converse(std::uint64_t seed, std::uint64_t& losses) {
  auto plan = plan_for(seed);
  World world(plan.options);
  std::size_t run = 0, calls = 0;
  for (std::size_t i = 0; i < kQuestions; ++i) {
    const bool function = plan.pick(3) == 0;
    const auto question = function ? fmt::format("What is the weather in City{}?", i)
                                   : fmt::format("repeat: answer {}", i);
    const auto wanted = function ? fmt::format("{} degrees", ++calls + 10) : question.substr(8);
    if (plan.newer)
      world.send(text_message(question));
    else
      world.say(question);
    const bool answered = world.run_until([&] {
      serve_functions(world, plan, run);
      return world.heard().answers.size() > i || world.core().is_over();
    });
    const auto where = fmt::format("seed {}, question {}\n{}", seed, i, log_of(world));
    ASSERT_TRUE(answered && !world.core().is_over()) << where;
    ASSERT_EQ(world.heard().answers.size(), i + 1) << where;
    ASSERT_NE(world.heard().answers.back().find(wanted), std::string::npos) << where;
    ASSERT_EQ(run, calls) << "a function is run once: " << where;
  }
  world.run_for(std::chrono::seconds(30));
  ASSERT_EQ(world.heard().answers.size(), kQuestions) << "seed " << seed << "\n" << log_of(world);
  losses += world.core().counters().losses;
  ASSERT_EQ(world.heard().lost + world.sends_refused(), 0u) << "seed " << seed << log_of(world);
}

TEST(Continuity_B35_W3, WordsAndFunctionsOfTwoGenerationsSurviveRandomFaults) {
  std::uint64_t losses = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds && !::testing::Test::HasFatalFailure(); ++seed)
    converse(seed, losses);
  EXPECT_GT(losses, kSeeds);
}

}  // namespace
}  // namespace parley
