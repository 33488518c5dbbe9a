#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parley/limit/detail/account.hpp"
#include "parley/limit/limiter.hpp"

namespace parley::limit::detail {

// The place in a queue: the first goes first.
struct Order {
  int priority = 0;
  TicketId ticket = 0;
  bool operator<(const Order& other) const {
    return priority != other.priority ? priority > other.priority : ticket < other.ticket;
  }
};

struct Waiter {
  Demand demand;
  Amounts amounts{};
  std::optional<TimePoint> deadline;
  int passed = 0;            // by smaller ones behind it
  int passed_by_higher = 0;  // counted for the first of each priority
  Refusal refusal;           // of the last look
};

struct Project;

struct Pool {
  Pool(std::string of_project, std::string of_model, Project& shared_with, const Limits& limits,
       const LearnOptions& learn)
      : project_name(std::move(of_project)),
        model(std::move(of_model)),
        project(&shared_with),
        account(limits, learn) {}
  std::string project_name, model;
  Project* project;
  Account account;
  Price price;
  std::map<Order, Waiter> queue;
  std::size_t leases = 0;
};

struct Project {
  explicit Project(const Limits& limits) : account(limits, LearnOptions()) {}
  Account account;  // what all models share
  std::vector<PoolId> pools;
  std::optional<TimePoint> wake;  // when a waiter may go
};

struct Lease {
  PoolId pool = 0;
  std::uint32_t generation = 0;
  bool live = false;
  Amounts amounts{};  // as booked
  Usage estimate;     // as booked, charges included
  Usage charged;      // what charge() told so far
  std::string caller;
  Booking own;
  std::optional<Booking> shared;  // empty: the project limited nothing
};

}  // namespace parley::limit::detail

namespace parley::limit {

struct Limiter::State {
  explicit State(const LimiterOptions& with) : options(with) {}

  // The account of the model and that of the project, as one.
  struct Both {
    detail::Verdict own, shared;
    bool fits() const { return own.mask == 0 && shared.mask == 0; }
  };

  Moment forward(const Moment& now);
  Both look(detail::Pool& pool, const detail::Amounts& amounts, const std::string& caller,
            const Moment& now);
  static Refusal refusal_of(const Both& both);
  LeaseId take(PoolId id, const Demand& demand, const detail::Amounts& amounts, const Moment& now);
  detail::Lease* find(LeaseId id);
  void release(detail::Lease& lease);
  void rebook(detail::Lease& lease, const Usage& actual, const Moment& now);
  void give_back_requests(detail::Lease& lease, const Moment& now);
  void refused(detail::Lease& lease, const Error& error, const Moment& now);
  void violated(detail::Lease& lease, const QuotaViolation& violation,
                std::optional<std::chrono::milliseconds> delay, const Moment& now);
  void cool_down(PoolId id, detail::Account& account, Dimension dimension,
                 std::optional<std::chrono::milliseconds> delay, const Moment& now);

  const detail::Waiter* ahead_of(detail::Pool& pool, const detail::Amounts& amounts, int priority);
  bool count_higher(detail::Pool& pool, int priority);
  void pump(detail::Project& project, const Moment& now);
  bool pump_once(detail::Project& project, const Moment& now);
  bool waits_in_vain(const detail::Pool& pool, const detail::Waiter& waiter, const Refusal& refusal,
                     const Moment& now) const;
  static void wait_on(detail::Project& project, detail::Waiter& waiter, const Refusal& refusal,
                      const Moment& now);
  void expire(const Moment& now);
  void answer(detail::Pool& pool, std::map<detail::Order, detail::Waiter>::iterator at,
              Result<LeaseId> result);
  Error error_of(const Refusal& refusal, const detail::Pool& pool, const Moment& now) const;
  void tell(Notice::Kind kind, PoolId pool, Dimension dimension,
            std::optional<TimePoint> until = {}, std::int64_t amount = 0);
  void tell_ended_windows(const Moment& now);

  LimiterOptions options;
  Moment last;
  std::map<std::string, std::unique_ptr<detail::Project>, std::less<>> projects;
  std::vector<std::unique_ptr<detail::Pool>> pools;
  std::map<std::pair<std::string, std::string>, PoolId> ids;
  std::vector<detail::Lease> leases;
  std::vector<std::uint32_t> spare;  // places in `leases` that are free
  std::unordered_map<TicketId, std::pair<PoolId, detail::Order>> tickets;
  std::set<std::pair<TimePoint, TicketId>> deadlines;
  TicketId last_ticket = 0;
  std::deque<Answer> answers;
  bool keep_notices = false;
  std::deque<Notice> notices;
  std::vector<Notice> open_windows;  // retry windows that are to be told as ended
};

}  // namespace parley::limit
