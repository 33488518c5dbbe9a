#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/config/diagnostic.hpp"
#include "parley/limit/tiers.hpp"

// parley.toml: models, providers, tiers, limits, prices and budgets, from several places of which
// the nearer wins (docs/configuration.md).
namespace parley::config {

// Where a value comes from, the weakest first.
enum class Source { built_in, user_file, project_file, environment, command_line };
std::string_view to_string(Source source);

using Value = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>,
                           std::chrono::milliseconds>;
// As it would stand in the file.
std::string to_text(const Value& value);

// One value, and where it was said.
struct Setting {
  Setting() = default;
  std::vector<std::string> path;  // {"providers", "gemini", "default_tier"}
  Value value;
  Source source = Source::built_in;
  std::string where;  // "parley.toml:3:1", "GEMINI_TIER", "--tier"; empty: built in

  // "providers.gemini.default_tier"; names that TOML would have in quotes are in quotes.
  std::string key() const;
};

// A key that parley.toml may have; "*" stands for any name.
struct KeyInfo {
  std::string_view pattern;  // "providers.*.tiers.*.rpm"
  std::string_view type;     // "text", "whole number", "number", "list of texts", "time", …
  std::string_view says;     // with its unit and range
};
const std::vector<KeyInfo>& known_keys();

// Which way the calls of a model go.
enum class Route { automatic, rest, live };

// The services that a model's name may lead to.
enum class ProviderKind { gemini, vertex, openai, anthropic };

struct ProviderSettings {
  ProviderSettings() = default;
  std::string name;
  ProviderKind kind = ProviderKind::gemini;
  std::string base_url;     // empty: the service's own
  std::string api_key_env;  // the variable that has the key; empty: the usual ones of the kind
  std::string project, location, credentials;  // Vertex AI
  std::string default_model;
  std::string default_tier;  // "free"
};

// All values of all places, each as the nearest place has it. A value type; reads nothing itself:
// files and the environment are given to it. One thread at a time.
class Settings {
 public:
  // With what is built in.
  Settings();

  // Takes the values of a file over those that are there from the same or a weaker source. Mistakes
  // go to `diagnostics`, and what is wrong is left out: unknown keys with the nearest name, types,
  // ranges, keys of a service (they belong into the environment). Never fails.
  void add_file(Source source, std::string_view file_name, std::string_view text,
                Diagnostics& diagnostics);
  // GENAI_MODEL_ID, GEMINI_TIER and PARLEY_STATE_FILE, as `read` gives them; empty ones are none.
  void add_environment(const std::function<std::optional<std::string>(const char*)>& read,
                       Diagnostics& diagnostics);
  // One value as text, as on a command line: set("model", "gemini-2.5-pro", "--model"). Errors:
  // invalid_argument, naming the nearest key, or what the value must be.
  Result<void> set(std::string_view key, std::string_view text, std::string_view option);

  // In the order of their keys.
  const std::vector<Setting>& all() const { return settings_; }
  const Setting* find(std::string_view key) const;

  std::string model() const;
  std::vector<std::string> fallback_models() const;
  // How long a call may wait for its turn; empty: as long as it takes.
  std::optional<std::chrono::milliseconds> max_wait() const;
  std::string state_file() const;  // of the limits; empty: each process counts for itself
  limit::Multipliers multipliers() const;
  // US dollars a day for all models together; empty: no budget.
  std::optional<limit::Micros> budget_per_day() const;

  // Of the given name, or of the one that "provider" names. Error: not_found with the names there.
  Result<ProviderSettings> provider(std::string_view name = {}) const;
  std::vector<std::string> provider_names() const;

  // What the provider's tier lets a model do: its model rows over its own over the built-in tables,
  // times the multipliers. Error: invalid_argument where a multiplier is out of range.
  Result<limit::Limits> limits(const ProviderSettings& provider, std::string_view model) const;
  // The same without the multipliers.
  limit::Limits whole_limits(const ProviderSettings& provider, std::string_view model) const;
  // Empty: no price is known.
  std::optional<limit::Price> price(const ProviderSettings& provider, std::string_view model) const;
  Route route(const ProviderSettings& provider, std::string_view model) const;

 private:
  void put(Setting setting);
  template <class T>
  std::optional<T> value(const std::vector<std::string>& path) const;
  limit::Limits row(const std::vector<std::string>& path) const;

  std::vector<Setting> settings_;  // sorted by path
};

}  // namespace parley::config
