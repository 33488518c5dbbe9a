#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/cli/commands.hpp"
#include "parley/config/settings.hpp"
#include "parley/emulator/server.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/live.hpp"
#include "parley/gemini/provider.hpp"
#include "parley/net/task.hpp"

namespace parley::cli {

// Which Gemini service a command talks to, and the emulator where it is our own.
struct Provider {
  explicit Provider(gemini::Client of) : client(std::move(of)) {}
  gemini::Client client;
  std::unique_ptr<emulator::Server> emulator;  // null: a real service
  bool offline() const { return emulator != nullptr; }
};

struct ProviderOptions {
  ProviderOptions() = default;
  bool offline = false;
  int pace_ms = 30;
  std::uint64_t seed = 1;
  std::string base_url;  // empty: the environment's, else Google's
  ServiceOptions service;
  Secret key;  // empty: the environment's
};

void fill_from(const config::Settings& settings, ProviderOptions& options);

// What a command line says, and where it says nothing and the environment neither, what parley.toml
// says of the provider: address, key's variable, project, location, credentials.
template <class Options>
ProviderOptions provider_options_of(const Options& options, const config::Settings& settings) {
  ProviderOptions out;
  out.offline = options.offline;
  out.base_url = options.base_url;
  out.service = options.service;
  if constexpr (requires { options.pace_ms; }) {
    out.pace_ms = options.pace_ms;
    out.seed = options.seed;
  }
  fill_from(settings, out);
  return out;
}
// Says on standard error that nobody asked for the offline model and why it `does` ("answers").
void tell_offline(const Provider& provider, bool asked_for, std::string_view does);

// What the options say of the service; the environment's word where they say nothing.
gemini::Access access_of(const ServiceOptions& options);

// The service that a key is set for, or Vertex AI where the options or the environment choose it;
// without either, or where `offline` asks for it, an emulator on a loopback port, reached through
// the same client.
Result<Provider> choose_provider(Executor executor, const ProviderOptions& options);

// A service beside Gemini that the model's name leads to ("ollama/llama3.2", "openai/gpt-…",
// "anthropic/claude-…", and "claude-…" where parley.toml has a provider of that kind or
// ANTHROPIC_API_KEY is set), or else the setting "provider", with the name that it knows the model
// by; null: Gemini. Errors: those of openai_provider() and anthropic_provider(); unauthenticated
// where the variable of its key is not set.
struct OtherProvider {
  OtherProvider() = default;
  std::shared_ptr<gemini::Provider> provider;
  std::string model;
};
Result<OtherProvider> other_provider(const std::string& model, const config::Settings& settings);

// The same for a live session ("openai/gpt-realtime"); empty: Gemini. Errors: those of
// openai_live(); invalid_argument for a service without live sessions.
Result<std::optional<gemini::LiveOptions>> other_live(const std::string& model,
                                                      const config::Settings& settings);

// What the settings say of the service that a model leads to, as other_provider() opens it, and the
// name that it knows; empty: nothing.
struct ModelTarget {
  ModelTarget() = default;
  std::optional<config::ProviderSettings> provider;
  std::string model;
  bool is_other() const;  // of a service beside Gemini
};
ModelTarget target_of(const std::string& model, const config::Settings& settings);
// The options, the environment or the settings choose Vertex AI.
bool chooses_vertex(const ServiceOptions& options, const config::Settings& settings);

// The option, else the environment's and parley.toml's "model", else the provider's default_model,
// else gemini-2.5-flash.
std::string choose_model(const std::string& option, const config::Settings& settings);

}  // namespace parley::cli
