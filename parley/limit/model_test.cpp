// The limiter beside a reference model that is a list of events, with random operations on virtual
// time. A failure is shrunk to the fewest operations, printed as text that `kept` takes.

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include "parley/base/random.hpp"
#include "parley/limit/limiter.hpp"
#include "parley/limit/pacific.hpp"
#include "parley/limit/test_model.hpp"

namespace parley::limit {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// reserve, enqueue: pool, input tokens, output tokens, priority. settle: which of the open leases,
// how, input and output used. charge: which, input, output. cancel: which of the waiting. pass: ms
// of the monotonic clock, ms of the wall clock.
struct Op {
  enum Kind { reserve, enqueue, settle, charge, cancel, pass } kind;
  std::int64_t a = 0, b = 0, c = 0, d = 0;
};
using Ops = std::vector<Op>;

std::string text_of(const Ops& ops) {
  std::ostringstream out;
  for (const auto& op : ops)
    out << static_cast<int>(op.kind) << ' ' << op.a << ' ' << op.b << ' ' << op.c << ' ' << op.d
        << "; ";
  return out.str();
}

Ops ops_of(const std::string& text) {
  Ops ops;
  std::istringstream in(text);
  for (int kind = 0; in >> kind;) {
    Op op{static_cast<Op::Kind>(kind)};
    char semicolon = 0;
    in >> op.a >> op.b >> op.c >> op.d >> semicolon;
    ops.push_back(op);
  }
  return ops;
}

// Runs the operations on both; gives what differs, or nothing.
class Play {
 public:
  // `through_text`: before each operation the counts are written and read again, as processes that
  // share a file do.
  explicit Play(bool through_text) : through_text_(through_text) {
    for (int p = 0; p < pools; ++p)
      ids_[p] =
          limiter_.configure("p", p == 0 ? "a" : "b", limits_of(p), price, no_learning()).value();
    EXPECT_TRUE(limiter_.configure_project("p", shared_limits()));
  }
  std::string run(const Ops& ops) {
    for (std::size_t i = 0; i < ops.size() && wrong_.empty(); ++i) {
      if (through_text_) {
        const auto read = limiter_.read_state(limiter_.write_state(now(), "boot", "me"), now(),
                                              "boot", "me", [](std::string_view) { return false; });
        if (!read) wrong_ = read.error().message();
      }
      apply(ops[i]);
      if (wrong_.empty()) look();
      if (!wrong_.empty()) wrong_ = "at operation " + std::to_string(i) + ": " + wrong_;
    }
    if (wrong_.empty())
      for (const int pool : {-1, 0, 1}) {
        const auto limit = pool < 0 ? shared_limits() : limits_of(pool);
        if (model_.densest_requests(pool) > *limit.requests_per_minute)
          wrong_ = "a minute holds more requests than its limit";
      }
    return wrong_;
  }

 private:
  struct Open {
    int pool;
    Usage booked, charged;
  };
  static LearnOptions no_learning() {
    LearnOptions learn;
    learn.rate = false;
    return learn;
  }
  Moment now() const { return Moment(clock_, wall_); }
  std::int32_t day() const { return pacific_day(wall_); }

  void granted(int pool, const Usage& usage, LeaseId lease) {
    if (!model_.fits(pool, usage, at_, day())) wrong_ = "granted what does not fit";
    model_.take(pool, usage, at_, day(), lease);
    open_.emplace_back(lease, Open{pool, usage, Usage()});
  }
  void answers() {
    while (auto answer = limiter_.poll_answer()) {
      const auto at = std::ranges::find(waiting_, answer->ticket, &Waiting::ticket);
      if (at == waiting_.end()) {
        wrong_ = "an answer to a ticket that does not wait";
        return;
      }
      const auto waiting = *at;
      // Who waits in the same pool with the same needs and came earlier goes first.
      for (auto other = waiting_.begin(); other != at; ++other)
        if (other->pool == at->pool && other->priority == at->priority && other->usage == at->usage)
          wrong_ = "a later one went first";
      waiting_.erase(at);
      if (answer->lease) granted(waiting.pool, waiting.usage, *answer->lease);
      if (!answer->lease) wrong_ = "no deadline was set, and it has failed";
    }
  }
  void apply(const Op& op) {
    const int pool = static_cast<int>(op.a % pools);
    const auto pick = [&](std::size_t size) { return static_cast<std::size_t>(op.a) % size; };
    switch (op.kind) {
      case Op::reserve:
        return reserve(pool, Usage(op.b, op.c), static_cast<int>(op.d));
      case Op::enqueue: {
        const Usage usage(op.b, op.c);
        Demand demand(usage);
        demand.priority = static_cast<int>(op.d);
        const auto ticket = limiter_.enqueue(ids_[pool], demand, {}, now());
        if (ticket) waiting_.push_back(Waiting{*ticket, pool, usage, demand.priority});
        return answers();
      }
      case Op::settle:
        if (!open_.empty()) settle(pick(open_.size()), op);
        return answers();
      case Op::charge: {
        if (open_.empty()) return;
        auto& [lease, open] = open_[pick(open_.size())];
        open.charged = Usage(open.charged.input_tokens + op.b, open.charged.output_tokens + op.c);
        open.booked = Usage(std::max(open.booked.input_tokens, open.charged.input_tokens),
                            std::max(open.booked.output_tokens, open.charged.output_tokens));
        limiter_.charge(lease, Usage(op.b, op.c), now());
        return model_.correct(open.pool, open.booked, at_, day(), lease);
      }
      case Op::cancel:
        if (waiting_.empty()) return;
        {
          const auto at = waiting_.begin() + static_cast<std::ptrdiff_t>(pick(waiting_.size()));
          if (!limiter_.cancel(at->ticket, now())) wrong_ = "a waiter is unknown";
          waiting_.erase(at);
        }
        return answers();
      case Op::pass:
        clock_ += milliseconds(op.a);
        at_ = std::max(at_, clock_);  // the limiter's time never runs backwards
        wall_ += milliseconds(op.b);
        limiter_.handle_timeout(now());
        return answers();
    }
  }
  void reserve(int pool, const Usage& usage, int priority) {
    const bool fits = model_.fits(pool, usage, at_, day());
    Demand demand(usage);
    demand.priority = priority;
    const bool alone = waiting_.empty();
    const auto lease = limiter_.reserve(ids_[pool], demand, now());
    answers();
    if (lease) return granted(pool, usage, *lease);
    if (fits && alone) wrong_ = "refused what fits";
    if (lease.error().why == Refusal::Why::never_fits && usage.input_tokens <= 300 &&
        usage.output_tokens <= 500)
      wrong_ = "never fits?";
    if (lease.error().until && *lease.error().until <= at_ &&
        lease.error().why == Refusal::Why::blocked)
      wrong_ = "blocked until a time that is past";
  }
  void settle(std::size_t index, const Op& op) {
    const auto [lease, open] = open_[index];
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
    Outcome outcome(Outcome::Kind::failed);
    if (op.b == 1) outcome = Outcome::success(Usage(op.c, op.d));
    if (op.b == 2) outcome = Outcome::Kind::unsent;
    if (op.b == 1) model_.correct(open.pool, Usage(op.c, op.d), at_, day(), lease);
    if (op.b == 2) {
      model_.correct(open.pool, open.charged, at_, day(), lease);
      model_.give_back_requests(lease, at_);
    }
    model_.end(lease);
    if (!limiter_.settle(lease, outcome, now())) wrong_ = "a lease is unknown";
    if (limiter_.settle(lease, outcome, now())) wrong_ = "a lease ended twice";
  }
  // All counts are equal, and the first waiter of each pool is blocked for a reason.
  void look() {
    for (int p = 0; p < pools; ++p) {
      const auto snapshot = limiter_.snapshot(ids_[p], now());
      for (const auto& state : snapshot.states) {
        const auto expected = model_.used(state.project_wide ? -1 : p, state.dimension, at_, day());
        if (state.used != expected)
          wrong_ = std::string(to_string(state.dimension)) + " of pool " + std::to_string(p) +
                   " is " + std::to_string(state.used) + ", the model says " +
                   std::to_string(expected);
      }
      if (snapshot.waiting !=
          static_cast<std::size_t>(std::ranges::count(waiting_, p, &Waiting::pool)))
        wrong_ = "waiters were lost";
    }
    std::optional<Waiting> first;
    for (const auto& waiting : waiting_)
      if (!first || waiting.priority > first->priority) first = waiting;
    if (first && model_.fits(first->pool, first->usage, at_, day()))
      wrong_ = "the first waits although it fits";
  }

  struct Waiting {
    TicketId ticket;
    int pool;
    Usage usage;
    int priority;
  };
  bool through_text_;
  Limiter limiter_;
  PoolId ids_[pools] = {};
  Model model_;
  TimePoint clock_ = TimePoint() + hours(1);
  TimePoint at_ = clock_;
  WallTime wall_ = from_unix_ms(1'772'953'200'000);  // two hours before the spring change of 2026
  std::vector<std::pair<LeaseId, Open>> open_;
  std::vector<Waiting> waiting_;
  std::string wrong_;
};

std::string play(const Ops& ops, bool through_text = false) {
  return Play(through_text).run(ops);
}

Ops random_ops(std::uint64_t seed, bool with_queue) {
  SeededRandom random(seed);
  const auto below = [&](std::uint64_t bound) {
    return static_cast<std::int64_t>(random.below(bound));
  };
  Ops ops;
  for (int n = 0; n < 300; ++n) {
    const auto kind = below(with_queue ? 14 : 10);
    if (kind < 4) {
      ops.push_back(Op{Op::reserve, below(2), below(120), below(120), below(3)});
    } else if (kind < 7) {
      ops.push_back(Op{Op::settle, below(100), below(3), below(200), below(200)});
    } else if (kind == 7) {
      ops.push_back(Op{Op::charge, below(100), below(60), below(60)});
    } else if (kind < 10) {
      const auto far = below(40);
      const auto ms = far == 0 ? below(864'000'000) : far < 8 ? below(70'000) : below(3'000);
      const auto wall = below(30) == 0 ? ms - below(100'000'000) : ms;
      ops.push_back(Op{Op::pass, below(25) == 0 ? -ms : ms, wall});
    } else if (kind < 13) {
      ops.push_back(Op{Op::enqueue, below(2), below(250), below(250), below(3)});
    } else {
      ops.push_back(Op{Op::cancel, below(100)});
    }
  }
  return ops;
}

// Leaves out whatever can be left out.
Ops shrunk(Ops ops) {
  for (std::size_t size = ops.size() / 2; size > 0; size /= 2)
    for (std::size_t at = 0; at + size <= ops.size();) {
      Ops fewer = ops;
      const auto from = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.erase(from, from + static_cast<std::ptrdiff_t>(size));
      if (play(fewer).empty())
        at += size;
      else
        ops = std::move(fewer);
    }
  return ops;
}

void compare(std::uint64_t seeds, bool with_queue) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Ops ops = random_ops(seed, with_queue);
    if (play(ops).empty()) continue;
    const Ops few = shrunk(ops);
    ADD_FAILURE() << "seed " << seed << ": " << play(few) << "\n" << text_of(few);
    return;
  }
}

TEST(LimiterModel_R19_R1_R2_R6, ItAgreesWithAListOfEvents) {
  compare(200, false);
}

TEST(LimiterModel_R19_R8, ItAgreesWithAListOfEventsWhileOthersWait) {
  compare(200, true);
}

// Each was a failure once.
TEST(LimiterModel_R19_R17, SoDoesOneWhoseCountsGoThroughAFile) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Ops ops = random_ops(seed, seed % 2 == 0);
    ASSERT_EQ(play(ops, true), "") << "seed " << seed;
  }
}

TEST(LimiterModel_R19, WhatFailedBeforeStillAgrees) {
  const char* const kept[] = {
      "5 51432 -25391486 0 0; 5 2688 -88591874 0 0; 5 36496 -92171938 0 0; 5 2473 -93883889 0 0; "
      "5 1794 -64547104 0 0; 0 0 26 14 2; ",
      "0 1 77 43 2; 0 1 32 100 1; 0 0 97 4 2; 5 -2591 2591 0 0; 3 74 26 47 0; 2 16 2 78 93; "
      "0 1 112 35 1; 2 73 1 81 29; ",
      "0 1 2 93 2; 5 61137 61137 0 0; 5 -29243 29243 0 0; ",
  };
  for (const auto* text : kept) EXPECT_EQ(play(ops_of(text)), "") << text;
}

}  // namespace
}  // namespace parley::limit
