#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "parley/schematic/definition.hpp"

namespace parley::schematic {

// Whose view an AsyncAPI document is written from. Documents do not say so reliably, and the same
// words mean opposite things: it is always given.
enum class Perspective { server, client };

struct ImportOptions {
  ImportOptions() = default;
  std::optional<Perspective> perspective;  // needed for AsyncAPI
  std::string base_url;                    // where the document names no server
  std::string name;                        // instead of the document's title
  bool descriptions = true;
  // Reads another document that a $ref names, by its path relative to the importing one; empty:
  // such references are refused.
  std::function<Result<Tree>(const std::string& path)> load;
};

// A definition from another description. Findings are the report: notes (I07xx) for what was
// approximated or dropped, with its place; errors for what cannot be a definition. What the result
// cannot say is never guessed silently.
std::optional<Definition> import_asyncapi(const Tree& document, const ImportOptions& options,
                                          Diagnostics& report);
std::optional<Definition> import_openapi(const Tree& document, const ImportOptions& options,
                                         Diagnostics& report);
// One JSON Schema as a definition of types alone; its root is the type "Root".
std::optional<Definition> import_json_schema(const Tree& document, const ImportOptions& options,
                                             Diagnostics& report);

// Changes of an imported definition that belong to its user, kept in a file beside it: maps are
// merged member by member, null removes one, lists of maps with "id" or "name" by that, other
// values are replaced. Findings: E0707 for a path that is not there.
std::optional<Definition> apply_overrides(const Definition& definition, const Tree& overrides,
                                          Diagnostics& report);

}  // namespace parley::schematic
