// A scripted conversation is cut at every message, in each of the three ways to go on.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace parley {
namespace {

using namespace gemini;
using testing::Break;
using testing::World;
using testing::WorldOptions;

enum class Way { transparent, handle, seeded };

WorldOptions options_for(Way way) {
  WorldOptions options;
  options.setup = testing::text_setup();
  options.policy = testing::durable();
  if (way == Way::seeded) options.policy.ask_for_handles = false;
  if (way == Way::transparent) {
    options.setup.session_resumption.emplace().transparent = true;
    options.live.handle_every = 1;
  }
  return options;
}

const std::vector<std::string> kWords = {"one", "two four", "three", "five six seven", "eight"};

// Five questions, each asked when the one before is answered; the last two in one breath.
bool talk(World& world) {
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    world.say("repeat: " + kWords[i]);
    if (i + 2 == kWords.size()) continue;
    if (!world.run_until([&] { return world.heard().answers.size() > i; })) return false;
  }
  return true;
}

void expect_whole(World& world, const std::string& where) {
  SCOPED_TRACE(where + "\n" + [&] {
    std::string log;
    for (const auto& line : world.heard().log) log += line + "\n";
    return log;
  }());
  ASSERT_TRUE(world.run_until([&] { return world.heard().answers.size() >= kWords.size(); }));
  std::vector<std::string> asked;
  for (const auto& mark : world.taken()) asked.push_back(mark);
  std::vector<std::string> wanted;
  for (const auto& words : kWords) wanted.push_back("repeat: " + words);
  EXPECT_EQ(asked, wanted);
  EXPECT_EQ(world.heard().answers.back(), kWords.back());
  EXPECT_EQ(world.heard().lost, 0u);
}

struct Reference {
  std::size_t told, taken;
};
Reference reference(Way way) {
  World world(options_for(way));
  EXPECT_TRUE(talk(world));
  expect_whole(world, "without a cut");
  EXPECT_EQ(world.journal().size(), 1u);
  return {world.messages_told(), world.messages_taken()};
}

void cut_everywhere(Way way) {
  const auto [told, taken] = reference(way);
  EXPECT_GT(told, 15u);
  EXPECT_GE(taken, 6u);
  for (std::size_t at = 0; at <= told + taken; ++at) {
    auto options = options_for(way);
    options.breaks = [at, told = told](LinkId link) {
      Break fault;
      if (link == 1 && at < told) fault.after_told = at;
      if (link == 1 && at >= told) fault.after_taken = at - told + 1;
      return fault;
    };
    World world(std::move(options));
    ASSERT_TRUE(talk(world)) << "cut " << at;
    expect_whole(world, fmt::format("cut {} of {} + {}", at, told, taken));
    // A cut behind the last answer: the next connection comes still, and knows the same.
    EXPECT_TRUE(world.run_until([&] { return world.core().is_connected(); }));
    world.run_for(std::chrono::seconds(5));
    expect_whole(world, fmt::format("behind cut {}", at));
    EXPECT_EQ(world.open_links(), 1u);
  }
}

TEST(Continuity_B35_B36, CutAtEveryMessageNothingIsLostOrTwiceTransparent) {
  cut_everywhere(Way::transparent);
}
TEST(Continuity_B35, CutAtEveryMessageNothingIsLostOrTwiceByHandle) {
  cut_everywhere(Way::handle);
}
TEST(Continuity_B35, CutAtEveryMessageNothingIsLostOrTwiceByHistory) {
  cut_everywhere(Way::seeded);
}

}  // namespace
}  // namespace parley
