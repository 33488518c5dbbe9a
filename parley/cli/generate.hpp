#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace parley::cli {

struct GenerateCommand {
  GenerateCommand() = default;
  std::string file;               // a definition, or what --from imports
  std::string output;             // folder
  bool check = false;             // write nothing
  bool dry_run = false;           // show what would be written
  std::vector<std::string> only;  // parts; empty: all
  std::string include_prefix;
  std::string cpp_namespace;        // instead of the definition's
  std::string from = "definition";  // asyncapi, openapi, jsonschema
  std::string perspective;          // client or server, for asyncapi
  std::string overrides;            // file
  std::string base_url, name;       // for imports
  bool no_descriptions = false;
  std::string save;    // where the imported definition goes
  std::string gather;  // begin of the names of sources that include the generated ones
  bool quiet = false;
  int verbosity = 0;
};

// Adds the options to `command`.
void add_generate_options(CLI::App& command, GenerateCommand& options);
// Returns an exit code: 0 done, 2 wrong usage, 3 the definition is not right, 4 a file could not be
// read or written.
int generate(const GenerateCommand& options);

}  // namespace parley::cli
