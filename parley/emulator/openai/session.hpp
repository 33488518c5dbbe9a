#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/emulator/live/session.hpp"

namespace parley::emulator {

// One session of OpenAI's Realtime API as that service holds it, without I/O and clock: session
// settings, items, turns in text and speech, detection of speech, interruption, truncation,
// functions, transcription, usage, errors. The answers are the offline model's, as those of
// LiveSession: of LiveOptions it uses seed, pace, lifetime and hears. Not thread-safe.
class RealtimeSession final : public LiveVoice {
 public:
  RealtimeSession(LiveOptions options, std::string model, TimePoint now, WallTime wall_now);
  RealtimeSession(RealtimeSession&&) noexcept;
  ~RealtimeSession() override;

  void received(std::string_view text, TimePoint now) override;
  void handle_timeout(TimePoint now) override;
  std::optional<TimePoint> next_timeout() const override;
  std::optional<LiveOutput> poll() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::emulator
