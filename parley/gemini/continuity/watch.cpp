#include <algorithm>

#include <fmt/format.h>

#include "parley/gemini/continuity/detail/state.hpp"
#include "parley/gemini/live_models.hpp"

// Time, silence, context and budget.
namespace parley::gemini {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

void earliest(std::optional<TimePoint>& out, std::optional<TimePoint> other) {
  if (other && (!out || *other < *out)) out = other;
}

}  // namespace

// When the service has been silent for too long; empty: nothing is owed, or nobody watches.
std::optional<TimePoint> Continuity::State::silent_at() const {
  const bool waits = turn.is_owed() || turn.phase != Phase::idle;
  if (policy.silence.limit.count() == 0 || !active || !waits || silence_told || calls.any_open())
    return std::nullopt;
  return std::max(last_message, turn.played_until) + policy.silence.limit;
}

std::optional<TimePoint> Continuity::State::next_timeout() const {
  std::optional<TimePoint> out;
  if (over) return out;
  if (planned) out = planned->at;
  earliest(out, silent_at());
  const auto& budget = policy.budget;
  if (budget.time.count() > 0 && first_opened && !closing) {
    const auto it = budget_told.find(BudgetNotice::Of::time);
    const int told = it == budget_told.end() ? 0 : it->second;
    const auto warning = duration_cast<milliseconds>(budget.time * budget.warn_at);
    const auto part = (told == 0 ? warning : budget.time) + milliseconds(1);
    if (told < 2) earliest(out, *first_opened + part);
  }
  if (!active || closing) return out;
  if (active->deadline && !active->overdue_told) {
    const auto margin = policy.hand_over.margin;
    if (!next && !planned) earliest(out, *active->deadline + margin);
    if (policy.hand_over.enabled && !active->announced && !wanted && !active->given_up)
      earliest(out, *active->deadline - policy.hand_over.notice);
  }
  if (!wanted || next || planned || wanted->breaking) return out;
  earliest(out, wanted->latest);
  if (is_quiet()) earliest(out, turn.idle_since + policy.hand_over.handle_wait);
  earliest(out, turn.merge_at);
  return out;
}

void Continuity::State::handle_timeout(TimePoint now) {
  if (over) return;
  if (planned && planned->at <= now) open_planned(now);
  check_budget(now);
  if (over || closing) return;
  watch_silence(now);
  watch_deadline(now);
  if (wanted && active) {
    drop_merged(now);
    if (turn.merge_at && *turn.merge_at <= now) turn.merge_at.reset();
    consider_handover(now);
  }
}

void Continuity::State::watch_silence(TimePoint now) {
  const auto at = silent_at();
  if (!at || now < *at) return;
  using Then = SilencePolicy::Then;
  SilenceNoticed told;
  told.since = duration_cast<milliseconds>(now - last_message);
  auto then = policy.silence.then;
  const bool spent = nudges >= policy.silence.nudges || !takes_turns(setup.model);
  if (then == Then::nudge && spent) then = Then::resume;
  if (then == Then::resume && (policy.retry.max_attempts == 0 || !may_go_on())) then = Then::tell;
  last_message = now;
  silence_told = then == Then::tell;
  if (then == Then::nudge) {
    ++nudges;
    told.then = SilenceNoticed::Then::nudged;
    tell(told);
    return send_own(turns_message({}, true));
  }
  if (then == Then::tell) return tell(told);
  told.then = SilenceNoticed::Then::resumed;
  tell(told);
  effect(CloseLink{active->id});
  active.reset();
  ++counters.losses;
  end_answer_of_old(now);
  wanted.reset();
  if (next) return;
  recover(Error(ErrorKind::timeout, "the service owed an answer and said nothing")
              .with_stage(Stage::receive),
          CloseAction::resume, {}, LinkReason::silence, now);
}

// The announced end, or that of the lifetime.
void Continuity::State::watch_deadline(TimePoint now) {
  if (!active || !active->deadline) return;
  const auto deadline = *active->deadline;
  const auto& rules = policy.hand_over;
  if (rules.enabled && !active->overdue_told && !active->given_up &&
      (active->announced || now >= deadline - rules.notice))
    want_handover(active->announced ? LinkReason::go_away : LinkReason::lifetime,
                  deadline - rules.margin, now);
  if (!active || now < deadline + rules.margin || active->overdue_told || next || planned) return;
  active->overdue_told = true;
  if (policy.retry.max_attempts == 0 || !may_go_on()) return tell(DeadlinePassed());
  effect(CloseLink{active->id});
  active.reset();
  wanted.reset();
  ++counters.losses;
  end_answer_of_old(now);
  recover(Error(ErrorKind::timeout, "the connection's announced end has passed")
              .with_stage(Stage::idle),
          CloseAction::resume, {}, LinkReason::overdue, now);
}

void Continuity::State::check_context() {
  const auto window =
      policy.context.window > 0 ? policy.context.window : context_window(setup.model);
  const auto used = ledger.context();
  if (window == 0) return;
  const double share = static_cast<double>(used) / static_cast<double>(window);
  if (share < policy.context.warn_at) {
    context_told = context_told && share > policy.context.warn_at * 0.9;
    return;
  }
  if (std::exchange(context_told, true)) return;
  ContextNearlyFull told;
  told.used = used;
  told.window = window;
  told.advice = setup.context_window_compression
                    ? "the service drops the oldest turns when triggerTokens is reached"
                    : "turn contextWindowCompression on: without it the service ends the session "
                      "(1007) when the context is full";
  tell(std::move(told));
}

void Continuity::State::check_budget(TimePoint now) {
  const auto& budget = policy.budget;
  if (!started || over || closing) return;
  using enum BudgetNotice::Of;
  const auto spent = ledger.total();
  if (budget.tokens > 0)
    note_budget(tokens, static_cast<double>(spent.total), static_cast<double>(budget.tokens), now);
  if (budget.money > 0) {
    const auto& prices = budget.prices.empty() ? live_prices() : budget.prices;
    note_budget(money, cost_of(spent, setup.model, prices), budget.money, now);
  }
  if (budget.time.count() > 0 && first_opened) {
    const auto minutes = [](auto duration) {
      return std::chrono::duration<double, std::ratio<60>>(duration).count();
    };
    note_budget(time, minutes(now - *first_opened), minutes(budget.time), now);
  }
}

void Continuity::State::note_budget(BudgetNotice::Of of, double used, double limit, TimePoint now) {
  int& told = budget_told[of];
  const int reached = used >= limit ? 2 : used >= limit * policy.budget.warn_at ? 1 : 0;
  if (reached <= told || over || closing) return;
  told = reached;
  BudgetNotice notice;
  notice.of = of;
  notice.used = used;
  notice.limit = limit;
  notice.reached = reached == 2;
  notice.stopped = notice.reached && policy.budget.then == BudgetPolicy::Then::stop;
  tell(notice);
  if (!notice.stopped) return;
  constexpr std::string_view names[] = {"tokens", "money", "minutes"};
  stop_reason = Error(ErrorKind::cancelled,
                      fmt::format("the conversation's budget is spent: {:.2f} of {:.2f} {}", used,
                                  limit, names[static_cast<std::size_t>(of)]));
  close(now);
}

void Continuity::State::close(TimePoint) {
  if (over || closing) return;
  closing = true;
  planned.reset();
  wanted.reset();
  if (next) effect(CloseLink{std::exchange(next, std::nullopt)->id});
  if (active) return effect(CloseLink{active->id});
  if (stop_reason) return finish(fail(*stop_reason));
  finish({});
}

}  // namespace parley::gemini
