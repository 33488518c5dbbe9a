#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include "parley/limit/limiter.hpp"

namespace parley::limit {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

struct Line {
  explicit Line(const Limits& limits, const LimiterOptions& options = {}) : limiter(options) {
    pool = limiter.configure("project", "model", limits).value();
  }
  Moment now() const { return Moment(at, from_unix_ms(1'767'000'000'000)); }
  TicketId join(std::int64_t tokens, int priority = 0, std::optional<TimePoint> deadline = {}) {
    Demand demand(Usage(tokens, 0));
    demand.priority = priority;
    return limiter.enqueue(pool, demand, deadline, now()).value();
  }
  std::vector<TicketId> granted() {
    std::vector<TicketId> tickets;
    while (auto answer = limiter.poll_answer()) {
      if (!answer->lease) {
        errors.push_back(answer->lease.error());
        continue;
      }
      tickets.push_back(answer->ticket);
      leases.push_back(*answer->lease);
    }
    return tickets;
  }
  void end_first() {
    limiter.settle(leases.front(), Outcome::Kind::success, now());
    leases.erase(leases.begin());
  }
  // Goes on to the next time at which something may happen.
  bool step() {
    const auto next = limiter.next_timeout();
    if (!next) return false;
    at = std::max(at, *next);
    limiter.handle_timeout(now());
    return true;
  }

  TimePoint at = TimePoint() + hours(1);
  Limiter limiter;
  PoolId pool = 0;
  std::vector<LeaseId> leases;
  std::vector<Error> errors;
};

using Tickets = std::vector<TicketId>;

Limits places(std::int64_t count) {
  Limits limits;
  limits.concurrency = count;
  return limits;
}

Limits tokens_per_minute(std::int64_t tokens) {
  Limits limits;
  limits.input_tokens_per_minute = tokens;
  return limits;
}

TEST(LimiterQueue_R8, FirstComeFirstServed) {
  Line line(places(1));
  const auto first = line.join(1), second = line.join(1), third = line.join(1);
  EXPECT_EQ(line.granted(), Tickets{first});
  line.end_first();
  EXPECT_EQ(line.granted(), Tickets{second});
  line.end_first();
  EXPECT_EQ(line.granted(), Tickets{third});
}

TEST(LimiterQueue_R8, HigherPrioritiesGoFirst) {
  Line line(places(1));
  line.join(1);
  line.granted();
  const auto low = line.join(1), high = line.join(1, 5), other_low = line.join(1);
  line.end_first();
  EXPECT_EQ(line.granted(), Tickets{high});
  line.end_first();
  EXPECT_EQ(line.granted(), Tickets{low});
  line.end_first();
  EXPECT_EQ(line.granted(), Tickets{other_low});
}

TEST(LimiterQueue_R8, SmallOnesPassALargeOneAFewTimesOnly) {
  LimiterOptions options;
  options.max_overtakes = 3;
  Line line(tokens_per_minute(100), options);
  line.join(60);
  line.granted();
  const auto large = line.join(80);
  Tickets small;
  for (int n = 0; n < 6; ++n) small.push_back(line.join(5));
  const auto passed = line.granted();
  EXPECT_EQ(passed, Tickets(small.begin(), small.begin() + 3)) << "40 tokens are free for all six";
  Demand direct(Usage(5, 0));
  EXPECT_FALSE(line.limiter.reserve(line.pool, direct, line.now())) << "nor does this one pass";
  Tickets order;
  while (line.step())
    for (const auto ticket : line.granted()) order.push_back(ticket);
  ASSERT_FALSE(order.empty());
  EXPECT_EQ(order.front(), large);
  EXPECT_EQ(order.size(), 4u);
}

TEST(LimiterQueue_R8, AHighPriorityDoesNotStarveALowOne) {
  LimiterOptions options;
  options.max_priority_overtakes = 10;
  Line line(places(1), options);
  line.join(1, 9);
  line.granted();
  const auto low = line.join(1, 0);
  int before = 0;
  for (bool done = false; !done; ++before) {
    ASSERT_LE(before, 11);
    line.join(1, 9);
    line.end_first();
    done = line.granted() == Tickets{low};
  }
  EXPECT_GE(before, 10);
}

TEST(LimiterQueue_R8, AWaitTellsWhatItWaitsForAndEndsByItself) {
  Limits limits;
  limits.requests_per_minute = 1;
  Line line(limits);
  line.join(1);
  line.granted();
  const auto start = line.at;
  const auto ticket = line.join(1);
  const auto why = line.limiter.waits_for(ticket, line.now());
  ASSERT_TRUE(why);
  EXPECT_EQ(why->dimension, Dimension::requests_per_minute);
  ASSERT_TRUE(line.limiter.next_timeout());
  EXPECT_EQ(line.limiter.next_timeout(), why->until);
  ASSERT_TRUE(line.step());
  EXPECT_EQ(line.granted(), Tickets{ticket});
  EXPECT_GT(line.at, start + seconds(60));
  EXPECT_FALSE(line.limiter.waits_for(ticket, line.now()));
  EXPECT_FALSE(line.limiter.next_timeout()) << "nobody waits: nothing to wake up for";
}

TEST(LimiterQueue_R8, ADeadlineEndsAWaitWithWhatBlockedIt) {
  Line line(places(1));
  line.join(1);
  line.granted();
  line.join(1, 0, line.at + seconds(5));
  ASSERT_TRUE(line.step());
  EXPECT_TRUE(line.granted().empty());
  ASSERT_EQ(line.errors.size(), 1u);
  EXPECT_EQ(line.errors[0].kind(), ErrorKind::rate_limited);
  EXPECT_EQ(line.errors[0].detail("dimension"), "concurrency");
  EXPECT_EQ(line.limiter.waiting(), 0u);
}

TEST(LimiterQueue_R8, AWaitThatIsKnownToBeTooLongIsNotBegun) {
  Limits limits;
  limits.requests_per_day = 1;
  Line line(limits);
  line.join(1);
  line.granted();
  Demand demand;
  const auto refused = line.limiter.enqueue(line.pool, demand, line.at + seconds(5), line.now());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail("dimension"), "requests_per_day");
  EXPECT_TRUE(refused.error().retry_after());
}

TEST(LimiterQueue_R8, LeavingMakesPlace) {
  Line line(tokens_per_minute(100));
  line.join(50);
  line.granted();
  const auto large = line.join(100);
  LimiterOptions strict;
  EXPECT_TRUE(line.limiter.cancel(large, line.now()));
  EXPECT_FALSE(line.limiter.cancel(large, line.now()));
  const auto small = line.join(50);
  EXPECT_EQ(line.granted(), Tickets{small});
  EXPECT_FALSE(line.limiter.cancel(small, line.now())) << "answered already";
}

TEST(LimiterQueue_R8, TheQueueHasABound) {
  LimiterOptions options;
  options.max_waiting = 2;
  Line line(places(1), options);
  for (int n = 0; n < 3; ++n) line.join(1);
  EXPECT_FALSE(line.limiter.enqueue(line.pool, Demand(), {}, line.now()));
}

TEST(LimiterQueue_R7, TurnsOfASessionDoNotWaitBehindOneThatWantsAPlace) {
  Limits limits = places(1);
  limits.requests_per_minute = 100;
  LimiterOptions options;
  options.max_overtakes = 0;
  Line line(limits, options);
  line.join(1);
  line.granted();
  Demand session;
  session.requests = 0;
  ASSERT_TRUE(line.limiter.enqueue(line.pool, session, {}, line.now()));
  Demand turn;
  turn.slots = 0;
  EXPECT_TRUE(line.limiter.reserve(line.pool, turn, line.now()));
}

TEST(LimiterQueue_D15, AModelThatWaitsDoesNotHoldUpAnotherOfItsProject) {
  Line line(places(1));
  const auto other = *line.limiter.configure("project", "other", places(1));
  line.join(1);
  line.granted();
  for (int n = 0; n < 100; ++n) line.join(1);
  EXPECT_TRUE(line.limiter.reserve(other, Demand(), line.now()));
  ASSERT_TRUE(line.limiter.enqueue(other, Demand(), {}, line.now()));
  EXPECT_TRUE(line.granted().empty());
}

TEST(LimiterQueue_R13, AWaiterWhoseQuotaTurnsOutToBeZeroIsTold) {
  Line line(places(1));
  line.join(1);
  line.granted();
  line.join(1);
  line.limiter.settle(line.leases[0],
                      Outcome::of(Error(ErrorKind::rate_limited, "")
                                      .with_detail("quota_id", "RequestsPerDayPerProjectPerModel")
                                      .with_detail("quota_value", "0")),
                      line.now());
  EXPECT_TRUE(line.granted().empty());
  ASSERT_EQ(line.errors.size(), 1u);
  EXPECT_EQ(line.errors[0].kind(), ErrorKind::permission_denied);
}

TEST(Limiter_D26, ALiveLimiterOfTenAMinuteWaitsInsteadOfFailing) {
  Limits limits;
  limits.requests_per_minute = 10;
  Line line(limits);
  for (int n = 0; n < 25; ++n) line.join(1);
  Tickets all = line.granted();
  EXPECT_EQ(all.size(), 10u);
  const auto start = line.at;
  while (line.step())
    for (const auto ticket : line.granted()) all.push_back(ticket);
  EXPECT_EQ(all.size(), 25u);
  EXPECT_TRUE(std::ranges::is_sorted(all));
  EXPECT_GT(line.at - start, seconds(120));
  EXPECT_LT(line.at - start, seconds(121));
}

// One dear question that the day's money is not enough for any more, and cheap ones behind it.
struct DayOfMoney {
  DayOfMoney() {
    Limits limits;
    limits.money_per_day = 1'000;
    limits.concurrency = 1;
    line.emplace(limits);
    line->pool = line->limiter.configure("project", "model", limits, Price(1, 1, 0)).value();
  }
  std::optional<Line> line;
};

TEST(LimiterQueue_R8, WhoWaitsForAnotherDayHoldsNobodyUp) {
  DayOfMoney day;
  auto& line = *day.line;
  line.join(400);
  ASSERT_EQ(line.granted().size(), 1u);
  line.join(900);
  Tickets cheap;
  for (int n = 0; n < 20; ++n) cheap.push_back(line.join(20));
  Tickets went;
  while (!line.leases.empty()) {
    line.end_first();
    for (const auto ticket : line.granted()) went.push_back(ticket);
  }
  EXPECT_EQ(went, cheap) << "more than max_overtakes, as nothing is taken from the dear one";
  EXPECT_EQ(line.limiter.waiting(), 1u);
}

TEST(LimiterQueue_R9, WhenTheDayIsSpentThoseWhoWaitAreToldAtOnce) {
  DayOfMoney day;
  auto& line = *day.line;
  line.join(900);
  ASSERT_EQ(line.granted().size(), 1u);
  const auto deadline = line.at + std::chrono::minutes(1);
  for (int n = 0; n < 5; ++n) line.join(90, 0, deadline);
  EXPECT_TRUE(line.granted().empty());
  EXPECT_TRUE(line.errors.empty()) << "what runs may give back some of the money";
  line.limiter.settle(line.leases.front(), Outcome::success(Usage(990, 0)), line.now());
  line.leases.clear();
  EXPECT_TRUE(line.granted().empty());
  ASSERT_EQ(line.errors.size(), 5u);
  for (const auto& error : line.errors) {
    EXPECT_EQ(error.detail("dimension"), "money_per_day") << error.describe();
    EXPECT_GT(*error.retry_after(), std::chrono::minutes(1));
  }
}

TEST(LimiterQueue_R8, WhoIsHeldUpByOthersSaysSoAtItsDeadline) {
  LimiterOptions options;
  options.max_overtakes = 1;
  Line line(tokens_per_minute(100), options);
  line.join(60);
  line.granted();
  line.join(80);
  line.join(5);
  line.granted();
  line.join(5, 0, line.at + seconds(10));
  while (line.errors.empty() && line.step()) line.granted();
  ASSERT_EQ(line.errors.size(), 1u);
  EXPECT_NE(line.errors[0].message().find("others wait: input_tokens_per_minute"),
            std::string::npos)
      << line.errors[0].message();
}

TEST(Limiter_R7, ARefusedRequestCountsAsOneAndCostsNothing) {
  Limits limits;
  limits.money_per_day = 1'000;
  Line line(limits);
  line.pool = line.limiter.configure("project", "model", limits, Price(1, 1, 0)).value();
  const auto used = [&line](Dimension dimension) {
    const auto all = line.limiter.snapshot(line.pool, line.now());
    return std::ranges::find(all.states, dimension, &DimensionState::dimension)->used;
  };
  const auto end_as = [&line](const Error& error) {
    line.join(100);
    line.granted();
    line.limiter.settle(line.leases.back(), Outcome::of(error), line.now());
  };
  end_as(Error(ErrorKind::unauthenticated, "no such key").with_http_status(401));
  end_as(Error(ErrorKind::invalid_argument, "no such member").with_http_status(400));
  EXPECT_EQ(used(Dimension::money_per_day), 0);
  EXPECT_EQ(used(Dimension::requests_per_day), 2);
  end_as(Error(ErrorKind::connect_failed, "nobody listens"));
  EXPECT_EQ(used(Dimension::requests_per_day), 2) << "it never reached the service";
  end_as(Error(ErrorKind::unavailable, "it broke").with_http_status(500));
  EXPECT_EQ(used(Dimension::money_per_day), 100) << "the service may have counted it";
}

}  // namespace
}  // namespace parley::limit
