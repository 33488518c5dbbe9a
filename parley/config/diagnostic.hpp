#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"

namespace parley::config {

// Where something stands in a file. Line and column count from 1, columns in bytes; line 0: the
// file as a whole.
struct Place {
  Place() = default;
  Place(std::string file_name, int at_line, int at_column)
      : file(std::move(file_name)), line(at_line), column(at_column) {}
  bool operator==(const Place&) const = default;
  // "file:line:column", or "file" for a file as a whole.
  std::string text() const;

  std::string file;
  int line = 0;
  int column = 0;
};

// A mistake in a file of settings or of a narrative. `code` names the kind of mistake
// ("unknown_key", "wrong_type" …); it stays the same when the words change.
struct Diagnostic {
  Diagnostic() = default;
  Diagnostic(Place where, std::string_view what, std::string words, bool only_warning = false)
      : place(std::move(where)), code(what), message(std::move(words)), warning(only_warning) {}
  // "file:line:column: error: message [code]".
  std::string text() const;

  Place place;
  std::string code;
  std::string message;
  bool warning = false;  // told, but the file is good
};
using Diagnostics = std::vector<Diagnostic>;

bool has_errors(const Diagnostics& diagnostics);
// In the order of files, lines and columns.
void sort_by_place(Diagnostics& diagnostics);
// One line for each.
std::string to_text(const Diagnostics& diagnostics);
// invalid_argument with the first error's place and words, and how many more there are; its detail
// "code" is the first error's.
Error error_of(const Diagnostics& diagnostics);

// ", did you mean x?" where a name is near enough, else nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names);

}  // namespace parley::config
