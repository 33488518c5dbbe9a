#include "parley/cli/tier.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/limit/tiers.hpp"

namespace parley::cli {
namespace {

bool is_known_tier(const config::Settings& settings, const std::string& tier) {
  return limit::tier_name(tier) || std::ranges::any_of(settings.all(), [&](const auto& one) {
           const auto& path = one.path;
           return path.size() > 4 && path[0] == "providers" && path[1] == "gemini" &&
                  path[2] == "tiers" && path[3] == tier;
         });
}

}  // namespace

Result<config::ProviderSettings> gemini_in_tier(config::Settings& settings,
                                                const std::string& option) {
  if (!option.empty())
    if (auto set = settings.set("providers.gemini.default_tier", option, "--tier"); !set)
      return fail(std::move(set.error()));
  auto provider = settings.provider("gemini");
  if (!provider || is_known_tier(settings, provider->default_tier)) return provider;
  return fail(ErrorKind::invalid_argument,
              fmt::format("there is no tier \"{}\"; free, tier1, tier2, tier3 and none are, and "
                          "those of parley.toml",
                          provider->default_tier));
}

Result<void> set_day_budget(api::Limiter& limiter, const std::string& project,
                            const config::Settings& settings) {
  const auto budget = settings.budget_per_day();
  if (!budget) return {};
  limit::Limits whole;
  whole.money_per_day = *budget;
  return limiter.configure_project(project, whole);
}

}  // namespace parley::cli
