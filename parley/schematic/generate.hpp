#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/schematic/definition.hpp"
#include "parley/schematic/emit.hpp"

namespace parley::schematic {

struct GenerateOptions {
  GenerateOptions() = default;
  bool types = true;      // C++ message types: need parley::json
  bool clients = true;    // C++ sessions and REST calls: need parley::api
  bool exercise = false;  // C++ that tries all of it: needs both
  bool typescript = true;
  bool documents = true;  // Markdown, JSON Schema, AsyncAPI, OpenAPI
  // Before the folder of the API in #include lines: "acme/generated/".
  std::string include_prefix;
};

// All files that come from a definition, below a folder named as the API; with errors none. The
// same definition and options give the same bytes.
std::optional<std::vector<OutputFile>> generate(const Definition& definition,
                                                const GenerateOptions& options,
                                                Diagnostics& diagnostics);

}  // namespace parley::schematic
