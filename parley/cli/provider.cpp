#include "parley/cli/provider.hpp"

#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"
#include "parley/cli/console.hpp"
#include "parley/gemini/anthropic/anthropic.hpp"
#include "parley/gemini/openai/openai.hpp"
#include "parley/gemini/openai/realtime.hpp"

namespace parley::cli {

namespace {

bool is_set(const char* name) {
  return api::environment(name).has_value();
}
bool is_true(const char* name) {
  const auto value = api::environment(name).value_or("");
  return value == "1" || iequals_ascii(value, "true");
}

// Something says where to go, so that its absence is not read as a wish for the offline model.
bool chooses_service(const ServiceOptions& options) {
  return options.vertex || !options.project.empty() || !options.credentials.empty() ||
         is_set("GOOGLE_API_KEY") || is_set("GEMINI_API_KEY") ||
         is_true("GOOGLE_GENAI_USE_VERTEXAI") || is_true("GOOGLE_GENAI_USE_ENTERPRISE");
}

bool speaks_otherwise(const config::ProviderSettings& provider) {
  return provider.kind == config::ProviderKind::openai ||
         provider.kind == config::ProviderKind::anthropic;
}

// What parley.toml says of Anthropic, or, where only the environment has its key, nothing of it.
std::optional<config::ProviderSettings> anthropic_of(const config::Settings& settings) {
  if (auto named = settings.provider("anthropic")) return *named;
  for (const auto& name : settings.provider_names())
    if (auto one = settings.provider(name); one && one->kind == config::ProviderKind::anthropic)
      return *one;
  if (!is_set("ANTHROPIC_API_KEY")) return std::nullopt;
  config::ProviderSettings out;
  out.name = "anthropic";
  out.kind = config::ProviderKind::anthropic;
  return out;
}

// The provider that a model's name leads to, and the name that it knows; empty: Gemini.
std::optional<config::ProviderSettings> named_provider(const std::string& model,
                                                       const config::Settings& settings,
                                                       std::string& rest) {
  rest = model;
  if (const auto slash = model.find('/'); slash != std::string::npos) {
    const auto name = model.substr(0, slash);
    if (auto named = settings.provider(name)) {
      rest = model.substr(slash + 1);
      return *named;
    }
    if (name == "anthropic" || name == "openai") {
      rest = model.substr(slash + 1);
      config::ProviderSettings out;
      out.name = name;
      out.kind = name == "openai" ? config::ProviderKind::openai : config::ProviderKind::anthropic;
      return out;
    }
  }
  auto usual = settings.provider();
  if (usual && speaks_otherwise(*usual)) return *usual;
  if (model.starts_with("claude-"))
    if (auto anthropic = anthropic_of(settings)) return anthropic;
  if (!usual) return std::nullopt;
  return *usual;
}

Result<Secret> key_of(const config::ProviderSettings& provider, std::string_view usual_variable) {
  const std::string variable =
      provider.api_key_env.empty() ? std::string(usual_variable) : provider.api_key_env;
  if (variable.empty()) return Secret();
  const auto key = api::environment(variable.c_str());
  if (key) return Secret(*key);
  return fail(ErrorKind::unauthenticated,
              provider.api_key_env.empty()
                  ? fmt::format("{} is not set; it has the key of {}", variable, provider.name)
                  : fmt::format("{} is not set; parley.toml names it for the key of {}", variable,
                                provider.name));
}

// ANTHROPIC_BASE_URL is of the provider of that name alone, so that no other's key goes there.
Result<std::shared_ptr<gemini::Provider>> open_anthropic(const config::ProviderSettings& named) {
  gemini::AnthropicOptions options;
  options.name = named.name;
  const auto set =
      named.name == "anthropic" ? api::environment("ANTHROPIC_BASE_URL") : std::nullopt;
  if (set && !set->empty())
    options.base_url = *set;
  else if (!named.base_url.empty())
    options.base_url = named.base_url;
  auto key =
      key_of(named, named.name == "anthropic" || named.base_url.empty() ? "ANTHROPIC_API_KEY" : "");
  if (!key) return fail(std::move(key.error()));
  options.api_key = std::move(*key);
  return gemini::anthropic_provider(std::move(options));
}

struct OpenAiPlace {
  OpenAiPlace() = default;
  std::string base_url;
  Secret key;
};

// OPENAI_BASE_URL is of the provider of that name alone. A local server may need no key.
Result<OpenAiPlace> openai_place(const config::ProviderSettings& named) {
  OpenAiPlace place;
  const auto set = named.name == "openai" ? api::environment("OPENAI_BASE_URL") : std::nullopt;
  place.base_url = set && !set->empty() ? *set : named.base_url;
  auto key = key_of(named, named.base_url.empty() ? "OPENAI_API_KEY" : "");
  if (!key) return fail(std::move(key.error()));
  place.key = std::move(*key);
  return place;
}

Result<std::shared_ptr<gemini::Provider>> open_openai(const config::ProviderSettings& named) {
  auto place = openai_place(named);
  if (!place) return fail(std::move(place.error()));
  gemini::OpenAiOptions options;
  options.name = named.name;
  options.base_url = place->base_url.empty() ? "https://api.openai.com/v1" : place->base_url;
  options.api_key = std::move(place->key);
  return gemini::openai_provider(std::move(options));
}

}  // namespace

gemini::Access access_of(const ServiceOptions& options) {
  gemini::Access access;
  access.project = options.project;
  access.location = options.location;
  access.credentials_file = options.credentials;
  if (options.vertex) access.service = gemini::Service::vertex;
  return access;
}

void fill_from(const config::Settings& settings, ProviderOptions& options) {
  auto provider = settings.provider();
  if (!provider || speaks_otherwise(*provider)) provider = settings.provider("gemini");
  if (!provider) return;
  const bool vertex = provider->kind == config::ProviderKind::vertex;
  const auto fill = [](std::string& to, const std::string& from, const char* variable) {
    if (to.empty() && !is_set(variable)) to = from;
  };
  fill(options.base_url, provider->base_url,
       vertex ? "GOOGLE_VERTEX_BASE_URL" : "GOOGLE_GEMINI_BASE_URL");
  fill(options.service.project, provider->project, "GOOGLE_CLOUD_PROJECT");
  fill(options.service.location, provider->location, "GOOGLE_CLOUD_LOCATION");
  fill(options.service.credentials, provider->credentials, "GOOGLE_APPLICATION_CREDENTIALS");
  options.service.vertex = options.service.vertex || vertex;
  if (!provider->api_key_env.empty())
    options.key = Secret(api::environment(provider->api_key_env.c_str()).value_or(""));
}

void tell_offline(const Provider& provider, bool asked_for, std::string_view does) {
  if (!provider.offline() || asked_for) return;
  std::cerr << Style::of(stderr).dim(fmt::format(
                   "(No GEMINI_API_KEY or GOOGLE_API_KEY is set: the offline {}.)", does))
            << std::endl;
}

Result<Provider> choose_provider(Executor executor, const ProviderOptions& options) {
  gemini::ClientOptions client_options;
  client_options.base_url = options.base_url;
  if ((chooses_service(options.service) || !options.key.empty()) && !options.offline) {
    client_options.api_key = options.key;
    client_options.access = access_of(options.service);
    auto client = gemini::Client::make(std::move(client_options));
    if (!client) return fail(std::move(client.error()));
    return Provider(std::move(*client));
  }
  emulator::ServerOptions server_options;
  server_options.service.seed = options.seed;
  server_options.service.pace = std::chrono::milliseconds(options.pace_ms);
  auto emulator = std::make_unique<emulator::Server>(executor, server_options);
  if (auto port = emulator->start(); !port) return fail(std::move(port.error()));
  client_options.base_url = emulator->base_url();
  client_options.api_key = Secret("offline");
  client_options.access.service = gemini::Service::developer;
  auto client = gemini::Client::make(std::move(client_options));
  if (!client) return fail(std::move(client.error()));
  Provider provider(std::move(*client));
  provider.emulator = std::move(emulator);
  return provider;
}

bool ModelTarget::is_other() const {
  return provider && speaks_otherwise(*provider);
}

ModelTarget target_of(const std::string& model, const config::Settings& settings) {
  ModelTarget out;
  out.provider = named_provider(model, settings, out.model);
  return out;
}

bool chooses_vertex(const ServiceOptions& options, const config::Settings& settings) {
  const auto usual = settings.provider();
  return options.vertex || is_true("GOOGLE_GENAI_USE_VERTEXAI") ||
         is_true("GOOGLE_GENAI_USE_ENTERPRISE") ||
         (usual && usual->kind == config::ProviderKind::vertex);
}

Result<OtherProvider> other_provider(const std::string& model, const config::Settings& settings) {
  OtherProvider out;
  auto target = target_of(model, settings);
  out.model = std::move(target.model);
  if (!target.is_other()) return out;
  const auto& named = *target.provider;
  auto provider =
      named.kind == config::ProviderKind::anthropic ? open_anthropic(named) : open_openai(named);
  if (!provider) return fail(std::move(provider.error()));
  out.provider = std::move(*provider);
  return out;
}

Result<std::optional<gemini::LiveOptions>> other_live(const std::string& model,
                                                      const config::Settings& settings) {
  std::string name;
  const auto named = named_provider(model, settings, name);
  if (!named || !speaks_otherwise(*named)) return std::nullopt;
  if (named->kind == config::ProviderKind::anthropic)
    return fail(ErrorKind::invalid_argument,
                fmt::format("{} has no live sessions: ask it with `parley ask`", named->name));
  auto place = openai_place(*named);
  if (!place) return fail(std::move(place.error()));
  gemini::OpenAiLiveOptions options(name);
  if (!place->base_url.empty()) options.base_url = place->base_url;
  options.key = std::move(place->key);
  auto live = gemini::openai_live(std::move(options));
  if (!live) return fail(std::move(live.error()));
  return std::move(*live);
}

std::string choose_model(const std::string& option, const config::Settings& settings) {
  if (!option.empty()) return option;
  const auto* set = settings.find("model");
  const auto provider = settings.provider();
  if (set && set->source == config::Source::built_in && provider &&
      !provider->default_model.empty())
    return provider->default_model;
  return settings.model();
}

}  // namespace parley::cli
