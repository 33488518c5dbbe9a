#include "parley/api/limiter.hpp"

#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "parley/api/limited.hpp"

namespace parley::api {
namespace {

namespace asio = boost::asio;
using limit::Demand;
using limit::Limits;
using limit::Usage;
using std::chrono::milliseconds;

Limits places(std::int64_t count) {
  Limits limits;
  limits.concurrency = count;
  return limits;
}

// Lets all that is ready run.
Task<void> turn() {
  const auto executor = co_await asio::this_coro::executor;
  for (int n = 0; n < 20; ++n) co_await asio::post(executor, asio::use_awaitable);
}

Task<void> wait_into(Limiter limiter, limit::PoolId pool, int number, std::vector<int>& order,
                     std::vector<limit::Lease>& leases) {
  auto lease = co_await limiter.acquire(pool, Demand());
  EXPECT_TRUE(lease);
  order.push_back(number);
  if (lease) leases.push_back(std::move(*lease));
}

Task<void> fifo() {
  const auto executor = co_await asio::this_coro::executor;
  Limiter limiter;
  const auto pool = *limiter.configure("p", "m", places(1));
  auto held = co_await limiter.acquire(pool, Demand());
  EXPECT_TRUE(held);
  std::vector<int> order;
  std::vector<limit::Lease> leases;
  for (int n = 0; n < 3; ++n)
    asio::co_spawn(executor, wait_into(limiter, pool, n, order, leases), asio::detached);
  co_await turn();
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(limiter.waiting(), 3u);
  held->settle(limit::Outcome::Kind::success);
  co_await turn();
  EXPECT_EQ(order, (std::vector<int>{0}));
  leases.erase(leases.begin());
  co_await turn();
  EXPECT_EQ(order, (std::vector<int>{0, 1}));
  leases.clear();
  co_await turn();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}
TEST(ApiLimiter_R8, AReleaseWakesTheOldestWaiter) {
  run(fifo());
}

Task<void> by_time() {
  Limiter limiter;
  Limits limits;
  limits.requests_per_minute = 2;
  limits.window = milliseconds(20);
  const auto pool = *limiter.configure("p", "m", limits);
  for (int n = 0; n < 9; ++n) EXPECT_TRUE(co_await limiter.acquire(pool, Demand()));
}
TEST(ApiLimiter_R8_D26, TimeWakesAWaiter) {
  const auto begun = std::chrono::steady_clock::now();
  run(by_time());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(80)) << "five windows";
}

Task<void> deadline(std::vector<std::string>& events) {
  const EventSink sink = [&events](const Event& event) {
    if (event.name.starts_with("limit.wait"))
      events.push_back(event.name + " " + std::string(event.field("dimension")) +
                       std::string(event.field("result")));
  };
  Limiter limiter(limit::LimiterOptions(), sink);
  const auto pool = *limiter.configure("p", "m", places(1));
  const auto held = limiter.try_acquire(pool, Demand());
  EXPECT_TRUE(held);
  const auto late = co_await limiter.acquire(pool, Demand(), WaitOptions(milliseconds(5)));
  EXPECT_FALSE(late);
  EXPECT_EQ(late.error().kind(), ErrorKind::rate_limited);
  EXPECT_EQ(late.error().detail("dimension"), "concurrency");
  const auto never = co_await limiter.acquire(pool, Demand(), WaitOptions(milliseconds(0)));
  EXPECT_FALSE(never);
  EXPECT_EQ(limiter.waiting(), 0u);
}
TEST(ApiLimiter_R8_B52_B48, ADeadlineEndsTheWaitAndBothAreTold) {
  std::vector<std::string> events;
  run(deadline(events));
  EXPECT_EQ(events, (std::vector<std::string>{"limit.wait_start concurrency",
                                              "limit.wait_stop rate_limited"}));
}

Task<void> cancelled() {
  const auto executor = co_await asio::this_coro::executor;
  Limiter limiter;
  const auto pool = *limiter.configure("p", "m", places(1));
  auto held = limiter.try_acquire(pool, Demand());
  asio::cancellation_signal signal;
  std::vector<int> order;
  std::vector<limit::Lease> leases;
  bool ended = false;
  asio::co_spawn(
      executor,
      [](Limiter from, limit::PoolId of) -> Task<void> {
        auto lease = co_await from.acquire(of, Demand());
        EXPECT_FALSE(lease);
        EXPECT_EQ(lease.error().kind(), ErrorKind::cancelled);
      }(limiter, pool),
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended = true; }));
  asio::co_spawn(executor, wait_into(limiter, pool, 2, order, leases), asio::detached);
  co_await turn();
  EXPECT_EQ(limiter.waiting(), 2u);
  signal.emit(asio::cancellation_type::terminal);
  co_await turn();
  EXPECT_TRUE(ended);
  EXPECT_EQ(limiter.waiting(), 1u);
  held->settle(limit::Outcome::Kind::success);
  co_await turn();
  EXPECT_EQ(order, (std::vector<int>{2})) << "the place went to the one who still waits";
}
TEST(ApiLimiter_R8, CancellingLeavesTheQueue) {
  run(cancelled());
}

Task<Result<int>> answers(int value) {
  co_return value;
}
Task<Result<int>> fails(Error error) {
  co_return fail(std::move(error));
}
Task<Result<int>> throws() {
  throw std::runtime_error("a bug");
  co_return 0;
}

std::int64_t used(const Limiter& limiter, limit::PoolId pool, limit::Dimension dimension) {
  for (const auto& state : limiter.snapshot(pool).states)
    if (state.dimension == dimension && !state.project_wide) return state.used;
  return 0;
}

Task<void> calls(std::vector<std::string>& events) {
  const EventSink sink = [&events](const Event& event) {
    events.push_back(event.name + (event.field("result").empty() ? "" : " ") +
                     std::string(event.field("result")));
  };
  Limiter limiter(limit::LimiterOptions(), sink);
  Limits limits = places(1);
  limits.input_tokens_per_minute = 1000;
  const auto pool = *limiter.configure("p", "m", limits);
  const UsageOf<int> usage = [](const int& value) { return Usage(value, 0); };
  const Demand demand(Usage(100, 0));
  auto seven = co_await limited(limiter, pool, demand, answers(7), usage);
  EXPECT_EQ(*seven, 7);
  EXPECT_EQ(used(limiter, pool, limit::Dimension::input_tokens_per_minute), 7);
  auto refused = Error(ErrorKind::rate_limited, "quota")
                     .with_detail("quota_id", "GenerateContentInputTokensPerModelPerMinute")
                     .with_retry_after(std::chrono::seconds(30));
  auto failed = co_await limited(limiter, pool, demand, fails(std::move(refused)), usage);
  EXPECT_FALSE(failed);
  EXPECT_EQ(used(limiter, pool, limit::Dimension::input_tokens_per_minute), 7);
  auto blocked =
      co_await limited(limiter, pool, demand, answers(1), usage, WaitOptions(milliseconds(0)));
  EXPECT_FALSE(blocked);
  const auto after = blocked.error().retry_after();
  EXPECT_TRUE(after.has_value());
  EXPECT_LE(*after, std::chrono::seconds(30));
  bool thrown = false;
  try {
    (void)co_await limited(limiter, pool, Demand(), throws());
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  EXPECT_TRUE(thrown);
  EXPECT_EQ(limiter.snapshot(pool).leases, 0u) << "nothing leaks";
  EXPECT_TRUE(limiter.try_acquire(pool, Demand()));
}
TEST(Limited_B48_R5, ACallIsSettledFromItsUsageAndNothingLeaks) {
  std::vector<std::string> events;
  run(calls(events));
  EXPECT_EQ(events,
            (std::vector<std::string>{
                "limit.budget_reserved", "limit.request_start", "limit.request_stop completed",
                "limit.budget_reserved", "limit.request_start", "limit.retry_window_start",
                "limit.request_stop error", "limit.retry_window_hit", "limit.budget_reserved",
                "limit.request_start", "limit.request_stop stopped", "limit.budget_reserved"}));
}

// Gives 1, 2, 3, and then ends as it was told.
struct Numbers {
  explicit Numbers(Result<void> how) : end(std::move(how)) {}
  Task<std::optional<int>> next() {
    if (last == 3) co_return std::nullopt;
    co_return ++last;
  }
  Result<void> outcome() const { return end; }
  int last = 0;
  Result<void> end;
};
Task<Result<Numbers>> open_numbers(Result<void> end) {
  co_return Numbers(std::move(end));
}

Task<void> streams(std::vector<std::string>& events) {
  const EventSink sink = [&events](const Event& event) {
    if (event.name.starts_with("limit.stream"))
      events.push_back(event.name + " " + std::string(event.field("result")));
  };
  Limiter limiter(limit::LimiterOptions(), sink);
  Limits limits = places(1);
  limits.output_tokens_per_minute = 1000;
  const auto pool = *limiter.configure("p", "m", limits);
  const UsageOf<int> usage = [](const int& sum) { return Usage(0, sum); };
  const Demand demand(Usage(0, 100));
  {
    auto stream = co_await limited_stream(limiter, pool, demand, open_numbers({}), usage);
    EXPECT_TRUE(stream);
    while (co_await stream->next()) EXPECT_EQ(limiter.snapshot(pool).leases, 1u);
    EXPECT_TRUE(stream->outcome());
    EXPECT_EQ(limiter.snapshot(pool).leases, 0u) << "given back at the last byte";
    EXPECT_EQ(used(limiter, pool, limit::Dimension::output_tokens_per_minute), 3);
  }
  {
    auto stream = co_await limited_stream(limiter, pool, demand, open_numbers({}), usage);
    EXPECT_EQ(co_await stream->next(), 1);
    EXPECT_EQ(used(limiter, pool, limit::Dimension::output_tokens_per_minute), 103);
  }
  EXPECT_EQ(used(limiter, pool, limit::Dimension::output_tokens_per_minute), 4) << "dropped";
  {
    Result<void> cut = fail(ErrorKind::disconnected, "cut");
    auto stream = co_await limited_stream(limiter, pool, demand, open_numbers(std::move(cut)));
    while (co_await stream->next()) continue;
    EXPECT_FALSE(stream->outcome());
  }
  EXPECT_EQ(limiter.snapshot(pool).leases, 0u);
}
TEST(LimitedStream_R7_B50, TheLeaseIsHeldToTheLastByte) {
  std::vector<std::string> events;
  run(streams(events));
  EXPECT_EQ(events, (std::vector<std::string>{"limit.stream_start ", "limit.stream_stop completed",
                                              "limit.stream_start ", "limit.stream_stop stopped",
                                              "limit.stream_start ", "limit.stream_stop error"}));
}

struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("limits" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  SharedFile file() const {
    SharedFile shared;
    shared.path = (path / "limits.txt").string();
    return shared;
  }
  std::filesystem::path path;
};

TEST(SharedLimits_R17_D22_R4, ADayOfRequestsSurvivesARestart) {
  Folder folder;
  Limits limits;
  limits.requests_per_day = 3;
  for (int n = 0; n < 3; ++n) {
    auto limiter = Limiter::open(folder.file());
    ASSERT_TRUE(limiter) << limiter.error().describe();
    const auto pool = *limiter->configure("p", "m", limits);
    EXPECT_TRUE(limiter->try_acquire(pool, Demand()));
  }
  auto limiter = Limiter::open(folder.file());
  const auto pool = *limiter->configure("p", "m", limits);
  const auto refused = limiter->try_acquire(pool, Demand());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail("dimension"), "requests_per_day");
}

TEST(SharedLimits_R17, ProcessesTogetherNeverPassTheLimit) {
  Folder folder;
  Limits limits;
  limits.requests_per_minute = 100;
  std::vector<pid_t> children;
  for (int c = 0; c < 4; ++c) {
    const pid_t child = fork();
    if (child == 0) {
      auto limiter = Limiter::open(folder.file());
      if (!limiter) _exit(200);
      const auto pool = *limiter->configure("p", "m", limits);
      int admitted = 0;
      for (int n = 0; n < 60; ++n) {
        auto lease = limiter->try_acquire(pool, Demand());
        admitted += lease ? 1 : 0;
      }
      _exit(admitted);
    }
    children.push_back(child);
  }
  int sum = 0;
  for (const auto child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_LT(WEXITSTATUS(status), 200);
    sum += WEXITSTATUS(status);
  }
  EXPECT_EQ(sum, 100);
}

TEST(SharedLimits_B50, APlaceIsFreedWhenItsOwnerIsKilled) {
  Folder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto limiter = Limiter::open(folder.file());
    const auto lease = limiter->try_acquire(*limiter->configure("p", "m", places(1)), Demand());
    const char told = lease ? 'y' : 'n';
    if (write(ready[1], &told, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char told = 0;
  ASSERT_EQ(read(ready[0], &told, 1), 1);
  EXPECT_EQ(told, 'y');
  auto limiter = Limiter::open(folder.file());
  const auto pool = *limiter->configure("p", "m", places(1));
  EXPECT_FALSE(limiter->try_acquire(pool, Demand()));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(limiter->try_acquire(pool, Demand()));
  close(ready[0]);
  close(ready[1]);
}

TEST(SharedLimits_R17, AFileThatHoldsSomethingElseIsLeftAsItIs) {
  Folder folder;
  std::ofstream(folder.file().path) << "my diary\n";
  const auto limiter = Limiter::open(folder.file());
  ASSERT_FALSE(limiter);
  EXPECT_EQ(limiter.error().kind(), ErrorKind::storage);
  EXPECT_NE(limiter.error().message().find("line 1"), std::string::npos);
  std::string text;
  std::getline(std::ifstream(folder.file().path), text);
  EXPECT_EQ(text, "my diary");
  SharedFile nowhere;
  nowhere.path = (folder.path / "none" / "limits.txt").string();
  EXPECT_FALSE(Limiter::open(nowhere));
}

Task<void> many(Limiter limiter, limit::PoolId pool, std::atomic<int>& done) {
  for (int n = 0; n < 200; ++n) {
    auto lease = co_await limiter.acquire(pool, Demand());
    EXPECT_TRUE(lease);
    co_await turn();
    lease->settle(limit::Outcome::Kind::success);
    ++done;
  }
}
TEST(ApiLimiter_R16, LoopsOfSeveralThreadsShareOne) {
  Limiter limiter;
  const auto pool = *limiter.configure("p", "m", places(2));
  std::atomic<int> done = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([&] { run(many(limiter, pool, done)); });
  threads.clear();
  EXPECT_EQ(done, 800);
  EXPECT_EQ(limiter.snapshot(pool).leases, 0u);
}

}  // namespace
}  // namespace parley::api
