#include "parley/cli/provider.hpp"

#include <iostream>

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"
#include "parley/cli/console.hpp"
#include "parley/gemini/openai/openai.hpp"

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
  if (!provider || provider->kind == config::ProviderKind::openai)
    provider = settings.provider("gemini");
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

Result<OtherProvider> other_provider(const std::string& model, const config::Settings& settings) {
  OtherProvider out;
  const auto slash = model.find('/');
  auto named = settings.provider(slash == std::string::npos ? "" : model.substr(0, slash));
  out.model = named && slash != std::string::npos ? model.substr(slash + 1) : model;
  if (!named) named = settings.provider();
  if (!named || named->kind != config::ProviderKind::openai) return out;
  gemini::OpenAiOptions options;
  options.base_url = named->base_url.empty() ? "https://api.openai.com/v1" : named->base_url;
  if (!named->api_key_env.empty()) {
    const auto key = api::environment(named->api_key_env.c_str());
    if (!key)
      return fail(ErrorKind::unauthenticated,
                  fmt::format("{} is not set; parley.toml names it for the key of {}",
                              named->api_key_env, named->name));
    options.api_key = Secret(*key);
  }
  auto provider = gemini::openai_provider(std::move(options));
  if (!provider) return fail(std::move(provider.error()));
  out.provider = std::move(*provider);
  return out;
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
