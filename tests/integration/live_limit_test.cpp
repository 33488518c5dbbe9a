// A Live session behind a limiter: one place for its life, and each turn pays for itself.
#include <algorithm>

#include <gtest/gtest.h>

#include "parley/api/limiter.hpp"
#include "parley/gemini/live.hpp"
#include "parley/limit/estimate.hpp"

#include "house.hpp"

namespace parley {
namespace {

using testing::House;
using testing::in_house;

gemini::LiveOptions talk(const House& house) {
  gemini::LiveOptions options("gemini-live-2.5-flash-preview");
  options.answer_in(gemini::Modality::text);
  options.key = Secret("k");
  options.base_url = house.emulator.base_url();
  return options;
}

std::int64_t used(const api::Limiter& limiter, limit::PoolId pool, limit::Dimension dimension) {
  const auto all = limiter.snapshot(pool);
  return std::ranges::find(all.states, dimension, &limit::DimensionState::dimension)->used;
}

Task<void> one_turn(gemini::Live& live) {
  const auto sent = co_await live.say("repeat: one two three");
  EXPECT_TRUE(sent);
  while (auto event = co_await live.next())
    if (std::holds_alternative<gemini::LiveTurnComplete>(*event)) break;
}

TEST(Live_D8_R7, ASessionHoldsOnePlaceOfALimiterAndEachTurnPays) {
  in_house([](House& house) -> Task<void> {
    using limit::Dimension;
    api::Limiter limiter;
    limit::Limits limits;
    limits.requests_per_minute = 10;
    limits.output_tokens_per_minute = 100'000;
    limits.concurrency = 1;
    const auto pool = *limiter.configure("p", "gemini-live-2.5-flash-preview", limits);
    limit::Demand session;
    session.requests = 0;
    auto place = limiter.try_acquire(pool, session);
    EXPECT_TRUE(place);
    auto options = talk(house);
    auto live = co_await gemini::Live::connect(std::move(options));
    EXPECT_TRUE(live) << live.error().describe();
    if (!live || !place) co_return;
    const auto second = limiter.try_acquire(pool, session);
    EXPECT_FALSE(second);
    if (!second) {
      EXPECT_EQ(second.error().detail("dimension").value_or(""), "concurrency");
    }

    limit::UsageMeter meter;
    std::int64_t answered = 0;
    for (int turn = 1; turn <= 2; ++turn) {
      limit::Demand demand(limit::Usage(100, 1000));
      demand.slots = 0;
      auto lease = limiter.try_acquire(pool, demand);
      EXPECT_TRUE(lease) << "a turn needs no place";
      if (!lease) co_return;
      co_await one_turn(*live);
      const auto& total = live->usage();
      const auto spent = meter.advance(limit::Usage(total.prompt, total.answer + total.thoughts));
      EXPECT_GT(spent.output_tokens, 0);
      answered += spent.output_tokens;
      lease->settle(limit::Outcome::success(spent));
      EXPECT_EQ(used(limiter, pool, Dimension::requests_per_minute), turn);
      EXPECT_EQ(used(limiter, pool, Dimension::output_tokens_per_minute), answered);
    }
    const auto closed = co_await live->close();
    EXPECT_TRUE(closed);
    place->settle(limit::Outcome::Kind::success);
    EXPECT_TRUE(limiter.try_acquire(pool, session)) << "the place is free again";
  });
}

}  // namespace
}  // namespace parley
