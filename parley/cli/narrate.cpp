#include "parley/cli/narrate.hpp"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/narrate_services.hpp"
#include "parley/cli/provider.hpp"
#include "parley/cli/settings.hpp"
#include "parley/cli/tier.hpp"
#include "parley/json/writer.hpp"
#include "parley/limit/tiers.hpp"
#include "parley/narrative/files.hpp"
#include "parley/narrative/shared_limits.hpp"

namespace parley::cli {
namespace {

int check(const NarrateOptions& options) {
  const auto loaded = load_checked(options.file, options, false);
  for (const auto& one : loaded.diagnostics) {
    if (!options.json) {
      std::cout << one.text() << "\n";
      continue;
    }
    std::string line;
    json::Writer out(line);
    out.begin_object().key("file").value(one.place.file).key("line").value(one.place.line);
    out.key("column").value(one.place.column).key("code").value(one.code);
    out.key("warning").value(one.warning).key("message").value(one.message).end_object();
    std::cout << line << "\n";
  }
  if (!loaded.ok()) return exit_code::usage;
  if (!options.json) {
    std::size_t acts = 0;
    for (const auto& [id, narrative] : loaded.book.narratives) acts += narrative.acts.size();
    std::cout << fmt::format("{}: no mistakes ({} narratives, {} acts)\n", options.file,
                             loaded.book.narratives.size(), acts);
  }
  return exit_code::ok;
}

}  // namespace

int narrate_failed(std::string_view what, int code) {
  std::cerr << Style::of(stderr).red("parley narrate: ") << strip_control(to_valid_utf8(what))
            << std::endl;
  return code;
}

narrative::Loaded load_checked(const std::string& file, const NarrateOptions& options, bool asks) {
  narrative::DiskSources sources;
  auto loaded = narrative::load(file, sources);
  const auto settings = settings_or_complain("narrate");
  narrative::check_models(loaded.book, choose_model(options.model, settings),
                          service_names(options, settings, asks), loaded.diagnostics);
  return loaded;
}

std::optional<narrative::Book> load_book(const std::string& file, const NarrateOptions& options,
                                         bool asks) {
  auto loaded = load_checked(file, options, asks);
  std::cerr << strip_control(to_valid_utf8(narrative::to_text(loaded.diagnostics)));
  if (!loaded.ok()) return std::nullopt;
  return std::move(loaded.book);
}

Result<std::string> choose_narrative(const narrative::Book& book, const std::string& wanted) {
  if (wanted.empty() && !book.main.empty()) return book.main;
  if (!wanted.empty() && book.find(wanted)) return wanted;
  const std::vector<std::string_view> names(book.own.begin(), book.own.end());
  const auto all = fmt::format("{}", fmt::join(book.own, ", "));
  if (wanted.empty())
    return fail(ErrorKind::invalid_argument,
                "the file has several narratives; choose one with --narrative: " + all);
  return fail(ErrorKind::invalid_argument,
              fmt::format("there is no narrative {}{} (there are: {})", wanted,
                          narrative::did_you_mean(wanted, names), all));
}

std::string state_folder(const NarrateOptions& options) {
  if (!options.state_dir.empty()) return options.state_dir;
  if (auto data = api::environment("XDG_DATA_HOME")) return *data + "/parley/narratives";
  if (auto home = api::environment("HOME")) return *home + "/.local/share/parley/narratives";
  return "narratives";
}

std::map<std::string, narrative::Price> prices_for(const NarrateOptions& options,
                                                   const narrative::Book& book,
                                                   const std::string& default_model) {
  auto prices = book.prices;
  const auto settings = settings_or_complain("narrate");
  for (const auto& model : models_asked(options, book, default_model)) {
    const auto target = target_of(model, settings);
    if (!target.is_other()) continue;
    if (const auto price = settings.price(*target.provider, target.model))
      prices.emplace(model, *price);
  }
  for (const auto& row : limit::built_in_tables().prices)
    if (row.provider == "gemini") prices.emplace(row.model, row.price);
  return prices;
}

Result<narrative::Budget> budget_of(const NarrateOptions& options) {
  narrative::Budget budget;
  budget.tokens = options.budget_tokens;
  budget.money = options.budget_money;
  if (!options.budget_time.empty()) {
    budget.time = narrative::parse_time(options.budget_time);
    if (!budget.time)
      return fail(ErrorKind::invalid_argument,
                  "--budget-time must be a time such as 30s, 5m or 2h");
  }
  for (const auto& [given, to, name] :
       {std::tuple{&options.rpm, &budget.rpm, "rpm"}, std::tuple{&options.tpm, &budget.tpm, "tpm"},
        std::tuple{&options.rpd, &budget.rpd, "rpd"}}) {
    if (*given && !(**given > 0 && **given <= 1))
      return fail(ErrorKind::invalid_argument,
                  fmt::format("--{}-multiplier must be above 0 and at most 1", name));
    *to = *given;
  }
  return budget;
}

namespace {

Result<api::Limiter> limiter_of(const NarrateOptions& options, const config::Settings& settings,
                                bool shared) {
  if (!shared) return api::Limiter();
  api::SharedFile file;
  file.path = settings.state_file();
  if (!file.path.empty()) return api::Limiter::open(std::move(file));
  file.path = state_folder(options) + "/limits";
  if (auto made = narrative::make_folder(state_folder(options)); !made)
    return fail(std::move(made.error()));
  return api::Limiter::open(std::move(file));
}

}  // namespace

Result<std::unique_ptr<narrative::Limits>> limits_of(const NarrateOptions& options, bool offline,
                                                     bool shared) {
  std::unique_ptr<narrative::Limits> limits;
  auto config = settings_or_complain("narrate");
  const bool gemini_free = options.tier.empty() && offline;
  if (options.tier == "none" || (gemini_free && (options.offline || !has_other_services(config))))
    return limits;
  const auto provider = gemini_in_tier(config, options.tier);
  if (!provider) return fail(provider.error());
  narrative::SharedLimitsOptions settings;
  settings.limits = [config, provider = *provider, gemini_free](std::string_view model) {
    const auto target = target_of(std::string(model), config);
    if (target.is_other()) return config.whole_limits(*target.provider, target.model);
    return gemini_free ? limit::Limits() : config.whole_limits(provider, target.model);
  };
  settings.price = [config, provider = *provider](std::string_view model) {
    const auto target = target_of(std::string(model), config);
    return config.price(target.is_other() ? *target.provider : provider, target.model);
  };
  if (!options.service.project.empty()) settings.project = options.service.project;
  if (const auto longest = config.max_wait()) settings.max_wait = *longest;
  auto limiter = limiter_of(options, config, shared);
  if (!limiter) return fail(std::move(limiter.error()));
  if (auto set = set_day_budget(*limiter, settings.project, config); !set)
    return fail(std::move(set.error()));
  limits = std::make_unique<narrative::SharedLimits>(std::move(*limiter), std::move(settings));
  return limits;
}

int narrate(const NarrateOptions& options) {
  if (options.verb == "check") return check(options);
  if (options.verb == "plan") return narrate_plan(options);
  if (options.verb == "show") return narrate_show(options);
  if (options.verb == "content") return narrate_content(options);
  if (options.verb == "tui") return narrate_tui(options);
  if (options.verb.empty()) return exit_code::usage;
  return narrate_run(options);
}

}  // namespace parley::cli
