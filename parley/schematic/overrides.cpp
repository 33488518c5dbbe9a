#include <algorithm>

#include <fmt/format.h>

#include "parley/schematic/import.hpp"

namespace parley::schematic {
namespace {

// The entry of a list that a change is for, by "id" or "name".
json::Value* entry_of(json::Array& list, const json::Object& change) {
  for (const char* key : {"id", "name"}) {
    const auto* wanted = change.if_contains(key);
    if (!wanted) continue;
    for (auto& item : list)
      if (item.is_object() && item.as_object().if_contains(key) && item.as_object()[key] == *wanted)
        return &item;
  }
  return nullptr;
}

void merge(json::Value& into, const json::Value& change);

void merge_list(json::Array& list, const json::Array& changes) {
  for (const auto& change : changes) {
    auto* entry = change.is_object() ? entry_of(list, change.as_object()) : nullptr;
    if (!entry) {
      list.push_back(change);
    } else if (const auto* remove = change.as_object().if_contains("remove");
               remove && *remove == json::Value(true)) {
      list.erase(list.begin() + (entry - list.data()));
    } else {
      merge(*entry, change);
    }
  }
}

void merge(json::Value& into, const json::Value& change) {
  if (change.is_object() && into.is_object()) {
    for (const auto& [key, value] : change.as_object()) {
      if (value.is_null())
        into.as_object().erase(key);
      else if (auto* member = into.as_object().if_contains(key))
        merge(*member, value);
      else
        into.as_object()[key] = value;
    }
    return;
  }
  const bool by_key = change.is_array() && into.is_array() && !change.as_array().empty() &&
                      std::ranges::all_of(change.as_array(), [](const json::Value& one) {
                        return one.is_object() &&
                               (one.as_object().contains("id") || one.as_object().contains("name"));
                      });
  if (by_key)
    merge_list(into.as_array(), change.as_array());
  else
    into = change;
}

}  // namespace

std::optional<Definition> apply_overrides(const Definition& definition, const Tree& overrides,
                                          Diagnostics& report) {
  if (!overrides.is_map()) {
    report.error(overrides.at, "E0707", "overrides must be a map");
    return std::nullopt;
  }
  json::Value whole = to_json(definition);
  const auto changes = overrides.value();
  for (const auto& [key, value] : changes.as_object())
    if (const bool known = whole.as_object().contains(key) || key == "namespace" || key == "auth" ||
                           key == "env_auth" || key == "docs_url" || key == "headers" ||
                           key == "env_username" || key == "websocket" || key == "rest";
        !known)
      report.error(overrides.at, "E0707",
                   fmt::format("a definition has no member \"{}\"", std::string_view(key)));
  merge(whole, changes);
  const auto tree = parse_json(json::to_string(whole));
  if (!tree) {
    report.error(overrides.at, "E0707", tree.error().message());
    return std::nullopt;
  }
  // Places of the merged text mean nothing to its reader.
  Diagnostics findings;
  auto merged = read_definition(*tree, findings);
  if (merged && !findings.has_errors()) check(*merged, findings);
  for (const auto& one : findings.all())
    if (one.severity == Severity::error) report.error({}, one.code, one.message);
  if (report.has_errors()) return std::nullopt;
  return merged;
}

}  // namespace parley::schematic
