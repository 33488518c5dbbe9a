#pragma once

#include "demo/rpc.hpp"
#include "elevenlabs/stream_text_to_speech.hpp"
#include "scripted_server.hpp"

// Scripts that several tests use.
namespace parley::testing {

namespace rpc = demo::rpc;

inline api::SessionOptions options_for(const ScriptedServer& server) {
  api::SessionOptions options;
  options.base_url = server.url();
  options.key = Secret("secret-key-1");
  return options;
}

inline Task<void> speak(net::WebSocket& socket, int, const http::Request& request) {
  EXPECT_EQ(request.headers.find("xi-api-key").value_or(""), "secret-key-1");
  EXPECT_EQ(request.target,
            "/v1/text-to-speech/a%20voice/stream-input?model_id=m1&output_format=pcm_16000");
  EXPECT_EQ(co_await take(socket), R"({"text":" ","voice_settings":{"stability":0.5}})");
  EXPECT_EQ(co_await take(socket), R"({"text":"Hello "})");
  EXPECT_EQ(co_await take(socket), R"({"text":""})");
  co_await tell(socket, R"({"audio":"AAEC","isFinal":null,"alignment":null})");
  co_await tell(socket, R"({"audio":null,"isFinal":true})");
  socket.close();
}

inline Task<void> greet(net::WebSocket& socket, int number, const http::Request&) {
  co_await tell(socket, R"({"type":"hello"})");
  EXPECT_EQ(co_await take(socket), R"({"type":"login","token":"secret-key-1"})") << number;
  co_await tell(socket, R"({"type":"ready"})");
}

}  // namespace parley::testing
