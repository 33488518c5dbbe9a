#include <fmt/format.h>

#include "parley/narrative/detail/group.hpp"
#include "parley/narrative/detail/live_stage.hpp"
#include "parley/narrative/detail/narrative_run.hpp"

// A pass through a Live narrative: one act behind the other, and from an act that somebody spoke
// into to the one that it names.
namespace parley::narrative::detail {

Task<void> NarrativeRun::live_visit(Group& group, int act) {
  const auto at = static_cast<std::size_t>(act);
  if (outcomes_[at]) add_usage(earlier_, outcomes_[at]->result);
  group.start(act_task(this, act, ++visits_[at]));
  while (group.running() > 0) {
    const bool cancelled = co_await group.wait();
    if (!cancelled || group.stopping()) continue;
    session.cancelled = true;
    stopped_ = true;
    live->close();
    group.cancel();
  }
  group.rethrow();
}

// The act behind this one; -1: none, the run ends.
int NarrativeRun::live_next(int act, bool& led) {
  auto& outcome = *outcomes_[static_cast<std::size_t>(act)];
  const auto& barge_in = narrative.acts[static_cast<std::size_t>(act)].barge_in;
  const auto status = outcome.result.status;
  led =
      !barge_in.empty() && status == Status::done && outcome.result.finish_reason == "INTERRUPTED";
  if (led && ++barge_ins_ > narrative.live->barge_ins) {
    outcome.error = Error(ErrorKind::conflict,
                          fmt::format("act {}: the user spoke into answers more than {} times; "
                                      "barge_ins in [narrative.live] is the limit",
                                      outcome.result.path, narrative.live->barge_ins))
                        .with_detail("code", "barge_in");
    outcome.result.status = Status::failed;
    outcome.result.message = outcome.error->describe();
    session.tell(outcome.result);
    return -1;
  }
  if (led) return narrative.index_of(barge_in);
  if (status != Status::done && status != Status::skipped) return -1;
  return act + 1;
}

// Those of the acts from `from` up to `to` that nothing is known of.
void NarrativeRun::live_leave_out(int from, int to, Status status, const std::string& why) {
  for (int act = from; act < to; ++act) {
    const auto at = static_cast<std::size_t>(act);
    if (outcomes_[at]) continue;
    leave_out(act, status, why);
    session.results.push_back(outcomes_[at]->result);
  }
}

Task<Outcome> NarrativeRun::run_live() {
  LiveStage stage(session, narrative);
  live = &stage;
  const int count = static_cast<int>(narrative.acts.size());
  visits_.assign(narrative.acts.size(), 0);
  Group group(co_await boost::asio::this_coro::executor);
  bool led = false;
  std::string last;
  for (int act = 0; act < count && act >= 0;) {
    const auto at = static_cast<std::size_t>(act);
    if (narrative.acts[at].only_after_barge_in && !led && !session.options.dry) {
      live_leave_out(act, act + 1, Status::skipped, "no barge-in led to it");
      ++act;
      continue;
    }
    co_await live_visit(group, act);
    const int next = live_next(act, led);
    session.results.push_back(outcomes_[at]->result);
    if (outcomes_[at]->result.status == Status::done) last = outcomes_[at]->result.output;
    if (led) live_leave_out(act + 1, next, Status::skipped, "a barge-in led past it");
    act = next;
  }
  live_leave_out(0, count, Status::not_run, "the run ended before it");
  co_await stage.closed();
  live = nullptr;
  auto out = summary();
  if (out.result.status == Status::done) out.result.output = std::move(last);
  co_return out;
}

}  // namespace parley::narrative::detail
