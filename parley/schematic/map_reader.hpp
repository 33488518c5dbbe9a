#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/schematic/diagnostic.hpp"
#include "parley/schematic/model.hpp"
#include "parley/schematic/tree.hpp"

// How files in YAML are read strictly: each mistake has its place, and unknown names the nearest
// known one.
namespace parley::schematic {

// Takes the members of one map by name. finish() reports those that nobody asked for. A member that
// is null counts as missing; where a value is of the wrong kind, `out` stays as it is. The tree and
// the diagnostics must outlive it. Codes: E0101 wrong kind, E0102 unknown member, E0103 missing
// member, E0105 wrong value.
class MapReader {
 public:
  // `what` names the map in messages: "the endpoint".
  MapReader(const Tree& tree, std::string what, Diagnostics& diagnostics);

  bool ok() const { return tree_.is_map(); }
  const Tree* take(std::string_view key);
  const Tree* require(std::string_view key);

  bool text(std::string_view key, std::string& out);
  void require_text(std::string_view key, std::string& out);
  void flag(std::string_view key, bool& out);
  void number(std::string_view key, std::optional<double>& out);
  void count(std::string_view key, std::size_t& out);
  void duration(std::string_view key, std::chrono::milliseconds& out);
  void texts(std::string_view key, std::vector<std::string>& out);  // one text or a list
  void pairs(std::string_view key, std::vector<std::pair<std::string, std::string>>& out);
  void type(std::string_view key, Type& out);
  template <class T>
  void word(std::string_view key, T& out,
            std::initializer_list<std::pair<std::string_view, T>> all) {
    std::string found;
    if (!text(key, found)) return;
    std::vector<std::string_view> names;
    for (const auto& [name, value] : all) {
      if (name == found) {
        out = value;
        return;
      }
      names.push_back(name);
    }
    unknown_word(*tree_.find(key), key, found, names);
  }
  void finish();

  const Tree& tree() const { return tree_; }
  Diagnostics& diagnostics() { return diagnostics_; }

 private:
  void unknown_word(const Tree& at, std::string_view key, std::string_view found,
                    const std::vector<std::string_view>& names);

  const Tree& tree_;
  std::string what_;
  Diagnostics& diagnostics_;
  std::vector<std::string_view> asked_;
};

// `"type"`, or a mistake at the place of the node.
Type read_type(const Tree& tree, Diagnostics& diagnostics);
// "15s", "500ms", "2m", or a number of milliseconds; at most 366 days.
std::optional<std::chrono::milliseconds> read_duration(const Tree& tree);
std::string list_names(const std::vector<std::string_view>& names);

}  // namespace parley::schematic
