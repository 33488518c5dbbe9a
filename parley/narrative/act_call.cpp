#include <algorithm>

#include <fmt/format.h>

#include "parley/limit/quota.hpp"
#include "parley/narrative/detail/act_run.hpp"
#include "parley/narrative/detail/carousel.hpp"

namespace parley::narrative::detail {
namespace {

std::chrono::milliseconds delay_of(const Retry& retry, int attempt, const Error& error) {
  if (const auto asked = limit::asked_delay(error)) return *asked;
  auto delay = retry.delay;
  for (int i = 1; i < attempt && delay < retry.cap; ++i) delay *= 2;
  return std::min(delay, retry.cap);
}

ModelAnswer answer_of(const Entry& entry) {
  ModelAnswer answer;
  answer.text = entry.text;
  answer.model = entry.model;
  answer.finish_reason = entry.finish_reason;
  answer.heard = entry.heard;
  answer.tokens = entry.tokens;
  return answer;
}

}  // namespace

void ActRun::charge(const ModelAnswer& answer, const std::string& model) {
  outcome_.result.tokens += answer.tokens;
  outcome_.result.cost += cost_of(session_.options.prices, model, answer.tokens).value_or(0);
  outcome_.result.model = answer.model.empty() ? model : answer.model;
  outcome_.result.finish_reason = answer.finish_reason;
}

// What the record or the cache knows. Recorded answers were paid for, and count.
std::optional<ModelAnswer> ActRun::known(const std::string& model, const std::string& key) {
  if (const auto entry = session_.options.replay.answer(path(), key)) {
    if (session_.keeping > 0) session_.kept.push_back(*entry);
    auto answer = answer_of(*entry);
    outcome_.result.model = answer.model;
    outcome_.result.finish_reason = answer.finish_reason;
    if (entry->source != "cache" && !entry->charged) {
      charge(answer, model);
      budget_->settle(Tokens(), 0, answer.tokens,
                      cost_of(session_.options.prices, model, answer.tokens));
    }
    return answer;
  }
  if (!session_.ports.cache || !act_.cache.value_or(session_.options.cache)) return std::nullopt;
  auto answer = session_.ports.cache->find(key);
  if (!answer) return std::nullopt;
  outcome_.result.model = answer->model;
  outcome_.result.finish_reason = answer->finish_reason;
  if (!answered(*answer, model, key, "cache", std::chrono::milliseconds(0))) return std::nullopt;
  return answer;
}

Result<void> ActRun::answered(const ModelAnswer& answer, const std::string& model,
                              const std::string& key, std::string_view source,
                              std::chrono::milliseconds time) {
  Entry entry(EntryType::answer);
  entry.path = path();
  entry.key = key;
  entry.model = answer.model.empty() ? model : answer.model;
  entry.finish_reason = answer.finish_reason;
  entry.text = answer.text;
  entry.heard = answer.heard;
  entry.source = source;
  entry.tokens = answer.tokens;
  if (source == "model") entry.cost = cost_of(session_.options.prices, model, answer.tokens);
  entry.ms = time.count();
  return session_.write(std::move(entry), true);
}

// As it is now: it may change while the act waits.
Retry ActRun::retry_policy() const {
  const auto& of_file = act_.retry ? *act_.retry : narrative_.retry;
  return session_.options.retry ? session_.options.retry(outcome_.result.path, of_file) : of_file;
}

std::vector<std::string> ActRun::models() const {
  std::vector<std::string> out;
  out.push_back(!act_.settings.model.empty()         ? act_.settings.model
                : !narrative_.settings.model.empty() ? narrative_.settings.model
                                                     : session_.options.default_model);
  if (pass_.live) return out;
  const auto retry = retry_policy();
  out.insert(out.end(), retry.fallback.begin(), retry.fallback.end());
  return out;
}

Task<Result<ModelAnswer>> ActRun::obtain(gemini::GenerateContentRequest request) {
  const auto all = models();
  for (const auto& model : all)
    if (auto answer = known(model, key_of(model, request))) co_return std::move(*answer);
  fresh_ = true;
  std::string model = all.front();
  for (std::size_t number = 1;; ++number) {
    auto answer = co_await ask_model(model, request);
    if (answer) co_return answer;
    const auto& error = answer.error();
    const bool ours = error.kind() == ErrorKind::cancelled || error.detail("code");
    const auto wanted = models();
    if (ours || session_.cancelled || number >= wanted.size()) co_return answer;
    outcome_.result.notes.push_back(
        fmt::format("{} did not answer ({}); the next model is asked", model, error.describe()));
    model = wanted[number];
  }
}

Task<Result<ModelAnswer>> ActRun::ask_model(const std::string& model,
                                            const gemini::GenerateContentRequest& request) {
  for (int attempt = 1;; ++attempt) {
    auto answer = co_await ask_once(model, request, attempt);
    if (answer || session_.cancelled) co_return answer;
    const auto retry = retry_policy();
    const auto& error = answer.error();
    if (attempt >= retry.attempts || !error.retryable() || is_day_quota(error)) co_return answer;
    co_await session_.ports.timer->wait(delay_of(retry, attempt, error));
  }
}

Task<Result<ModelAnswer>> ActRun::ask_once(std::string model,
                                           gemini::GenerateContentRequest request, int attempt) {
  auto& ports = session_.ports;
  if (session_.cancelled) co_return fail(ErrorKind::cancelled, "the run was cancelled");
  if (session_.options.dry) co_return co_await ask_dry(std::move(model), std::move(request));
  const auto estimated = estimate(request);
  const auto most = cost_of(session_.options.prices, model, estimated);
  if (auto room = budget_->reserve(estimated, most, ports.clock->now()); !room)
    co_return fail(Error(room.error()).with_detail("act", outcome_.result.path));
  const auto key = key_of(model, request);
  Entry call(EntryType::call);
  call.path = path();
  call.key = key;
  call.model = model;
  call.attempt = attempt;
  call.request = for_record(request);
  const auto started = ports.clock->now();
  Result<ModelAnswer> answer = fail(ErrorKind::internal, "nothing was asked");
  std::unique_ptr<Lease> lease;
  if (ports.limits) {
    Charge charge;
    charge.model = model;
    charge.estimate = estimated;
    charge.shares = budget_->shares();
    auto reserved = co_await ports.limits->reserve(std::move(charge));
    if (reserved)
      lease = std::move(*reserved);
    else
      answer = fail(std::move(reserved.error()));
  }
  if (!ports.limits || lease) {
    auto written = session_.write(std::move(call), true);
    if (written && pass_.live && !aside_) {
      answer = co_await ask_live(model, std::move(request));
    } else if (written) {
      ModelCall to_send;
      to_send.act = path();
      to_send.model = model;
      to_send.request = std::move(request);
      answer = co_await ports.models->ask(std::move(to_send));
    } else {
      answer = fail(Error(written.error()).with_detail("code", "record"));
    }
  }
  co_return settled(std::move(answer), std::move(lease), model, key, estimated, started);
}

// Nothing is reserved, charged or written: the caller takes notes.
Task<Result<ModelAnswer>> ActRun::ask_dry(std::string model,
                                          gemini::GenerateContentRequest request) {
  ModelCall call;
  call.act = path();
  call.model = std::move(model);
  call.request = std::move(request);
  call.most = pass_.times * (act_.carousel ? act_.carousel->iterations : 1);
  call.least = act_.when || act_.only_after_barge_in ? 0 : act_.loop ? 1 : call.most;
  call.most *= (act_.loop ? act_.loop->at_most : 1) * (1 + act_.output.repairs);
  if (pass_.live && barge_in_may_repeat()) call.most *= 1 + narrative_.live->barge_ins;
  co_return co_await session_.ports.models->ask(std::move(call));
}

Result<ModelAnswer> ActRun::settled(Result<ModelAnswer> answer, std::unique_ptr<Lease> lease,
                                    const std::string& model, const std::string& key,
                                    const Tokens& estimated, TimePoint started) {
  const auto& prices = session_.options.prices;
  const auto used = answer ? answer->tokens : Tokens();
  budget_->settle(estimated, cost_of(prices, model, estimated), used, cost_of(prices, model, used));
  if (lease && answer) lease->settle(used);
  if (lease && !answer) lease->fail(answer.error());
  if (!answer) {
    Entry failure(EntryType::failure);
    failure.path = path();
    failure.key = key;
    failure.model = model;
    failure.message = answer.error().describe();
    failure.ms = session_.since(started).count();
    if (auto written = session_.write(std::move(failure)); !written)
      return fail(Error(written.error()).with_detail("code", "record"));
    return answer;
  }
  charge(*answer, model);
  if (auto written = answered(*answer, model, key, "model", session_.since(started)); !written)
    return fail(Error(written.error()).with_detail("code", "record"));
  if (session_.ports.cache && act_.cache.value_or(session_.options.cache))
    if (auto kept = session_.ports.cache->keep(key, *answer); !kept)
      outcome_.result.notes.push_back("the answer could not be cached: " + kept.error().message());
  return answer;
}

}  // namespace parley::narrative::detail
