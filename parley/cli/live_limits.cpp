#include "parley/cli/live_limits.hpp"

#include <charconv>

#include <fmt/format.h>

#include "parley/cli/tier.hpp"
#include "parley/gemini/types.hpp"

namespace parley::cli {
namespace {

bool is_chosen(const config::Settings& settings) {
  const auto* tier = settings.find("providers.gemini.default_tier");
  return tier != nullptr && tier->source != config::Source::built_in;
}

}  // namespace

Result<std::optional<gemini::LiveLimits>> live_limits(const LiveCommandOptions& options,
                                                      config::Settings settings,
                                                      const std::string& model, EventSink events) {
  if (options.tier == "none" || (options.tier.empty() && !is_chosen(settings))) return std::nullopt;
  const auto provider = gemini_in_tier(settings, options.tier);
  if (!provider) return fail(provider.error());
  const auto name = gemini::model_id(model);
  const auto limits = settings.limits(*provider, name);
  if (!limits) return fail(limits.error());
  api::SharedFile file;
  file.path = settings.state_file();
  auto limiter = file.path.empty() ? Result<api::Limiter>(api::Limiter({}, events))
                                   : api::Limiter::open(std::move(file), {}, events);
  if (!limiter) return fail(std::move(limiter.error()));
  const std::string project = options.service.project.empty() ? "default" : options.service.project;
  if (auto set = set_day_budget(*limiter, project, settings); !set)
    return fail(std::move(set.error()));
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
