#include <iostream>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/narrate_view.hpp"
#include "parley/cli/narrate_world.hpp"
#include "parley/cli/settings.hpp"
#include "parley/json/value.hpp"
#include "parley/json/writer.hpp"
#include "parley/narrative/forecast.hpp"
#include "parley/narrative/plan.hpp"

namespace parley::cli {
namespace {

using narrative::Forecast;
using narrative::PlannedCall;

std::string range(std::int64_t low, std::int64_t high) {
  return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
}
std::string money_range(const std::optional<double>& low, const std::optional<double>& high) {
  if (!low || !high) return "no price known";
  return fmt::format("${:.6f} to ${:.6f}", *low, *high);
}

void write_call(json::Writer& out, const PlannedCall& call) {
  out.begin_object().key("act").value(call.path).key("model").value(call.model);
  out.key("calls_low").value(call.least).key("calls_high").value(call.most);
  out.key("tokens_low").value(call.low.total()).key("tokens_high").value(call.high.total());
  if (call.low_cost) out.key("cost_low").value(*call.low_cost);
  if (call.high_cost) out.key("cost_high").value(*call.high_cost);
  out.key("request").value(call.request).end_object();
}

std::string as_json(const narrative::Narrative& narrative, const narrative::Plan& plan,
                    const Forecast& forecast) {
  std::string text;
  json::Writer out(text);
  out.begin_object().key("narrative").value(narrative.name).key("steps").begin_array();
  for (const auto& step : plan.steps) {
    out.begin_array();
    for (const int act : step) out.value(narrative.acts[static_cast<std::size_t>(act)].name);
    out.end_array();
  }
  out.end_array().key("calls").begin_array();
  for (const auto& call : forecast.calls) write_call(out, call);
  out.end_array();
  out.key("tokens_low").value(forecast.low.total()).key("tokens_high").value(forecast.high.total());
  if (forecast.low_cost) out.key("cost_low").value(*forecast.low_cost);
  if (forecast.high_cost) out.key("cost_high").value(*forecast.high_cost);
  out.key("wait_ms").value(static_cast<std::int64_t>(forecast.wait.count()));
  out.key("notes").value(forecast.notes);
  if (forecast.error) out.key("error").value(forecast.error->describe());
  out.end_object();
  return text;
}

void print(const narrative::Narrative& narrative, const narrative::Plan& plan,
           const Forecast& forecast, bool prompts) {
  const auto style = Style::of(stdout);
  std::cout << style.bold("narrative " + narrative.name) << "\n";
  int number = 0;
  for (const auto& step : plan.steps) {
    std::string names;
    for (const int act : step)
      names += (names.empty() ? "" : ", ") + narrative.acts[static_cast<std::size_t>(act)].name;
    std::cout << fmt::format("step {}: {}\n", ++number, names);
  }
  for (const auto& call : forecast.calls) {
    std::cout << fmt::format("{}  {}  calls {}  tokens {}  {}\n", style.bold(call.path), call.model,
                             range(call.least, call.most),
                             range(call.low.total(), call.high.total()),
                             money_range(call.low_cost, call.high_cost));
    if (prompts)
      std::cout << strip_control(to_valid_utf8(json::to_pretty_string(*call.request))) << "\n";
  }
  std::cout << fmt::format("in all: tokens {}, {}, at most {} of waiting for limits\n",
                           range(forecast.low.total(), forecast.high.total()),
                           money_range(forecast.low_cost, forecast.high_cost),
                           time_text(forecast.wait));
  for (const auto& note : forecast.notes)
    std::cout << style.yellow("note: ") << strip_control(to_valid_utf8(note)) << "\n";
  std::cout << std::flush;
}

}  // namespace

int narrate_plan(const NarrateOptions& options) {
  const auto book = load_book(options.file, options, false);
  if (!book) return exit_code::usage;
  const auto name = choose_narrative(*book, options.narrative);
  if (!name) return narrate_failed(name.error().message(), exit_code::usage);
  World world;
  if (auto made = world.make_reading(options); !made)
    return narrate_failed(made.error().message(), exit_code::usage);
  auto limits = limits_of(options, options.offline, false);
  if (!limits) return narrate_failed(limits.error().message(), exit_code::usage);
  world.ports.limits = limits->get();
  narrative::RunOptions run_options;
  run_options.default_model = choose_model(options.model, settings_or_complain("narrate"));
  run_options.prices = prices_for(options, *book, run_options.default_model);
  const auto budget = budget_of(options);
  if (!budget) return narrate_failed(budget.error().message(), exit_code::usage);
  run_options.budget = *budget;
  if (auto set = world.set_state(options.set, *name); !set)
    return narrate_failed(set.error().message(), exit_code::usage);
  auto task = narrative::forecast(*book, *name, std::move(run_options), world.ports);
  const auto forecast = parley::run(std::move(task));
  const auto& narrative = *book->find(*name);
  const auto plan = narrative::plan(narrative);
  if (options.json)
    std::cout << as_json(narrative, plan, forecast) << std::endl;
  else
    print(narrative, plan, forecast, options.prompts);
  if (!forecast.error) return exit_code::ok;
  return narrate_failed(forecast.error->describe(), exit_code::failed);
}

}  // namespace parley::cli
