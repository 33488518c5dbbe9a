#pragma once

#include <string>

#include "parley/api/limiter.hpp"
#include "parley/base/error.hpp"
#include "parley/config/settings.hpp"

namespace parley::cli {

// What the settings say of Gemini, in the tier of an option; empty: in their own. Error:
// invalid_argument where neither the built-in tables nor parley.toml have the tier.
Result<config::ProviderSettings> gemini_in_tier(config::Settings& settings,
                                                const std::string& option);
// Gives the project the budget of a day that the settings have, if any.
Result<void> set_day_budget(api::Limiter& limiter, const std::string& project,
                            const config::Settings& settings);

}  // namespace parley::cli
