#include "parley/cli/generate.hpp"

#include <fstream>
#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "parley/cli/console.hpp"
#include "parley/cli/output_folder.hpp"
#include "parley/schematic/generate.hpp"

namespace parley::cli {
namespace {

constexpr int bad_definition = 3, bad_file = 4;

std::optional<std::string> read_file(const std::string& name) {
  std::ifstream stream(name, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream || !text) return std::nullopt;
  return std::move(text).str();
}

void complain(const std::string& text) {
  std::cerr << Style::of(stderr).red("parley generate: ") << text << std::endl;
}

void print(const schematic::Diagnostics& diagnostics, const std::string& file) {
  const auto style = Style::of(stderr);
  for (const auto& one : diagnostics.all()) {
    auto text = one.text(file);
    const std::string_view word = one.severity == schematic::Severity::error     ? "error:"
                                  : one.severity == schematic::Severity::warning ? "warning:"
                                                                                 : "note:";
    if (const auto at = text.find(word); at != std::string::npos)
      text.replace(at, word.size(),
                   one.severity == schematic::Severity::error ? style.red(word)
                                                              : style.yellow(word));
    std::cerr << text << '\n';
  }
  std::cerr << std::flush;
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

schematic::GenerateOptions parts_of(const GenerateCommand& command) {
  schematic::GenerateOptions options;
  options.include_prefix = command.include_prefix;
  if (!options.include_prefix.empty() && !options.include_prefix.ends_with('/'))
    options.include_prefix += '/';
  if (command.only.empty()) return options;
  const auto wants = [&](std::string_view name) {
    return std::ranges::find(command.only, name) != command.only.end();
  };
  options.types = wants("types");
  options.clients = wants("clients");
  options.hosts = wants("hosts");
  options.typescript = wants("typescript");
  options.documents = wants("documents");
  return options;
}

int write(const GenerateCommand& command, const std::vector<schematic::OutputFile>& files) {
  OutputFolder folder(command.output);
  for (const auto& file : files) folder.add(file.name, file.text);
  const auto changes = folder.changes();
  if (command.dry_run || command.verbosity > 0)
    for (const auto& change : changes) std::cout << change << '\n';
  if (command.dry_run) return exit_code::ok;
  if (const auto written = folder.write(); !written) {
    complain(written.error().message());
    return bad_file;
  }
  const auto style = Style::of(stdout);
  std::cout << style.green("Generated ")
            << fmt::format("{} in {} ({} changed)\n", counted(files.size(), "file"), command.output,
                           changes.size())
            << std::flush;
  return exit_code::ok;
}

}  // namespace

void add_generate_options(CLI::App& command, GenerateCommand& options) {
  command.footer(
      "Parts: types (C++ messages), clients (C++ sessions and calls), hosts (C++ servers for "
      "tests),\ntypescript, documents (Markdown, JSON Schema, AsyncAPI, OpenAPI). Without --only: "
      "all.\n\n"
      "Examples:\n  parley generate --check api.yaml\n  parley generate api.yaml --output "
      "generated\n"
      "  parley generate vendor.yml --from asyncapi --perspective client --save api.yaml\n\n"
      "Exit codes: 0 done, 2 wrong usage, 3 the definition has errors, 4 a file cannot be read or "
      "written.");
  command.add_option("file", options.file, "The definition (YAML or JSON), or what --from names")
      ->required();
  command.add_option("-o,--output", options.output,
                     "Folder for the generated files; one below it is made for the API");
  command.add_flag("--check", options.check, "Only read and check the definition");
  command.add_flag("-n,--dry-run", options.dry_run, "Show which files would change");
  command.add_option("--only", options.only, "Parts to generate")
      ->delimiter(',')
      ->check(CLI::IsMember({"types", "clients", "hosts", "typescript", "documents"}));
  command.add_option("--include-prefix", options.include_prefix,
                     "Folder before the API's own in #include lines");
  command.add_flag("-v,--verbose", options.verbosity, "Name each file that changes");
}

int generate(const GenerateCommand& command) {
  if (!command.check && command.output.empty() && command.save.empty()) {
    complain("--output FOLDER or --check is needed");
    return exit_code::usage;
  }
  const auto text = read_file(command.file);
  if (!text) {
    complain(fmt::format("cannot read {}", command.file));
    return bad_file;
  }
  schematic::Diagnostics diagnostics;
  const auto definition = schematic::read_definition_text(*text, diagnostics);
  std::optional<std::vector<schematic::OutputFile>> files;
  if (definition && !diagnostics.has_errors())
    files = schematic::generate(*definition, parts_of(command), diagnostics);
  diagnostics.sort();
  print(diagnostics, command.file);
  if (!files) {
    complain(fmt::format("{} found; nothing was written",
                         counted(diagnostics.count(schematic::Severity::error), "error")));
    return bad_definition;
  }
  if (command.check) {
    std::cout << fmt::format("{} is in order: {}, {}\n", command.file,
                             counted(definition->types.size(), "type"),
                             counted(diagnostics.count(schematic::Severity::warning), "warning"));
    return exit_code::ok;
  }
  return write(command, *files);
}

}  // namespace parley::cli
