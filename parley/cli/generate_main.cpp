#include <CLI/CLI.hpp>

#include "parley/cli/console.hpp"
#include "parley/cli/generate.hpp"

// `parley generate` alone, without the libraries that are themselves made with it.
int main(int argc, char** argv) {
  CLI::App app("Typed clients from the definition of an API", "parley-generate");
  parley::cli::GenerateCommand command;
  parley::cli::add_generate_options(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? parley::cli::exit_code::ok : parley::cli::exit_code::usage;
  }
  return parley::cli::generate(command);
}
