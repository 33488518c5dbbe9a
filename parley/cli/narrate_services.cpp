#include "parley/cli/narrate_services.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"
#include "parley/cli/provider.hpp"

namespace parley::cli {
namespace {

// A model of Vertex AI may begin with its publisher: that is no service of ours.
Result<ModelTarget> known_target(const std::string& model, const config::Settings& settings,
                                 bool vertex) {
  auto target = target_of(model, settings);
  const bool whole = target.model == model;
  if (target.is_other() || vertex || !whole || narrative::service_in(model).empty()) return target;
  auto known = settings.provider_names();
  for (const char* name : {"anthropic", "openai"})
    if (std::ranges::find(known, name) == known.end()) known.emplace_back(name);
  return fail(narrative::unknown_service(model, known));
}

}  // namespace

narrative::ServiceNames service_names(const NarrateOptions& options,
                                      const config::Settings& settings, bool asks) {
  const bool vertex = chooses_vertex(options.service, settings);
  const bool refuses = asks && options.offline;
  return [settings, vertex, refuses](const std::string& model) -> Result<std::string> {
    const auto target = known_target(model, settings, vertex);
    if (!target) return fail(target.error());
    if (!target->is_other()) return std::string();
    const auto& name = target->provider->name;
    if (refuses)
      return fail(ErrorKind::invalid_argument,
                  fmt::format("model \"{}\" is of service {}, which --offline does not ask: leave "
                              "it out, or name a model of Gemini",
                              model, name));
    return name;
  };
}

narrative::ModelServices model_services(const NarrateOptions& options,
                                        const config::Settings& settings) {
  const bool vertex = chooses_vertex(options.service, settings);
  return [settings, vertex](const std::string& model) -> Result<narrative::ModelService> {
    const auto target = known_target(model, settings, vertex);
    if (!target) return fail(target.error());
    narrative::ModelService out;
    out.model = target->model;
    if (!target->is_other()) return out;
    auto opened = other_provider(model, settings);
    if (!opened)
      return fail(Error(opened.error().kind(),
                        fmt::format("model \"{}\": {}", model, opened.error().message())));
    out.provider = std::move(opened->provider);
    return out;
  };
}

std::vector<std::string> models_asked(const NarrateOptions& options, const narrative::Book& book,
                                      const std::string& default_model) {
  std::vector<std::string> out;
  for (const auto& named : narrative::models_of(book, default_model)) out.push_back(named.model);
  for (const auto& text : options.fallback) {
    const auto sign = text.find('=');
    const auto list = sign == std::string::npos ? text : text.substr(sign + 1);
    for (const auto model : split(list, ','))
      if (const auto name = trim(model); !name.empty()) out.emplace_back(name);
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

bool has_other_services(const config::Settings& settings) {
  if (api::environment("ANTHROPIC_API_KEY")) return true;
  return std::ranges::any_of(settings.provider_names(), [&settings](const std::string& name) {
    const auto one = settings.provider(name);
    return one && (one->kind == config::ProviderKind::openai ||
                   one->kind == config::ProviderKind::anthropic);
  });
}

}  // namespace parley::cli
