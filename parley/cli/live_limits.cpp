#include "parley/cli/live_limits.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "parley/gemini/types.hpp"
#include "parley/limit/tiers.hpp"

namespace parley::cli {
namespace {

bool is_chosen(const config::Settings& settings) {
  const auto* tier = settings.find("providers.gemini.default_tier");
  return tier != nullptr && tier->source != config::Source::built_in;
}

bool is_known_tier(const config::Settings& settings, const std::string& tier) {
  return limit::tier_name(tier) || std::ranges::any_of(settings.all(), [&](const auto& one) {
           const auto& path = one.path;
           return path.size() > 4 && path[0] == "providers" && path[1] == "gemini" &&
                  path[2] == "tiers" && path[3] == tier;
         });
}

}  // namespace

Result<std::optional<gemini::LiveLimits>> live_limits(const LiveCommandOptions& options,
                                                      config::Settings settings,
                                                      const std::string& model, EventSink events) {
  if (options.tier == "none" || (options.tier.empty() && !is_chosen(settings))) return std::nullopt;
  if (!options.tier.empty())
    if (auto set = settings.set("providers.gemini.default_tier", options.tier, "--tier"); !set)
      return fail(std::move(set.error()));
  const auto provider = settings.provider("gemini");
  if (!provider) return fail(provider.error());
  if (!is_known_tier(settings, provider->default_tier))
    return fail(ErrorKind::invalid_argument,
                fmt::format("there is no tier \"{}\"; free, tier1, tier2, tier3 and none are, and "
                            "those of parley.toml",
                            provider->default_tier));
  const auto name = gemini::model_id(model);
  const auto limits = settings.limits(*provider, name);
  if (!limits) return fail(limits.error());
  api::SharedFile file;
  file.path = settings.state_file();
  auto limiter = file.path.empty() ? Result<api::Limiter>(api::Limiter({}, events))
                                   : api::Limiter::open(std::move(file), {}, events);
  if (!limiter) return fail(std::move(limiter.error()));
  const std::string project = options.service.project.empty() ? "default" : options.service.project;
  if (const auto budget = settings.budget_per_day()) {
    limit::Limits whole;
    whole.money_per_day = *budget;
    if (auto set = limiter->configure_project(project, whole); !set)
      return fail(std::move(set.error()));
  }
  const auto price = settings.price(*provider, name).value_or(limit::Price());
  auto pool = limiter->configure(project, name, *limits, price);
  if (!pool) return fail(std::move(pool.error()));
  gemini::LiveLimits out(std::move(*limiter), *pool);
  out.wait.max_wait = settings.max_wait();
  return std::optional<gemini::LiveLimits>(std::move(out));
}

std::string waiting_words(const Event& event) {
  if (event.name != "limit.wait_start") return {};
  const auto ms = event.field("wait_ms");
  std::int64_t wait = 0;
  std::from_chars(ms.data(), ms.data() + ms.size(), wait);
  const auto seconds = (wait + 999) / 1000;
  return wait > 0 ? fmt::format("waiting for {}, {} s", event.field("dimension"), seconds)
                  : fmt::format("waiting for {}", event.field("dimension"));
}

}  // namespace parley::cli
