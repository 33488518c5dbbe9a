#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/base/secret.hpp"
#include "parley/gemini/backend.hpp"
#include "parley/gemini/live_event.hpp"
#include "parley/gemini/live_limits.hpp"
#include "parley/gemini/live_socket.hpp"
#include "parley/gemini/types.hpp"
#include "parley/net/task.hpp"
#include "parley/net/websocket.hpp"

namespace parley::gemini {

struct LiveOptions {
  explicit LiveOptions(std::string_view model);  // with or without "models/"

  // Everything that the service can be told: modality, voice, instruction, tools, transcription …
  Setup setup;
  // An API key or a short-lived token ("auth_tokens/…"); empty: GOOGLE_API_KEY, else
  // GEMINI_API_KEY.
  Secret key;
  // Empty: GOOGLE_GEMINI_BASE_URL, else the service. http and https are read as ws and wss. On
  // Vertex AI GOOGLE_VERTEX_BASE_URL stands for the first.
  std::string base_url;
  std::string api_version;      // empty: v1beta, on Vertex AI v1beta1; tokens are for v1alpha alone
  Access access;                // Developer API or Vertex AI; project, location, credentials
  net::ConnectOptions connect;  // TLS trust, proxies
  // Each step of connecting, and the wait for setupComplete.
  std::chrono::milliseconds step_timeout{10'000};
  // Nothing received for that long, pongs included, ends the session; zero: no limit.
  std::chrono::milliseconds idle_timeout{60'000};
  // What is kept while nobody calls next(); beyond it nothing is read.
  std::size_t inbox_bytes = 16 * 1024 * 1024;
  std::optional<bool> compression;         // permessage-deflate; empty: as the service is known
  std::optional<std::size_t> max_message;  // bytes of one; empty: as the service is known
  // Its place and its turns are paid for; empty: nothing is limited.
  std::optional<LiveLimits> limits;
  EventSink events;
  // Told as the session comes to stand there, on its thread. What it throws is dropped.
  std::function<void(LiveState)> on_state;
  // Opens the connection in place of a WebSocket: a script in a test, a relay. Key, base URL and
  // `connect` are then not used, nor is idle_timeout.
  LiveDial dial;
  // Calls of an earlier connection of this conversation whose answers are still to be sent.
  std::vector<FunctionCall> open_calls;

  // Short forms of what is set most often.
  LiveOptions& answer_in(Modality::Known modality) &;
  LiveOptions& instruct(std::string_view text) &;
  LiveOptions& transcribe() &;                     // both sides
  LiveOptions& resume(std::string_view handle) &;  // empty: a new conversation that can be resumed
  LiveOptions& declare(FunctionDeclaration function) &;
  LiveOptions& speak_with(std::string_view voice) &;
  // Whether the service finds out where speech begins and ends (it does, unless told otherwise).
  LiveOptions& detect_activity(bool automatic) &;
};

// A conversation with a Live model. Belongs to its executor's thread; one coroutine may read while
// others send. A reader always runs, so that pings are answered while nobody calls next(). Nothing
// reconnects: a later session goes on with handle(). Destroying it closes the connection.
class Live {
 public:
  // Opens the connection, sends the setup and waits for setupComplete; it cannot hang. Errors:
  // invalid_argument (model, modality: nothing was sent), those of Backend::choose() and
  // net::connect_websocket(), of Limiter::acquire() for the place, timeout at stage setup, and what
  // the service closed with, told by its close code and words: unauthenticated, not_found,
  // invalid_argument, rate_limited, unavailable, service.
  static Task<Result<Live>> connect(LiveOptions options);
  Live(Live&&) noexcept;
  Live& operator=(Live&&) noexcept;
  ~Live();

  // The next thing that the service tells; empty: the end, see outcome(). One at a time.
  Task<std::optional<LiveEvent>> next();
  // The same with an end to the waiting. Errors: timeout (stage receive; nothing is lost, ask
  // again), disconnected where the session has ended in order, else the error of outcome().
  Task<Result<LiveEvent>> receive(std::chrono::milliseconds limit = std::chrono::minutes(1));
  // What is there, in its order; does not wait.
  Task<std::vector<LiveEvent>> receive_all();
  // Success for an orderly end; else why it ended, with the close code.
  Result<void> outcome() const;
  // ready; closing once close() was called; disconnected at the end, also where events are still to
  // be read. Each verb that sends is refused unless it is ready: disconnected or invalid_state,
  // with the state's name, and nothing is sent.
  LiveState state() const;

  // Text of the user that is to be answered, by the way that the model's generation takes it: a
  // turn of the history (2.x and what is not known), or as it happens (3.x). Errors besides the
  // state's: invalid_argument for models that hear only.
  Task<Result<void>> say(std::string_view text);

  // Turns for the history, in the order in which they are sent. Always interrupts a running answer;
  // with `complete` the model answers, without it it waits for more. Errors: invalid_argument for
  // parts that are calls or their answers (the service ends the session for them).
  Task<Result<void>> send_turns(std::vector<Content> turns, bool complete = true);
  Task<Result<void>> send_turn(std::string_view text);

  // What happens now. Not ordered beside send_turns(): the service acts on it as it comes, and
  // finds out itself where speech begins and ends unless automatic detection is off.
  Task<Result<void>> send_text(std::string_view text);
  // PCM16, mono, of whole samples; 20 to 100 ms each is good.
  Task<Result<void>> send_audio(Bytes pcm, int rate = 16'000);
  Task<Result<void>> send_image(Bytes image, std::string_view mime_type = "image/jpeg");
  Task<Result<void>> end_audio();  // the microphone is off: what was said is taken as it is
  // Only with automatic detection off, as end_audio() only with it on: invalid_state, because the
  // service would end the session.
  Task<Result<void>> begin_activity();
  Task<Result<void>> end_activity();
  // The service is to stop the answer that it gives, spoken or written; `interrupted` and
  // turnComplete tell that it has, and nothing comes where it gave none. What it had sent stays in
  // its history. By a mark of activity (3.1) what the user says next belongs to that activity:
  // begin_activity() then sends no second one. Errors: those of interrupt_way(); invalid_state
  // where that mark is the way and an activity has begun, which has interrupted already.
  Task<Result<void>> interrupt();

  // Answers of functions; each names the call it answers by its id. Errors: invalid_argument where
  // no such call is open (never made, answered, cancelled), where the scheduling is none of
  // INTERRUPT, WHEN_IDLE and SILENT, and for scheduling or willContinue of a function that is not
  // NON_BLOCKING (on 3.8 all are unless they say BLOCKING).
  Task<Result<void>> respond(std::vector<FunctionResponse> responses);
  // Calls that came and are neither answered nor cancelled, in their order; LiveOptions::open_calls
  // takes them to another connection.
  const std::vector<FunctionCall>& open_calls() const;
  // Another instruction or other tools from here on. Errors: invalid_argument for models
  // before 3.8.
  Task<Result<void>> update_context(ContextUpdate update);
  // A message as JSON, for what this version has no verb for: an object with one of clientContent,
  // realtimeInput, toolResponse and contextUpdate; members that are not known go as they are.
  // Errors: invalid_argument with the place.
  Task<Result<void>> send_message(std::string_view json);

  // Begins the close handshake; next() ends when it is done. It never fails, and calling it again
  // changes nothing.
  Task<Result<void>> close();

  // The newest handle with which the conversation can be resumed; empty: none yet.
  const std::string& handle() const;
  // The sum over the turns so far: what is billed.
  const Usage& usage() const;

 private:
  friend class LiveTools;
  friend class Conversation;
  struct State;
  explicit Live(std::shared_ptr<State> state);
  Task<bool> read_message();
  LiveEvent take();
  std::shared_ptr<State> state_;
};

// The error that a Live session ended with, by its close code and the service's words, which it
// keeps. Detail "advice": what to do about it, for people, where that is known.
Error live_error(std::uint16_t close_code, std::string_view reason);

}  // namespace parley::gemini
