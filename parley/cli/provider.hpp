#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "parley/base/error.hpp"
#include "parley/cli/commands.hpp"
#include "parley/emulator/server.hpp"
#include "parley/gemini/client.hpp"
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
};

// The service that a key is set for, or Vertex AI where the options or the environment choose it;
// without either, or where `offline` asks for it, an emulator on a loopback port, reached through
// the same client.
Result<Provider> choose_provider(Executor executor, const ProviderOptions& options);

// The option, else GENAI_MODEL_ID, else gemini-2.5-flash.
std::string choose_model(const std::string& option);

}  // namespace parley::cli
