#include "parley/narrative/detail/carousel.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/limit/quota.hpp"
#include "parley/narrative/detail/narrative_run.hpp"

namespace parley::narrative::detail {
namespace {

constexpr int kMostWaits = 20;  // for one round

std::chrono::milliseconds wait_of(const Error& error) {
  return limit::asked_delay(error).value_or(std::chrono::milliseconds(60'000));
}

bool may_wait(const Outcome& outcome) {
  return outcome.error && outcome.error->kind() == ErrorKind::rate_limited &&
         !is_day_quota(*outcome.error);
}

Error ended_early(const Outcome& whole, const Error& cause, std::string_view code) {
  return Error(cause.kind(), fmt::format("{} of {} rounds were completed: {}", whole.result.rounds,
                                         whole.result.rounds_planned, cause.message()))
      .with_detail("code", std::string(code))
      .with_cause(cause);
}

// One round, run again while a minute's quota is in its way.
Task<Outcome> round_with_waits(Session& session, const RoundRunner& one, int round,
                               ActResult& usage) {
  ++session.keeping;
  for (int waits = 0;; ++waits) {
    auto outcome = co_await one(round);
    add_usage(usage, outcome.result);
    if (!may_wait(outcome) || waits == kMostWaits || session.cancelled) {
      if (--session.keeping == 0) session.kept.clear();
      co_return outcome;
    }
    // What was answered in this round is not asked again.
    for (auto& entry : session.kept) session.options.replay.add(entry, true);
    session.kept.clear();
    const auto time = wait_of(*outcome.error);
    if (session.ports.events)
      session.ports.events(Event("narrative.quota_wait")
                               .with("round", std::to_string(round))
                               .with("ms", std::to_string(time.count())));
    co_await session.ports.timer->wait(time);
  }
}

}  // namespace

bool is_day_quota(const Error& error) {
  for (const Error* at = &error; at; at = at->cause())
    if (const auto id = at->detail("quota_id"); id && id->find("PerDay") != std::string_view::npos)
      return true;
  return false;
}

Task<Outcome> run_carousel(Session& session, const Carousel& carousel, BudgetScope& budget,
                           RoundRunner one) {
  Outcome whole;
  whole.result.status = Status::done;
  whole.result.rounds_planned = carousel.iterations;
  std::optional<Outcome> bad;
  const int rounds = session.options.dry ? 1 : carousel.iterations;
  for (int round = 1; round <= rounds; ++round) {
    const Tokens next(carousel.estimated_tokens_per_iteration, 0);
    if (auto room = budget.check(next, 0, session.ports.clock->now()); !room) {
      whole.result.status = Status::failed;
      whole.error = ended_early(whole, room.error(), "carousel_budget_exhausted");
      co_return whole;
    }
    auto outcome = co_await round_with_waits(session, one, round, whole.result);
    if (outcome.result.status == Status::done) {
      whole.result.output = std::move(outcome.result.output);
      whole.result.notes.insert(whole.result.notes.end(), outcome.result.notes.begin(),
                                outcome.result.notes.end());
      ++whole.result.rounds;
      continue;
    }
    bad = std::move(outcome);
    const bool day = bad->error && is_day_quota(*bad->error);
    const bool spent = bad->error && bad->error->detail("code") == "budget_exhausted";
    if (!carousel.continue_on_error || bad->result.status != Status::failed || day || spent ||
        session.cancelled)
      break;
  }
  if (!bad) co_return whole;
  const bool whole_way =
      whole.result.rounds > 0 && carousel.continue_on_error && bad->result.status == Status::failed;
  whole.result.message =
      fmt::format("{} of {} rounds were completed", whole.result.rounds, carousel.iterations);
  const bool stopped_early =
      bad->error && (is_day_quota(*bad->error) || bad->error->detail("code") == "budget_exhausted");
  if (whole_way && !stopped_early) co_return whole;
  whole.result.status = bad->result.status;
  whole.anew = bad->anew;
  if (bad->error) {
    const auto code = bad->error->detail("code").value_or("carousel_failed");
    whole.error = ended_early(whole, *bad->error,
                              code == "budget_exhausted" ? "carousel_budget_exhausted" : code);
  }
  co_return whole;
}

}  // namespace parley::narrative::detail
