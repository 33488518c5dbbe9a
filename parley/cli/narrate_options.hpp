#pragma once

#include "parley/cli/narrate.hpp"

namespace parley::cli {

// Options that commands beside `narrate` have as well: the service and its limits, budgets of a
// run, state folder, policy and state.
void add_narrate_service(CLI::App& command, NarrateOptions& options);
void add_narrate_budget(CLI::App& command, NarrateOptions& options);
void add_narrate_world(CLI::App& command, NarrateOptions& options);

}  // namespace parley::cli
