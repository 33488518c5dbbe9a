#include "parley/limit/gate.hpp"

#include <atomic>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

namespace parley::limit {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// Stands still until it is moved.
class HandClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(Duration(at_.load())); }
  WallTime wall_now() const override { return from_unix_ms(1'767'000'000'000); }
  void pass(Duration duration) { at_ += duration.count(); }

 private:
  std::atomic<std::int64_t> at_{Duration(hours(1)).count()};
};

using TestGate = Gate<std::mutex>;

TEST(Gate_R5, ADroppedLeaseEndsAsFailedAndNothingLeaks) {
  HandClock clock;
  const auto gate = TestGate::make(clock);
  Limits limits;
  limits.concurrency = 1;
  limits.requests_per_minute = 100;
  const auto pool = *gate->configure("p", "m", limits);
  {
    const auto lease = gate->try_reserve(pool, Demand());
    ASSERT_TRUE(lease);
    EXPECT_FALSE(gate->try_reserve(pool, Demand()));
  }
  auto lease = gate->try_reserve(pool, Demand());
  ASSERT_TRUE(lease);
  Lease moved = std::move(*lease);
  EXPECT_FALSE(*lease);
  moved.settle(Outcome::Kind::success);
  moved.settle(Outcome::Kind::failed);
  auto next = gate->try_reserve(pool, Demand());
  ASSERT_TRUE(next);
  *next = Lease();
  EXPECT_EQ(gate->snapshot(pool).leases, 0u);
}

TEST(Gate_R9_B52, ARefusalIsARateLimitWithItsDimension) {
  HandClock clock;
  const auto gate = TestGate::make(clock);
  Limits limits;
  limits.requests_per_minute = 1;
  const auto pool = *gate->configure("p", "m", limits);
  const auto lease = gate->try_reserve(pool, Demand());
  const auto refused = gate->try_reserve(pool, Demand());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::rate_limited);
  EXPECT_EQ(refused.error().detail("dimension"), "requests_per_minute");
  EXPECT_GT(refused.error().retry_after(), seconds(59));
}

TEST(Gate_R8, OneWaiterWatchesTheClockForAll) {
  HandClock clock;
  const auto gate = TestGate::make(clock);
  Limits limits;
  limits.requests_per_minute = 1;
  const auto pool = *gate->configure("p", "m", limits);
  const auto lease = gate->try_reserve(pool, Demand());
  int first_woken = 0, second_woken = 0;
  const auto first = *gate->join(pool, Demand(), {}, [&] { ++first_woken; });
  const auto second = *gate->join(pool, Demand(), {}, [&] { ++second_woken; });
  const auto until = gate->sleep_until(first);
  ASSERT_TRUE(until);
  EXPECT_FALSE(gate->sleep_until(second)) << "it sleeps until it is called";
  first_woken = 0;
  clock.pass(*until - clock.now());
  gate->handle_timeout();
  EXPECT_EQ(first_woken, 1);
  EXPECT_GE(second_woken, 1) << "the watch goes to the next";
  auto answer = gate->take_answer(first);
  ASSERT_TRUE(answer && *answer);
  EXPECT_FALSE(gate->take_answer(first));
  EXPECT_FALSE(gate->take_answer(second));
  EXPECT_TRUE(gate->sleep_until(second));
}

TEST(Gate_R8, WhoLeavesWithAnAnswerGivesItBack) {
  HandClock clock;
  const auto gate = TestGate::make(clock);
  Limits limits;
  limits.requests_per_minute = 1;
  const auto pool = *gate->configure("p", "m", limits);
  const auto ticket = *gate->join(pool, Demand(), {}, [] {});
  gate->leave(ticket);
  gate->leave(ticket);
  EXPECT_FALSE(gate->take_answer(ticket));
  EXPECT_TRUE(gate->try_reserve(pool, Demand())) << "it was never used";
}

// 64 threads; each admission that counts is counted.
TEST(Gate_R16_D24_W31, SixtyFourThreadsAreAdmittedExactly) {
  HandClock clock;
  const auto gate = TestGate::make(clock);
  constexpr std::int64_t allowed = 100'000;
  Limits limits;
  limits.requests_per_minute = allowed;
  limits.input_tokens_per_minute = 5 * allowed / 2;
  const auto pool = *gate->configure("p", "m", limits);
  std::atomic<std::int64_t> admitted = 0, spent = 0, tried = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 64; ++t)
    threads.emplace_back([&, t] {
      for (int n = 0; n < 1'000'000 / 64; ++n) {
        const auto tokens = 1 + (t + n) % 5;
        ++tried;
        auto lease = gate->try_reserve(pool, Demand(Usage(tokens, 0)));
        if (!lease) continue;
        ++admitted;
        spent += tokens;
        lease->settle(Outcome::Kind::success);
      }
    });
  threads.clear();
  EXPECT_GT(tried, allowed * 2);
  EXPECT_LE(spent, 5 * allowed / 2);
  EXPECT_GE(spent, 5 * allowed / 2 - 4) << "to the last token";
  EXPECT_LE(admitted, allowed);
  clock.pass(seconds(61));
  EXPECT_TRUE(gate->try_reserve(pool, Demand()));
}

TEST(Gate_R16, PlacesAreNeverHeldByMoreThanTheLimit) {
  HandClock clock;
  const auto gate = TestGate::make(clock);
  Limits limits;
  limits.concurrency = 7;
  const auto pool = *gate->configure("p", "m", limits);
  std::atomic<int> inside = 0, most = 0, done = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 64; ++t)
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) {
        const auto woken = std::make_shared<std::atomic<bool>>(false);
        const auto ticket = gate->join(pool, Demand(), {}, [woken] {
          *woken = true;
          woken->notify_one();
        });
        std::optional<Result<Lease>> lease;
        while (!(lease = gate->take_answer(*ticket))) {
          woken->wait(false);
          *woken = false;
        }
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
        --inside;
        ++done;
        (*lease)->settle(Outcome::Kind::success);
      }
    });
  threads.clear();
  EXPECT_EQ(done, 64 * 200);
  EXPECT_LE(most, 7);
  EXPECT_EQ(gate->snapshot(pool).leases, 0u);
}

}  // namespace
}  // namespace parley::limit
