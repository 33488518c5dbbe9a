#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/limit/dimension.hpp"
#include "parley/limit/headers.hpp"
#include "parley/limit/learner.hpp"

namespace parley::limit {

// One model of one project: what limits belong to (not to a key: all keys of a project share them).
using PoolId = std::uint32_t;
using LeaseId = std::uint64_t;
using TicketId = std::uint64_t;

struct LimiterOptions {
  LimiterOptions() = default;
  // A waiter is passed by at most so many smaller requests that came later, and by at most so many
  // of a higher priority.
  int max_overtakes = 8;
  int max_priority_overtakes = 64;
  std::size_t max_waiting = 10'000;  // in one pool
};

// Why a request may not go.
struct Refusal {
  enum class Why {
    blocked,     // a limit, see dimension and until
    waiting,     // others wait for the same before it; dimension and until are those of the first
    never_fits,  // larger than the limit itself, see largest
  };
  Refusal() = default;
  Why why = Why::blocked;
  Dimension dimension{};
  bool project_wide = false;  // the limit of the project, not of the model
  // When it may go as far as is known; empty: when another call ends, or never.
  std::optional<TimePoint> until;
  std::int64_t largest = 0;  // the largest amount that could ever go; 0: a limit of nothing
};

// How a call ended.
struct Outcome {
  enum class Kind {
    success,       // the service answered
    rate_limited,  // it refused with a quota error
    rejected,      // it refused the request itself: a request, and no tokens
    failed,        // any other error; whether it was counted is unknown, so it is
    cancelled,     // the caller stopped; what was not used comes back where usage tells it
    unsent,        // nothing reached the service: all comes back
  };
  Outcome(Kind how) : kind(how) {}  // NOLINT(google-explicit-constructor)
  static Outcome success(const Usage& used);
  static Outcome refused(Error error);
  // By the error: rate_limited for 429 (and 503, which says too many at the same time), rejected
  // for an answer of 400 to 404 and what Live refuses so, cancelled, unsent where no connection was
  // made, failed for the rest.
  static Outcome of(const Error& error);

  Kind kind;
  std::optional<Usage> usage;  // empty: the estimate stays booked
  std::optional<Error> error;
};

// The answer to a ticket. Error: rate_limited with the dimension in its details ("dimension") where
// the deadline came first; permission_denied or too_large where it cannot go any more.
struct Answer {
  TicketId ticket;
  Result<LeaseId> lease;
};

// For logs: what the limiter decided. `until`: where the kind has one. The end of a retry window is
// told by the first call after it.
struct Notice {
  enum class Kind { reserved, rejected, window_start, window_hit, window_stop, learnt };
  Kind kind;
  PoolId pool;
  Dimension dimension;
  std::optional<TimePoint> until;
  std::int64_t amount = 0;  // learnt: the level; reserved: tokens
};

struct DimensionState {
  Dimension dimension{};
  bool project_wide = false;
  std::optional<std::int64_t> configured, learnt, effective;
  std::int64_t used = 0;
  std::optional<std::int64_t> free;    // empty: no limit
  std::optional<TimePoint> next_free;  // when one more unit fits; empty: at once, or unknown
  std::optional<TimePoint> cooldown;   // nothing goes before then
};
struct Snapshot {
  std::string project, model;
  std::vector<DimensionState> states;  // of the model, then of the project
  std::size_t waiting = 0;
  std::size_t leases = 0;
};

// Reservations over all limits of models and projects at once, without clock, thread or I/O: time
// comes in as an argument and never runs backwards inside (an earlier one counts as the last).
// One thread at a time: Gate makes it one for many.
class Limiter {
 public:
  explicit Limiter(const LimiterOptions& options = LimiterOptions());
  Limiter(Limiter&&) noexcept;
  Limiter& operator=(Limiter&&) noexcept;
  ~Limiter();

  // The pool of a model, made or set anew; counts, leases and waiters of an old one stay. Error:
  // invalid_argument, see check(Limits).
  Result<PoolId> configure(std::string_view project, std::string_view model, const Limits& limits,
                           const Price& price = Price(), const LearnOptions& learn = {});
  std::optional<PoolId> find(std::string_view project, std::string_view model) const;
  // Limits that all models of a project share.
  Result<void> configure_project(std::string_view project, const Limits& limits);

  // All or nothing, at once. A refusal changes nothing. Does not pass those who wait for the same.
  std::expected<LeaseId, Refusal> reserve(PoolId pool, const Demand& demand, const Moment& now);
  // Joins the queue, first come first served within a priority; the answer comes from
  // poll_answer(), perhaps at once. Errors at once: never fits, the queue is full, or a wait that
  // is known to end behind the deadline.
  Result<TicketId> enqueue(PoolId pool, const Demand& demand, std::optional<TimePoint> deadline,
                           const Moment& now);
  // Leaves the queue. False: the ticket was answered, or never given; take its answer.
  bool cancel(TicketId ticket, const Moment& now);
  // What the ticket waits for; empty: it does not wait.
  std::optional<Refusal> waits_for(TicketId ticket, const Moment& now);

  // Ends a lease. False: it has ended before, and nothing changes.
  bool settle(LeaseId lease, const Outcome& outcome, const Moment& now);
  // Books what a running call has used so far on top of what it reserved: for a Live session,
  // turn by turn. Give each token once (see UsageMeter).
  bool charge(LeaseId lease, const Usage& usage, const Moment& now);

  // What the headers of an answer say about limits.
  void learn(PoolId pool, const RateHeaders& headers, const Moment& now);

  void handle_timeout(const Moment& now);
  // When to call handle_timeout; empty: nobody waits for time.
  std::optional<TimePoint> next_timeout() const;
  std::optional<Answer> poll_answer();
  // Notices are kept only after keep_notices(true), at most 1000 of them.
  void keep_notices(bool keep);
  std::optional<Notice> poll_notice();

  Snapshot snapshot(PoolId pool, const Moment& now);
  Error error_of(const Refusal& refusal, PoolId pool, const Moment& now) const;
  std::size_t waiting() const;

  // The counts as text, for a file that processes share (docs/limits.md has the format). `boot`
  // tells runs of the machine apart: within one, the monotonic clock is trusted, else the wall.
  // `owner` is this process.
  std::string write_state(const Moment& now, std::string_view boot, std::string_view owner);
  // Takes the counts of `text` instead of its own; leases and waiters stay. `alive` says whether
  // another owner's places still count. Errors: invalid_argument with the line; nothing changes.
  Result<void> read_state(std::string_view text, const Moment& now, std::string_view boot,
                          std::string_view owner, bool (*alive)(std::string_view owner));

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::limit
