#include <algorithm>

#include <fmt/format.h>

#include "parley/gemini/continuity/detail/state.hpp"

// Connections are planned, opened and lost.
namespace parley::gemini {

using std::chrono::milliseconds;

namespace {

// The rules decide what may be tried again, not the policy's own test.
net::ReconnectPolicy without_test(net::ReconnectPolicy policy) {
  policy.may_retry = [](const Error&) { return true; };
  return policy;
}

}  // namespace

Continuity::State::State(Setup first_setup, ContinuityPolicy its_policy, Random& random)
    : setup(std::move(first_setup)),
      policy(std::move(its_policy)),
      reconnector(without_test(policy.retry), random),
      outbox(policy.queue_bytes, policy.replay.bytes),
      history(policy.history.enabled, policy.history.bytes) {
  auto& resumption = setup.session_resumption;
  if (resumption && resumption->handle) handle = *std::exchange(resumption->handle, std::nullopt);
  if (!resumption && policy.ask_for_handles && may_have_another()) resumption.emplace();
  own = setup;
}

bool Continuity::State::may_have_another() const {
  return policy.retry.max_attempts > 0 || policy.hand_over.enabled || changed ||
         policy.failover.services.size() > 1;
}

LinkStart Continuity::State::start_of_next() const {
  if (!handle.empty() && !(handle_holds_speech && history.keeps())) return LinkStart::handle;
  return history.keeps() && !history.empty() ? LinkStart::seeded : LinkStart::fresh;
}

// A connection that knew nothing of what was said would be another conversation.
bool Continuity::State::may_go_on() const {
  return start_of_next() != LinkStart::fresh || history.empty();
}

Setup Continuity::State::setup_for(LinkStart start) const {
  Setup out = setup;
  if (start == LinkStart::handle) {
    if (!out.session_resumption) out.session_resumption.emplace();
    out.session_resumption->handle = handle;
  }
  if (start == LinkStart::fresh) return out;
  HistorySeeded told;
  if (out.history_config) out.history_config->initial_history_in_client_content.reset();
  if (detail::seed_way(setup.model) == detail::SeedWay::initial &&
      !history.seed(start == LinkStart::handle, told).empty()) {
    if (!out.history_config) out.history_config.emplace();
    out.history_config->initial_history_in_client_content = true;
  }
  return out;
}

// False: the program's hook said no.
bool Continuity::State::plan(LinkReason why, milliseconds delay, TimePoint now) {
  Planned attempt;
  attempt.why = why;
  attempt.start = start_of_next();
  AttemptPlan change;
  change.delay = delay;
  change.setup = setup_for(attempt.start);
  ConnectionAttempt told;
  told.number = static_cast<int>(++counters.attempts);
  told.in_a_row = ++in_a_row;
  told.why = why;
  told.start = attempt.start;
  told.delay = delay;
  told.service = service_name();
  if (policy.on_attempt) policy.on_attempt(told, change);
  if (change.stop) {
    --counters.attempts;
    return false;
  }
  told.delay = std::max(change.delay, milliseconds(0));
  attempt.at = now + told.delay;
  attempt.setup = std::move(change.setup);
  planned = std::move(attempt);
  tell(told);
  if (planned->at <= now) open_planned(now);
  return true;
}

void Continuity::State::open_planned(TimePoint now) {
  Link link;
  link.id = ++links;
  link.why = planned->why;
  link.start = planned->start;
  link.opened_at = now;
  const auto& history_config = planned->setup.history_config;
  link.seeds_first =
      history_config && history_config->initial_history_in_client_content.value_or(false);
  next = link;
  OpenLink open;
  open.link = link.id;
  open.service = service;
  open.setup = std::move(planned->setup);
  planned.reset();
  effect(std::move(open));
}

void Continuity::State::opened(LinkId link, TimePoint now) {
  if (!next || next->id != link || over) return;
  next->opened_at = now;
  if (policy.hand_over.lifetime.count() > 0) next->deadline = now + policy.hand_over.lifetime;
  if (!first_opened) first_opened = now;
  ++counters.connections;
  reconnector.connected(now);
  // What was said while it opened is not in what it began with.
  const bool moved_on =
      active && wanted && ((!wanted->forced && !is_boundary(now)) || knows_too_little(*next));
  if (moved_on) {
    effect(CloseLink{next->id});
    next.reset();
    HandoverFailed failed;
    failed.why = wanted->why;
    failed.error =
        Error(ErrorKind::conflict, "the conversation went on meanwhile; it is made later");
    tell(std::move(failed));
    return consider_handover(now);
  }
  take_over(now);
}

void Continuity::State::failed(LinkId link, Error why, TimePoint now) {
  if (!next || next->id != link || over) return;
  const LinkReason reason = next->why;
  next.reset();
  LinkEnd end;
  end.error = why;
  std::string advice;
  const auto action = action_for(end, advice);
  if (!active) return recover(why, action, std::move(advice), reason, now);
  const bool at_once = gives_up_handle(why, action);
  auto delay = reconnector.next_delay(why, now);
  if (delay && at_once) delay = milliseconds(0);
  const bool in_time =
      delay && (!wanted->latest || now + *delay < *wanted->latest + policy.hand_over.margin);
  if (action == CloseAction::stop || !in_time || !may_go_on() || !plan(reason, *delay, now))
    give_up_handover(std::move(why));
}

CloseAction Continuity::State::action_for(const LinkEnd& end, std::string& advice) {
  const auto row = find_rule(policy.rules, end);
  if (!row) return CloseAction::stop;
  const auto& rule = policy.rules[*row];
  advice = rule.advice;
  const int uses = ++rule_uses[*row];
  return rule.limit > 0 && uses > rule.limit ? rule.then : rule.action;
}

void Continuity::State::ended(LinkId link, Result<void> outcome, TimePoint now) {
  if (over) return;
  if (next && next->id == link)
    return failed(link,
                  outcome ? Error(ErrorKind::disconnected, "the service closed the connection")
                          : std::move(outcome.error()),
                  now);
  if (!active || active->id != link) return;
  LinkEnd end;
  end.announced = active->announced;
  end.in_answer = turn.phase != Phase::idle || turn.is_owed();
  if (!outcome) end.error = std::move(outcome.error());
  if (closing) {
    if (stop_reason) return finish(fail(*stop_reason));
    return finish({});
  }
  lost(std::move(end), now);
}

void Continuity::State::lost(LinkEnd end, TimePoint now) {
  const Link old = *std::exchange(active, std::nullopt);
  ++counters.losses;
  gap_since = gap_since.value_or(now);
  if (now - old.opened_at >= policy.retry.stable) {
    rule_uses.clear();
    refused.clear();
    in_a_row = failures_here = 0;
    moves = 0;
  }
  if (!old.completed_turn && old.start == LinkStart::handle &&
      ++handle_failures >= policy.resumes_per_handle)
    handle.clear();
  std::string advice;
  auto action = action_for(end, advice);
  // It was on its way to another connection anyway.
  if (wanted && (wanted->breaking || next || planned)) action = CloseAction::resume;
  const bool orderly = !end.error;
  Error why = end.error.value_or(
      Error(ErrorKind::disconnected, "the service closed the connection").with_close(1000, ""));
  auto before = std::exchange(events, {});
  end_answer_of_old(now);
  end_of_answer = std::exchange(events, std::move(before));
  if (orderly && action == CloseAction::stop) {
    tell_end_of_answer();
    return finish({});
  }
  if (next || planned) {
    ConnectionLost told;
    told.error = std::move(why);
    told.action = action;
    return tell_loss(std::move(told));
  }
  const auto reason = wanted && wanted->breaking ? wanted->why : LinkReason::loss;
  recover(why, action, std::move(advice), reason, now);
}

// The cause first.
void Continuity::State::tell_loss(ConnectionLost told) {
  tell(std::move(told));
  tell_end_of_answer();
}

void Continuity::State::tell_end_of_answer() {
  for (auto& event : end_of_answer) tell(std::move(event));
  end_of_answer.clear();
}

// True: by the service's word. Then it is there, and the next attempt need not wait.
bool Continuity::State::gives_up_handle(const Error& why, CloseAction action) {
  if (action != CloseAction::reseed) return false;
  return !std::exchange(handle, {}).empty() && !why.close_reason().empty();
}

// No connection is there: another one, or the end.
void Continuity::State::recover(const Error& why, CloseAction action, std::string advice,
                                LinkReason reason, TimePoint now) {
  gap_since = gap_since.value_or(now);
  const bool at_once = gives_up_handle(why, action);
  std::optional<milliseconds> delay;
  if (wanted && wanted->breaking && !next)
    delay = milliseconds(0);
  else
    delay = delay_of_next(why, action, now);
  if (delay && at_once) delay = milliseconds(0);
  if (wanted) wanted->breaking = false;
  ConnectionLost told;
  told.error = why;
  told.advice = std::move(advice);
  told.action = !delay                                 ? CloseAction::stop
                : start_of_next() == LinkStart::handle ? CloseAction::resume
                                                       : CloseAction::reseed;
  tell_loss(std::move(told));
  if (!delay) return finish(fail(why));
  if (!plan(reason, *delay, now))
    finish(fail(
        Error(ErrorKind::cancelled, "the program's hook stopped the attempts").with_cause(why)));
}

void Continuity::State::finish(Result<void> why) {
  if (std::exchange(over, true)) return;
  result = std::move(why);
  if (active) effect(CloseLink{active->id});
  if (next) effect(CloseLink{next->id});
  active.reset();
  next.reset();
  planned.reset();
  wanted.reset();
  LiveToolCallsCancelled cancelled;
  cancelled.ids = calls.drop_all();
  if (!cancelled.ids.empty()) tell(LiveEvent(std::move(cancelled)));
  MessagesLost unsent;
  unsent.why = "the conversation ended before they were sent";
  unsent.messages = outbox.take_unsent();
  if (!unsent.messages.empty()) tell(std::move(unsent));
}

}  // namespace parley::gemini
