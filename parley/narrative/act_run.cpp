#include "parley/narrative/detail/act_run.hpp"

#include <functional>

#include <fmt/format.h>

#include "parley/narrative/detail/carousel.hpp"

namespace parley::narrative::detail {
namespace {

Status status_of(const Error& error, bool cancelled) {
  if (cancelled || error.kind() == ErrorKind::cancelled) return Status::cancelled;
  return error.detail("code") == "approval_pending" ? Status::paused : Status::failed;
}

}  // namespace

ActRun::ActRun(NarrativeRun& pass, int act_index, int visit)
    : pass_(pass),
      session_(pass.session),
      narrative_(pass.narrative),
      act_(pass.narrative.acts[static_cast<std::size_t>(act_index)]),
      index_(act_index),
      visit_(visit),
      budget_(&pass.budget) {
  outcome_.result.path = pass.prefix + act_.name;
  if (visit > 1) outcome_.result.path += fmt::format("[{}]", visit);
}

Task<Outcome> ActRun::run() {
  const auto started = session_.ports.clock->now();
  Entry begin(EntryType::act);
  begin.path = outcome_.result.path;
  Result<void> done = session_.write(std::move(begin));
  if (done) {
    outcome_.result.status = Status::running;
    session_.tell(outcome_.result);
    auto may = co_await may_run();
    if (!may) {
      done = fail(std::move(may.error()));
    } else if (*may) {
      done = co_await rounds();
      if (done && !was_barged()) done = co_await assertions();
      if (done) done = finish();
    }
  }
  outcome_.result.time = session_.since(started);
  co_return end(std::move(done));
}

Task<Result<bool>> ActRun::may_run() {
  if (session_.options.dry) co_return true;
  if (act_.when) {
    auto good = holds(*act_.when, "");
    if (!good) co_return fail(std::move(good.error()));
    if (!*good) {
      outcome_.result.status = Status::skipped;
      outcome_.result.message = "its condition does not hold";
      co_return false;
    }
  }
  if (!act_.approval.empty())
    if (auto good = co_await agreed(); !good) co_return fail(std::move(good.error()));
  co_return true;
}

Task<Result<void>> ActRun::agreed() {
  auto question = expand(act_.approval, values());
  if (!question) co_return fail(std::move(question.error()));
  // What was agreed to was this question, and no other.
  const auto key = sha256(*question);
  if (session_.options.replay.value(path(), "approval", key)) co_return Result<void>();
  Approval answer = Approval::later;
  if (session_.ports.approver)
    answer = co_await session_.ports.approver->ask(outcome_.result.path, *question);
  if (answer == Approval::later)
    co_return fail(Error(ErrorKind::conflict,
                         fmt::format("act {} waits for approval: {}", act_.name, *question))
                       .with_detail("code", "approval_pending"));
  if (answer == Approval::no)
    co_return fail(
        Error(ErrorKind::permission_denied, fmt::format("act {} was not approved", act_.name))
            .with_detail("code", "approval_refused"));
  Entry entry(EntryType::value);
  entry.path = path();
  entry.what = "approval";
  entry.key = key;
  entry.text = "yes";
  co_return session_.write(std::move(entry), true);
}

Task<Result<void>> ActRun::rounds() {
  if (act_.carousel) co_return co_await carousel();
  if (act_.loop) co_return co_await loop();
  co_return co_await one_round();
}

namespace {

Task<Outcome> carousel_round(std::function<Task<Result<void>>(int)> one, Outcome* outcome,
                             int round) {
  auto done = co_await one(round);
  Outcome out;
  out.result.status = Status::done;
  out.result.output = outcome->result.output;
  if (!done) {
    out.error = std::move(done.error());
    out.anew = outcome->anew;
    out.result.status = status_of(*out.error, false);
  }
  co_return out;
}

}  // namespace

Task<Result<void>> ActRun::numbered_round(int round) {
  round_ = round;
  co_return co_await one_round();
}

Task<Result<void>> ActRun::carousel() {
  BudgetScope scope("the carousel of act " + act_.name, act_.carousel->budget, budget_,
                    session_.ports.clock->now());
  budget_ = &scope;
  std::function<Task<Result<void>>(int)> one = std::bind_front(&ActRun::numbered_round, this);
  RoundRunner runner = std::bind_front(carousel_round, std::move(one), &outcome_);
  auto whole = co_await run_carousel(session_, *act_.carousel, scope, std::move(runner));
  budget_ = &pass_.budget;
  round_ = 0;
  outcome_.result.rounds = whole.result.rounds;
  outcome_.result.rounds_planned = whole.result.rounds_planned;
  outcome_.result.message = whole.result.message;
  outcome_.anew = whole.anew;
  if (whole.error) co_return fail(std::move(*whole.error));
  co_return Result<void>();
}

Task<Result<void>> ActRun::loop() {
  outcome_.result.rounds_planned = act_.loop->at_most;
  for (int round = 1; round <= act_.loop->at_most; ++round) {
    auto done = co_await numbered_round(round);
    if (!done || session_.options.dry) co_return done;
    outcome_.result.rounds = round;
    if (was_barged()) {
      round_ = 0;
      co_return Result<void>();
    }
    auto left = holds(act_.loop->until, own_);
    if (!left) co_return fail(std::move(left.error()));
    if (*left) {
      round_ = 0;
      co_return Result<void>();
    }
  }
  round_ = 0;
  if (act_.loop->keep_going) co_return Result<void>();
  outcome_.anew = true;
  co_return fail(
      failed_at(act_.place, "loop",
                fmt::format("the loop's exit did not hold in {} rounds", act_.loop->at_most)));
}

Task<Result<void>> ActRun::one_round() {
  outcome_.history.clear();
  remembered_.clear();
  if (!act_.nested.empty()) co_return co_await nested();
  auto made = co_await request();
  if (!made) co_return fail(std::move(made.error()));
  co_return co_await converse(std::move(*made));
}

int ActRun::nested_times() const {
  return pass_.times * (act_.carousel ? act_.carousel->iterations : 1);
}

Task<Result<void>> ActRun::nested() {
  const auto* narrative = session_.book.find(act_.nested);
  auto outcome =
      co_await run_narrative(session_, *narrative, path() + "/", round_, *budget_, nested_times());
  add_usage(outcome_.result, outcome.result);
  fresh_ = true;
  outcome_.anew = outcome.anew;
  if (outcome.error) {
    const auto code = outcome.error->detail("code").value_or("nested_narrative_failed");
    co_return fail(Error(outcome.error->kind(),
                         fmt::format("narrative {}: {}", act_.nested, outcome.error->message()))
                       .with_detail("code", std::string(code))
                       .with_cause(*outcome.error));
  }
  own_ = outcome.result.output;
  outcome_.result.output = own_;
  outcome_.history.push_back(
      gemini::user_content(fmt::format("(The result of narrative {} follows.)", narrative->name)));
  outcome_.history.push_back(gemini::model_content(own_));
  co_return Result<void>();
}

Result<void> ActRun::finish() {
  if (was_barged()) {
    outcome_.result.message =
        fmt::format("the user spoke into the answer; on to act {}", act_.barge_in);
    outcome_.result.status = Status::done;
    return {};
  }
  if (auto kept = keep_content(); !kept) return kept;
  if (auto saved = save(); !saved) return saved;
  outcome_.result.status = Status::done;
  return {};
}

Outcome ActRun::end(Result<void> done) {
  auto& result = outcome_.result;
  if (!done) {
    result.status = status_of(done.error(), session_.cancelled);
    result.message = done.error().describe();
    outcome_.error = std::move(done.error());
  }
  result.from_record = result.status == Status::done && !fresh_;
  Entry entry(EntryType::end_act);
  entry.path = result.path;
  entry.status = to_string(result.status);
  entry.text = result.output;
  entry.message = result.message;
  entry.model = result.model;
  entry.notes = result.notes;
  entry.tokens = result.tokens;
  entry.cost = result.cost;
  entry.ms = result.time.count();
  entry.anew = outcome_.anew && !done;
  if (auto written = session_.write(std::move(entry), true); !written && !outcome_.error) {
    result.status = Status::failed;
    result.message = written.error().describe();
    outcome_.error = std::move(written.error());
  }
  return std::move(outcome_);
}

}  // namespace parley::narrative::detail
