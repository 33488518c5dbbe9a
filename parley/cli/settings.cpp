#include "parley/cli/settings.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "parley/api/credentials.hpp"
#include "parley/cli/console.hpp"

namespace parley::cli {
namespace {

namespace fs = std::filesystem;

void add(config::Settings& settings, config::Source source, const std::string& path,
         config::Diagnostics& diagnostics) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    diagnostics.emplace_back(config::Place(path, 0, 0), "not_found", "the file cannot be read");
    return;
  }
  const std::string text(std::istreambuf_iterator<char>(file), {});
  settings.add_file(source, path, text, diagnostics);
}

config::Settings read_all(config::Diagnostics& diagnostics) {
  config::Settings settings;
  const std::string named = api::environment("PARLEY_CONFIG").value_or("");
  std::error_code ignored;
  if (named != "none") {
    const std::string own = user_settings_file();
    if (!own.empty() && fs::exists(own, ignored))
      add(settings, config::Source::user_file, own, diagnostics);
    if (!named.empty())
      add(settings, config::Source::project_file, named, diagnostics);
    else if (fs::exists("parley.toml", ignored))
      add(settings, config::Source::project_file, "parley.toml", diagnostics);
  }
  settings.add_environment([](const char* name) { return api::environment(name); }, diagnostics);
  return settings;
}

}  // namespace

std::string user_settings_file() {
  if (const auto folder = api::environment("XDG_CONFIG_HOME"); folder && !folder->empty())
    return (fs::path(*folder) / "parley" / "parley.toml").string();
  if (const auto home = api::environment("HOME"); home && !home->empty())
    return (fs::path(*home) / ".config" / "parley" / "parley.toml").string();
  return {};
}

Result<config::Settings> load_settings(config::Diagnostics& diagnostics) {
  auto settings = read_all(diagnostics);
  if (config::has_errors(diagnostics)) return fail(config::error_of(diagnostics));
  return settings;
}

config::Settings settings_or_complain(std::string_view command) {
  config::Diagnostics diagnostics;
  auto settings = read_all(diagnostics);
  static bool told = false;  // a command may ask several times
  if (std::exchange(told, true)) return settings;
  for (const auto& one : diagnostics)
    std::cerr << Style::of(stderr).yellow("parley " + std::string(command) + ": ") << one.text()
              << std::endl;
  return settings;
}

}  // namespace parley::cli
