#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/gemini/provider.hpp"
#include "parley/gemini/router/router.hpp"
#include "parley/narrative/narrative.hpp"
#include "parley/narrative/ports.hpp"

// Acts that ask other services than Gemini (docs/routing.md): "ollama/llama3.2".
namespace parley::narrative {

// Where a model is asked. No provider: it is Gemini's.
struct ModelService {
  ModelService() = default;
  std::shared_ptr<gemini::Provider> provider;
  std::string model;  // the name that the service knows
};
// Of a model as the file names it; asked once for each. Errors: the model's service is not known,
// or cannot be asked.
using ModelServices = std::function<Result<ModelService>(const std::string& model)>;

// The name before a '/' that is none of the Gemini API's own ("models/", "tunedModels/",
// "publishers/", "projects/", "endpoints/"); empty: the model names no service.
std::string_view service_in(std::string_view model);
// not_found: `model` names a service that is none of `known`, with the nearest of them.
Error unknown_service(std::string_view model, const std::vector<std::string>& known);

// By the name that stands before a '/'. Errors of what it gives: not_found, with the nearest name.
ModelServices services_by_name(
    std::map<std::string, std::shared_ptr<gemini::Provider>, std::less<>> providers);

// Asks each model where it belongs: `gemini`, which outlives this one, or a provider. Belongs to
// one executor; calls may run side by side.
class ServiceCaller final : public ModelCaller {
 public:
  ServiceCaller(ModelCaller& gemini, ModelServices services);
  // Errors: those of `gemini` and of `services`; of a provider, where the request has what it has
  // no word for, invalid_argument before anything is sent.
  Task<Result<ModelAnswer>> ask(ModelCall call) override;
  // Finds the service of a model without asking it.
  Result<ModelService> service_of(const std::string& model);

 private:
  ModelCaller& gemini_;
  ModelServices services_;
  std::map<std::string, ModelService> known_;
};

// Asks through a router, with its providers, limits and ways. Fallback models of the router are not
// used: an act's own stand in `retry`. A router with a limiter needs no Ports::limits.
class RouterCaller final : public ModelCaller {
 public:
  explicit RouterCaller(gemini::Router router) : router_(std::move(router)) {}
  // Errors: those of Router::generate().
  Task<Result<ModelAnswer>> ask(ModelCall call) override;

 private:
  gemini::Router router_;
};

// A model that a book names, and where.
struct NamedModel {
  NamedModel() = default;
  NamedModel(std::string name, Place at, bool session = false)
      : model(std::move(name)), place(std::move(at)), live(session) {}
  std::string model;
  Place place;
  bool live = false;  // a Live narrative's session
};
// All of them, in the order of narratives; `default_model` stands for acts that name none.
std::vector<NamedModel> models_of(const Book& book, const std::string& default_model);

// Which service a model would be asked from; empty: Gemini.
using ServiceNames = std::function<Result<std::string>(const std::string& model)>;
// Tells models whose service is not known ("model"), and Live narratives that name one which is not
// Gemini's ("live").
void check_models(const Book& book, const std::string& default_model, const ServiceNames& names,
                  Diagnostics& diagnostics);

}  // namespace parley::narrative
