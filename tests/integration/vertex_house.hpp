#pragma once

// The emulator as Vertex AI, with an authorization server that knows one of each kind of
// credentials, and clients for it.

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/client.hpp"

#include "house.hpp"

namespace parley::testing {

class HandClock final : public Clock {
 public:
  TimePoint now() const override { return steady; }
  WallTime wall_now() const override { return wall; }
  TimePoint steady = TimePoint(std::chrono::hours(1));
  WallTime wall = from_unix_ms(1'790'000'000'000);
};

struct VertexHouse {
  explicit VertexHouse(Executor executor);

  // A file with these credentials; "@" in the text becomes the emulator's URL.
  std::string file(const std::string& name, std::string text) const;
  std::string service_account() const { return file("account.json", account.json.reveal()); }
  gemini::ClientOptions options(std::shared_ptr<api::TokenSource> tokens) const;
  gemini::Client client(std::shared_ptr<api::TokenSource> tokens) const {
    return gemini::Client::make(options(std::move(tokens))).value();
  }
  api::GoogleTokenOptions token_options();
  std::shared_ptr<api::TokenSource> tokens() {
    return api::tokens_of_file(service_account(), token_options()).value();
  }
  // Of a client whose clock goes its own way: a token ends for the service while it is young for
  // the client.
  std::shared_ptr<api::TokenSource> tokens_of_slow_clock();
  // How many requests the emulator has had whose target has that in it.
  std::size_t asked(std::string_view part) const;
  // Everything that was told, remembered or written down; for canaries.
  std::string all_told() const;

  std::shared_ptr<HandClock> clock = std::make_shared<HandClock>();
  emulator::ServiceAccountFile account;
  std::unique_ptr<emulator::Server> server;
  std::vector<Event> events;
  Folder folder;
};

// Runs a test's coroutine with a house.
void in_vertex(std::function<Task<void>(VertexHouse&)> body);

}  // namespace parley::testing
