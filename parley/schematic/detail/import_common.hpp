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
// Where the value is none of the parameter's type it is told and left out.
void set_default(ConnectionParam& param, const Node& value, Diagnostics& report);
// The payload that a message has from a trait; empty: none.
Node payload_of_traits(References& references, const Node& message);
// A security scheme as a way to show a key; kinds without one are told.
void add_security(const Node& scheme, Definition& out, Diagnostics& report);
// AsyncAPI: base_url of the WebSocket API and the ways to show a key. Errors: E0706 for a protocol
// that is no WebSocket.
void read_servers(References& references, Definition& out);
std::string unique_id(const std::vector<std::string>& taken, std::string id);
// Settles the types (those that `schemas` made in `definition`) and checks the whole; takes the
// definition, or is empty with errors.
std::optional<Definition> finish_import(Definition& definition, SchemaImporter& schemas,
                                        Diagnostics& report);

}  // namespace parley::schematic::detail
