#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/gemini/types.hpp"

namespace parley::emulator::detail {

constexpr int kMusicRate = 48'000;  // samples per second of each of two channels

// Plays chords: a new one with each beat, from a scale. The same seed, prompts and settings sound
// the same.
class Player {
 public:
  explicit Player(std::uint64_t seed) : seed_(seed) {}
  void set_prompts(const std::vector<gemini::WeightedPrompt>& prompts);
  // bpm and scale wait for reset().
  void configure(const gemini::MusicConfig& config);
  void reset();
  // The next so many samples of each channel, interleaved.
  Bytes play(std::size_t samples);

 private:
  double pitch(std::uint64_t beat, int voice) const;

  std::uint64_t seed_;
  std::uint64_t mood_ = 0;  // of the prompts
  gemini::MusicConfig config_;
  int bpm_ = 120;
  int key_ = 0;  // semitones above C
  std::uint64_t at_ = 0;
};

}  // namespace parley::emulator::detail
