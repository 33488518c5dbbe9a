#pragma once

#include "parley/emulator/script/script.hpp"
#include "parley/schematic/map_reader.hpp"

namespace parley::emulator::detail {

// What all parts of the reader share.
struct ScriptReading {
  ScriptReading(const FileReader& reader, schematic::Diagnostics& findings)
      : files(reader), diagnostics(findings) {}
  const FileReader& files;
  schematic::Diagnostics& diagnostics;
};

// A tree as a JSON value, by the YAML 1.2 core schema.
json::Value value_of(const schematic::Tree& tree);
// An object, or a mistake.
std::optional<json::Object> object_at(schematic::MapReader& in, std::string_view key);
// A whole number from `low` to `high`; empty, and `out` as it is, where there is none or on a
// mistake.
std::optional<std::int64_t> number_at(schematic::MapReader& in, std::string_view key,
                                      std::int64_t low, std::int64_t high);
template <class T>
void number_at(schematic::MapReader& in, std::string_view key, T& out, std::int64_t low,
               std::int64_t high) {
  if (const auto number = number_at(in, key, low, high)) out = static_cast<T>(*number);
}

void read_when(const schematic::Tree& tree, ScriptReading& reading, When& out);
// One answer's steps: a text, or a list of texts and maps.
void read_steps(const schematic::Tree& tree, ScriptReading& reading, std::vector<Step>& out);
// A code, or a map.
void read_error(const schematic::Tree& tree, ScriptReading& reading, ScriptError& out);
// A text that F::parse() reads.
template <class F>
void fault_at(schematic::MapReader& in, std::string_view key, std::optional<F>& out) {
  std::string text;
  if (!in.text(key, text)) return;
  if (auto fault = F::parse(text))
    out = std::move(*fault);
  else
    in.diagnostics().error(in.tree().find(key)->at, "E0105", fault.error().message());
}

}  // namespace parley::emulator::detail
