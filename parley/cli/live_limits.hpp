#pragma once

#include <optional>
#include <string>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/cli/commands.hpp"
#include "parley/config/settings.hpp"
#include "parley/gemini/live_limits.hpp"

namespace parley::cli {

// What --tier, or a tier that parley.toml or the environment names, lets the model do, over the
// state file where there is one; empty: nothing is limited. `events` gets the limiter's. Errors:
// invalid_argument for a tier that nobody knows; those of api::Limiter::open().
Result<std::optional<gemini::LiveLimits>> live_limits(const LiveCommandOptions& options,
                                                      config::Settings settings,
                                                      const std::string& model, EventSink events);

// "waiting for requests_per_minute, 12 s", where an event of the limiter tells that; else empty.
std::string waiting_words(const Event& event);

}  // namespace parley::cli
