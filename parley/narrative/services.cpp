#include "parley/narrative/services.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/narrative/detail/gemini_answer.hpp"

namespace parley::narrative {
namespace {

constexpr std::string_view kGeminiResources[] = {"models", "tunedModels", "publishers", "projects",
                                                 "endpoints"};

// Models of one narrative: its own, or else the default one, is told once.
class ModelList {
 public:
  ModelList(const std::string& usual, std::vector<NamedModel>& out) : usual_(usual), out_(out) {}

  void add(const Narrative& narrative) {
    const auto& own = narrative.settings;
    if (!own.model.empty())
      out_.emplace_back(own.model, own.model_place, narrative.live.has_value());
    if (!narrative.live) fallback(narrative.retry);
    for (const auto& act : narrative.acts) one(narrative, act);
  }

 private:
  void one(const Narrative& narrative, const Act& act) {
    if (!act.settings.model.empty())
      out_.emplace_back(act.settings.model, act.settings.model_place, narrative.live.has_value());
    else if (narrative.settings.model.empty() && act.nested.empty() &&
             usual_told_.insert(narrative.live.has_value()).second)
      out_.emplace_back(usual_, narrative.live ? narrative.live->place : act.place,
                        narrative.live.has_value());
    if (act.retry && !narrative.live) fallback(*act.retry);
    for (const auto& test : act.assertions)
      if (!test.judge_model.empty()) out_.emplace_back(test.judge_model, test.place);
  }
  void fallback(const Retry& retry) {
    for (const auto& model : retry.fallback) out_.emplace_back(model, retry.place);
  }

  const std::string& usual_;
  std::vector<NamedModel>& out_;
  std::set<bool> usual_told_;
};

}  // namespace

std::string_view service_in(std::string_view model) {
  const auto slash = model.find('/');
  if (slash == std::string_view::npos) return {};
  const auto name = model.substr(0, slash);
  return std::ranges::find(kGeminiResources, name) == std::end(kGeminiResources)
             ? name
             : std::string_view();
}

Error unknown_service(std::string_view model, const std::vector<std::string>& known) {
  const auto name = service_in(model);
  const std::vector<std::string_view> names(known.begin(), known.end());
  return Error(ErrorKind::not_found,
               fmt::format("model \"{}\": there is no service {}{} (there are: {})", model, name,
                           did_you_mean(name, names), fmt::join(known, ", ")));
}

ModelServices services_by_name(
    std::map<std::string, std::shared_ptr<gemini::Provider>, std::less<>> providers) {
  return [providers = std::move(providers)](const std::string& model) -> Result<ModelService> {
    ModelService out;
    out.model = model;
    const auto name = service_in(model);
    if (name.empty()) return out;
    const auto found = providers.find(name);
    if (found == providers.end()) {
      std::vector<std::string> known{"gemini"};
      for (const auto& [one, provider] : providers) known.push_back(one);
      if (name != known.front()) return fail(unknown_service(model, known));
    } else {
      out.provider = found->second;
    }
    out.model = model.substr(name.size() + 1);
    return out;
  };
}

ServiceCaller::ServiceCaller(ModelCaller& gemini, ModelServices services)
    : gemini_(gemini), services_(std::move(services)) {}

Result<ModelService> ServiceCaller::service_of(const std::string& model) {
  if (const auto found = known_.find(model); found != known_.end()) return found->second;
  auto service = services_(model);
  if (service) known_.emplace(model, *service);
  return service;
}

Task<Result<ModelAnswer>> ServiceCaller::ask(ModelCall call) {
  auto service = service_of(call.model);
  if (!service) co_return fail(std::move(service.error()));
  call.model = std::move(service->model);
  if (!service->provider) co_return co_await gemini_.ask(std::move(call));
  auto response =
      co_await service->provider->generate(std::move(call.model), std::move(call.request));
  if (!response) co_return fail(std::move(response.error()));
  co_return detail::answer_of(*response);
}

Task<Result<ModelAnswer>> RouterCaller::ask(ModelCall call) {
  gemini::RouteRequest request(std::move(call.request));
  request.model = std::move(call.model);
  request.fallback_models.emplace();
  auto routed = co_await router_.generate(std::move(request));
  if (!routed) co_return fail(std::move(routed.error()));
  auto answer = detail::answer_of(routed->response);
  if (answer && answer->model.empty()) answer->model = routed->model;
  co_return answer;
}

std::vector<NamedModel> models_of(const Book& book, const std::string& default_model) {
  std::vector<NamedModel> out;
  ModelList list(default_model, out);
  for (const auto& [id, narrative] : book.narratives) list.add(narrative);
  return out;
}

void check_models(const Book& book, const std::string& default_model, const ServiceNames& names,
                  Diagnostics& diagnostics) {
  for (const auto& one : models_of(book, default_model)) {
    const auto service = names(one.model);
    if (!service)
      diagnostics.emplace_back(one.place, "model", service.error().message());
    else if (one.live && !service->empty())
      diagnostics.emplace_back(
          one.place, "live",
          fmt::format("model \"{}\" is of {}, which has no Live sessions", one.model, *service));
    else if (one.live && !service_in(one.model).empty())
      diagnostics.emplace_back(
          one.place, "live",
          fmt::format("model \"{}\": a Live narrative names its model without the service",
                      one.model));
  }
  sort_by_place(diagnostics);
}

}  // namespace parley::narrative
