#include "parley/config/detail/keys.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/config/time.hpp"

namespace parley::config {
namespace {

using detail::Key;
using detail::Type;
constexpr double kMost = 1e15;

struct Row {
  const char* pattern;
  Type type;
  double least, most;
  const char* says;
};

// Behind "providers.*.tiers.*.", "providers.*.tiers.*.models.*." and "providers.*.models.*.".
constexpr Row kLimitRows[] = {
    {"rpm", Type::whole, 0, kMost, "requests in any 60 seconds"},
    {"tpm", Type::whole, 0, kMost, "input tokens in any 60 seconds"},
    {"output_tpm", Type::whole, 0, kMost, "output tokens in any 60 seconds"},
    {"rpd", Type::whole, 0, kMost, "requests in a day of America/Los_Angeles"},
    {"max_concurrent", Type::whole, 0, 1e6, "calls at the same time; 0: no limit"},
    {"max_concurrent_per_caller", Type::whole, 0, 1e6, "the same for each caller; 0: no limit"},
    {"daily_quota_usd", Type::number, 0, 1e9, "US dollars in a day of America/Los_Angeles"},
    {"cost_per_million_input_tokens", Type::number, 0, 1e6, "US dollars"},
    {"cost_per_million_output_tokens", Type::number, 0, 1e6, "US dollars"},
    {"cost_per_million_cached_tokens", Type::number, 0, 1e6, "US dollars"},
};

constexpr Row kRows[] = {
    {"model", Type::word, 0, 0, "the model where a request names none"},
    {"provider", Type::word, 0, 0, "the provider where a model's name names none"},
    {"fallback_models", Type::list, 0, 0, "asked in their order where a model has no quota left"},
    {"max_wait", Type::time, 0, 0, "how long a call may wait for its turn; unset: no end"},
    {"state_file", Type::text, 0, 0, "where processes share the counts of their limits"},
    {"multipliers.rpm", Type::fraction, 0, 1,
     "the share of a limit that is used, over 0, at most 1"},
    {"multipliers.tpm", Type::fraction, 0, 1, "the same for tokens"},
    {"multipliers.rpd", Type::fraction, 0, 1, "the same for the day"},
    {"budget.usd_per_day", Type::number, 0, 1e9, "US dollars a day, for all models together"},
    {"databases.*.url_env", Type::word, 0, 0,
     "the name of the variable that has the database's connection string"},
    {"providers.*.kind", Type::kind, 0, 0,
     "gemini, vertex, anthropic or openai (and what speaks like it)"},
    {"providers.*.base_url", Type::text, 0, 0, "http or https; unset: the service's own"},
    {"providers.*.api_key_env", Type::word, 0, 0, "the name of the variable that has the key"},
    {"providers.*.project", Type::word, 0, 0, "Vertex AI: the project"},
    {"providers.*.location", Type::word, 0, 0, "Vertex AI: the location"},
    {"providers.*.credentials", Type::text, 0, 0, "Vertex AI: the file of the credentials"},
    {"providers.*.default_model", Type::word, 0, 0, "the provider's own default model"},
    {"providers.*.default_tier", Type::text, 0, 0, "free, tier1, tier2, tier3, or one of tiers"},
    {"providers.*.tiers.*.name", Type::text, 0, 0, "what people call it"},
    {"providers.*.models.*.route", Type::route, 0, 0, "auto, rest or live"},
};

struct Table {
  std::vector<std::string> patterns;  // what the views of the others look at
  std::vector<KeyInfo> infos;
  std::vector<Key> keys;
};

std::string_view words_of(Type type) {
  switch (type) {
    case Type::list:
      return "list of texts";
    case Type::whole:
      return "whole number";
    case Type::number:
    case Type::fraction:
      return "number";
    case Type::time:
      return "time";
    default:
      return "text";
  }
}

Table make_table() {
  Table table;
  std::vector<Row> rows(std::begin(kRows), std::end(kRows));
  table.patterns.reserve(std::size(kRows) + 3 * std::size(kLimitRows));
  for (const auto& row : kRows) table.patterns.emplace_back(row.pattern);
  for (const char* before :
       {"providers.*.tiers.*.", "providers.*.tiers.*.models.*.", "providers.*.models.*."})
    for (const auto& row : kLimitRows) {
      table.patterns.push_back(std::string(before) + row.pattern);
      rows.push_back(row);
    }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    KeyInfo info;
    info.pattern = table.patterns[i];
    info.type = words_of(rows[i].type);
    info.says = rows[i].says;
    table.infos.push_back(info);
    Key key{split(info.pattern, '.'), rows[i].type, rows[i].least, rows[i].most};
    table.keys.push_back(std::move(key));
  }
  return table;
}

const Table& table() {
  static const Table made = make_table();
  return made;
}

bool begins(const Key& key, const std::vector<std::string>& path) {
  if (key.path.size() < path.size()) return false;
  for (std::size_t i = 0; i < path.size(); ++i)
    if (key.path[i] != "*" && key.path[i] != path[i]) return false;
  return true;
}

Error wanted(std::string_view what) {
  return Error(ErrorKind::invalid_argument, fmt::format("must be {}", what));
}

Result<Value> number_in(const Key& key, double number, bool whole) {
  const bool good = key.type == Type::fraction ? number > 0 && number <= key.most
                                               : number >= key.least && number <= key.most;
  if (!good || std::isnan(number)) {
    if (key.type == Type::fraction) return fail(wanted("a number over 0 and at most 1"));
    return fail(
        wanted(fmt::format("a {} from {:g} to {:g}", words_of(key.type), key.least, key.most)));
  }
  if (whole) return Value(static_cast<std::int64_t>(number));
  return Value(number);
}

Result<Value> words_in(const Key& key, std::string text) {
  const auto one_of = [&text](std::initializer_list<std::string_view> names,
                              std::string_view what) {
    if (std::ranges::find(names, text) != names.end()) return Result<Value>(Value(text));
    return Result<Value>(fail(wanted(what)));
  };
  if (key.type == Type::kind)
    return one_of({"gemini", "vertex", "anthropic", "openai"},
                  "\"gemini\", \"vertex\", \"anthropic\" or \"openai\"");
  if (key.type == Type::route)
    return one_of({"auto", "rest", "live"}, "\"auto\", \"rest\" or \"live\"");
  if (key.type == Type::word &&
      (text.empty() || text.find_first_of(" \t\r\n") != std::string::npos))
    return fail(wanted("a name without blanks"));
  return Value(std::move(text));
}

}  // namespace

const std::vector<KeyInfo>& known_keys() {
  return table().infos;
}

namespace detail {

const Key* key_at(const std::vector<std::string>& path) {
  for (const auto& key : table().keys)
    if (key.path.size() == path.size() && begins(key, path)) return &key;
  return nullptr;
}

std::vector<std::string_view> names_in(const std::vector<std::string>& path) {
  std::vector<std::string_view> names;
  for (const auto& key : table().keys)
    if (key.path.size() > path.size() && begins(key, path) &&
        std::ranges::find(names, key.path[path.size()]) == names.end())
      names.push_back(key.path[path.size()]);
  return names;
}

Result<Value> value_of(const Key& key, const Node& node) {
  switch (key.type) {
    case Type::list: {
      if (node.kind == Node::Kind::text) return Value(std::vector<std::string>{node.text});
      if (node.kind != Node::Kind::list) return fail(wanted("a list of texts"));
      std::vector<std::string> texts;
      for (const auto& element : node.elements) {
        if (element.kind != Node::Kind::text) return fail(wanted("a list of texts"));
        texts.push_back(element.text);
      }
      return Value(std::move(texts));
    }
    case Type::whole:
      if (node.kind != Node::Kind::whole) return fail(wanted("a whole number"));
      return number_in(key, node.real, true);
    case Type::number:
    case Type::fraction:
      if (node.kind != Node::Kind::whole && node.kind != Node::Kind::real)
        return fail(wanted("a number"));
      return number_in(key, node.real, false);
    case Type::time:
      if (node.kind == Node::Kind::whole || node.kind == Node::Kind::real)
        return value_of(key, fmt::format("{}s", node.real));
      if (node.kind != Node::Kind::text) return fail(wanted("a time such as \"30s\""));
      return value_of(key, node.text);
    default:
      if (node.kind != Node::Kind::text) return fail(wanted("a text"));
      return words_in(key, node.text);
  }
}

Result<Value> value_of(const Key& key, std::string_view text) {
  switch (key.type) {
    case Type::list: {
      std::vector<std::string> texts;
      for (const auto part : split(text, ','))
        if (!trim(part).empty()) texts.emplace_back(trim(part));
      return Value(std::move(texts));
    }
    case Type::whole:
    case Type::number:
    case Type::fraction: {
      double number = 0;
      const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
      const bool whole = key.type == Type::whole;
      if (code != std::errc() || end != text.data() + text.size() ||
          (whole && number != std::floor(number)))
        return fail(wanted(whole ? "a whole number" : "a number"));
      return number_in(key, number, whole);
    }
    case Type::time:
      if (const auto time = parse_time(text)) return Value(*time);
      return fail(wanted("a time such as \"500ms\", \"30s\", \"5m\" or \"2h\", at most a year"));
    default:
      return words_in(key, std::string(text));
  }
}

Result<std::vector<std::string>> parse_key(std::string_view text) {
  std::vector<std::string> path(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"')
      quoted = !quoted;
    else if (c == '.' && !quoted)
      path.emplace_back();
    else
      path.back() += c;
  }
  if (quoted || std::ranges::any_of(path, &std::string::empty))
    return fail(ErrorKind::invalid_argument, fmt::format("\"{}\" is no key", text));
  return path;
}

}  // namespace detail
}  // namespace parley::config
