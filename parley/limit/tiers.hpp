#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/limit/dimension.hpp"

// Limits and prices as data with a date: what was known when they were written down, to be
// overridden by what your console says, and lowered by what the service answers. No truth.
namespace parley::limit {

// One model of one tier.
struct TierRow {
  TierRow() = default;
  std::string provider;  // "gemini"
  std::string tier;      // "free", "tier1" …
  std::string model;     // empty: every other model of the tier
  Limits limits;
};

struct PriceRow {
  PriceRow() = default;
  std::string provider;
  std::string model;
  Price price;
};

struct Tables {
  Tables() = default;
  std::string date;  // "2025-11": of the newest row
  std::vector<TierRow> tiers;
  std::vector<PriceRow> prices;
};

// Gemini's tiers and prices of October and November 2025, in millionths and tokens as published.
const Tables& built_in_tables();

// The tier's name as the tables have it: "free"; "Pay-as-you-go", "payasyougo", "paid" and "tier 1"
// are "tier1"; "tier2", "tier3"; the profiles "dev", "prod", "profile_free", "profile_paid1" to 3.
// Without case, blanks, '-' and '_'.
// Empty: no such tier.
std::optional<std::string> tier_name(std::string_view text);

// The tier's name, or "free" with a sentence in `warning` that names the tiers.
std::string tier_or_free(std::string_view text, std::string& warning);

// The limits of a model: its own row where there is one, over the row of the whole tier. A version
// counts as its model: "gemini-2.5-flash-001", "…-latest", "…-preview-09-2025"; "models/" before it
// does not matter. No row at all: no limits.
Limits limits_for(const Tables& tables, std::string_view provider, std::string_view tier,
                  std::string_view model);
std::optional<Price> price_for(const Tables& tables, std::string_view provider,
                               std::string_view model);

// How much of the limits a caller wants to use.
struct Multipliers {
  Multipliers() = default;
  double requests_per_minute = 0.8;
  double tokens_per_minute = 0.8;
  double requests_per_day = 0.8;
};
// Each limit times its multiplier, at least 1. Error: invalid_argument for one outside (0, 1].
Result<Limits> scaled(const Limits& limits, const Multipliers& by);
// The least of each.
Multipliers least(const Multipliers& a, const Multipliers& b);

}  // namespace parley::limit
