#include "parley/config/settings.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/base/text.hpp"

namespace parley::config {
namespace {

using Path = std::vector<std::string>;

bool is_bare(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

struct Printer {
  std::string operator()(const std::string& text) const { return quoted(text); }
  std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
  std::string operator()(double number) const { return fmt::format("{}", number); }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(const std::vector<std::string>& texts) const {
    std::vector<std::string> parts;
    for (const auto& text : texts) parts.push_back(quoted(text));
    return fmt::format("[{}]", fmt::join(parts, ", "));
  }
  std::string operator()(std::chrono::milliseconds time) const {
    if (time.count() % 1000 == 0) return fmt::format("\"{}s\"", time.count() / 1000);
    return fmt::format("\"{}ms\"", time.count());
  }
};

Path with(Path path, std::string name) {
  path.push_back(std::move(name));
  return path;
}

ProviderKind kind_of(const std::string& text) {
  if (text == "vertex") return ProviderKind::vertex;
  if (text == "anthropic") return ProviderKind::anthropic;
  return text == "openai" ? ProviderKind::openai : ProviderKind::gemini;
}

std::string_view table_name(ProviderKind kind) {
  if (kind == ProviderKind::anthropic) return "anthropic";
  return kind == ProviderKind::openai ? "openai" : "gemini";
}

// A model's name as the keys have it.
std::string bare_model(std::string_view model) {
  return std::string(model.starts_with("models/") ? model.substr(7) : model);
}

}  // namespace

std::string_view to_string(Source source) {
  switch (source) {
    case Source::built_in:
      return "built in";
    case Source::user_file:
      return "user's file";
    case Source::project_file:
      return "project's file";
    case Source::environment:
      return "environment";
    case Source::command_line:
      return "command line";
  }
  return "?";
}

std::string to_text(const Value& value) {
  return std::visit(Printer(), value);
}

std::string Setting::key() const {
  std::string out;
  for (const auto& name : path) {
    if (!out.empty()) out += '.';
    out += is_bare(name) ? name : quoted(name);
  }
  return out;
}

Settings::Settings() {
  const auto built_in = [this](Path path, Value value) {
    Setting setting;
    setting.path = std::move(path);
    setting.value = std::move(value);
    put(std::move(setting));
  };
  built_in({"model"}, Value(std::string("gemini-2.5-flash")));
  built_in({"provider"}, Value(std::string("gemini")));
  for (const char* name : {"rpm", "tpm", "rpd"}) built_in({"multipliers", name}, Value(0.8));
  built_in({"providers", "gemini", "kind"}, Value(std::string("gemini")));
  built_in({"providers", "gemini", "default_tier"}, Value(std::string("free")));
}

void Settings::put(Setting setting) {
  const auto place = std::ranges::lower_bound(settings_, setting.path, {}, &Setting::path);
  if (place == settings_.end() || place->path != setting.path)
    settings_.insert(place, std::move(setting));
  else if (place->source <= setting.source)
    *place = std::move(setting);
}

const Setting* Settings::find(std::string_view key) const {
  const auto found =
      std::ranges::find_if(settings_, [key](const Setting& one) { return one.key() == key; });
  return found == settings_.end() ? nullptr : &*found;
}

template <class T>
std::optional<T> Settings::value(const Path& path) const {
  const auto place = std::ranges::lower_bound(settings_, path, {}, &Setting::path);
  if (place == settings_.end() || place->path != path) return std::nullopt;
  const T* found = std::get_if<T>(&place->value);
  return found ? std::optional<T>(*found) : std::nullopt;
}

std::string Settings::model() const {
  return value<std::string>({"model"}).value_or("");
}
std::vector<std::string> Settings::fallback_models() const {
  return value<std::vector<std::string>>({"fallback_models"}).value_or(std::vector<std::string>());
}
std::optional<std::chrono::milliseconds> Settings::max_wait() const {
  return value<std::chrono::milliseconds>({"max_wait"});
}
std::string Settings::state_file() const {
  return value<std::string>({"state_file"}).value_or("");
}
limit::Multipliers Settings::multipliers() const {
  limit::Multipliers out;
  out.requests_per_minute = value<double>({"multipliers", "rpm"}).value_or(1);
  out.tokens_per_minute = value<double>({"multipliers", "tpm"}).value_or(1);
  out.requests_per_day = value<double>({"multipliers", "rpd"}).value_or(1);
  return out;
}
std::optional<limit::Micros> Settings::budget_per_day() const {
  const auto dollars = value<double>({"budget", "usd_per_day"});
  if (!dollars) return std::nullopt;
  return std::llround(*dollars * 1e6);
}

std::vector<std::string> Settings::provider_names() const {
  std::vector<std::string> names;
  for (const auto& one : settings_)
    if (one.path.size() > 2 && one.path[0] == "providers" &&
        (names.empty() || names.back() != one.path[1]))
      names.push_back(one.path[1]);
  return names;
}

Result<ProviderSettings> Settings::provider(std::string_view name) const {
  ProviderSettings out;
  out.name = name.empty() ? value<std::string>({"provider"}).value_or("") : std::string(name);
  const auto names = provider_names();
  if (std::ranges::find(names, out.name) == names.end()) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    return fail(ErrorKind::not_found,
                fmt::format("there is no provider \"{}\"{}; there is {}", out.name,
                            did_you_mean(out.name, views), fmt::join(names, ", ")));
  }
  const auto text = [&](const char* key) {
    return value<std::string>({"providers", out.name, key}).value_or("");
  };
  const auto kind = text("kind");
  const bool by_name = kind.empty() && (out.name == "vertex" || out.name == "anthropic");
  out.kind = kind_of(by_name ? out.name : kind);
  out.base_url = text("base_url");
  out.api_key_env = text("api_key_env");
  out.project = text("project");
  out.location = text("location");
  out.credentials = text("credentials");
  out.default_model = text("default_model");
  out.default_tier = text("default_tier");
  return out;
}

limit::Limits Settings::row(const Path& path) const {
  limit::Limits out;
  const auto whole = [&](const char* name) { return value<std::int64_t>(with(path, name)); };
  out.requests_per_minute = whole("rpm");
  out.input_tokens_per_minute = whole("tpm");
  out.output_tokens_per_minute = whole("output_tpm");
  out.requests_per_day = whole("rpd");
  out.concurrency = whole("max_concurrent");
  out.caller_concurrency = whole("max_concurrent_per_caller");
  if (const auto dollars = value<double>(with(path, "daily_quota_usd")))
    out.money_per_day = std::llround(*dollars * 1e6);
  return out;
}

limit::Limits Settings::whole_limits(const ProviderSettings& provider,
                                     std::string_view model) const {
  const std::string bare = bare_model(model);
  const Path of_provider{"providers", provider.name};
  const Path tier = with(with(of_provider, "tiers"), provider.default_tier);
  const auto known = limit::tier_name(provider.default_tier);
  limit::Limits built_in;
  if (known)
    built_in = limit::limits_for(limit::built_in_tables(), table_name(provider.kind), *known, bare);
  limit::Limits limits = limit::overlay(row(tier), built_in);
  limits = limit::overlay(row(with(with(tier, "models"), bare)), limits);
  return limit::overlay(row(with(with(of_provider, "models"), bare)), limits);
}

Result<limit::Limits> Settings::limits(const ProviderSettings& provider,
                                       std::string_view model) const {
  return limit::scaled(whole_limits(provider, model), multipliers());
}

std::optional<limit::Price> Settings::price(const ProviderSettings& provider,
                                            std::string_view model) const {
  const std::string bare = bare_model(model);
  auto price = limit::price_for(limit::built_in_tables(), table_name(provider.kind), bare);
  const Path of_provider{"providers", provider.name};
  const Path tier = with(with(of_provider, "tiers"), provider.default_tier);
  for (const Path& path :
       {tier, with(with(tier, "models"), bare), with(with(of_provider, "models"), bare)}) {
    const auto input = value<double>(with(path, "cost_per_million_input_tokens"));
    const auto output = value<double>(with(path, "cost_per_million_output_tokens"));
    const auto cached = value<double>(with(path, "cost_per_million_cached_tokens"));
    if (!input && !output && !cached) continue;
    if (!price) price.emplace();
    price->input = input.value_or(price->input);
    price->output = output.value_or(price->output);
    // A quarter is what the service usually takes where nothing else is said.
    price->cached = cached.value_or(input ? *input / 4 : price->cached);
  }
  return price;
}

Route Settings::route(const ProviderSettings& provider, std::string_view model) const {
  const auto text =
      value<std::string>({"providers", provider.name, "models", bare_model(model), "route"});
  if (text == "rest") return Route::rest;
  return text == "live" ? Route::live : Route::automatic;
}

}  // namespace parley::config
