#include "parley/limit/detail/limiter_state.hpp"

#include <algorithm>

namespace parley::limit {
namespace detail {

AccountState Account::save(const std::string& owner) const {
  AccountState state;
  state.span = windows_[0].span();
  for (std::size_t i = 0; i < minute_dimensions; ++i)
    state.windows[i].assign(windows_[i].slots().begin(), windows_[i].slots().end());
  state.refused.assign(refused_.slots().begin(), refused_.slots().end());
  if (pace_) state.pace = pace_->due();
  state.days = days_;
  state.blocked_day = blocked_day_;
  for (std::size_t i = 0; i < dimensions; ++i)
    if (cooldowns_[i] != TimePoint()) state.cooldowns[i] = cooldowns_[i];
  state.known = known_;
  for (std::size_t i = 0; i < learners; ++i) state.learnt[i] = learners_[i].memory();
  state.holders = others_;
  if (slots_ > 0) state.holders.push_back(Holder{owner, slots_});
  return state;
}

void Account::load(const AccountState& state, const std::string& owner, TimePoint now) {
  const auto span = windows_[0].span();
  const auto fill = [&](SlidingWindow& window, const std::vector<SlidingWindow::Slot>& slots) {
    window.clear();
    for (const auto& slot : slots) {
      auto number = slot.number;
      if (span != state.span)  // another window: what was taken counts from the slot's end
        number = std::min((number + 1) * SlidingWindow::width_of(state.span),
                          now.time_since_epoch().count()) /
                 SlidingWindow::width_of(span);
      window.take_slot(number, slot.amount);
    }
  };
  for (std::size_t i = 0; i < minute_dimensions; ++i) fill(windows_[i], state.windows[i]);
  fill(refused_, state.refused);
  if (pace_ && state.pace) pace_->restore(*state.pace);
  days_ = state.days;
  blocked_day_ = state.blocked_day;
  for (std::size_t i = 0; i < dimensions; ++i)
    cooldowns_[i] = state.cooldowns[i].value_or(TimePoint());
  cooling_until_ = *std::ranges::max_element(cooldowns_);
  known_ = state.known;
  for (std::size_t i = 0; i < learners; ++i) {
    const auto& memory = state.learnt[i];
    if (memory.level) learners_[i].restore(memory);
  }
  others_.clear();
  foreign_slots_ = 0;
  for (const auto& holder : state.holders) {
    if (holder.owner == owner) continue;
    others_.push_back(holder);
    foreign_slots_ += holder.slots;
  }
  refresh();
}

}  // namespace detail

std::string Limiter::write_state(const Moment& when, std::string_view boot,
                                 std::string_view owner) {
  detail::StateText text;
  text.saved = state_->forward(when);
  text.boot = boot;
  const std::string own(owner);
  for (const auto& [name, project] : state_->projects) {
    auto state = project->account.save(own);
    state.project = name;
    text.accounts.push_back(std::move(state));
  }
  for (const auto& pool : state_->pools) {
    auto state = pool->account.save(own);
    state.project = pool->project_name;
    state.model = pool->model;
    text.accounts.push_back(std::move(state));
  }
  return detail::write_text(text);
}

Result<void> Limiter::read_state(std::string_view text, const Moment& when, std::string_view boot,
                                 std::string_view owner, bool (*alive)(std::string_view owner)) {
  const Moment now = state_->forward(when);
  auto state = detail::read_text(text);
  if (!state) return fail(std::move(state.error()));
  detail::move_to(*state, now, boot);
  for (auto& account : state->accounts) {
    std::erase_if(account.holders, [&](const detail::Holder& holder) {
      return holder.owner != owner && !alive(holder.owner);
    });
    auto& project = state_->projects[account.project];
    Limits limits;
    limits.window = std::chrono::duration_cast<std::chrono::milliseconds>(account.span);
    if (!project) project = std::make_unique<detail::Project>(Limits());
    if (!account.model) {
      project->account.load(account, std::string(owner), now.at);
      continue;
    }
    const std::pair key(account.project, *account.model);
    const auto [at, made] = state_->ids.try_emplace(key, state_->pools.size());
    if (made) {  // another process uses it: kept for its sake
      state_->pools.push_back(
          std::make_unique<detail::Pool>(key.first, key.second, *project, limits, LearnOptions()));
      project->pools.push_back(at->second);
    }
    state_->pools[at->second]->account.load(account, std::string(owner), now.at);
  }
  return {};
}

}  // namespace parley::limit
