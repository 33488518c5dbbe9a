#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parley/schematic/diagnostic.hpp"
#include "parley/schematic/model.hpp"
#include "parley/schematic/tree.hpp"

namespace parley::schematic {

// The definition in a document; findings go to `diagnostics`. Empty where the document is no
// definition at all; with errors the value holds what could be read, for check() to go on.
std::optional<Definition> read_definition(const Tree& document, Diagnostics& diagnostics);
// The same from the text of a file.
std::optional<Definition> read_definition_text(std::string_view text, Diagnostics& diagnostics);

// A value that read_definition reads back as an equal definition.
json::Object to_json(const Definition& definition);
// The same as a YAML file.
std::string to_yaml(const Definition& definition);

// What is wrong beyond the form: unknown types and messages, parameters that are not in the path,
// messages that cannot be told apart … docs/schematic.md lists the codes.
void check(const Definition& definition, Diagnostics& diagnostics);

}  // namespace parley::schematic
