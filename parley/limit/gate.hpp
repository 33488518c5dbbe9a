#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parley/limit/lease.hpp"
#include "parley/limit/limiter.hpp"

namespace parley::limit {

// Where the counts are kept that several processes share. Called under the gate's lock.
class SharedState {
 public:
  virtual ~SharedState() = default;
  // Keeps other processes out. unlock() is called after each lock() that went well.
  virtual Result<void> lock() = 0;
  virtual void unlock() = 0;
  // Gives the limiter the counts.
  virtual Result<void> load(Limiter& limiter, const Moment& now) = 0;
  // Stores the limiter's counts.
  virtual Result<void> store(Limiter& limiter, const Moment& now) = 0;
};

// A limiter for many threads: each call is one critical section of `Lock` (lock() and unlock(), for
// example std::mutex), so that reservations are exact. The lock's type is the user's, because this
// module knows no threads. Made by make(); leases and waiters keep it alive.
template <class Lock>
class Gate final : public LeaseOwner, public std::enable_shared_from_this<Gate<Lock>> {
 public:
  // Called without the lock, from whatever thread made it true, when a ticket is answered or should
  // look at sleep_until() again. May call nothing of the gate; schedules somebody who does. A call
  // may still be under way when the answer has been taken or the queue was left: it owns what it
  // touches.
  using Waker = std::function<void()>;

  // `clock` must outlive the gate and its leases.
  static std::shared_ptr<Gate> make(const Clock& clock, const LimiterOptions& options = {}) {
    return std::shared_ptr<Gate>(new Gate(clock, options));
  }
  // Called without the lock, for each thing that the limiter decided; set it before the first call.
  void on_notice(std::function<void(const Notice&)> listener) {
    listener_ = std::move(listener);
    limiter_.keep_notices(static_cast<bool>(listener_));
  }
  // `on_error` is called with each error of `shared`, without the lock. Set both before the first
  // call.
  void share(std::unique_ptr<SharedState> shared, std::function<void(const Error&)> on_error) {
    shared_ = std::move(shared);
    on_error_ = std::move(on_error);
  }

  Result<PoolId> configure(std::string_view project, std::string_view model, const Limits& limits,
                           const Price& price = Price(), const LearnOptions& learn = {}) {
    Turn turn(*this);
    return limiter_.configure(project, model, limits, price, learn);
  }
  Result<void> configure_project(std::string_view project, const Limits& limits) {
    Turn turn(*this);
    return limiter_.configure_project(project, limits);
  }

  // At once or not at all. Errors: rate_limited with the dimension ("dimension") and, where it is
  // known, retry_after; too_large or permission_denied for what never fits; storage.
  Result<Lease> try_reserve(PoolId pool, const Demand& demand) {
    Turn turn(*this);
    if (turn.failure) return fail(std::move(*turn.failure));
    const auto lease = limiter_.reserve(pool, demand, turn.now);
    if (!lease) return fail(limiter_.error_of(lease.error(), pool, turn.now));
    return Lease(this->shared_from_this(), *lease);
  }

  // Joins the queue. The waker is called when the answer is there, also before this returns.
  Result<TicketId> join(PoolId pool, const Demand& demand, std::optional<TimePoint> deadline,
                        Waker waker) {
    Turn turn(*this);
    if (turn.failure) return fail(std::move(*turn.failure));
    auto ticket = limiter_.enqueue(pool, demand, deadline, turn.now);
    if (ticket) waiting_.emplace(*ticket, std::move(waker));
    return ticket;
  }
  // The answer, once; empty while there is none.
  std::optional<Result<Lease>> take_answer(TicketId ticket) {
    Turn turn(*this, Turn::light);
    const auto found = answered_.find(ticket);
    if (found == answered_.end()) return std::nullopt;
    const auto lease = std::move(found->second);
    answered_.erase(found);
    if (!lease) return std::optional<Result<Lease>>(fail(lease.error()));
    return std::optional<Result<Lease>>(Lease(this->shared_from_this(), *lease));
  }
  // Leaves the queue; a lease that was granted in the meantime goes back whole.
  void leave(TicketId ticket) {
    Turn turn(*this);
    if (limiter_.cancel(ticket, turn.now)) {
      waiting_.erase(ticket);
      return;
    }
    const auto found = answered_.find(ticket);
    if (found == answered_.end()) return;
    if (found->second) limiter_.settle(*found->second, Outcome::Kind::unsent, turn.now);
    answered_.erase(found);
  }
  std::optional<Refusal> waits_for(TicketId ticket) {
    Turn turn(*this, Turn::light);
    return limiter_.waits_for(ticket, turn.now);
  }
  // Until when a waiter may sleep. One of them, the first, watches the clock for all; the others
  // sleep until their waker is called (empty).
  std::optional<TimePoint> sleep_until(TicketId ticket) {
    Turn turn(*this, Turn::light);
    if (waiting_.empty() || waiting_.begin()->first != ticket) return std::nullopt;
    watcher_ = ticket;
    watched_ = wake_time(turn.now.at);
    return watched_;
  }
  // What the watcher calls when its time has come.
  void handle_timeout() {
    Turn turn(*this);
    limiter_.handle_timeout(turn.now);
  }

  void learn(PoolId pool, const RateHeaders& headers) {
    if (headers.empty()) return;
    Turn turn(*this);
    limiter_.learn(pool, headers, turn.now);
  }
  Snapshot snapshot(PoolId pool) {
    Turn turn(*this);
    return limiter_.snapshot(pool, turn.now);
  }
  std::size_t waiting() {
    Turn turn(*this, Turn::light);
    return limiter_.waiting();
  }

  void end(LeaseId lease, const Outcome& outcome) override {
    Turn turn(*this);
    limiter_.settle(lease, outcome, turn.now);
  }
  void charge(LeaseId lease, const Usage& usage) override {
    Turn turn(*this);
    limiter_.charge(lease, usage, turn.now);
  }

 private:
  Gate(const Clock& clock, const LimiterOptions& options) : clock_(&clock), limiter_(options) {}

  // One critical section. What it made known is told when the lock is open again.
  struct Turn {
    enum Kind { full, light };  // light: decides nothing, so that no file is read
    explicit Turn(Gate& gate, Kind of = full) : gate_(gate), kind_(of) {
      gate_.lock_.lock();
      now = gate.moment();
      if (kind_ == full && gate_.shared_) load();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      if (locked_) store();
      std::vector<Waker> wakers;
      std::vector<Notice> notices;
      gate_.gather(wakers, notices, now.at);
      gate_.lock_.unlock();
      for (const auto& notice : notices) gate_.listener_(notice);
      for (const auto& waker : wakers) waker();
      if (failure && gate_.on_error_) gate_.on_error_(*failure);
    }

    Moment now;
    std::optional<Error> failure;  // the shared state cannot be read: nothing is granted

   private:
    void load() {
      auto locked = gate_.shared_->lock();
      locked_ = locked.has_value();
      now = gate_.moment();  // others may have been before this one while it waited
      if (locked_) locked = gate_.shared_->load(gate_.limiter_, now);
      if (!locked) failure = std::move(locked.error());
    }
    void store() {
      if (!failure)
        if (auto stored = gate_.shared_->store(gate_.limiter_, now); !stored)
          failure = std::move(stored.error());
      gate_.shared_->unlock();
    }
    Gate& gate_;
    Kind kind_;
    bool locked_ = false;
  };

  // The wall clock is read once a second, and goes on by the other in between.
  Moment moment() {
    const auto now = clock_->now();
    const auto passed = now - read_.at;
    if (read_.wall == WallTime() || passed < Duration(0) || passed > std::chrono::seconds(1))
      read_ = Moment(now, clock_->wall_now());
    return Moment(now, read_.wall + std::chrono::duration_cast<WallTime::duration>(now - read_.at));
  }

  // Other processes tell nothing: where counts are shared, the watcher looks at them this often.
  static constexpr std::chrono::milliseconds look_at_others{250};
  std::optional<TimePoint> wake_time(TimePoint now) const {
    auto time = limiter_.next_timeout();
    if (shared_) time = std::min(time.value_or(now + look_at_others), now + look_at_others);
    return time;
  }

  void gather(std::vector<Waker>& wakers, std::vector<Notice>& notices, TimePoint now) {
    if (listener_)
      while (auto notice = limiter_.poll_notice()) notices.push_back(*notice);
    if (waiting_.empty()) return;
    while (auto answer = limiter_.poll_answer()) {
      const auto waiter = waiting_.find(answer->ticket);
      answered_.emplace(answer->ticket, std::move(answer->lease));
      wakers.push_back(std::move(waiter->second));
      waiting_.erase(waiter);
    }
    if (waiting_.empty()) return;
    const auto first = waiting_.begin();
    const auto time = wake_time(now);
    const bool sooner = time && (!watched_ || *time < *watched_);
    if (first->first == watcher_ && !sooner) return;
    watcher_ = first->first;
    watched_ = time;
    wakers.push_back(first->second);
  }

  const Clock* clock_;
  Lock lock_;
  Moment read_;  // of the clocks, the last time
  Limiter limiter_;
  std::map<TicketId, Waker> waiting_;
  std::unordered_map<TicketId, Result<LeaseId>> answered_;
  TicketId watcher_ = 0;
  std::optional<TimePoint> watched_;
  std::function<void(const Notice&)> listener_;
  std::unique_ptr<SharedState> shared_;
  std::function<void(const Error&)> on_error_;
};

}  // namespace parley::limit
