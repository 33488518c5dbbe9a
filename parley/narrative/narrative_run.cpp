#include "parley/narrative/detail/narrative_run.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "parley/narrative/detail/act_run.hpp"
#include "parley/narrative/detail/carousel.hpp"
#include "parley/narrative/detail/group.hpp"

namespace parley::narrative::detail {

NarrativeRun::NarrativeRun(Session& run_session, const Narrative& of, std::string path_prefix,
                           int carousel_round, BudgetScope& budget_scope, int run_times)
    : session(run_session),
      narrative(of),
      prefix(std::move(path_prefix)),
      round(carousel_round),
      budget(budget_scope),
      times(run_times),
      plan_(plan(of)),
      outcomes_(of.acts.size()),
      started_(of.acts.size(), false) {}

Task<void> NarrativeRun::act_task(NarrativeRun* self, int act, int visit) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  ActRun run(*self, act, visit);
  auto outcome = co_await run.run();
  const auto status = outcome.result.status;
  self->session.tell(outcome.result);
  self->outcomes_[static_cast<std::size_t>(act)] = std::make_unique<Outcome>(std::move(outcome));
  if (status == Status::failed && !self->narrative.keep_independents) self->stopped_ = true;
  if (status == Status::cancelled) self->stopped_ = true;
}

void NarrativeRun::leave_out(int act, Status status, std::string why) {
  const auto at = static_cast<std::size_t>(act);
  started_[at] = true;
  auto outcome = std::make_unique<Outcome>();
  outcome->result.path = prefix + narrative.acts[at].name;
  outcome->result.status = status;
  outcome->result.message = std::move(why);
  session.tell(outcome->result);
  outcomes_[at] = std::move(outcome);
}

std::string NarrativeRun::hindrance(int act) const {
  for (const int need : plan_.needs[static_cast<std::size_t>(act)]) {
    if (!ended(need)) continue;
    const auto status = outcome(need).result.status;
    if (status != Status::done && status != Status::skipped)
      return fmt::format("act {}, which it needs, is {}",
                         narrative.acts[static_cast<std::size_t>(need)].name,
                         status == Status::not_run ? "not run" : to_string(status));
  }
  return stopped_ ? "the run stopped before it" : "";
}

void NarrativeRun::start_ready(Group& group) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (std::size_t act = 0; act < started_.size(); ++act) {
      if (started_[act]) continue;
      const int index = static_cast<int>(act);
      if (auto why = hindrance(index); !why.empty()) {
        leave_out(index, Status::not_run, std::move(why));
        changed = true;
      } else if (std::ranges::all_of(plan_.needs[act], [this](int need) { return ended(need); })) {
        started_[act] = true;
        group.start(act_task(this, index, 1));
      }
    }
  }
}

Outcome NarrativeRun::summary() const {
  Outcome out;
  out.result.status = Status::done;
  const auto rank = [](Status status) {
    switch (status) {
      case Status::cancelled:
        return 3;
      case Status::failed:
        return 2;
      case Status::paused:
        return 1;
      default:
        return 0;
    }
  };
  for (const auto& act : outcomes_) {
    add_usage(out.result, act->result);
    if (act->result.status == Status::done) out.result.output = act->result.output;
    if (rank(act->result.status) > rank(out.result.status)) out.result.status = act->result.status;
    if (act->error && !out.error) {
      out.error = act->error;
      out.anew = act->anew;
      out.result.message = act->result.message;
    }
  }
  add_usage(out.result, earlier_);
  return out;
}

Task<Outcome> NarrativeRun::run() {
  if (narrative.live) co_return co_await run_live();
  Group group(co_await boost::asio::this_coro::executor);
  start_ready(group);
  while (group.running() > 0) {
    const bool cancelled = co_await group.wait();
    if (cancelled && !group.stopping()) {
      session.cancelled = true;
      stopped_ = true;
      group.cancel();
    }
    start_ready(group);
  }
  group.rethrow();
  for (const auto& act : outcomes_) session.results.push_back(act->result);
  co_return summary();
}

namespace {

struct Pass {
  Session* session;
  const Narrative* narrative;
  const std::string* prefix;
  BudgetScope* budget;
  int times;
};

Task<Outcome> one_pass(Pass pass, int round) {
  NarrativeRun run(*pass.session, *pass.narrative, fmt::format("{}[{}]/", *pass.prefix, round),
                   round, *pass.budget, pass.times);
  co_return co_await run.run();
}

}  // namespace

Task<Outcome> run_narrative(Session& session, const Narrative& narrative, std::string prefix,
                            int round, BudgetScope& outer, int times) {
  BudgetScope scope("narrative " + narrative.name, narrative.budget, &outer,
                    session.ports.clock->now());
  if (!narrative.carousel) {
    NarrativeRun run(session, narrative, std::move(prefix), round, scope, times);
    co_return co_await run.run();
  }
  BudgetScope rounds("the carousel of " + narrative.name, narrative.carousel->budget, &scope,
                     session.ports.clock->now());
  const Pass pass{&session, &narrative, &prefix, &rounds, times * narrative.carousel->iterations};
  RoundRunner one = std::bind_front(one_pass, pass);
  co_return co_await run_carousel(session, *narrative.carousel, rounds, std::move(one));
}

void add_usage(ActResult& to, const ActResult& from) {
  to.tokens += from.tokens;
  to.cost += from.cost;
  if (!from.model.empty()) to.model = from.model;
}

}  // namespace parley::narrative::detail
