#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/gemini/live.hpp"
#include "parley/net/websocket.hpp"

namespace parley::gemini {

struct OpenAiLiveOptions {
  explicit OpenAiLiveOptions(std::string_view its_model) : model(its_model) {}

  std::string model;  // "gpt-realtime"
  Secret key;         // empty: OPENAI_API_KEY
  // Where /realtime is; ws, wss, http or https.
  std::string base_url = "wss://api.openai.com/v1";
  // Writes what the user says, where the setup asks for inputAudioTranscription.
  std::string transcriber = "gpt-4o-mini-transcribe";
  net::ConnectOptions connect;  // TLS trust, proxies, further header fields
};

// The options of a Live session with a service that speaks OpenAI's Realtime API (GA events of
// 2026): their `dial` opens it and tells it in Live's own messages, so that Live, Conversation,
// LiveTools, audio and telemetry are the same. Set instruction, functions, voice and the rest as
// for Gemini. What is different:
//
// - Sound goes in at any rate and is brought to 24 kHz; it comes back at 24 kHz.
// - There are no handles: a later connection is told the history (HistoryPolicy).
// - Where an answer is interrupted, the service is told how much of it can have been heard by then,
//   and forgets the rest.
// - Settings that it has no word for (temperature, thinkingConfig, built-in tools, safety settings
//   …) are refused before anything is asked, by their name (invalid_argument).
// - Its error events end the session, with the service's words: unauthenticated, rate_limited,
//   not_found, unavailable, disconnected (its time is over), invalid_argument.
//
// Errors: missing_credentials; invalid_argument for a base_url that is none, no model, or a key
// without TLS beyond loopback.
Result<LiveOptions> openai_live(OpenAiLiveOptions options);

}  // namespace parley::gemini
