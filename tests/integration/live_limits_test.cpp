// Live sessions and conversations behind a limiter, without the router.
#include <gtest/gtest.h>

#include "parley/gemini/continuity/conversation.hpp"
#include "parley/gemini/live.hpp"

#include "house.hpp"

namespace parley {
namespace {

using gemini::Conversation;
using gemini::Live;
using testing::House;
using testing::in_house;

constexpr const char* kModel = "gemini-live-2.5-flash-preview";

struct Behind {
  explicit Behind(limit::Limits limits) : pool(*limiter.configure("p", kModel, limits)) {}
  gemini::LiveOptions options(const House& house) const {
    gemini::LiveOptions out(kModel);
    out.key = Secret("test-key");
    out.base_url = house.emulator.base_url();
    out.answer_in(gemini::Modality::text);
    out.limits.emplace(limiter, pool);
    out.limits->wait = api::WaitOptions(std::chrono::milliseconds(0));
    return out;
  }
  std::int64_t used(limit::Dimension dimension) const {
    for (const auto& one : limiter.snapshot(pool).states)
      if (one.dimension == dimension) return one.used;
    return -1;
  }
  std::size_t leases() const { return limiter.snapshot(pool).leases; }
  api::Limiter limiter;
  limit::PoolId pool;
};

limit::Limits three_turns() {
  limit::Limits limits;
  limits.requests_per_minute = 3;
  limits.requests_per_day = 100;
  limits.input_tokens_per_minute = 1'000'000;
  limits.output_tokens_per_minute = 1'000'000;
  limits.concurrency = 1;
  return limits;
}

// To the end of a turn, with its usage. False: the session has ended.
Task<bool> answered(Live& live, gemini::Usage& sum) {
  bool complete = false, told = false;
  while (!complete || !told) {
    auto event = co_await live.next();
    if (!event) co_return false;
    if (const auto* spent = std::get_if<gemini::LiveUsage>(&*event)) {
      sum += spent->usage;
      told = true;
    }
    complete = complete || std::holds_alternative<gemini::LiveTurnComplete>(*event);
  }
  co_return true;
}

TEST(LiveLimits_D25_R7, ASessionHoldsOnePlaceAndEachTurnPaysTokensAndDayOnce) {
  in_house([](House& house) -> Task<void> {
    const Behind behind(three_turns());
    {
      auto options = behind.options(house);
      auto live = co_await Live::connect(options);
      EXPECT_TRUE(live) << live.error().describe();
      if (!live) co_return;
      EXPECT_EQ(behind.leases(), 1u);
      EXPECT_EQ(behind.used(limit::Dimension::requests_per_minute), 0) << "a place is no request";
      const auto second = co_await Live::connect(options);
      EXPECT_EQ(second.error().detail("dimension"), "concurrency") << second.error().describe();
      gemini::Usage sum;
      for (int turn = 1; turn <= 3; ++turn) {
        EXPECT_TRUE(co_await live->say("repeat: one two three"));
        EXPECT_EQ(behind.leases(), 2u);
        const bool good = co_await answered(*live, sum);
        EXPECT_TRUE(good);
        if (!good) co_return;
        EXPECT_EQ(behind.leases(), 1u) << "the turn is settled";
        EXPECT_EQ(behind.used(limit::Dimension::requests_per_day), turn);
        EXPECT_EQ(behind.used(limit::Dimension::input_tokens_per_minute), sum.prompt);
        EXPECT_EQ(behind.used(limit::Dimension::output_tokens_per_minute),
                  sum.answer + sum.thoughts);
      }
      const auto refused = co_await live->say("repeat: four");
      EXPECT_EQ(refused.error().kind(), ErrorKind::rate_limited);
      EXPECT_EQ(refused.error().detail("dimension"), "requests_per_minute");
      EXPECT_EQ(live->state(), gemini::LiveState::ready) << "nothing was sent, and it goes on";
      const auto sound = co_await live->send_audio(Bytes(3200));
      EXPECT_EQ(sound.error().kind(), ErrorKind::rate_limited) << "what is said is a turn as well";
    }
    EXPECT_EQ(behind.leases(), 0u);
  });
}

TEST(LiveLimits_D25, WhatIsRefusedBeforeItIsSentCostsNothing) {
  in_house([](House& house) -> Task<void> {
    const Behind behind(three_turns());
    auto options = behind.options(house);
    options.key = Secret("bad");
    options.base_url = "http://127.0.0.1:1";
    const auto nowhere = co_await Live::connect(options);
    EXPECT_FALSE(nowhere);
    EXPECT_EQ(behind.leases(), 0u);
    auto good = behind.options(house);
    auto live = co_await Live::connect(good);
    EXPECT_TRUE(live);
    if (!live) co_return;
    EXPECT_TRUE(co_await live->close());
    while (co_await live->next()) continue;
    EXPECT_EQ(behind.leases(), 0u) << "the session is over, though it is still there";
    EXPECT_FALSE(co_await live->say("too late"));
    EXPECT_EQ(behind.used(limit::Dimension::requests_per_minute), 0);
  });
}

TEST(LiveLimits_D25, AnActivityThatALimitRefusedHasNotBegun) {
  in_house([](House& house) -> Task<void> {
    auto limits = three_turns();
    limits.requests_per_minute = 1;
    const Behind behind(limits);
    auto options = behind.options(house);
    options.setup.model = "models/gemini-3.1-flash-live-preview";
    options.setup.generation_config.reset();
    options.detect_activity(false);
    auto live = co_await Live::connect(options);
    EXPECT_TRUE(live) << live.error().describe();
    if (!live) co_return;
    EXPECT_TRUE(co_await live->begin_activity());
    EXPECT_TRUE(co_await live->end_activity());
    const auto refused = co_await live->begin_activity();
    EXPECT_EQ(refused.error().kind(), ErrorKind::rate_limited);
    const auto stop = co_await live->interrupt();
    EXPECT_EQ(stop.error().kind(), ErrorKind::rate_limited)
        << "by a mark, which costs a turn: " << stop.error().describe();
  });
}

TEST(LiveLimits_D25_R7, AConversationHoldsOnePlaceOverAllItsConnections) {
  in_house([](House& house) -> Task<void> {
    const Behind behind(three_turns());
    {
      auto live = behind.options(house);
      gemini::ConversationOptions options(std::move(live));
      options.policy = gemini::ContinuityPolicy::durable();
      auto talk = co_await Conversation::open(std::move(options));
      EXPECT_TRUE(talk) << talk.error().describe();
      if (!talk) co_return;
      int turns = 0, moves = 0;
      EXPECT_TRUE(co_await talk->say("repeat: before"));
      while (moves == 0 || turns < 2) {
        auto event = co_await talk->next();
        if (!event) break;
        if (std::holds_alternative<gemini::HandoverDone>(*event)) {
          ++moves;
          EXPECT_EQ(behind.leases(), 1u) << "two connections, one place";
          EXPECT_TRUE(co_await talk->say("repeat: behind"));
        }
        const auto* told = std::get_if<gemini::LiveEvent>(&*event);
        if (!told || !std::holds_alternative<gemini::LiveTurnComplete>(*told)) continue;
        if (++turns == 1) talk->hand_over();
      }
      EXPECT_EQ(turns, 2);
      EXPECT_EQ(moves, 1);
      EXPECT_EQ(behind.used(limit::Dimension::requests_per_minute), 2);
      EXPECT_EQ(behind.used(limit::Dimension::requests_per_day), 2);
    }
    EXPECT_EQ(behind.leases(), 0u);
  });
}

}  // namespace
}  // namespace parley
