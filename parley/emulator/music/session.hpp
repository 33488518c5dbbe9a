#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/time.hpp"
#include "parley/emulator/live/session.hpp"
#include "parley/gemini/types.hpp"

namespace parley::emulator {

struct MusicOptions {
  MusicOptions() = default;
  std::uint64_t seed = 1;
  std::chrono::milliseconds piece{200};  // of music in one message
  // How fast it comes beside how fast it plays: 1 is in time, 0.5 twice as fast; at least 1 ms lies
  // between two messages.
  double pace = 1;
  // A prompt that has one of these is filtered.
  std::vector<std::string> filtered = {"in the style of"};
};

// One session of BidiGenerateMusic as the service holds it, without I/O and clock: prompts,
// settings, playback. The music is a sequence of chords that follows from the seed, the prompts and
// the settings alone: 48 kHz, two channels, PCM16. Not thread-safe.
class MusicSession final : public LiveVoice {
 public:
  MusicSession(MusicOptions options, LiveDoor door, TimePoint now);
  MusicSession(MusicSession&&) noexcept;
  ~MusicSession() override;

  void received(std::string_view text, TimePoint now) override;
  void handle_timeout(TimePoint now) override;
  std::optional<TimePoint> next_timeout() const override;
  std::optional<LiveOutput> poll() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::emulator
