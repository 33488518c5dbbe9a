#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/live.hpp"
#include "parley/gemini/types.hpp"
#include "parley/net/task.hpp"

// Generation over a Live session: the calls, requests and answers of Models, over WebSocket.
namespace parley::gemini {

// How a generation goes over WebSocket. Passing one is asking for what it says: with its defaults a
// refused upgrade falls back to HTTP.
struct WebSocketConfig {
  WebSocketConfig() = default;
  std::chrono::milliseconds heartbeat{30'000};  // a ping after that much silence; 0: none
  std::size_t max_message = 1024 * 1024;        // bytes, 1 to 5 MiB; a larger one ends the session
  bool compression = true;
  // A failed connection is tried again, before the answer has begun; each attempt is an event and
  // in Stream::report(). limit::uniform_retries() has the delays.
  bool reconnect = false;
  int reconnect_attempts = 3;                         // at least 1; counts with `reconnect`
  std::chrono::milliseconds connect_timeout{10'000};  // each step, over 0
  // Where the upgrade is refused (not where the credentials are), the same request goes over HTTP;
  // Stream::served_by() says so.
  bool fallback_to_http = true;
  net::ConnectOptions connect;  // TLS trust, proxies
  // Those of LiveOptions::events, and "gemini.fallback" {from, to, why}, "gemini.retry" {attempt,
  // delay_ms, kind}.
  EventSink events;
};
// Errors (invalid_argument): max_message 0 or over 5 MiB, reconnect_attempts below 1,
// connect_timeout of 0 or less, each with a message of its own.
Result<void> check(const WebSocketConfig& config);

// The setup of a Live session for a request: its model, settings, instruction and tools. A model
// that answers in speech alone is asked for AUDIO with a transcript. Errors (invalid_argument) name
// what Live has not: more than one candidate, stop sequences, response formats and schemas, log
// probabilities, pictures, a cached content, forced function calls, files and function calls in the
// history.
Result<Setup> live_setup_of(std::string_view model, const GenerateContentRequest& request);

// Several turns in one session, which keeps the context: each turn says only what is new. Belongs
// to its executor's thread. Destroying it and its streams closes the session.
class LiveTurns {
 public:
  // `request` gives settings, instruction and tools; its contents, where there are some, are the
  // history that goes before the first turn. Errors: those of check(), live_setup_of() and
  // Live::connect().
  static Task<Result<LiveTurns>> open(Client client, std::string model,
                                      GenerateContentRequest request, WebSocketConfig config);

  // Asks, and gives the answer as it comes: text as over HTTP, or the transcript of the speech with
  // the speech beside it (inlineData, audio/pcm). The last message has the finish reason, and the
  // usage comes with it or behind it. An answer that is still under way is interrupted; its stream
  // ends with `cancelled`. One stream at a time is read.
  Task<Result<Stream>> generate(std::vector<Content> turns);
  // After function calls, which end an answer: their results, and the answer that follows.
  Task<Result<Stream>> respond(std::vector<FunctionResponse> responses);

  // More context. While an answer is under way the service would break it off for that: then it is
  // kept, and goes out before the next turn.
  Task<Result<void>> add_context(std::vector<Content> turns);
  // Another instruction or other tools from the next turn on. Errors: invalid_argument for models
  // that do not take them in a running session (before 3.8).
  Task<Result<void>> change_context(ContextUpdate update);
  // Live takes settings in its setup only. Error (invalid_state) unless they are what the session
  // has: it says to begin another one.
  Result<void> change_settings(const GenerationConfig& settings) const;

  // Ends the session in order.
  Task<Result<void>> close();

  struct Session;
  explicit LiveTurns(std::shared_ptr<Session> session) : session_(std::move(session)) {}

 private:
  std::shared_ptr<Session> session_;
};

// Models::stream_generate_content over a session of its own, which ends with the answer. Dropping
// the stream closes the session. Errors: those of LiveTurns::open(), and of the call over HTTP
// where it fell back.
Task<Result<Stream>> stream_over_websocket(Client client, std::string model,
                                           GenerateContentRequest request, WebSocketConfig config);

// The whole answer: one candidate with its texts joined, and the speech where there is some.
struct WholeAnswer {
  WholeAnswer() = default;
  GenerateContentResponse response;
  Bytes audio;   // signed 16-bit little endian, mono; empty where the model wrote
  int rate = 0;  // samples per second of `audio`
  ServedBy served_by = ServedBy::websocket;
};
Task<Result<WholeAnswer>> generate_over_websocket(Client client, std::string model,
                                                  GenerateContentRequest request,
                                                  WebSocketConfig config);

}  // namespace parley::gemini
