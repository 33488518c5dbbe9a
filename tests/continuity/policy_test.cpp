// What each part of a policy does, and that without one nothing is done.
#include <algorithm>

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

WorldOptions plain() {
  WorldOptions options;
  options.setup = testing::text_setup();
  return options;
}

WorldOptions lasting() {
  auto options = plain();
  options.policy = testing::durable();
  return options;
}

bool answered(World& world, std::size_t turns) {
  return world.run_until([&] { return world.heard().answers.size() >= turns; });
}

template <class Event>
std::vector<Event> all(const World& world) {
  std::vector<Event> out;
  for (const auto& event : world.heard().news)
    if (const auto* one = std::get_if<Event>(&event)) out.push_back(*one);
  return out;
}

Break cut_after(std::size_t told) {
  Break out;
  out.after_told = told;
  return out;
}

TEST(Continuity_B35, WithoutAPolicyThereIsOneAttemptAndTheEndIsTheEnd) {
  auto options = plain();
  options.breaks = [](LinkId) { return cut_after(3); };
  World world(std::move(options));
  world.say("repeat: one two three four five six");
  ASSERT_TRUE(world.run_until([&] { return world.core().is_over(); }));
  world.run_for(std::chrono::hours(1));
  EXPECT_EQ(world.journal().size(), 1u);
  EXPECT_FALSE(world.journal()[0].session_resumption) << "nothing is asked for";
  EXPECT_EQ(world.core().outcome().error().kind(), ErrorKind::disconnected);
  EXPECT_EQ(all<ConnectionLost>(world).at(0).action, CloseAction::stop);
}

TEST(Continuity_B35, WithoutAPolicyARefusedConnectionIsNotTriedAgain) {
  auto options = plain();
  options.breaks = [](LinkId) {
    Break out;
    out.refused = Error(ErrorKind::connect_failed, "nobody listens");
    return out;
  };
  World world(std::move(options));
  world.say("never said");
  ASSERT_TRUE(world.run_until([&] { return world.core().is_over(); }));
  EXPECT_EQ(world.journal().size(), 1u);
  EXPECT_EQ(world.heard().lost, 1u) << "what was not sent is told";
}

TEST(Continuity_W1_B33, AHandOverHasTheNextConnectionReadyFirstAndLosesNothing) {
  auto options = lasting();
  options.live.lifetime = std::chrono::seconds(20);
  options.live.notice = std::chrono::seconds(10);
  World world(std::move(options));
  world.say("repeat: before");
  ASSERT_TRUE(answered(world, 1));
  world.run_for(std::chrono::seconds(30));
  world.say("repeat: after");
  ASSERT_TRUE(answered(world, 2));
  EXPECT_EQ(world.heard().answers, (std::vector<std::string>{"before", "after"}));
  const auto done = all<HandoverDone>(world);
  ASSERT_GE(done.size(), 1u);
  EXPECT_EQ(done[0].why, LinkReason::go_away);
  EXPECT_EQ(done[0].start, LinkStart::handle);
  EXPECT_EQ(done[0].gap, milliseconds(0));
  EXPECT_TRUE(all<ConnectionLost>(world).empty());
  EXPECT_EQ(world.taken(), (std::vector<std::string>{"repeat: before", "repeat: after"}));
}

TEST(Continuity_W2, WhatIsOverdueIsMovedEvenIfTheServiceForgets) {
  auto options = lasting();
  options.policy.hand_over.enabled = false;
  options.policy.hand_over.lifetime = std::chrono::seconds(60);
  World world(std::move(options));
  world.say("repeat: before");
  ASSERT_TRUE(answered(world, 1));
  world.run_for(std::chrono::seconds(70));
  EXPECT_EQ(world.journal().size(), 2u);
  EXPECT_EQ(all<HandoverDone>(world).at(0).why, LinkReason::overdue);
  world.say("repeat: after");
  ASSERT_TRUE(answered(world, 2));
}

TEST(Continuity_W2, AKnownLifetimeIsActedUponBeforeItIsOver) {
  auto options = lasting();
  options.policy.hand_over.lifetime = std::chrono::seconds(60);
  options.policy.hand_over.notice = std::chrono::seconds(20);
  World world(std::move(options));
  world.say("repeat: before");
  ASSERT_TRUE(answered(world, 1));
  world.run_for(std::chrono::seconds(50));
  EXPECT_EQ(all<HandoverDone>(world).at(0).why, LinkReason::lifetime);
}

FunctionDeclaration weather() {
  FunctionDeclaration function("get_weather");
  function.parameters = json::Any(
      json::parse(R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}}})").value());
  return function;
}

LiveMessage answer_to(const FunctionCall& call) {
  FunctionResponse response(call.name);
  response.id = call.id;
  response.response = json::Members(json::Object{{"output", "sunny"}});
  return answers_message(std::vector<FunctionResponse>(1, response));
}

WorldOptions with_tools() {
  auto options = lasting();
  LiveOptions live("gemini-live-2.5-flash-preview");
  live.answer_in(Modality::text).declare(weather());
  options.setup = live.setup;
  return options;
}

TEST(Continuity_W3, AHandOverWaitsForOpenCalls) {
  auto options = with_tools();
  options.live.lifetime = std::chrono::seconds(60);
  options.live.notice = std::chrono::seconds(40);
  World world(std::move(options));
  world.say("What is the weather in Oslo?");
  ASSERT_TRUE(world.run_until([&] { return !world.heard().calls.empty(); }));
  world.run_for(std::chrono::seconds(30));
  EXPECT_EQ(world.journal().size(), 1u) << "the call is open";
  world.send(answer_to(world.heard().calls[0]));
  ASSERT_TRUE(answered(world, 1));
  ASSERT_TRUE(world.run_until([&] { return world.journal().size() == 2; }));
  EXPECT_EQ(world.heard().calls.size(), 1u);
}

TEST(Continuity_W3, ACallThatIsCutIsNotRunTwiceAndItsAnswerGoesFirst) {
  World world(with_tools());
  world.say("What is the weather in Oslo?");
  ASSERT_TRUE(world.run_until([&] { return !world.heard().calls.empty(); }));
  world.cut_now();
  world.send(answer_to(world.heard().calls[0]));
  ASSERT_TRUE(answered(world, 1));
  EXPECT_EQ(world.heard().calls.size(), 1u) << "the program sees the call once";
  EXPECT_NE(world.heard().answers.back().find("sunny"), std::string::npos)
      << world.heard().answers.back();
}

TEST(Continuity_W4, ABareEndIsTriedTwiceWithTheHandleAndThenWithoutIt) {
  auto options = lasting();
  options.policy.resumes_per_handle = 100;
  options.breaks = [](LinkId link) {
    Break out;
    if (link >= 2 && link <= 4) out.after_told = 1;
    if (link >= 2 && link <= 4) out.close_code = 1011;
    return out;
  };
  World world(std::move(options));
  world.say("repeat: one");
  ASSERT_TRUE(answered(world, 1));
  world.run_for(std::chrono::seconds(5));
  world.cut_now();
  world.say("repeat: two");
  ASSERT_TRUE(answered(world, 2));
  std::vector<std::string> starts;
  for (const auto& attempt : all<ConnectionAttempt>(world))
    starts.emplace_back(to_string(attempt.start));
  EXPECT_EQ(starts, (std::vector<std::string>{"fresh", "handle", "handle", "handle", "seeded"}));
}

TEST(Continuity_W4, WhatCannotGetBetterStops) {
  auto options = lasting();
  options.breaks = [](LinkId) {
    Break out;
    out.after_told = 3;
    out.close_code = 1007;
    out.reason = "Request contains an invalid argument.";
    return out;
  };
  World world(std::move(options));
  world.say("repeat: one two three four five");
  ASSERT_TRUE(world.run_until([&] { return world.core().is_over(); }));
  EXPECT_EQ(world.journal().size(), 1u);
  EXPECT_EQ(world.core().outcome().error().close_code(), 1007);
}

TEST(Continuity_W4, AttemptsInARowAreLimitedAndTheHookSeesThem) {
  std::vector<int> in_a_row;
  auto options = lasting();
  options.policy.retry.max_attempts = 4;
  options.policy.on_attempt = [&](const ConnectionAttempt& attempt, AttemptPlan&) {
    in_a_row.push_back(attempt.in_a_row);
  };
  options.breaks = [](LinkId) {
    Break out;
    out.refused = Error(ErrorKind::connect_failed, "nobody listens");
    return out;
  };
  World world(std::move(options));
  ASSERT_TRUE(world.run_until([&] { return world.core().is_over(); }));
  EXPECT_EQ(in_a_row, (std::vector<int>{1, 2, 3, 4, 5}));
}

TEST(Continuity_W4, TheHookMayStopAnAttempt) {
  auto options = lasting();
  options.policy.on_attempt = [](const ConnectionAttempt& attempt, AttemptPlan& plan) {
    plan.stop = attempt.number == 2;
  };
  options.breaks = [](LinkId) { return cut_after(3); };
  World world(std::move(options));
  world.say("repeat: one two three four five");
  ASSERT_TRUE(world.run_until([&] { return world.core().is_over(); }));
  EXPECT_EQ(world.core().outcome().error().kind(), ErrorKind::cancelled);
  EXPECT_EQ(world.journal().size(), 1u);
}

// A service that takes everything and says nothing.
TEST(Continuity_W8, SilenceIsToldNudgedOrResumedAsThePolicySays) {
  using Then = SilencePolicy::Then;
  for (const auto then : {Then::tell, Then::nudge, Then::resume}) {
    auto options = lasting();
    options.policy.silence.limit = std::chrono::seconds(5);
    options.policy.silence.then = then;
    options.live.pace = std::chrono::seconds(20);
    World world(std::move(options));
    world.say("repeat: one");
    world.run_for(std::chrono::seconds(16));
    const auto told = all<SilenceNoticed>(world);
    ASSERT_GE(told.size(), 1u);
    EXPECT_EQ(told[0].since, std::chrono::seconds(5));
    EXPECT_EQ(static_cast<int>(told[0].then), static_cast<int>(then));
    EXPECT_EQ(world.journal().size() > 1, then == Then::resume);
  }
}

TEST(Continuity_W17, AnotherInstructionComesByAHiddenHandOver) {
  World world(lasting());
  world.say("My name is Ada");
  ASSERT_TRUE(answered(world, 1));
  auto setup = world.core().setup();
  setup.system_instruction = user_content("Be brief.");
  ASSERT_TRUE(world.core().change(setup, world.now()));
  world.say("Who am I?");
  ASSERT_TRUE(answered(world, 2));
  EXPECT_NE(world.heard().answers[1].find("Ada"), std::string::npos) << world.heard().answers[1];
  world.run_for(std::chrono::seconds(5));
  ASSERT_EQ(world.journal().size(), 2u);
  EXPECT_TRUE(world.journal()[1].system_instruction);
  EXPECT_TRUE(world.journal()[1].session_resumption->handle);
  EXPECT_EQ(all<HandoverDone>(world).at(0).why, LinkReason::change);
}

TEST(Continuity_W18, TokensOfAllConnectionsAreCountedOnce) {
  const auto spent = [](bool cut) {
    World world(lasting());
    for (std::size_t i = 0; i < 3; ++i) {
      world.say("repeat: so it is");
      EXPECT_TRUE(answered(world, i + 1));
      world.run_for(std::chrono::seconds(3));
      if (cut) world.cut_now();
    }
    return world.core().usage();
  };
  const auto whole = spent(false);
  EXPECT_GT(whole.total, 0);
  EXPECT_EQ(spent(true), whole);
  EXPECT_EQ(whole.prompt + whole.answer + whole.thoughts + whole.tool_use, whole.total);
}

TEST(Continuity_W18, PricesAreByModality) {
  Usage usage;
  usage.prompt = 1'000'000;
  usage.prompt_by.audio = 1'000'000;
  usage.answer = 500'000;
  usage.answer_by.text = 500'000;
  EXPECT_DOUBLE_EQ(cost_of(usage, "models/gemini-2.5-flash-native-audio-latest", live_prices()),
                   3.00 + 1.00);
  EXPECT_EQ(cost_of(usage, "gemini-9-live", live_prices()), 0);
  EXPECT_FALSE(has_price("gemini-9-live", live_prices()));
}

TEST(Continuity_W19, ABudgetWarnsAndStops) {
  auto options = lasting();
  options.policy.budget.tokens = 60;
  options.policy.budget.warn_at = 0.5;
  World world(std::move(options));
  for (int i = 0; i < 20 && !world.core().is_over(); ++i) {
    world.say("repeat: one two three four five six");
    world.run_for(std::chrono::seconds(5));
  }
  ASSERT_TRUE(world.core().is_over());
  const auto told = all<BudgetNotice>(world);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_TRUE(!told[0].reached && told[1].reached && told[1].stopped);
  EXPECT_EQ(world.core().outcome().error().kind(), ErrorKind::cancelled);
}

TEST(Continuity_W19, ABudgetOfMoneyGoesByThePrices) {
  auto options = lasting();
  TokenPrice price;
  price.model = "gemini-live";
  price.in_text = price.out_text = 1'000'000;  // one for each token
  options.policy.budget.prices = {price};
  options.policy.budget.money = 30;
  options.policy.budget.then = BudgetPolicy::Then::warn;
  World world(std::move(options));
  for (std::size_t i = 0; i < 6; ++i) {
    world.say("repeat: one two three four five six");
    ASSERT_TRUE(answered(world, i + 1)) << "only told";
  }
  const auto told = all<BudgetNotice>(world);
  ASSERT_GE(told.size(), 1u);
  EXPECT_EQ(told.back().of, BudgetNotice::Of::money);
  EXPECT_TRUE(told.back().reached && !told.back().stopped);
  EXPECT_GE(told.back().used, 30);
  EXPECT_FALSE(world.core().is_over());
}

TEST(Continuity_W19, ABudgetOfMinutesRunsWithoutAWord) {
  auto options = lasting();
  options.policy.budget.time = std::chrono::minutes(5);
  World world(std::move(options));
  world.run_for(std::chrono::seconds(4 * 60 + 30));
  EXPECT_EQ(all<BudgetNotice>(world).size(), 1u);
  world.run_for(std::chrono::minutes(1));
  EXPECT_TRUE(world.core().is_over());
}

TEST(Continuity_W38, AContextThatFillsUpIsToldOnceWithAdvice) {
  auto options = lasting();
  options.policy.context.window = 40;
  World world(std::move(options));
  for (std::size_t i = 0; i < 8; ++i) {
    world.say("repeat: one two three four");
    ASSERT_TRUE(answered(world, i + 1));
  }
  const auto told = all<ContextNearlyFull>(world);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].advice.find("contextWindowCompression"), std::string::npos);
}

TEST(Continuity_B35, TheQueueIsBoundedAndDropsTheOldestAudioWhileNothingIsThere) {
  auto options = lasting();
  options.policy.queue_bytes = 10'000;
  options.policy.retry.first_delay = std::chrono::seconds(20);
  options.breaks = [](LinkId link) {
    Break out;
    if (link == 1) out.refused = Error(ErrorKind::connect_failed, "nobody listens");
    return out;
  };
  World world(std::move(options));
  world.run_for(std::chrono::seconds(1));
  for (int i = 1; i <= 50; ++i) {
    Bytes pcm(640);
    pcm[0] = static_cast<std::byte>(i);
    world.send(audio_message(std::move(pcm), 16'000));
    EXPECT_LE(world.core().unsent_bytes(), 10'000u);
  }
  EXPECT_EQ(world.sends_refused(), 0u);
  EXPECT_EQ(world.core().counters().dropped_audio % 640, 0u);
  EXPECT_GT(world.core().counters().dropped_audio, 20'000u);
  world.run_for(std::chrono::minutes(2));
  ASSERT_FALSE(world.taken().empty());
  EXPECT_EQ(world.taken().back(), "a50");
  EXPECT_EQ(all<MessagesReplayed>(world).at(0).dropped_audio,
            world.core().counters().dropped_audio);
}

}  // namespace
}  // namespace parley
