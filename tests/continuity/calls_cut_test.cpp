// Conversations with functions, and such that are spoken, cut at every message.
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

enum class Way { transparent, handle, seeded };
constexpr Way kWays[] = {Way::transparent, Way::handle, Way::seeded};

void go_on_by(Way way, WorldOptions& options) {
  if (way == Way::seeded) options.policy.ask_for_handles = false;
  if (way != Way::transparent) return;
  options.setup.session_resumption.emplace().transparent = true;
  options.live.handle_every = 1;
}

std::string log_of(World& world) {
  std::string log;
  for (const auto& line : world.heard().log) log += line + "\n";
  return log;
}

// The first connection ends at that message: those of the service, then those of the program.
void cut_at(WorldOptions& options, std::size_t at, std::size_t told) {
  options.breaks = [at, told](LinkId link) {
    Break fault;
    if (link == 1 && at < told) fault.after_told = at;
    if (link == 1 && at >= told) fault.after_taken = at - told + 1;
    return fault;
  };
}

WorldOptions with_functions(Way way) {
  WorldOptions options;
  LiveOptions live("gemini-live-2.5-flash-preview");
  live.answer_in(Modality::text);
  FunctionDeclaration weather("get_weather");
  weather.parameters =
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value();
  live.declare(weather);
  options.setup = live.setup;
  options.policy = testing::durable();
  go_on_by(way, options);
  return options;
}

// Answers each call once, some time after it came.
struct Functions {
  std::size_t run = 0;
  void serve(World& world) {
    for (; run < world.heard().calls.size(); ++run) {
      const auto call = world.heard().calls[run];
      world.run_for(milliseconds(7));
      FunctionResponse response(call.name);
      response.id = call.id;
      response.response = json::Object{{"output", fmt::format("{} degrees", run + 11)}};
      world.send(answers_message({response}));
    }
  }
};

void ask(World& world, Functions& functions, std::string_view question, std::size_t turns) {
  world.say(question);
  const bool answered = world.run_until([&] {
    functions.serve(world);
    return world.heard().answers.size() >= turns || world.core().is_over();
  });
  ASSERT_TRUE(answered && !world.core().is_over());
}

void talk(World& world, Functions& functions) {
  ask(world, functions, "repeat: good evening", 1);
  ask(world, functions, "What is the weather in Oslo?", 2);
  ask(world, functions, "repeat: thank you", 3);
}

void cut_calls(Way way) {
  std::size_t told = 0, taken = 0;
  {
    World world(with_functions(way));
    Functions functions;
    talk(world, functions);
    ASSERT_EQ(functions.run, 1u);
    told = world.messages_told();
    taken = world.messages_taken();
  }
  for (std::size_t at = 0; at <= told + taken; ++at) {
    auto options = with_functions(way);
    cut_at(options, at, told);
    World world(std::move(options));
    Functions functions;
    talk(world, functions);
    SCOPED_TRACE(fmt::format("way {}, cut {} of {} + {}\n{}", static_cast<int>(way), at, told,
                             taken, log_of(world)));
    ASSERT_FALSE(::testing::Test::HasFatalFailure());
    EXPECT_EQ(functions.run, 1u) << "a function is run once";
    EXPECT_EQ(world.heard().answers.size(), 3u);
    EXPECT_NE(world.heard().answers[1].find("11 degrees"), std::string::npos)
        << world.heard().answers[1];
    EXPECT_EQ(world.heard().answers[2], "thank you");
    EXPECT_EQ(world.heard().lost, 0u);
    EXPECT_TRUE(world.heard().cancelled.empty());
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Continuity_W3_B35, FunctionsAreRunOnceWhereverTheConnectionIsCut) {
  for (const auto way : kWays) cut_calls(way);
}

// 0.4 seconds for each piece; its number is in its first sample.
constexpr int kRate = 8'000;
Bytes piece(int number, bool loud) {
  Bytes pcm(kRate * 2 * 4 / 10);
  pcm[0] = static_cast<std::byte>(number & 0xff);
  pcm[1] = static_cast<std::byte>(number >> 8);
  for (std::size_t i = 2; loud && i < pcm.size(); i += 2)
    pcm[i + 1] = std::byte((i / 32) % 2 ? 0x20 : 0xe0);
  return pcm;
}

WorldOptions spoken(Way way) {
  WorldOptions options;
  options.setup = testing::speech_setup();
  options.policy = testing::durable();
  options.live.hears = {"repeat: one", "repeat: two"};
  go_on_by(way, options);
  return options;
}

constexpr int kPieces = 16;
// Twice somebody speaks for a little more than a second, and waits.
void speak(World& world) {
  for (int number = 0; number < kPieces; ++number) {
    world.send(audio_message(piece(number + 1, number % 8 < 3), kRate));
    world.run_for(milliseconds(400));
  }
  world.run_for(std::chrono::seconds(10));
}

bool moved_by_handle_alone(const World& world) {
  for (const auto& event : world.heard().news) {
    const auto* done = std::get_if<HandoverDone>(&event);
    if ((done && done->start == LinkStart::seeded) || std::holds_alternative<HistorySeeded>(event))
      return false;
  }
  return true;
}

void cut_speech(Way way) {
  std::size_t told = 0, taken = 0, turns = 0;
  {
    World world(spoken(way));
    speak(world);
    told = world.messages_told();
    taken = world.messages_taken();
    turns = world.heard().answers.size();
    ASSERT_EQ(turns, 2u) << log_of(world);
  }
  for (std::size_t at = 0; at <= told + taken; ++at) {
    auto options = spoken(way);
    cut_at(options, at, told);
    World world(std::move(options));
    speak(world);
    SCOPED_TRACE(fmt::format("way {}, cut {} of {} + {}\n{}{}", static_cast<int>(way), at, told,
                             taken, log_of(world), ::testing::PrintToString(world.taken())));
    EXPECT_EQ(world.heard().answers.size(), turns) << "each time it is answered once";
    EXPECT_EQ(world.heard().lost, 0u);
    std::vector<std::string> wanted;
    for (int number = 1; number <= kPieces; ++number) wanted.push_back(fmt::format("a{}", number));
    if (way == Way::transparent && moved_by_handle_alone(world)) {
      EXPECT_EQ(world.taken(), wanted);
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Continuity_B36, EachPieceOfSpeechIsTakenOnceWhereverATransparentConnectionIsCut) {
  cut_speech(Way::transparent);
}
TEST(Continuity_B35, WhatIsSpokenIsAnsweredOnceWhereverTheConnectionIsCutByHandle) {
  cut_speech(Way::handle);
}
TEST(Continuity_B35, WhatIsSpokenIsAnsweredOnceWhereverTheConnectionIsCutByHistory) {
  cut_speech(Way::seeded);
}

}  // namespace
}  // namespace parley
