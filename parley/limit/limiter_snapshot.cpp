#include <algorithm>

#include "parley/limit/detail/limiter_state.hpp"

namespace parley::limit {
namespace {

bool is_worth_a_line(const DimensionState& state, Dimension dimension) {
  if (dimension == Dimension::retry_window || dimension == Dimension::caller_concurrency)
    return state.effective || state.cooldown;
  return state.effective || state.used != 0 || state.cooldown;
}

void add_states(std::vector<DimensionState>& states, detail::Account& account, bool project_wide,
                const Moment& now) {
  for (std::size_t i = 0; i < dimensions; ++i) {
    const auto dimension = static_cast<Dimension>(i);
    DimensionState state;
    state.dimension = dimension;
    state.project_wide = project_wide;
    state.configured = account.limits().of(dimension);
    state.learnt = account.learnt(dimension);
    state.effective = account.effective(dimension);
    state.used = account.used(dimension, now);
    if (state.effective) state.free = std::max<std::int64_t>(*state.effective - state.used, 0);
    state.cooldown = account.cooldown(dimension, now.at);
    detail::Amounts one{};
    one[i] = 1;
    const auto verdict = account.verdict(one, std::string(), now);
    if (verdict.mask != 0) state.next_free = verdict.until;
    if (is_worth_a_line(state, dimension)) states.push_back(state);
  }
}

}  // namespace

Snapshot Limiter::snapshot(PoolId id, const Moment& when) {
  const Moment now = state_->forward(when);
  auto& pool = *state_->pools.at(id);
  Snapshot snapshot;
  snapshot.project = pool.project_name;
  snapshot.model = pool.model;
  add_states(snapshot.states, pool.account, false, now);
  add_states(snapshot.states, pool.project->account, true, now);
  snapshot.waiting = pool.queue.size();
  snapshot.leases = pool.leases;
  return snapshot;
}

}  // namespace parley::limit
