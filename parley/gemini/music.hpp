#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/base/secret.hpp"
#include "parley/gemini/live_event.hpp"
#include "parley/gemini/types.hpp"
#include "parley/net/task.hpp"
#include "parley/net/websocket.hpp"

namespace parley::gemini {

struct MusicOptions {
  MusicOptions() = default;
  std::string model = "lyria-realtime-exp";  // with or without "models/"
  Secret key;                                // empty: GOOGLE_API_KEY, else GEMINI_API_KEY
  std::string base_url;                      // empty: GOOGLE_GEMINI_BASE_URL, else the service
  net::ConnectOptions connect;
  // Each step of connecting, and the wait for setupComplete.
  std::chrono::milliseconds step_timeout{10'000};
  // Nothing received for that long, pongs included, ends the session; zero: no limit.
  std::chrono::milliseconds idle_timeout{60'000};
  // What is kept while nobody calls next(); beyond it nothing is read, and the service waits.
  std::size_t inbox_bytes = 16 * 1024 * 1024;
  EventSink events;
};

// A piece of the music, in its order.
struct MusicAudio {
  Bytes pcm;          // signed 16-bit little endian, channels interleaved
  int rate = 48'000;  // samples per second and channel
  int channels = 2;
};
// A prompt that is not followed, and why.
struct MusicFiltered {
  std::string text, reason;
};
using MusicEvent = std::variant<MusicAudio, MusicFiltered, LiveUnknown, LiveUnreadable>;

// Music that a model makes while it plays (BidiGenerateMusic, Lyria RealTime), steered by weighted
// prompts. Belongs to its executor's thread; one coroutine may read while others send. Nothing
// reconnects. Destroying it closes the connection.
class Music {
 public:
  // Opens the connection and waits until the service has taken the model. Errors: those of
  // Live::connect().
  static Task<Result<Music>> connect(MusicOptions options = MusicOptions());
  Music(Music&&) noexcept;
  Music& operator=(Music&&) noexcept;
  ~Music();

  // The next piece; empty: the end, see outcome(). One at a time. A piece lasts as long as its
  // samples: who plays slower than it reads needs a queue of his own.
  Task<std::optional<MusicEvent>> next();
  Result<void> outcome() const;

  // What the music is to be, from here on; the music moves over smoothly. Errors: invalid_argument
  // (no prompt, an empty text, a weight that is 0 or no number: nothing is sent), disconnected.
  Task<Result<void>> prompt(std::vector<WeightedPrompt> prompts);
  Task<Result<void>> prompt(std::string_view text);  // alone, with weight 1
  // How it is made; what is not set is the service's default again. A change of bpm or scale is
  // heard after reset_context(). Errors: invalid_argument names the member that is out of its range
  // (MusicConfig), disconnected.
  Task<Result<void>> configure(MusicConfig config);

  Task<Result<void>> play();
  Task<Result<void>> pause();
  Task<Result<void>> stop();           // play() begins anew
  Task<Result<void>> reset_context();  // forgets what was played; the music breaks off for a moment

  // Begins the close handshake; never fails, and calling it again changes nothing.
  Task<Result<void>> close();

 private:
  struct State;
  explicit Music(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The first member of a configuration that is out of its range. Errors: invalid_argument.
Result<void> check_music_config(const MusicConfig& config);

}  // namespace parley::gemini
