#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parley/schematic/detail/schema_importer.hpp"

namespace parley::schematic::detail {

// A description, where descriptions are wanted.
std::string text_of(const Node& node, const ImportOptions& options);
ConnectionParam import_param(SchemaImporter& schemas, const Node& schema, const std::string& name,
                             const std::string& hint);
// A security scheme as a way to show a key; kinds without one are told.
void add_security(const Node& scheme, Definition& out, Diagnostics& report);
std::string unique_id(const std::vector<std::string>& taken, std::string id);
// Settles the types (those that `schemas` made in `definition`) and checks the whole; takes the
// definition, or is empty with errors.
std::optional<Definition> finish_import(Definition& definition, SchemaImporter& schemas,
                                        Diagnostics& report);

}  // namespace parley::schematic::detail
