#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::schematic {

// A place in a definition file; lines and columns count from 1, 0: unknown (a value made in C++).
struct Location {
  Location() = default;
  Location(int at_line, int at_column) : line(at_line), column(at_column) {}
  int line = 0;
  int column = 0;
  // Places do not make two definitions different.
  bool operator==(const Location&) const { return true; }
};

enum class Severity { note, warning, error };

// One finding about a definition. `code` is stable ("E0401") and listed in docs/schematic.md.
struct Diagnostic {
  Diagnostic() = default;
  // "file:line:column: error: message [code]"; the place is left out where it is unknown.
  std::string text(std::string_view file) const;

  Severity severity = Severity::error;
  Location at;
  std::string code;
  std::string message;
};

// All findings of one run, in the order of their places.
class Diagnostics {
 public:
  void error(Location at, std::string_view code, std::string message);
  void warning(Location at, std::string_view code, std::string message);
  void note(Location at, std::string_view code, std::string message);

  bool has_errors() const;
  bool empty() const { return all_.empty(); }
  std::size_t count(Severity severity) const;
  const std::vector<Diagnostic>& all() const { return all_; }
  void sort();
  // Each finding's text on a line of its own.
  std::string text(std::string_view file) const;

 private:
  void add(Severity severity, Location at, std::string_view code, std::string message);
  std::vector<Diagnostic> all_;
};

}  // namespace parley::schematic
