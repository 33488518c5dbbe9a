#pragma once

#include <map>
#include <string>

#include "parley/narrative/ports.hpp"

namespace parley::narrative {

// What a call would cost at most: in US dollars; nullopt: the model has no price.
std::optional<double> cost_of(const std::map<std::string, Price>& prices, std::string_view model,
                              const Tokens& tokens);
// limit::estimate_usage() of the request's texts, and 258 tokens for each medium.
Tokens estimate(const gemini::GenerateContentRequest& request);

// Accounts of one budget: what is spent, and what calls under way may still spend. Scopes stand
// inside each other (run, narrative, carousel): a call is charged to all of them. Belongs to one
// executor.
class BudgetScope {
 public:
  // `outer` outlives this one; null: the outermost.
  BudgetScope(std::string name, Budget budget, BudgetScope* outer, TimePoint now);
  BudgetScope(const BudgetScope&) = delete;
  BudgetScope& operator=(const BudgetScope&) = delete;

  // Reserves for a call in every scope, or in none. Errors: permission_denied with the detail
  // "code" "budget_exhausted": which budget, how much is left and what the call may need.
  Result<void> reserve(const Tokens& tokens, std::optional<double> cost, TimePoint now);
  // Gives a reservation back, and charges what was used.
  void settle(const Tokens& reserved, std::optional<double> reserved_cost, const Tokens& used,
              std::optional<double> cost);
  // As reserve(), and reserves nothing.
  Result<void> check(const Tokens& tokens, std::optional<double> cost, TimePoint now) const;
  // Time that was used before, by a run that is resumed.
  void add_time(std::chrono::milliseconds spent) { earlier_ += spent; }

  const Tokens& spent() const { return spent_; }
  double spent_money() const { return money_; }
  // The least that this and the outer ones name, else 0.8.
  Shares shares() const;

 private:
  Result<void> check_own(const Tokens& tokens, std::optional<double> cost, TimePoint now) const;

  std::string name_;
  Budget budget_;
  BudgetScope* outer_;
  TimePoint started_;
  std::chrono::milliseconds earlier_{0};
  Tokens spent_, reserved_;
  double money_ = 0, reserved_money_ = 0;
};

}  // namespace parley::narrative
