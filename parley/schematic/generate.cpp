#include "parley/schematic/generate.hpp"

namespace parley::schematic {

std::optional<std::vector<OutputFile>> generate(const Definition& definition,
                                                const GenerateOptions& options,
                                                Diagnostics& diagnostics) {
  check(definition, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  Diagnostics told;  // check() has reported these
  const auto plan = make_plan(definition, told);
  if (!plan) return std::nullopt;
  std::vector<OutputFile> files;
  const auto folder = plan->file_name + "/";
  const auto add = [&](std::vector<OutputFile> more) {
    for (auto& file : more) files.emplace_back(folder + file.name, std::move(file.text));
  };
  if (options.types) add(emit_types(*plan, options.include_prefix + folder));
  if (options.clients) add(emit_sessions(*plan, options.include_prefix + folder));
  if (options.clients) add(emit_rest(*plan, options.include_prefix + folder));
  if (options.exercise) add(emit_exercise(*plan, options.include_prefix + folder));
  if (options.typescript) add({emit_typescript(*plan)});
  if (options.documents) {
    add({emit_markdown(*plan), emit_json_schema(*plan)});
    if (!plan->endpoints.empty()) add({emit_asyncapi(*plan)});
    if (!plan->rest.empty()) add({emit_openapi(*plan)});
  }
  return files;
}

}  // namespace parley::schematic
