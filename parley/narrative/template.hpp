#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/narrative/diagnostic.hpp"

namespace parley::narrative {

// A text with places to be filled, as narratives write it:
//
//   {{previous}}       the answer of the act before
//   {{act}}            the answer of an act; {{act.a.b.0}} goes into an answer that is JSON
//   {{iteration}}      the round of the nearest loop or carousel, from 1
//   ${state:key}       ${state:scope.key} for another scope than the narrative's own
//   ${env:NAME}        an environment variable; names that look like credentials are refused
//   \{{  \${           the signs themselves
//
// What is put in is never read as a template again.
struct Template {
  struct Reference {
    enum class Kind { act, previous, iteration, state, environment };
    Reference() = default;
    // As it was written, with its brackets.
    std::string text() const;
    bool operator==(const Reference&) const = default;

    Kind kind = Kind::act;
    std::string name;               // act, key or variable
    std::vector<std::string> path;  // behind the act's name
    Place place;
  };
  struct Piece {
    Piece() = default;
    std::string text;  // put out as it is, where there is no reference
    bool is_reference = false;
    Reference reference;
  };
  Template() = default;
  // True where nothing would be filled in.
  bool is_plain() const;
  bool empty() const { return pieces.empty(); }

  std::string source;
  Place place;
  std::vector<Piece> pieces;
};

// Reads a text whose first byte stands at `place`; mistakes ("template") go to `diagnostics` with
// their place, as far as no escape of TOML stands before them on their line. What is wrong is left
// out of the template.
Template parse_template(std::string_view text, const Place& place, Diagnostics& diagnostics);
// A text in which nothing is filled in.
Template plain_template(std::string_view text);

// Fills the references in, in their order. `value` is asked once for each; its first error ends it.
using Values = std::function<Result<std::string>(const Template::Reference&)>;
Result<std::string> expand(const Template& text, const Values& value);

// The part of a JSON text that a path leads to: members by name, elements by number. A text comes
// without quotes, all else as JSON. Errors: invalid_argument, which says how far the path went.
Result<std::string> value_at(std::string_view json_text, const std::vector<std::string>& path);

}  // namespace parley::narrative
