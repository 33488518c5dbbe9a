#include "parley/limit/tiers.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::limit {
namespace {

constexpr std::int64_t none = unlimited;  // no limit is stated
constexpr std::int64_t tiers = -1;        // as in the tier's own row

struct Row {
  const char *tier, *model;
  std::int64_t requests, tokens, day, places;
};

constexpr std::int64_t K = 1'000, M = 1'000'000;

// Google's published tables of October and November 2025; the free and paid rows without a model
// are the tiers' own numbers. "dev", "prod" and "profile_…" are profiles of one program: tokens a
// minute and calls at the same time. They are no tiers of the service.
constexpr Row rows[] = {
    {"free", "", 10, 250 * K, 250, 1},
    {"free", "gemini-2.5-pro", 2, 125 * K, 50, tiers},
    {"free", "gemini-2.5-flash", 10, 250 * K, 250, tiers},
    {"free", "gemini-2.5-flash-lite", 15, 250 * K, 1000, tiers},
    {"free", "gemini-2.0-flash", 15, 1 * M, 200, tiers},
    {"free", "gemini-2.0-flash-lite", 30, 1 * M, 200, tiers},
    {"free", "gemini-2.5-flash-preview-tts", 3, 10 * K, 15, tiers},
    {"free", "gemini-embedding-001", 100, 30 * K, 1000, tiers},
    {"free", "gemini-live-2.5-flash-preview", none, 1 * M, none, 3},
    {"free", "gemini-2.5-flash-native-audio", none, 500 * K, none, 3},
    {"tier1", "", 1000, 1 * M, none, none},
    {"tier1", "gemini-2.5-pro", 150, 2 * M, 10 * K, tiers},
    {"tier1", "gemini-2.5-flash", 1000, 1 * M, 10 * K, tiers},
    {"tier1", "gemini-2.5-flash-lite", 4000, 4 * M, none, tiers},
    {"tier1", "gemini-2.0-flash", 2000, 4 * M, none, tiers},
    {"tier1", "gemini-2.0-flash-lite", 4000, 4 * M, none, tiers},
    {"tier1", "gemini-3-pro-preview", 50, 1 * M, 1000, tiers},
    {"tier1", "gemini-2.5-flash-preview-tts", 10, 10 * K, 100, tiers},
    {"tier1", "gemini-embedding-001", 3000, 1 * M, none, tiers},
    {"tier1", "gemini-live-2.5-flash-preview", none, 4 * M, none, 50},
    {"tier1", "gemini-2.5-flash-native-audio", none, 1 * M, none, 50},
    {"tier2", "", 1000, 3 * M, none, none},
    {"tier2", "gemini-2.5-pro", 1000, 5 * M, 50 * K, tiers},
    {"tier2", "gemini-2.5-flash", 2000, 3 * M, 100 * K, tiers},
    {"tier2", "gemini-2.5-flash-lite", 10 * K, 10 * M, none, tiers},
    {"tier2", "gemini-2.0-flash", 10 * K, 10 * M, none, tiers},
    {"tier2", "gemini-2.0-flash-lite", 20 * K, 10 * M, none, tiers},
    {"tier2", "gemini-embedding-001", 5000, 5 * M, none, tiers},
    {"tier2", "gemini-live-2.5-flash-preview", none, 10 * M, none, 1000},
    {"tier2", "gemini-2.5-flash-native-audio", none, 10 * M, none, 1000},
    {"tier3", "", 2000, 8 * M, none, none},
    {"tier3", "gemini-2.5-pro", 2000, 8 * M, none, tiers},
    {"tier3", "gemini-2.5-flash", 10 * K, 8 * M, none, tiers},
    {"tier3", "gemini-2.5-flash-lite", 30 * K, 30 * M, none, tiers},
    {"tier3", "gemini-2.0-flash", 30 * K, 30 * M, none, tiers},
    {"tier3", "gemini-2.0-flash-lite", 30 * K, 30 * M, none, tiers},
    {"tier3", "gemini-embedding-001", 10 * K, 10 * M, none, tiers},
    {"tier3", "gemini-live-2.5-flash-preview", none, 10 * M, none, 1000},
    {"profile_free", "", none, 32 * K, none, 2},
    {"profile_paid1", "", none, 1 * M, none, 10},
    {"profile_paid2", "", none, 2 * M, none, 20},
    {"profile_paid3", "", none, 4 * M, none, 30},
    {"dev", "", none, none, none, 4},
    {"prod", "", none, 500 * K, none, 4},
};

struct Cost {
  const char* model;
  double input, output, cached;
  double long_input, long_output;  // times, for prompts of more than 200,000 tokens
};

// Google's price list of November 2025, US dollars for a million tokens of text.
constexpr Cost costs[] = {
    {"gemini-3-pro-preview", 2.00, 12.00, 0.20, 2, 1.5},
    {"gemini-2.5-pro", 1.25, 10.00, 0.125, 2, 1.5},
    {"gemini-2.5-flash", 0.30, 2.50, 0.03, 1, 1},
    {"gemini-2.5-flash-lite", 0.10, 0.40, 0.01, 1, 1},
    {"gemini-2.0-flash", 0.10, 0.40, 0.025, 1, 1},
    {"gemini-2.0-flash-lite", 0.075, 0.30, 0.075, 1, 1},
    {"gemini-2.5-flash-preview-tts", 0.50, 10.00, 0.50, 1, 1},
    {"gemini-2.5-flash-native-audio", 3.00, 12.00, 3.00, 1, 1},
    {"gemini-embedding-001", 0.15, 0.00, 0.15, 1, 1},
};

Tables make_tables() {
  Tables tables;
  tables.date = "2025-11";
  const auto value = [](std::int64_t limit) {
    return limit == tiers ? std::nullopt : std::optional(limit);
  };
  for (const auto& row : rows) {
    auto& to = tables.tiers.emplace_back();
    to.provider = "gemini";
    to.tier = row.tier;
    to.model = row.model;
    to.limits.requests_per_minute = value(row.requests);
    to.limits.input_tokens_per_minute = value(row.tokens);
    to.limits.requests_per_day = value(row.day);
    to.limits.concurrency = value(row.places);
  }
  for (const auto& cost : costs) {
    auto& to = tables.prices.emplace_back();
    to.provider = "gemini";
    to.model = cost.model;
    to.price = Price(cost.input, cost.output, cost.cached);
    if (cost.long_input == 1) continue;
    to.price.long_from = 200'000;
    to.price.long_factor_input = cost.long_input;
    to.price.long_factor_output = cost.long_output;
  }
  return tables;
}

bool is_version_word(std::string_view word) {
  if (word == "latest" || word == "preview" || word == "exp") return true;
  return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

// True where `model` is `known` or a version of it.
bool is_version_of(std::string_view model, std::string_view known) {
  if (known.empty() || !model.starts_with(known)) return false;
  const auto rest = model.substr(known.size());
  if (rest.empty()) return true;
  if (rest[0] != '-') return false;
  const auto words = split(rest.substr(1), '-');
  return std::ranges::all_of(words, is_version_word);
}

template <class Rows, class Fits>
auto best_row(const Rows& table, std::string_view model, Fits fits) {
  const typename Rows::value_type* best = nullptr;
  for (const auto& row : table)
    if (fits(row) && is_version_of(model, row.model) &&
        (best == nullptr || row.model.size() > best->model.size()))
      best = &row;
  return best;
}

std::string_view without_prefix(std::string_view model) {
  if (model.starts_with("models/")) model.remove_prefix(7);
  return model;
}

}  // namespace

const Tables& built_in_tables() {
  static const Tables tables = make_tables();
  return tables;
}

std::optional<std::string> tier_name(std::string_view text) {
  std::string word;
  for (const char c : to_lower_ascii(text))
    if (c != ' ' && c != '-' && c != '_') word += c;
  if (word == "payasyougo" || word == "paid" || word == "paid1") return "tier1";
  if (word == "paid2") return "tier2";
  if (word == "paid3") return "tier3";
  if (word.starts_with("profile")) {
    const auto rest = std::string_view(word).substr(7);
    for (const std::string_view known : {"free", "paid1", "paid2", "paid3"})
      if (rest == known) return "profile_" + std::string(known);
  }
  for (const std::string_view known : {"free", "tier1", "tier2", "tier3", "dev", "prod"})
    if (word == known) return word;
  return std::nullopt;
}

std::string tier_or_free(std::string_view text, std::string& warning) {
  if (auto name = tier_name(text)) return *name;
  warning = fmt::format(
      "no tier is called '{}': the limits of 'free' hold (there are free, tier1 or pay-as-you-go, "
      "tier2, tier3, and the profiles dev, prod, profile_free, profile_paid1 to 3)",
      text);
  return "free";
}

Limits limits_for(const Tables& tables, std::string_view provider, std::string_view tier,
                  std::string_view model) {
  model = without_prefix(model);
  const auto fits = [&](const TierRow& row) {
    return row.provider == provider && row.tier == tier;
  };
  Limits whole;
  for (const auto& row : tables.tiers)
    if (fits(row) && row.model.empty()) whole = row.limits;
  const auto* own = best_row(tables.tiers, model, fits);
  return own == nullptr ? whole : overlay(own->limits, whole);
}

std::optional<Price> price_for(const Tables& tables, std::string_view provider,
                               std::string_view model) {
  const auto fits = [&](const PriceRow& row) { return row.provider == provider; };
  const auto* row = best_row(tables.prices, without_prefix(model), fits);
  if (row == nullptr) return std::nullopt;
  return row->price;
}

Result<Limits> scaled(const Limits& limits, const Multipliers& by) {
  struct Factor {
    Dimension dimension;
    const char* name;
    double value;
  };
  Limits result = limits;
  for (const auto& factor :
       {Factor{Dimension::requests_per_minute, "requests_per_minute", by.requests_per_minute},
        Factor{Dimension::input_tokens_per_minute, "tokens_per_minute", by.tokens_per_minute},
        Factor{Dimension::output_tokens_per_minute, "tokens_per_minute", by.tokens_per_minute},
        Factor{Dimension::requests_per_day, "requests_per_day", by.requests_per_day}}) {
    if (!(factor.value > 0 && factor.value <= 1))
      return fail(ErrorKind::invalid_argument,
                  fmt::format("the budget multiplier {} is {}: it must be above 0 and at most 1",
                              factor.name, factor.value));
    const auto limit = limits.of(factor.dimension);
    if (!limit || *limit == 0) continue;
    const auto part = static_cast<std::int64_t>(static_cast<double>(*limit) * factor.value + 1e-9);
    result.set(factor.dimension, std::max<std::int64_t>(part, 1));
  }
  return result;
}

Multipliers least(const Multipliers& a, const Multipliers& b) {
  Multipliers result;
  result.requests_per_minute = std::min(a.requests_per_minute, b.requests_per_minute);
  result.tokens_per_minute = std::min(a.tokens_per_minute, b.tokens_per_minute);
  result.requests_per_day = std::min(a.requests_per_day, b.requests_per_day);
  return result;
}

}  // namespace parley::limit
