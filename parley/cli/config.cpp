#include <iostream>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/settings.hpp"
#include "parley/json/value.hpp"

namespace parley::cli {
namespace {

std::string where_of(const config::Setting& setting) {
  if (setting.where.empty()) return std::string(to_string(setting.source));
  return fmt::format("{} ({})", setting.where, to_string(setting.source));
}

bool begins(const std::string& key, const std::string& wanted) {
  return wanted.empty() || key == wanted || key.starts_with(wanted + ".");
}

int print_settings(const config::Settings& settings, const ConfigOptions& options) {
  const Style style = Style::of(stdout);
  bool any = false;
  for (const auto& one : settings.all()) {
    const std::string key = one.key();
    if (!begins(key, options.key)) continue;
    any = true;
    if (options.json)
      std::cout << json::to_string(json::Object{{"key", key},
                                                {"value", config::to_text(one.value)},
                                                {"source", to_string(one.source)},
                                                {"where", one.where}})
                << '\n';
    else
      std::cout << key << " = " << config::to_text(one.value) << "  "
                << style.dim("# " + where_of(one)) << '\n';
  }
  if (any) return exit_code::ok;
  std::cerr << Style::of(stderr).red("parley config: ") << "nothing is set at \"" << options.key
            << "\"; parley config --keys shows what may be" << std::endl;
  return exit_code::failed;
}

void print_keys(const ConfigOptions& options) {
  for (const auto& key : config::known_keys()) {
    if (options.json)
      std::cout << json::to_string(
                       json::Object{{"key", key.pattern}, {"type", key.type}, {"says", key.says}})
                << '\n';
    else
      std::cout << fmt::format("{:58} {:13} {}\n", key.pattern, key.type, key.says);
  }
}

std::string amount(const std::optional<std::int64_t>& value) {
  return value ? fmt::format("{}", *value) : "no limit";
}

int print_limits(const config::Settings& settings, const ConfigOptions& options) {
  const auto provider = settings.provider();
  auto limits = provider ? settings.limits(*provider, options.limits) : fail(provider.error());
  if (!limits) {
    std::cerr << Style::of(stderr).red("parley config: ") << limits.error().message() << std::endl;
    return exit_code::usage;
  }
  const auto price = settings.price(*provider, options.limits);
  const auto money = [](const std::optional<limit::Micros>& micros) {
    return micros ? fmt::format("{:.2f} USD", static_cast<double>(*micros) / 1e6) : "no limit";
  };
  const std::vector<std::pair<std::string, std::string>> rows{
      {"provider and tier", provider->name + ", " + provider->default_tier},
      {"requests per minute", amount(limits->requests_per_minute)},
      {"input tokens per minute", amount(limits->input_tokens_per_minute)},
      {"output tokens per minute", amount(limits->output_tokens_per_minute)},
      {"requests per day", amount(limits->requests_per_day)},
      {"money per day", money(limits->money_per_day)},
      {"at the same time", amount(limits->concurrency)},
      {"price per million tokens", price ? fmt::format("{} USD in, {} USD out, {} USD cached",
                                                       price->input, price->output, price->cached)
                                         : "not known"},
  };
  if (options.json) {
    json::Object out{{"model", options.limits}};
    for (const auto& [name, value] : rows) out[name] = value;
    std::cout << json::to_string(out) << '\n';
    return exit_code::ok;
  }
  std::cout << options.limits << '\n';
  for (const auto& [name, value] : rows) std::cout << fmt::format("  {:26} {}\n", name, value);
  return exit_code::ok;
}

}  // namespace

int show_config(const ConfigOptions& options) {
  if (options.keys) {
    print_keys(options);
    return exit_code::ok;
  }
  config::Diagnostics diagnostics;
  auto settings = load_settings(diagnostics);
  const Style style = Style::of(stderr);
  for (const auto& one : diagnostics) std::cerr << style.red(one.text()) << std::endl;
  if (!settings) return exit_code::usage;
  for (const auto& one : options.set) {
    const auto at = one.find('=');
    const auto set =
        at == std::string::npos
            ? Result<void>(fail(ErrorKind::invalid_argument, "\"" + one + "\" is no KEY=VALUE"))
            : settings->set(one.substr(0, at), one.substr(at + 1), "--set");
    if (set) continue;
    std::cerr << style.red("parley config: ") << set.error().message() << std::endl;
    return exit_code::usage;
  }
  if (!options.limits.empty()) return print_limits(*settings, options);
  return print_settings(*settings, options);
}

}  // namespace parley::cli
