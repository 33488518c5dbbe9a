#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "parley/limit/detail/limiter_state.hpp"

namespace parley::limit {

using detail::Order;
using detail::Pool;
using detail::Project;
using detail::Waiter;

namespace {

// How many waiters behind one that is blocked are looked at, in one pool.
constexpr int look_ahead = 32;
// A wait for a day ends by the wall clock, which may be set or go on while the machine sleeps.
constexpr auto look_at_wall_clock = std::chrono::minutes(15);

bool is_of_a_day(Dimension dimension) {
  return dimension == Dimension::requests_per_day || dimension == Dimension::money_per_day;
}

// Dimensions of `amounts` that count anything, as a mask.
std::uint32_t mask_of(const detail::Amounts& amounts) {
  std::uint32_t mask = 0;
  for (std::size_t i = 0; i < dimensions; ++i)
    if (amounts[i] > 0) mask |= 1u << i;
  return mask;
}

constexpr std::uint32_t of_a_day =
    1u << index_of(Dimension::requests_per_day) | 1u << index_of(Dimension::money_per_day);

// A waiter that was looked at and cannot go yet.
struct Blocked {
  Waiter* waiter;
  const Pool* pool;
  std::uint32_t own, shared;  // what blocks it

  // What goes before it although it came later takes of what it waits for. Who waits for another
  // day is not made to wait longer by what still goes on this one.
  bool is_passed_by(const Pool& other, std::uint32_t mask) const {
    if (((own | shared) & of_a_day) != 0) return false;
    return (shared & mask) != 0 || (pool == &other && (own & mask) != 0);
  }
};

// Who stands ahead, was passed as often as may be, and would be once more; null: nobody.
const Blocked* who_bars(const std::vector<Blocked>& blocked, const Pool& pool, std::uint32_t mask,
                        int max_overtakes) {
  const auto found = std::ranges::find_if(blocked, [&](const Blocked& other) {
    return other.is_passed_by(pool, mask) && other.waiter->passed >= max_overtakes;
  });
  return found == blocked.end() ? nullptr : &*found;
}

struct Cursor {
  PoolId id;
  Pool* pool;
  std::map<Order, Waiter>::iterator at;
  int blocked = 0;
};

}  // namespace

// The first waiter with at least this priority that waits for what `amounts` would take.
const Waiter* Limiter::State::ahead_of(Pool& pool, const detail::Amounts& amounts, int priority) {
  const auto mask = mask_of(amounts);
  for (const auto id : pool.project->pools) {
    int seen = 0;
    for (auto& [order, waiter] : pools[id]->queue) {
      if (order.priority < priority || ++seen > look_ahead) break;
      const auto both = look(*pools[id], waiter.amounts, waiter.demand.caller, last);
      const Blocked blocked{&waiter, pools[id].get(), both.own.mask, both.shared.mask};
      if (!blocked.is_passed_by(pool, mask)) continue;
      waiter.refusal = refusal_of(both);
      return &waiter;
    }
  }
  return nullptr;
}

// Somebody of this priority goes: the first of each lower one was passed. Whom too many passed goes
// to the front; true where somebody did.
bool Limiter::State::count_higher(Pool& pool, int priority) {
  constexpr TicketId last_of_all = std::numeric_limits<TicketId>::max();
  bool moved = false;
  auto at = pool.queue.upper_bound(Order{priority, last_of_all});
  while (at != pool.queue.end()) {
    const int level = at->first.priority;
    if (++at->second.passed_by_higher >= options.max_priority_overtakes) {
      auto node = pool.queue.extract(at);
      node.key().priority = std::numeric_limits<int>::max();
      tickets[node.key().ticket].second = node.key();
      pool.queue.insert(std::move(node));
      moved = true;
    }
    at = pool.queue.upper_bound(Order{level, last_of_all});
  }
  return moved;
}

void Limiter::State::answer(Pool& pool, std::map<Order, Waiter>::iterator at,
                            Result<LeaseId> result) {
  const auto ticket = at->first.ticket;
  if (at->second.deadline) deadlines.erase({*at->second.deadline, ticket});
  tickets.erase(ticket);
  pool.queue.erase(at);
  answers.push_back(Answer{ticket, std::move(result)});
}

void Limiter::State::pump(Project& project, const Moment& now) {
  while (pump_once(project, now)) continue;
}

// Looks at the waiters of all models of the project, in their order. True: the order has changed,
// look again.
bool Limiter::State::pump_once(Project& project, const Moment& now) {
  project.wake.reset();
  std::vector<Cursor> cursors;
  for (const auto id : project.pools)
    if (!pools[id]->queue.empty())
      cursors.push_back(Cursor{id, pools[id].get(), pools[id]->queue.begin()});
  std::vector<Blocked> blocked;
  while (!cursors.empty()) {
    const auto next = std::ranges::min_element(
        cursors, [](const Cursor& a, const Cursor& b) { return a.at->first < b.at->first; });
    const auto at = next->at++;
    Pool& pool = *next->pool;
    Waiter& waiter = at->second;
    auto both = look(pool, waiter.amounts, waiter.demand.caller, now);
    const auto mask = mask_of(waiter.amounts);
    const auto* before =
        both.fits() ? who_bars(blocked, pool, mask, options.max_overtakes) : nullptr;
    if (both.own.never || both.shared.never) {
      answer(pool, at, fail(error_of(refusal_of(both), pool, now)));
    } else if (both.fits() && !before) {
      for (auto& other : blocked)
        if (other.is_passed_by(pool, mask)) ++other.waiter->passed;
      const auto lease = take(next->id, waiter.demand, waiter.amounts, now);
      const int priority = at->first.priority;
      answer(pool, at, lease);
      if (count_higher(pool, priority)) return true;
    } else if (!both.fits() && waits_in_vain(pool, waiter, refusal_of(both), now)) {
      answer(pool, at, fail(error_of(refusal_of(both), pool, now)));
    } else {
      if (before) {
        both.own.mask = mask;
        waiter.refusal = before->waiter->refusal;
        waiter.refusal.why = Refusal::Why::waiting;
      } else {
        wait_on(project, waiter, refusal_of(both), now);
      }
      blocked.push_back(Blocked{&waiter, &pool, both.own.mask, both.shared.mask});
      if (++next->blocked >= look_ahead) next->at = pool.queue.end();
    }
    if (next->at == pool.queue.end()) cursors.erase(next);
  }
  return false;
}

// What blocks it comes back behind its deadline: a pause that the service asked for, or the day.
// Calls that run may still give back some of the day's, so it waits for their end.
bool Limiter::State::waits_in_vain(const Pool& pool, const Waiter& waiter, const Refusal& refusal,
                                   const Moment& now) const {
  if (!waiter.deadline || !refusal.until || *refusal.until <= *waiter.deadline) return false;
  const auto& account = refusal.project_wide ? pool.project->account : pool.account;
  if (!is_of_a_day(refusal.dimension))
    return account.cooldown(refusal.dimension, now.at).has_value();
  return std::ranges::none_of(pool.project->pools,
                              [this](PoolId id) { return pools[id]->leases > 0; });
}

void Limiter::State::wait_on(Project& project, Waiter& waiter, const Refusal& refusal,
                             const Moment& now) {
  waiter.refusal = refusal;
  if (!refusal.until) return;
  const auto wake = is_of_a_day(refusal.dimension)
                        ? std::min(*refusal.until, now.at + look_at_wall_clock)
                        : *refusal.until;
  project.wake = std::min(project.wake.value_or(TimePoint::max()), wake);
}

Result<TicketId> Limiter::enqueue(PoolId id, const Demand& demand,
                                  std::optional<TimePoint> deadline, const Moment& when) {
  const Moment now = state_->forward(when);
  Pool& pool = *state_->pools.at(id);
  Waiter waiter;
  waiter.demand = demand;
  waiter.amounts = detail::amounts_of(demand, pool.price);
  waiter.deadline = deadline;
  const auto both = state_->look(pool, waiter.amounts, demand.caller, now);
  waiter.refusal = State::refusal_of(both);
  if (both.own.never || both.shared.never) return fail(state_->error_of(waiter.refusal, pool, now));
  if (pool.queue.size() >= state_->options.max_waiting)
    return fail(ErrorKind::rate_limited, fmt::format("{} requests wait for model '{}' already",
                                                     pool.queue.size(), pool.model));
  // A quota of a day and what the service asked for do not come back early.
  const auto dimension = waiter.refusal.dimension;
  const auto& account = waiter.refusal.project_wide ? pool.project->account : pool.account;
  const bool is_certain = is_of_a_day(dimension) || account.cooldown(dimension, now.at);
  if (!both.fits() && deadline && waiter.refusal.until > *deadline && is_certain)
    return fail(state_->error_of(waiter.refusal, pool, now));
  const TicketId ticket = ++state_->last_ticket;
  const Order order{demand.priority, ticket};
  state_->tickets.emplace(ticket, std::pair(id, order));
  if (deadline) state_->deadlines.emplace(*deadline, ticket);
  pool.queue.emplace(order, std::move(waiter));
  state_->pump(*pool.project, now);
  return ticket;
}

bool Limiter::cancel(TicketId ticket, const Moment& when) {
  const Moment now = state_->forward(when);
  const auto found = state_->tickets.find(ticket);
  if (found == state_->tickets.end()) return false;
  Pool& pool = *state_->pools[found->second.first];
  const auto at = pool.queue.find(found->second.second);
  if (at->second.deadline) state_->deadlines.erase({*at->second.deadline, ticket});
  pool.queue.erase(at);
  state_->tickets.erase(found);
  state_->pump(*pool.project, now);
  return true;
}

std::optional<Refusal> Limiter::waits_for(TicketId ticket, const Moment& when) {
  const Moment now = state_->forward(when);
  const auto found = state_->tickets.find(ticket);
  if (found == state_->tickets.end()) return std::nullopt;
  Pool& pool = *state_->pools[found->second.first];
  auto& waiter = pool.queue.find(found->second.second)->second;
  const auto both = state_->look(pool, waiter.amounts, waiter.demand.caller, now);
  if (!both.fits()) waiter.refusal = State::refusal_of(both);
  Refusal refusal = waiter.refusal;
  if (both.fits()) refusal.why = Refusal::Why::waiting;
  return refusal;
}

void Limiter::State::expire(const Moment& now) {
  while (!deadlines.empty() && deadlines.begin()->first <= now.at) {
    const auto [id, order] = tickets.at(deadlines.begin()->second);
    Pool& pool = *pools[id];
    const auto at = pool.queue.find(order);
    const Error why = error_of(at->second.refusal, pool, now);
    Error error =
        Error(ErrorKind::rate_limited,
              fmt::format("the wait ended at its deadline: {}", why.message()))
            .with_detail("dimension", std::string(to_string(at->second.refusal.dimension)));
    if (why.retry_after()) error = std::move(error).with_retry_after(*why.retry_after());
    answer(pool, at, fail(std::move(error)));
  }
}

void Limiter::handle_timeout(const Moment& when) {
  const Moment now = state_->forward(when);
  for (const auto& [name, project] : state_->projects) state_->pump(*project, now);
  state_->expire(now);
}

std::optional<TimePoint> Limiter::next_timeout() const {
  std::optional<TimePoint> first;
  const auto take = [&first](TimePoint time) { first = std::min(first.value_or(time), time); };
  if (!state_->deadlines.empty()) take(state_->deadlines.begin()->first);
  for (const auto& [name, project] : state_->projects)
    if (project->wake) take(*project->wake);
  return first;
}

std::optional<Answer> Limiter::poll_answer() {
  if (state_->answers.empty()) return std::nullopt;
  auto answer = std::move(state_->answers.front());
  state_->answers.pop_front();
  return answer;
}

void Limiter::keep_notices(bool keep) {
  state_->keep_notices = keep;
}

std::optional<Notice> Limiter::poll_notice() {
  if (state_->notices.empty()) return std::nullopt;
  const Notice notice = state_->notices.front();
  state_->notices.pop_front();
  return notice;
}

std::size_t Limiter::waiting() const {
  return state_->tickets.size();
}

}  // namespace parley::limit
