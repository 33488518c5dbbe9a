#pragma once

#include <string>
#include <vector>

#include "parley/schematic/plan.hpp"

// Text from a plan. Each emitter is a pure function: the same plan gives the same bytes.
namespace parley::schematic {

struct OutputFile {
  OutputFile() = default;
  OutputFile(std::string file_name, std::string file_text)
      : name(std::move(file_name)), text(std::move(file_text)) {}
  std::string name;  // relative, with '/'
  std::string text;
};

// types.hpp, types.cpp, decode.cpp, encode.cpp, schema.cpp: message types that need parley/json
// alone.
std::vector<OutputFile> emit_types(const Plan& plan, const std::string& folder);
// For each WebSocket endpoint its header and source; needs parley/api.
std::vector<OutputFile> emit_sessions(const Plan& plan, const std::string& folder);
// rest.hpp and rest.cpp, where the definition has REST endpoints.
std::vector<OutputFile> emit_rest(const Plan& plan, const std::string& folder);
// exercise.hpp and exercise.cpp: every example of the definition through the codecs, and every
// endpoint against a server that plays the other side (`parley mock`).
std::vector<OutputFile> emit_exercise(const Plan& plan, const std::string& folder);
// types.ts: interfaces, unions and guards.
OutputFile emit_typescript(const Plan& plan);
OutputFile emit_json_schema(const Plan& plan);
OutputFile emit_asyncapi(const Plan& plan);
OutputFile emit_openapi(const Plan& plan);
OutputFile emit_markdown(const Plan& plan);

}  // namespace parley::schematic
