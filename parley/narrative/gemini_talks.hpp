#pragma once

#include <functional>
#include <memory>

#include "parley/gemini/client.hpp"
#include "parley/gemini/continuity/conversation.hpp"
#include "parley/narrative/live_ports.hpp"

namespace parley::narrative {

// Where what the user says comes from.
class Microphone {
 public:
  virtual ~Microphone() = default;
  // The next piece: PCM16 little endian, mono, 16 kHz, 20 to 100 ms. It comes when it would have
  // been said. Empty: the microphone is off, for good. One call at a time; it returns early where
  // its task is cancelled.
  virtual Task<std::optional<Bytes>> next() = 0;
};

struct GeminiTalksOptions {
  GeminiTalksOptions() = default;
  Timer* timer = nullptr;            // needed; paces speech of files where the user may interrupt
  const Clock* clock = nullptr;      // needed
  Microphone* microphone = nullptr;  // null: nobody speaks
  // Sees what each conversation is opened with; tests shorten its waits.
  std::function<void(gemini::ConversationOptions&)> prepare;
};

// Live sessions of the client's service, with its credentials. Each is a gemini::Conversation: it
// outlives goAway, and lost connections as far as LiveSettings::reconnects says. Belongs to one
// executor; timer, clock and microphone outlive it and its talks.
class GeminiTalks final : public LiveTalks {
 public:
  GeminiTalks(gemini::Client client, GeminiTalksOptions options);
  Task<Result<std::unique_ptr<LiveTalk>>> open(LiveOpening opening) override;

 private:
  gemini::Client client_;
  GeminiTalksOptions options_;
};

}  // namespace parley::narrative
