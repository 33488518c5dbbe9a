#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/json/free_form.hpp"
#include "parley/narrative/narrative.hpp"

namespace parley::narrative {

struct Extracted {
  Extracted() = default;
  json::Any value;
  std::string text;  // of the value as it stood in the answer
};

// The JSON or TOML in a model's answer: the whole answer, else the first block in a fence (```json,
// ```toml, or one without a name), else for JSON the first object or list whose brackets balance.
// Errors: invalid_argument, which says what was tried and what was wrong with the best of it.
Result<Extracted> extract(std::string_view answer, Output::Format format);

// Rows as the model is to read them: a JSON list of objects, a table in Markdown, CSV (RFC 4180).
std::string render_table(const std::vector<std::string>& columns,
                         const std::vector<json::Array>& rows, TableInput::Format format);

}  // namespace parley::narrative
