#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "parley/base/bytes.hpp"

namespace parley::emulator::detail {

constexpr int kVoiceRate = 24'000;       // of what the model says, samples per second
constexpr double kCharsPerSecond = 15;   // how fast it speaks
constexpr double kTokensPerSecond = 25;  // the service's price of audio

// A hum with a syllable for each few letters: PCM16, mono, 24 kHz. The same text sounds the same.
Bytes speak(std::string_view text);

// Hears where speech begins and ends in PCM16, by loudness alone. Time is that of the audio.
class SpeechDetector {
 public:
  struct Settings {
    Settings() = default;
    double loud = 500;     // root mean square of a frame of speech, of 32,768
    int prefix_ms = 60;    // loud for so long: speech has begun
    int silence_ms = 500;  // quiet for so long: it has ended
  };
  enum class Event { started, ended };

  explicit SpeechDetector(Settings settings) : settings_(settings) {}
  // `rate`: samples per second, 8,000 to 48,000. What began or ended in these samples, in order.
  std::vector<Event> feed(BytesView pcm, int rate);
  // The microphone is off: speech ends now. True where there was any.
  bool flush();
  bool speaking() const { return speaking_; }
  // Of the speech that is going on or has ended last, the silence behind it left out.
  double speech_seconds() const { return speech_ms_ / 1000.0; }

 private:
  std::optional<Event> frame(bool loud, int milliseconds);
  bool end();

  Settings settings_;
  Bytes rest_;  // less than a frame
  bool speaking_ = false;
  int loud_ms_ = 0, quiet_ms_ = 0, speech_ms_ = 0;
};

}  // namespace parley::emulator::detail
