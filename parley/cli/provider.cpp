#include "parley/cli/provider.hpp"

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"

namespace parley::cli {

namespace {

bool is_set(const char* name) {
  return api::environment(name).has_value();
}
bool is_true(const char* name) {
  const auto value = api::environment(name).value_or("");
  return value == "1" || iequals_ascii(value, "true");
}

gemini::Access access_of(const ServiceOptions& options) {
  gemini::Access access;
  access.project = options.project;
  access.location = options.location;
  access.credentials_file = options.credentials;
  if (options.vertex) access.service = gemini::Service::vertex;
  return access;
}

// Something says where to go, so that its absence is not read as a wish for the offline model.
bool chooses_service(const ServiceOptions& options) {
  return options.vertex || !options.project.empty() || !options.credentials.empty() ||
         is_set("GOOGLE_API_KEY") || is_set("GEMINI_API_KEY") ||
         is_true("GOOGLE_GENAI_USE_VERTEXAI") || is_true("GOOGLE_GENAI_USE_ENTERPRISE");
}

}  // namespace

Result<Provider> choose_provider(Executor executor, const ProviderOptions& options) {
  gemini::ClientOptions client_options;
  client_options.base_url = options.base_url;
  if (chooses_service(options.service) && !options.offline) {
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

std::string choose_model(const std::string& option) {
  if (!option.empty()) return option;
  return api::environment("GENAI_MODEL_ID").value_or("gemini-2.5-flash");
}

}  // namespace parley::cli
