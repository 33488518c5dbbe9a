#pragma once

#include <string_view>
#include <vector>

#include "parley/json/cursor.hpp"
#include "parley/json/writer.hpp"

// How members of the proto3 JSON mapping are read and written: both spellings, null as absent,
// default values left out.
namespace parley::gemini::detail {

inline bool is(std::string_view key, std::string_view name) {
  return json::is_proto_name(key, name);
}

template <class T>
void read_set(json::Cursor value, T& out) {
  if (!value.is_null()) value.read(out);
}

inline void read_list(json::Cursor value, json::Array& out) {
  if (value.is_null()) return;
  value.each_element([&out](json::Cursor element) { element.read(out.emplace_back(nullptr)); });
}

inline bool is_unset(bool value) {
  return !value;
}
inline bool is_unset(int value) {
  return value == 0;
}
template <class T>
requires requires(const T& of) {
  of.empty();
}
bool is_unset(const T& value) {
  return value.empty();
}

template <class T>
void write_set(json::Writer& out, std::string_view name, const T& value) {
  if (!is_unset(value)) out.key(name).value(value);
}
inline void write_set(json::Writer& out, std::string_view name, const json::Array& list) {
  if (!list.empty()) out.key(name).value(json::Value(list));
}

}  // namespace parley::gemini::detail
