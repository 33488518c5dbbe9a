#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/narrative/detail/tree.hpp"
#include "parley/narrative/load.hpp"
#include "parley/narrative/template.hpp"

namespace parley::narrative::detail {

// What the readers of one file share.
class FileContext {
 public:
  FileContext(std::string file_name, std::string_view text, Diagnostics& list);

  void complain(const Place& place, std::string_view code, std::string message) {
    diagnostics.emplace_back(place, code, std::move(message));
  }
  void warn(const Place& place, std::string_view code, std::string message) {
    diagnostics.emplace_back(place, code, std::move(message), true);
  }
  // Where the first byte of a text stands: behind its quotes.
  Place inside_quotes(const Node& text) const;
  Template read_template(const Node& text);

  std::string file;
  Diagnostics& diagnostics;

 private:
  std::string_view text_;
  std::vector<std::size_t> lines_;  // where each begins
};

// Reads the members of a table. Each mistake is told once, and the default stands in its place.
// finish() complains of members that nobody asked for.
class TableReader {
 public:
  // `what` names the table in messages: "act draft".
  TableReader(FileContext& context, const Node& table, std::string what);

  const Place& place() const { return table_.place; }
  // Null where it is missing. `kinds` empty: any.
  const Node* take(std::string_view name, std::initializer_list<Node::Kind> kinds = {});
  bool has(std::string_view name) const { return table_.find(name) != nullptr; }

  std::string text(std::string_view name);
  std::optional<Template> maybe_template(std::string_view name);
  Template template_of(std::string_view name);
  std::optional<double> number(std::string_view name, double least, double most);
  std::optional<std::int64_t> whole(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<bool> flag(std::string_view name);
  // A text alone stands for a list of one.
  std::vector<std::string> texts(std::string_view name);
  // "500ms", "10s", "5m", "2h", or a number of seconds.
  std::optional<std::chrono::milliseconds> duration(std::string_view name);
  // The place of one of `names` in them; a mistake where it is none.
  std::optional<std::size_t> choice(std::string_view name,
                                    std::initializer_list<std::string_view> names);

  void complain(const Place& where, std::string_view code, std::string message) {
    context_.complain(where, code, what_ + ": " + std::move(message));
  }
  void finish();

 private:
  void wrong_type(const Node& node, std::string_view name, std::string_view wanted);

  FileContext& context_;
  const Node& table_;
  std::string what_;
  std::vector<std::string_view> asked_;
};

}  // namespace parley::narrative::detail
