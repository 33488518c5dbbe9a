#pragma once

#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/client.hpp"

namespace parley::testing {

// An emulator that says all at once, and a client of it, for one test.
using WithGemini = Task<void> (*)(emulator::Server& server, gemini::Client client);

inline Task<void> start_gemini(WithGemini body) {
  emulator::ServerOptions quick;
  quick.service.pace = std::chrono::milliseconds(0);
  quick.live.pace = std::chrono::milliseconds(0);
  quick.live.playback = 0;
  quick.music.pace = 0;
  emulator::Server server(co_await boost::asio::this_coro::executor, quick);
  EXPECT_TRUE(server.start());
  gemini::ClientOptions options;
  options.api_key = Secret("k");
  options.base_url = server.base_url();
  auto client = gemini::Client::make(std::move(options)).value();
  co_await body(server, std::move(client));
  co_await server.stop();
}
inline void with_gemini(WithGemini body) {
  run(start_gemini(body));
}

}  // namespace parley::testing
