// Conversations over networks that break by chance, from seeds. A run that fails names its seed.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "parley/gemini/live.hpp"

#include "world.hpp"

namespace parley {
namespace {

using namespace gemini;
using std::chrono::milliseconds;
using testing::Break;
using testing::World;
using testing::WorldOptions;

// PARLEY_SEEDS=100000 tries more than the suite does.
int seeds() {
  const char* wanted = std::getenv("PARLEY_SEEDS");
  return wanted == nullptr ? 1'000 : std::atoi(wanted);
}
constexpr int kQuestions = 5;

Error network_error(ErrorKind kind) {
  return Error(kind, "the network is not there");
}

Break random_break(Random& random) {
  Break out;
  switch (random.below(7)) {
    case 0:
      out.refused = network_error(ErrorKind::connect_failed);
      break;
    case 1:
      out.after_taken = random.below(5) + 1;
      break;
    case 2:
      out.at = milliseconds(random.below(400));
      break;
    case 3:
      out.after_told = random.below(25);
      out.close_code = 1011;
      out.reason = "The service is currently unavailable.";
      break;
    case 4:
      out.after_told = random.below(25);
      out.close_code = 1012;
      break;
    case 5:
      out.after_told = random.below(40);
      break;
    default:
      break;
  }
  return out;
}

WorldOptions options_for(std::uint64_t seed) {
  auto random = std::make_shared<SeededRandom>(seed);
  WorldOptions options;
  options.seed = seed;
  options.setup = testing::text_setup();
  options.policy = testing::durable();
  options.policy.retry.stable = milliseconds(500);
  options.latency = milliseconds(random->below(30));
  options.jitter = milliseconds(random->below(20));
  options.live.pace = milliseconds(random->below(20) + 1);
  if (seed % 3 == 0) options.policy.ask_for_handles = false;
  if (seed % 3 == 1) {
    options.setup.session_resumption.emplace().transparent = true;
    options.live.handle_every = random->below(4) + 1;
  }
  if (random->below(3) == 0) {
    options.live.lifetime = milliseconds(300 + random->below(600));
    options.live.notice = milliseconds(200);
    options.policy.hand_over.margin = milliseconds(50);
    options.policy.hand_over.handle_wait = milliseconds(80);
  }
  options.breaks = [random](LinkId link) { return link <= 8 ? random_break(*random) : Break(); };
  return options;
}

std::string log_of(const World& world) {
  std::string log;
  for (const auto& line : world.heard().log) log += line + "\n";
  return log;
}

// In order, each once; a doubtful one may be there twice.
bool is_whole(const World& world) {
  std::size_t wanted = 0, twice = 0;
  for (const auto& mark : world.taken()) {
    if (wanted < kQuestions && mark == fmt::format("repeat: answer {}", wanted))
      ++wanted;
    else
      ++twice;
  }
  return wanted == kQuestions && twice <= world.heard().doubtful;
}

void converse(std::uint64_t seed) {
  World world(options_for(seed));
  for (std::size_t i = 0; i < kQuestions; ++i) {
    world.say(fmt::format("repeat: answer {}", i));
    const bool answered =
        world.run_until([&] { return world.heard().answers.size() > i || world.core().is_over(); });
    ASSERT_TRUE(answered && !world.core().is_over()) << "seed " << seed << "\n" << log_of(world);
    ASSERT_EQ(world.heard().answers.back(), fmt::format("answer {}", i)) << "seed " << seed << "\n"
                                                                         << log_of(world);
    ASSERT_EQ(world.heard().answers.size(), i + 1) << "seed " << seed << "\n" << log_of(world);
  }
  // What a hand-over told the next connection may still be on its way.
  ASSERT_TRUE(world.run_until([&] { return is_whole(world); }))
      << "seed " << seed << ": " << ::testing::PrintToString(world.taken()) << "\n"
      << log_of(world);
  ASSERT_EQ(world.heard().lost, 0u) << "seed " << seed;
  world.close();
  world.run_for(std::chrono::seconds(30));
  ASSERT_TRUE(world.core().is_over()) << "seed " << seed << "\n" << log_of(world);
  ASSERT_EQ(world.open_links(), 0u) << "seed " << seed << "\n" << log_of(world);
}

TEST(Continuity_B35_W4, AThousandTalksWithRandomFaultsLoseAndDoubleNothing) {
  const auto begun = std::chrono::steady_clock::now();
  const int wanted = seeds();
  int runs = 0;
  for (; runs < wanted && !::testing::Test::HasFatalFailure(); ++runs)
    converse(static_cast<std::uint64_t>(runs) + 1);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  RecordProperty("runs_per_second", static_cast<int>(runs / took.count()));
  std::cout << fmt::format("{} conversations, {:.0f} a second\n", runs, runs / took.count());
}

}  // namespace
}  // namespace parley
