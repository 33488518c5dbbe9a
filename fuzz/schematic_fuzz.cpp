#include <cstdint>
#include <cstdlib>

#include "parley/schematic/generate.hpp"
#include "parley/schematic/import.hpp"

using namespace parley;
using namespace parley::schematic;

// Any text ends in a definition or in diagnostics; what is a definition is written so that it is
// read back equal, and generates. The importers take any document.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  TreeLimits limits;
  limits.max_nodes = 20'000;
  const auto tree = parse_document(text, limits);
  if (!tree) {
    if (tree.error().message().empty()) std::abort();
    return 0;
  }
  Diagnostics diagnostics;
  if (const auto definition = read_definition(*tree, diagnostics);
      definition && !diagnostics.has_errors()) {
    Diagnostics again;
    const auto copy = read_definition_text(to_yaml(*definition), again);
    if (!copy || !(*copy == *definition)) std::abort();
    if (!generate(*definition, GenerateOptions(), diagnostics) && !diagnostics.has_errors())
      std::abort();
  }
  ImportOptions options;
  options.perspective = size % 2 == 0 ? Perspective::server : Perspective::client;
  for (const auto import : {import_asyncapi, import_openapi, import_json_schema}) {
    Diagnostics report;
    if (!import(*tree, options, report) && !report.has_errors()) std::abort();
  }
  return 0;
}
