#include "parley/narrative/forecast.hpp"

#include <fmt/format.h>

#include "parley/narrative/budget.hpp"

namespace parley::narrative {
namespace {

constexpr std::string_view kMark = "<answer of act ";

// Takes notes of calls, and answers with a mark.
class NotedCalls final : public ModelCaller {
 public:
  Task<Result<ModelAnswer>> ask(ModelCall call) override {
    ModelAnswer answer;
    answer.text = fmt::format("{}{}>", kMark, call.act);
    answer.finish_reason = "STOP";
    answer.model = call.model;
    calls.push_back(std::move(call));
    co_return answer;
  }
  std::vector<ModelCall> calls;
};

// Answers to come that stand in the prompt: each may be as long as one may be.
std::int64_t marks_in(const gemini::GenerateContentRequest& request) {
  std::int64_t count = 0;
  const auto add = [&count](const gemini::Content& content) {
    for (const auto& part : gemini::parts_of(content)) {
      if (!part.text) continue;
      for (auto at = part.text->find(kMark); at != std::string::npos;
           at = part.text->find(kMark, at + 1))
        ++count;
    }
  };
  for (const auto& content : gemini::contents_of(request)) add(content);
  if (request.system_instruction) add(*request.system_instruction);
  return count;
}

std::int64_t longest_answer(const std::vector<ModelCall>& calls) {
  std::int64_t longest = 0;
  for (const auto& call : calls) longest = std::max(longest, estimate(call.request).output);
  return longest;
}

Tokens times(const Tokens& tokens, int count) {
  return Tokens(tokens.input * count, tokens.output * count);
}

PlannedCall planned(const ModelCall& call, std::int64_t longest,
                    const std::map<std::string, Price>& prices) {
  PlannedCall out;
  out.path = call.act;
  out.model = call.model;
  out.request = for_record(call.request);
  out.least = call.least;
  out.most = call.most;
  const auto one = estimate(call.request);
  const Tokens low(one.input, 1);
  const Tokens high(one.input + marks_in(call.request) * longest, one.output);
  out.low = times(low, call.least);
  out.high = times(high, call.most);
  out.low_cost = cost_of(prices, call.model, out.low);
  out.high_cost = cost_of(prices, call.model, out.high);
  return out;
}

void add(std::optional<double>& to, const std::optional<double>& cost) {
  if (to && cost)
    *to += *cost;
  else
    to.reset();
}

void check_budget(const Budget& budget, std::string_view whose, Forecast& out) {
  if (budget.tokens && out.high.total() > *budget.tokens)
    out.notes.push_back(
        fmt::format("{} has a budget of {} tokens; {} to {} may be needed{}", whose, *budget.tokens,
                    out.low.total(), out.high.total(),
                    out.low.total() > *budget.tokens ? ": it cannot be enough" : ""));
  if (budget.money && !out.high_cost)
    out.notes.push_back(fmt::format("{} has a budget in money, and a model has no price", whose));
  else if (budget.money && *out.high_cost > *budget.money)
    out.notes.push_back(fmt::format("{} has a budget of ${:.6f}; ${:.6f} to ${:.6f} may be needed",
                                    whose, *budget.money, out.low_cost.value_or(0),
                                    *out.high_cost));
  if (budget.time && out.wait > *budget.time)
    out.notes.push_back(
        fmt::format("{} has a budget of {:.0f} s, and would wait {:.0f} s for limits", whose,
                    static_cast<double>(budget.time->count()) / 1000,
                    static_cast<double>(out.wait.count()) / 1000));
}

std::chrono::milliseconds wait_of(const Limits& limits, const std::vector<ModelCall>& calls,
                                  const Shares& shares) {
  constexpr std::size_t kMostCharges = 20'000;
  std::vector<Charge> charges;
  for (const auto& call : calls)
    for (int i = 0; i < call.most && charges.size() < kMostCharges; ++i) {
      auto& charge = charges.emplace_back();
      charge.model = call.model;
      charge.estimate = estimate(call.request);
      charge.shares = shares;
    }
  return limits.forecast(charges);
}

}  // namespace

Task<Forecast> forecast(const Book& book, std::string name, RunOptions options, Ports ports) {
  NotedCalls noted;
  ports.models = &noted;
  auto* limits = std::exchange(ports.limits, nullptr);
  ports.journal = nullptr;
  ports.content = nullptr;
  ports.cache = nullptr;
  options.dry = true;
  options.progress = nullptr;
  auto prices = options.prices;
  for (const auto& [model, price] : book.prices) prices.emplace(model, price);
  const auto budget = options.budget;
  auto ran = co_await run(book, name, std::move(options), ports);
  Forecast out;
  out.low_cost = out.high_cost = 0;
  const auto longest = longest_answer(noted.calls);
  for (const auto& call : noted.calls) {
    auto& one = out.calls.emplace_back(planned(call, longest, prices));
    out.low += one.low;
    out.high += one.high;
    add(out.low_cost, one.low_cost);
    add(out.high_cost, one.high_cost);
  }
  const auto* narrative = book.find(name);
  BudgetScope outer("the run", budget, nullptr, ports.clock->now());
  const BudgetScope scope("", narrative ? narrative->budget : Budget(), &outer, ports.clock->now());
  if (limits) out.wait = wait_of(*limits, noted.calls, scope.shares());
  check_budget(budget, "the run", out);
  if (narrative) check_budget(narrative->budget, "narrative " + narrative->name, out);
  if (narrative && narrative->carousel)
    check_budget(narrative->carousel->budget, "the carousel of " + narrative->name, out);
  for (const auto& act : ran.acts)
    for (const auto& note : act.notes) out.notes.push_back(act.path + ": " + note);
  out.acts = std::move(ran.acts);
  out.error = std::move(ran.error);
  co_return out;
}

}  // namespace parley::narrative
