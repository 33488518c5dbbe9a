#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parley/narrative/detail/session.hpp"
#include "parley/narrative/plan.hpp"

namespace parley::narrative::detail {

class Group;
class LiveStage;

// One pass through the acts of a narrative.
class NarrativeRun {
 public:
  // `prefix`: "" or "outer/"; `round`: of the nearest carousel around it, 0: none.
  // `times`: how often it would run in all, for dry runs.
  NarrativeRun(Session& session, const Narrative& of, std::string path_prefix, int round,
               BudgetScope& budget_scope, int times);

  // Done, or the first failure, pause or cancellation. The acts' results go to Session::results.
  Task<Outcome> run();

  const Outcome& outcome(int act) const { return *outcomes_[static_cast<std::size_t>(act)]; }
  bool ended(int act) const { return outcomes_[static_cast<std::size_t>(act)] != nullptr; }

  Session& session;
  const Narrative& narrative;
  const std::string prefix;
  const int round;
  BudgetScope& budget;
  const int times;
  LiveStage* live = nullptr;  // of a Live narrative, while it runs

 private:
  // live_run.cpp
  Task<Outcome> run_live();
  Task<void> live_visit(Group& group, int act);
  int live_next(int act, bool& led);
  void live_leave_out(int from, int to, Status status, const std::string& why);

  static Task<void> act_task(NarrativeRun* self, int act, int visit);
  void start_ready(Group& group);
  // Why an act cannot run any more; empty: it can, now or later.
  std::string hindrance(int act) const;
  void leave_out(int act, Status status, std::string why);
  Outcome summary() const;

  Plan plan_;
  std::vector<std::unique_ptr<Outcome>> outcomes_;
  std::vector<bool> started_;
  bool stopped_ = false;
  // Live narratives: visits of each act, what those but the last of each used, and barge-ins.
  std::vector<int> visits_;
  ActResult earlier_;
  int barge_ins_ = 0;
};

// A narrative with its own carousel and budget.
Task<Outcome> run_narrative(Session& session, const Narrative& narrative, std::string prefix,
                            int round, BudgetScope& outer, int times = 1);

// Adds what one round used to the whole.
void add_usage(ActResult& to, const ActResult& from);

}  // namespace parley::narrative::detail
