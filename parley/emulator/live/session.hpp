#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/base/time.hpp"
#include "parley/emulator/fault/fault.hpp"
#include "parley/gemini/types.hpp"
#include "parley/http/message.hpp"

namespace parley::emulator {

class Director;

struct LiveOptions {
  LiveOptions() = default;
  std::uint64_t seed = 1;
  std::chrono::milliseconds pace{30};  // between two messages of an answer
  // turnComplete waits for this share of the time that the answer's audio lasts; the service: 1.
  double playback = 1;
  std::chrono::milliseconds lifetime{10 * 60 * 1000};  // of a connection
  std::chrono::milliseconds notice{60 * 1000};         // goAway comes so long before its end
  std::uint16_t end_code = 1008;                       // with which it ends, and why
  std::string end_reason = "The session has reached its longest duration.";
  std::chrono::milliseconds setup_delay{0};  // from the setup to setupComplete
  bool handles = true;                       // false: updates say "resumable": false
  std::chrono::milliseconds handle_life{2 * 60 * 60 * 1000};
  // Of a session with transparent resumption: a handle comes also between turns, after so many
  // messages of the client.
  std::size_t handle_every = 10;
  // Of the model's context: when it is full and the setup has no contextWindowCompression, the
  // session is closed (1007).
  int context_tokens = 131'072;
  // What is understood of spoken turns, in their order; behind the last: "(speech of 1.2 seconds)".
  std::vector<std::string> hears;
  bool text_frames = false;  // the service sends its JSON in binary frames
  // A script and its quotas; null: none.
  std::shared_ptr<Director> director;
};

struct LiveHearing;

// Conversations that a later connection can go on with, by their handles. Shared by the sessions of
// a service; not thread-safe.
class LiveMemory {
 public:
  struct Conversation {
    Conversation() = default;
    std::string model;
    std::vector<gemini::Content> history;
    std::shared_ptr<const LiveHearing> hearing;  // of transparent resumption: speech under way
    std::size_t heard = 0;                       // spoken turns so far
    TimePoint until{};
  };
  explicit LiveMemory(std::uint64_t seed) : seed_(seed) {}
  std::string keep(Conversation conversation);
  const Conversation* find(const std::string& handle, TimePoint now);

 private:
  std::uint64_t seed_;
  std::uint64_t made_ = 0;
  std::map<std::string, Conversation> kept_;
};

// Who knocks, as the upgrade request tells it.
struct LiveDoor {
  LiveDoor() = default;
  std::string version = "v1beta";
  // Of the upgrade request, for scripts.
  std::string path;
  Secret key;  // or token
  http::Headers headers;
  bool vertex = false;  // Vertex AI: full names of models, and answers in its dialect
  bool music = false;   // BidiGenerateMusic
  // Where set, the session is closed so at once: a key that is not valid, a token that has expired.
  std::optional<std::string> refusal;
  std::uint16_t refusal_code = 1007;
  // Of a short-lived token: the setup that it was made for, and which of its fields are locked.
  std::optional<gemini::Setup> token_setup;
  std::optional<std::string> token_mask;
  LiveFault fault;
};

// What a session has to say.
struct LiveOutput {
  LiveOutput() = default;
  enum class Kind { message, close };
  Kind kind = Kind::message;
  std::string text;  // of a message: JSON as the service prints it
  // How the message goes out, where that is not as usual.
  bool flipped = false;               // in the other kind of data frame
  bool behind_reserved = false;       // behind a frame with a reserved opcode
  std::optional<std::size_t> cut_at;  // the connection is dropped after so many bytes of its frame
  std::size_t fragment = 0;           // bytes of one frame; 0: one frame
  std::size_t drip = 0;               // bytes of one piece, from this message on; 0: as it was
  std::chrono::milliseconds pause{0};
  std::uint16_t close_code = 0;
  std::string close_reason;  // at most 123 bytes
};

// The server's side of a Live connection, without I/O and clock. After every call, take what poll()
// gives and ask next_timeout() anew.
class LiveVoice {
 public:
  virtual ~LiveVoice() = default;
  // A message of the client, in a text or a binary frame.
  virtual void received(std::string_view text, TimePoint now) = 0;
  virtual void handle_timeout(TimePoint now) = 0;
  virtual std::optional<TimePoint> next_timeout() const = 0;
  virtual std::optional<LiveOutput> poll() = 0;
};

// One session of the Live API as the service holds it, without I/O and clock: setup, turns in text,
// speech and video, interruption, function calls and their cancellation, transcription, resumption,
// goAway. The answers are the offline model's, spoken as a hum. Not thread-safe.
class LiveSession final : public LiveVoice {
 public:
  // `memory` must outlive the session.
  LiveSession(LiveOptions options, LiveMemory& memory, LiveDoor door, TimePoint now);
  LiveSession(LiveSession&&) noexcept;
  ~LiveSession() override;

  void received(std::string_view text, TimePoint now) override;
  void handle_timeout(TimePoint now) override;
  std::optional<TimePoint> next_timeout() const override;
  std::optional<LiveOutput> poll() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::emulator
