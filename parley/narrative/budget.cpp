#include "parley/narrative/budget.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/limit/estimate.hpp"

namespace parley::narrative {
namespace {

constexpr std::int64_t kMediumTokens = 258;  // what the service counts for a small picture

std::string_view bare(std::string_view model) {
  if (model.starts_with("models/")) model.remove_prefix(7);
  return model;
}

std::unexpected<Error> exhausted(std::string message) {
  return fail(Error(ErrorKind::permission_denied, std::move(message))
                  .with_detail("code", "budget_exhausted"));
}

void least(double& share, const std::optional<double>& other, bool& named) {
  if (!other) return;
  share = named ? std::min(share, *other) : *other;
  named = true;
}

}  // namespace

std::optional<double> cost_of(const std::map<std::string, Price>& prices, std::string_view model,
                              const Tokens& tokens) {
  for (const auto& [name, price] : prices)
    if (bare(name) == bare(model))
      return static_cast<double>(limit::cost_of(limit::Usage(tokens.input, tokens.output), price)) /
             1e6;
  return std::nullopt;
}

Tokens estimate(const gemini::GenerateContentRequest& request) {
  std::size_t bytes = 0;
  std::int64_t media = 0, spoken = 0;
  const auto add = [&](const gemini::Content& content) {
    for (const auto& part : gemini::parts_of(content)) {
      if (part.text) bytes += part.text->size();
      // Speech: 32 tokens a second of 16 kHz and 16 bits (Gemini API, "Count tokens").
      const bool speech = part.inline_data && part.inline_data->data &&
                          part.inline_data->mime_type.value_or("").starts_with("audio/");
      if (speech)
        spoken += static_cast<std::int64_t>(part.inline_data->data->size() / 1000) + 1;
      else
        media += part.inline_data || part.file_data;
    }
  };
  for (const auto& content : gemini::contents_of(request)) add(content);
  if (request.system_instruction) add(*request.system_instruction);
  std::optional<std::int64_t> longest;
  if (request.generation_config) longest = request.generation_config->max_output_tokens;
  const auto usage = limit::estimate_usage(bytes, longest);
  return Tokens(usage.input_tokens + media * kMediumTokens + spoken, usage.output_tokens);
}

BudgetScope::BudgetScope(std::string name, Budget budget, BudgetScope* outer, TimePoint now)
    : name_(std::move(name)), budget_(std::move(budget)), outer_(outer), started_(now) {}

Result<void> BudgetScope::check_own(const Tokens& tokens, std::optional<double> cost,
                                    TimePoint now) const {
  if (budget_.tokens) {
    const auto used = spent_.total() + reserved_.total();
    if (used + tokens.total() > *budget_.tokens)
      return exhausted(fmt::format(
          "the budget of {} is spent: {} of {} tokens are used or reserved, and the next call may "
          "need {}; nothing was asked",
          name_, used, *budget_.tokens, tokens.total()));
  }
  if (budget_.money) {
    if (!cost)
      return exhausted(fmt::format(
          "the budget of {} is in money, and the model has no price; add [prices.\"MODEL\"] with "
          "input and output in dollars for a million tokens",
          name_));
    const double used = money_ + reserved_money_;
    if (used + *cost > *budget_.money)
      return exhausted(fmt::format(
          "the budget of {} is spent: ${:.6f} of ${:.6f} is used or reserved, and the next call "
          "may need ${:.6f}; nothing was asked",
          name_, used, *budget_.money, *cost));
  }
  const auto time =
      std::chrono::duration_cast<std::chrono::milliseconds>(now - started_) + earlier_;
  if (budget_.time && time >= *budget_.time)
    return exhausted(
        fmt::format("the budget of {} is spent: {:.1f} of {:.1f} s have passed; "
                    "nothing was asked",
                    name_, static_cast<double>(time.count()) / 1000,
                    static_cast<double>(budget_.time->count()) / 1000));
  return {};
}

Result<void> BudgetScope::check(const Tokens& tokens, std::optional<double> cost,
                                TimePoint now) const {
  for (const auto* scope = this; scope; scope = scope->outer_)
    if (auto good = scope->check_own(tokens, cost, now); !good) return good;
  return {};
}

Result<void> BudgetScope::reserve(const Tokens& tokens, std::optional<double> cost, TimePoint now) {
  if (auto good = check(tokens, cost, now); !good) return good;
  for (auto* scope = this; scope; scope = scope->outer_) {
    scope->reserved_ += tokens;
    scope->reserved_money_ += cost.value_or(0);
  }
  return {};
}

void BudgetScope::settle(const Tokens& reserved, std::optional<double> reserved_cost,
                         const Tokens& used, std::optional<double> cost) {
  for (auto* scope = this; scope; scope = scope->outer_) {
    scope->reserved_ += Tokens(-reserved.input, -reserved.output);
    scope->reserved_money_ -= reserved_cost.value_or(0);
    scope->spent_ += used;
    scope->money_ += cost.value_or(0);
  }
}

Shares BudgetScope::shares() const {
  Shares out;
  bool rpm = false, tpm = false, rpd = false;
  for (const auto* scope = this; scope; scope = scope->outer_) {
    least(out.rpm, scope->budget_.rpm, rpm);
    least(out.tpm, scope->budget_.tpm, tpm);
    least(out.rpd, scope->budget_.rpd, rpd);
  }
  return out;
}

}  // namespace parley::narrative
