#include <gtest/gtest.h>

#include "parley/limit/detail/state_text.hpp"
#include "parley/limit/limiter.hpp"

namespace parley::limit {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

bool all_alive(std::string_view) {
  return true;
}
bool none_alive(std::string_view) {
  return false;
}

Limits limits() {
  Limits all;
  all.requests_per_minute = 5;
  all.input_tokens_per_minute = 1000;
  all.requests_per_day = 100;
  all.concurrency = 30;
  return all;
}

const Moment start(TimePoint() + hours(1), from_unix_ms(1'767'000'000'000));

Moment later(Duration duration) {
  return Moment(start.at + duration,
                start.wall + std::chrono::duration_cast<milliseconds>(duration));
}

struct Process {
  explicit Process(std::string name) : owner(std::move(name)) {
    pool = limiter.configure("my project", "a/model", limits()).value();
  }
  std::string write(const Moment& now) { return limiter.write_state(now, "boot 1", owner); }
  Result<void> read(std::string_view text, const Moment& now, std::string_view boot = "boot 1",
                    bool (*alive)(std::string_view) = all_alive) {
    return limiter.read_state(text, now, boot, owner, alive);
  }
  std::int64_t used(Dimension dimension, const Moment& now) {
    for (const auto& state : limiter.snapshot(pool, now).states)
      if (state.dimension == dimension && !state.project_wide) return state.used;
    return 0;
  }
  Limiter limiter;
  PoolId pool = 0;
  std::string owner;
};

TEST(LimitState_R17, AnotherProcessGoesOnWithTheSameCounts) {
  Process a("a"), b("b");
  ASSERT_TRUE(a.limiter.reserve(a.pool, Demand(Usage(300, 10)), start));
  const auto text = a.write(start);
  ASSERT_TRUE(b.read(text, later(seconds(1)))) << text;
  EXPECT_EQ(b.used(Dimension::requests_per_minute, later(seconds(1))), 1);
  EXPECT_EQ(b.used(Dimension::input_tokens_per_minute, later(seconds(1))), 300);
  EXPECT_EQ(b.used(Dimension::requests_per_day, later(seconds(1))), 1);
  EXPECT_EQ(b.used(Dimension::concurrency, later(seconds(1))), 1) << "a's place counts";
  EXPECT_EQ(b.used(Dimension::requests_per_minute, later(seconds(61))), 0);
}

TEST(LimitState_R17, WrittenAndReadAgainItIsTheSameText) {
  Process a("a"), b("a");
  for (int n = 0; n < 5; ++n) {
    const auto now = later(seconds(7 * n));
    ASSERT_TRUE(a.limiter.reserve(a.pool, Demand(Usage(10 + n, 3)), now));
  }
  auto lease = a.limiter.reserve(a.pool, Demand(Usage(1, 1)), later(seconds(61)));
  a.limiter.settle(*lease,
                   Outcome::of(Error(ErrorKind::rate_limited, "")
                                   .with_detail("quota_id", "RequestsPerDayPerProjectPerModel")
                                   .with_detail("quota_value", "50")),
                   later(seconds(62)));
  lease = a.limiter.reserve(a.pool, Demand(), later(hours(24)));
  a.limiter.settle(*lease, Outcome::of(Error(ErrorKind::rate_limited, "")), later(hours(24)));
  const auto now = later(hours(24));
  const auto text = detail::read_text(a.write(now));
  ASSERT_TRUE(text) << text.error().message();
  EXPECT_EQ(detail::write_text(*text), a.write(now));
  ASSERT_TRUE(b.read(a.write(now), now));
  for (const char* word :
       {"window requests_per_minute", "day ", "blocked ", "known requests_per_day 50",
        "cooldown retry_window", "level requests_per_minute", "my%20project"})
    EXPECT_NE(b.write(now).find(word), std::string::npos) << word << "\n" << b.write(now);
}

TEST(LimitState_R4, AfterARestartOfTheMachineTheWallClockCounts) {
  Process a("a"), b("b");
  for (int n = 0; n < 5; ++n) ASSERT_TRUE(a.limiter.reserve(a.pool, Demand(), start));
  const auto text = a.write(start);
  const Moment up(TimePoint() + seconds(20), start.wall + seconds(30));
  ASSERT_TRUE(b.read(text, up, "boot 2", none_alive));
  EXPECT_EQ(b.used(Dimension::requests_per_minute, up), 5);
  EXPECT_EQ(b.used(Dimension::concurrency, up), 0) << "its owners are gone";
  const Moment gone(TimePoint() + seconds(51), start.wall + seconds(61));
  EXPECT_EQ(b.used(Dimension::requests_per_minute, gone), 0);
  EXPECT_EQ(b.used(Dimension::requests_per_day, gone), 5);
}

TEST(LimitState_R16, AWallClockThatWentBackGivesNothing) {
  Process a("a"), b("b");
  for (int n = 0; n < 5; ++n) ASSERT_TRUE(a.limiter.reserve(a.pool, Demand(), start));
  const Moment up(TimePoint() + seconds(20), start.wall - hours(5));
  ASSERT_TRUE(b.read(a.write(start), up, "boot 2", none_alive));
  EXPECT_FALSE(b.limiter.reserve(b.pool, Demand(), up));
  EXPECT_FALSE(b.limiter.reserve(b.pool, Demand(), Moment(up.at + seconds(59), up.wall)));
}

TEST(LimitState_R17, WhatIsWrongIsToldWithItsLineAndChangesNothing) {
  Process a("a");
  ASSERT_TRUE(a.limiter.reserve(a.pool, Demand(), start));
  const auto good = a.write(start);
  struct Case {
    std::string text;
    const char* says;
  };
  const std::string head = "parley-limits 1\nsaved 1 2 b\n";
  for (const auto& wrong : {
           Case{"", "line 1"},
           Case{"parley-limits 2\n", "line 1"},
           Case{"parley-limits 1\nsaved now\n", "line 2"},
           Case{head, "the file was cut"},
           Case{good.substr(0, good.size() - 5), "the file was cut"},
           Case{head + "day 1 2 3\nend\n", "line 3"},
           Case{head + "model p m 60000000000\nwindow requests_per_week 1 1\nend\n", "line 4"},
           Case{head + "model p m 60000000000\nwindow requests_per_minute 1 -1\nend\n", "line 4"},
           Case{head + "model p m 60000000000\nday 1 1 1\nday 1 1 1\nend\n", "line 5"},
           Case{head + "model p%2 m 60000000000\nend\n", "line 3"},
           Case{head + "model p m 0\nend\n", "line 3"},
           Case{head + "end\nmore\n", "behind the end"},
       }) {
    const auto read = a.read(wrong.text, start);
    ASSERT_FALSE(read) << wrong.text;
    EXPECT_EQ(read.error().kind(), ErrorKind::invalid_argument);
    EXPECT_NE(read.error().message().find(wrong.says), std::string::npos)
        << read.error().message() << " for " << wrong.text;
    EXPECT_EQ(a.write(start), good);
  }
}

}  // namespace
}  // namespace parley::limit
