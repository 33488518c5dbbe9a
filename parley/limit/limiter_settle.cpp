#include <algorithm>

#include "parley/limit/detail/limiter_state.hpp"

namespace parley::limit {

using detail::Account;
using detail::Lease;
using std::chrono::milliseconds;

Lease* Limiter::State::find(LeaseId id) {
  const auto place = static_cast<std::uint32_t>(id);
  if (place >= leases.size()) return nullptr;
  auto& lease = leases[place];
  return lease.live && lease.generation == id >> 32 ? &lease : nullptr;
}

void Limiter::State::release(Lease& lease) {
  auto& pool = *pools[lease.pool];
  const auto slots = lease.amounts[index_of(Dimension::concurrency)];
  pool.account.release(slots, lease.caller);
  if (lease.shared) pool.project->account.release(slots, lease.caller);
  --pool.leases;
  lease.live = false;
  ++lease.generation;
  spare.push_back(static_cast<std::uint32_t>(&lease - leases.data()));
}

void Limiter::State::rebook(Lease& lease, const Usage& actual, const Moment& now) {
  auto& pool = *pools[lease.pool];
  const auto change = [&](Dimension dimension, std::int64_t to) {
    auto& booked = lease.amounts[index_of(dimension)];
    to = std::clamp<std::int64_t>(to, 0, detail::largest_amount);
    pool.account.rebook(lease.own, dimension, booked, to, now);
    if (lease.shared) pool.project->account.rebook(*lease.shared, dimension, booked, to, now);
    booked = to;
  };
  change(Dimension::input_tokens_per_minute, actual.input_tokens);
  change(Dimension::output_tokens_per_minute, actual.output_tokens);
  change(Dimension::money_per_day, cost_of(actual, pool.price));
  lease.estimate = actual;
}

void Limiter::State::give_back_requests(Lease& lease, const Moment& now) {
  auto& pool = *pools[lease.pool];
  for (const auto dimension : {Dimension::requests_per_minute, Dimension::requests_per_day}) {
    const auto booked = lease.amounts[index_of(dimension)];
    pool.account.rebook(lease.own, dimension, booked, 0, now);
    if (lease.shared) pool.project->account.rebook(*lease.shared, dimension, booked, 0, now);
  }
}

bool Limiter::charge(LeaseId id, const Usage& usage, const Moment& when) {
  const Moment now = state_->forward(when);
  auto* lease = state_->find(id);
  if (lease == nullptr) return false;
  const auto add = [](std::int64_t& sum, std::int64_t more) {
    sum += std::clamp<std::int64_t>(more, 0, detail::largest_amount);
  };
  add(lease->charged.input_tokens, usage.input_tokens);
  add(lease->charged.output_tokens, usage.output_tokens);
  add(lease->charged.cached_tokens, usage.cached_tokens);
  Usage most;  // what was reserved is used up first
  most.input_tokens = std::max(lease->charged.input_tokens, lease->estimate.input_tokens);
  most.output_tokens = std::max(lease->charged.output_tokens, lease->estimate.output_tokens);
  most.cached_tokens = lease->charged.cached_tokens;
  state_->rebook(*lease, most, now);
  return true;
}

bool Limiter::settle(LeaseId id, const Outcome& outcome, const Moment& when) {
  const Moment now = state_->forward(when);
  auto* lease = state_->find(id);
  if (lease == nullptr) return false;
  auto& pool = *state_->pools[lease->pool];
  const Usage none;
  if (outcome.usage) {
    state_->rebook(*lease, *outcome.usage, now);
  } else if (outcome.kind == Outcome::Kind::unsent || outcome.kind == Outcome::Kind::rejected ||
             outcome.kind == Outcome::Kind::rate_limited) {
    state_->rebook(*lease, lease->charged, now);
  } else if (lease->charged != none && outcome.kind != Outcome::Kind::failed) {
    state_->rebook(*lease, lease->charged, now);
  }
  if (outcome.kind == Outcome::Kind::unsent) state_->give_back_requests(*lease, now);
  if (outcome.kind == Outcome::Kind::success) {
    pool.account.succeeded(lease->own, lease->amounts, now);
    if (lease->shared) pool.project->account.succeeded(*lease->shared, lease->amounts, now);
  } else if (outcome.kind == Outcome::Kind::rate_limited) {
    const Error unknown(ErrorKind::rate_limited, "");
    state_->refused(*lease, outcome.error ? *outcome.error : unknown, now);
  }
  state_->release(*lease);
  if (!state_->tickets.empty()) state_->pump(*pool.project, now);
  return true;
}

void Limiter::State::refused(Lease& lease, const Error& error, const Moment& now) {
  auto& pool = *pools[lease.pool];
  const auto delay = asked_delay(error);
  const bool overloaded = error.http_status() == 503 || error.kind() == ErrorKind::unavailable;
  if (overloaded) {  // too many at the same time; no word about a rate
    pool.account.refused(lease.own, Dimension::concurrency, now);
    if (delay) cool_down(lease.pool, pool.account, Dimension::retry_window, delay, now);
    return;
  }
  const auto violations = quota_violations(error);
  for (const auto& violation : violations) violated(lease, violation, delay, now);
  if (!violations.empty()) return;
  pool.account.refused(lease.own, Dimension::requests_per_minute, now);
  pool.account.refused(lease.own, Dimension::concurrency, now);
  cool_down(lease.pool, pool.account, Dimension::retry_window, delay, now);
}

void Limiter::State::violated(Lease& lease, const QuotaViolation& violation,
                              std::optional<milliseconds> delay, const Moment& now) {
  auto& pool = *pools[lease.pool];
  Account& account = violation.per_model ? pool.account : pool.project->account;
  detail::Booking first;  // of a project that limited nothing when the call began
  first.at = lease.own.at;
  const auto booking = violation.per_model ? lease.own : lease.shared.value_or(first);
  auto dimension = static_cast<Dimension>(violation.subject);
  if (violation.period == QuotaPeriod::at_once) dimension = Dimension::concurrency;
  if (violation.period == QuotaPeriod::day) dimension = Dimension::requests_per_day;
  const bool counts_tokens = violation.subject != QuotaSubject::requests;
  const bool named = violation.period != QuotaPeriod::unknown;
  const auto before = account.effective(dimension);
  bool is_news = false;
  // A quota of a day in tokens has no dimension of its own; that it is zero says all.
  if (violation.allowed && named &&
      !(violation.period == QuotaPeriod::day && counts_tokens && *violation.allowed > 0)) {
    is_news = !before || *violation.allowed < *before;
    account.know(dimension, *violation.allowed);
    if (is_news) tell(Notice::Kind::learnt, lease.pool, dimension, {}, *violation.allowed);
  }
  if (violation.period == QuotaPeriod::day) {
    const auto day = account.block_day(now);
    tell(Notice::Kind::window_start, lease.pool, dimension, day);
    if (keep_notices)
      open_windows.push_back(Notice{Notice::Kind::window_stop, lease.pool, dimension, day});
    return;
  }
  if (!is_news) account.refused(booking, dimension, now);
  if (violation.period != QuotaPeriod::at_once || delay)
    cool_down(lease.pool, account, named ? dimension : Dimension::retry_window, delay, now);
}

void Limiter::State::cool_down(PoolId id, Account& account, Dimension dimension,
                               std::optional<milliseconds> delay, const Moment& now) {
  const bool begins = !account.cooldown(dimension, now.at);
  const auto until = account.cool_down(dimension, delay, now.at);
  if (!keep_notices) return;
  if (begins) tell(Notice::Kind::window_start, id, dimension, until);
  const auto same = [&](const Notice& open) {
    return open.pool == id && open.dimension == dimension;
  };
  std::erase_if(open_windows, same);
  open_windows.push_back(Notice{Notice::Kind::window_stop, id, dimension, until});
}

void Limiter::State::tell(Notice::Kind kind, PoolId pool, Dimension dimension,
                          std::optional<TimePoint> until, std::int64_t amount) {
  if (!keep_notices) return;
  if (notices.size() == 1000) notices.pop_front();
  notices.push_back(Notice{kind, pool, dimension, until, amount});
}

void Limiter::State::tell_ended_windows(const Moment& now) {
  std::erase_if(open_windows, [&](const Notice& open) {
    if (open.until > now.at) return false;
    tell(open.kind, open.pool, open.dimension, open.until);
    return true;
  });
}

void Limiter::learn(PoolId id, const RateHeaders& headers, const Moment& when) {
  const Moment now = state_->forward(when);
  auto& account = state_->pools.at(id)->account;
  constexpr Dimension subjects[] = {
      Dimension::requests_per_minute, Dimension::input_tokens_per_minute,
      Dimension::output_tokens_per_minute, Dimension::requests_per_day};
  for (std::size_t i = 0; i < std::size(subjects); ++i) {
    const auto& said = headers.of[i];
    const auto before = account.effective(subjects[i]);
    if (said.limit) account.know(subjects[i], *said.limit);
    if (said.limit && (!before || *said.limit < *before))
      state_->tell(Notice::Kind::learnt, id, subjects[i], {}, *said.limit);
    if (said.remaining == 0 && said.reset && said.reset->count() > 0)
      state_->cool_down(id, account, subjects[i], said.reset, now);
  }
  if (headers.retry_after && headers.retry_after->count() > 0)
    state_->cool_down(id, account, Dimension::retry_window, headers.retry_after, now);
}

}  // namespace parley::limit
