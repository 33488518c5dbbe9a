#include "parley/emulator/music/detail/player.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace parley::emulator::detail {
namespace {

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3u;  // FNV-1a
  return hash;
}

constexpr std::array<int, 7> kSteps = {0, 2, 4, 5, 7, 9, 11};  // of a major scale, in semitones

}  // namespace

void Player::set_prompts(const std::vector<gemini::WeightedPrompt>& prompts) {
  mood_ = 0xcbf29ce484222325u;
  for (const auto& prompt : prompts) {
    mood_ = mix(mood_, prompt.text);
    mood_ ^= static_cast<std::uint64_t>(std::llround(std::clamp(prompt.weight, -1e6, 1e6) * 1000));
  }
}

void Player::configure(const gemini::MusicConfig& config) {
  config_ = config;
}

void Player::reset() {
  bpm_ = std::clamp(config_.bpm.value_or(120), 60, 200);
  key_ = config_.scale ? static_cast<int>(config_.scale->value()) % 12 : 0;
  at_ = 0;
}

double Player::pitch(std::uint64_t beat, int voice) const {
  const auto seed = seed_ + static_cast<std::uint64_t>(config_.seed.value_or(0));
  const auto choice = ((mood_ ^ seed * 0x9e3779b97f4a7c15u) >> beat % 16 * 3) + beat / 16;
  const auto step = (choice + static_cast<std::uint64_t>(voice) * 2) % kSteps.size();
  const int semitones = key_ + kSteps[step] + (voice == 0 ? -12 : 0);
  return 261.63 * std::pow(2.0, semitones / 12.0);
}

Bytes Player::play(std::size_t samples) {
  Bytes pcm;
  pcm.reserve(samples * 4);
  const auto beat_length =
      static_cast<std::uint64_t>(kMusicRate) * 60 / static_cast<unsigned>(bpm_);
  const bool bass = !config_.mute_bass.value_or(false);
  const int voices = config_.only_bass_and_drums.value_or(false) ? 1 : 3;
  const double level = 3000 * (0.5 + config_.density.value_or(0.5));
  for (std::size_t i = 0; i < samples; ++i, ++at_) {
    const auto beat = at_ / beat_length;
    const double along = static_cast<double>(at_ % beat_length) / static_cast<double>(beat_length);
    const double seconds = static_cast<double>(at_ % beat_length) / kMusicRate;
    double value = 0;
    for (int voice = bass ? 0 : 1; voice < voices; ++voice)
      value += std::sin(2 * std::numbers::pi * pitch(beat, voice) * seconds);
    value *= level * std::exp(-3 * along) * std::min(along * 50, 1.0);
    const auto sample = static_cast<std::int16_t>(std::clamp(value, -32'000.0, 32'000.0));
    for (int channel = 0; channel < 2; ++channel) {
      pcm.push_back(static_cast<std::byte>(sample & 0xff));
      pcm.push_back(static_cast<std::byte>(sample >> 8 & 0xff));
    }
  }
  return pcm;
}

}  // namespace parley::emulator::detail
