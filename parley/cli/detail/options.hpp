#pragma once

#include <cstdint>

#include <CLI/CLI.hpp>

#include "parley/cli/commands.hpp"

// What each command of the program takes, and what its --help says.
namespace parley::cli {

void add_service(CLI::App& command, ServiceOptions& options);
void add_offline_model(CLI::App& command, bool& offline, int& pace_ms, std::uint64_t& seed);
void add_serve(CLI::App& app, ServeOptions& options);
void add_ask(CLI::App& app, AskOptions& options);
void add_models(CLI::App& app, ModelsOptions& options);
void add_chat(CLI::App& app, ChatOptions& options);
void add_emulate(CLI::App& app, EmulateOptions& options);
void add_live(CLI::App& app, LiveCommandOptions& options);
void add_config(CLI::App& app, ConfigOptions& options);
void add_mock(CLI::App& app, MockOptions& options);

}  // namespace parley::cli
