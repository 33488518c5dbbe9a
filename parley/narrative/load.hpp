#pragma once

#include <string>
#include <string_view>

#include "parley/config/time.hpp"
#include "parley/narrative/narrative.hpp"

namespace parley::narrative {

// Gives files by name: those of a disk, or of a test.
class Sources {
 public:
  virtual ~Sources() = default;
  // The whole file. Errors: not_found, with the name.
  virtual Result<std::string> read(const std::string& file) = 0;
};

// What reading gave: the narratives as far as they could be read, and every mistake, by place.
struct Loaded {
  Loaded() = default;
  bool ok() const { return !has_errors(diagnostics); }
  Book book;
  Diagnostics diagnostics;
};

// Reads a narrative file and, through `sources`, the files that it and they refer to (at most 100),
// and checks all of it: types, names, templates, references, cycles, budgets. Nothing runs, and
// nothing but `sources` is asked. Files are named relative to the one that names them.
Loaded load(const std::string& file, Sources& sources);

// "folder/b.toml" for "b.toml" named by "folder/a.toml"; absolute names stay.
std::string file_beside(std::string_view file, std::string_view named);

using config::parse_time;

}  // namespace parley::narrative
