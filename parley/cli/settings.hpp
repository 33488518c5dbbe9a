#pragma once

#include <string>

#include "parley/base/error.hpp"
#include "parley/config/settings.hpp"

namespace parley::cli {

// The user's own file: $XDG_CONFIG_HOME/parley/parley.toml, else ~/.config/parley/parley.toml.
// Empty: neither variable is set.
std::string user_settings_file();

// What is built in, the user's file, the project's (./parley.toml, or the file that PARLEY_CONFIG
// names; "none": no file at all), and the environment. Files that are not there are skipped, but
// for one that PARLEY_CONFIG names. `diagnostics` gets every mistake in them. Error: not_found or
// invalid_argument, where a file cannot be read or has mistakes.
Result<config::Settings> load_settings(config::Diagnostics& diagnostics);

// The same; mistakes are printed on standard error as "file:line:column: error: …", and what is
// not wrong counts. For commands that can go on without.
config::Settings settings_or_complain(std::string_view command);

}  // namespace parley::cli
