#include "parley/cli/provider.hpp"

#include "parley/api/credentials.hpp"

namespace parley::cli {

Result<Provider> choose_provider(Executor executor, const ProviderOptions& options) {
  const bool has_key = api::environment("GOOGLE_API_KEY") || api::environment("GEMINI_API_KEY");
  gemini::ClientOptions client_options;
  client_options.base_url = options.base_url;
  if (has_key && !options.offline) {
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
