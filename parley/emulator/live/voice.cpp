#include "parley/emulator/live/detail/voice.hpp"

#include <cmath>
#include <complex>
#include <cstring>
#include <numbers>
#include <utility>

namespace parley::emulator::detail {
namespace {

constexpr int kFrameMs = 20;

std::int16_t sample_at(BytesView pcm, std::size_t index) {
  const auto low = std::to_integer<unsigned>(pcm[2 * index]),
             high = std::to_integer<unsigned>(pcm[2 * index + 1]);
  return static_cast<std::int16_t>(high << 8 | low);
}

double loudness(BytesView pcm) {
  double sum = 0;
  const std::size_t samples = pcm.size() / 2;
  for (std::size_t i = 0; i < samples; ++i) {
    const double value = sample_at(pcm, i);
    sum += value * value;
  }
  return samples == 0 ? 0 : std::sqrt(sum / static_cast<double>(samples));
}

std::vector<double> swell_of_a_letter() {
  std::vector<double> levels(static_cast<std::size_t>(kVoiceRate / kCharsPerSecond));
  for (std::size_t i = 0; i < levels.size(); ++i)
    levels[i] = 6000 * std::sin(static_cast<double>(i) / static_cast<double>(levels.size()) *
                                std::numbers::pi);
  return levels;
}

}  // namespace

Bytes speak(std::string_view text) {
  static const std::vector<double> swell = swell_of_a_letter();
  Bytes pcm;
  pcm.reserve(text.size() * swell.size() * 2);
  // A pointer that turns: sin() for each sample would be most of what a busy emulator does.
  std::complex<double> pointer = 1;
  for (const char letter : text) {
    const bool pause = letter == ' ' || letter == '\n' || letter == '.' || letter == ',';
    const double pitch = 110 + 7 * (static_cast<unsigned char>(letter) % 17);
    const auto step = std::polar(1.0, 2 * std::numbers::pi * pitch / kVoiceRate);
    pointer /= std::abs(pointer);
    for (const double level : swell) {
      pointer *= step;
      const auto value = static_cast<std::int16_t>(pause ? 0 : level * pointer.imag());
      pcm.push_back(static_cast<std::byte>(value & 0xff));
      pcm.push_back(static_cast<std::byte>(value >> 8 & 0xff));
    }
  }
  return pcm;
}

std::vector<SpeechDetector::Event> SpeechDetector::feed(BytesView pcm, int rate) {
  std::vector<Event> events;
  rest_.insert(rest_.end(), pcm.begin(), pcm.end());
  const auto size = static_cast<std::size_t>(rate) * kFrameMs / 1000 * 2;
  std::size_t at = 0;
  for (; at + size <= rest_.size(); at += size)
    if (const auto event =
            frame(loudness(BytesView(rest_).subspan(at, size)) >= settings_.loud, kFrameMs))
      events.push_back(*event);
  rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(at));
  return events;
}

std::optional<SpeechDetector::Event> SpeechDetector::frame(bool loud, int milliseconds) {
  if (!speaking_) {
    loud_ms_ = loud ? loud_ms_ + milliseconds : 0;
    if (loud_ms_ == 0 || loud_ms_ < settings_.prefix_ms) return std::nullopt;
    speaking_ = true;
    speech_ms_ = loud_ms_;
    quiet_ms_ = 0;
    return Event::started;
  }
  quiet_ms_ = loud ? 0 : quiet_ms_ + milliseconds;
  speech_ms_ += milliseconds;
  if (quiet_ms_ < settings_.silence_ms) return std::nullopt;
  end();
  return Event::ended;
}

bool SpeechDetector::flush() {
  rest_.clear();
  return end();
}

bool SpeechDetector::end() {
  loud_ms_ = 0;
  if (!std::exchange(speaking_, false)) return false;
  speech_ms_ -= quiet_ms_;
  return true;
}

}  // namespace parley::emulator::detail
