#include "parley/audio/voice_activity.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "parley/audio/level.hpp"

namespace parley::audio {

namespace {

constexpr auto kStep = std::chrono::milliseconds(10);
constexpr std::size_t kNoiseBlocks = 6;
constexpr double kHighPassHertz = 100;
// Share of the newest step in the smoothed level, so that one quiet step is not taken for the
// noise.
constexpr double kSmoothing = 0.3;

std::uint64_t steps_in(Duration duration) {
  return static_cast<std::uint64_t>(std::max<Duration::rep>(1, duration / Duration(kStep)));
}

}  // namespace

VoiceActivity::VoiceActivity(int rate, VoiceOptions options)
    : options_(options),
      step_(samples_in(kStep, rate)),
      noise_block_(std::max<std::uint64_t>(1, steps_in(options.noise_memory) / kNoiseBlocks)),
      start_steps_(steps_in(options.start_after)),
      end_steps_(steps_in(options.end_after)),
      preroll_(samples_in(options.preroll, rate)),
      learn_(samples_in(options.learn_for, rate)),
      high_pass_(std::exp(-2 * std::numbers::pi * kHighPassHertz / rate)) {
  clear();
}

void VoiceActivity::clear() {
  position_ = step_begin_ = block_steps_ = 0;
  last_input_ = filtered_ = power_ = 0;
  level_ = smooth_ = kSilenceDb;
  quietest_.clear();
  speaking_ = false;
  loud_steps_ = quiet_steps_ = loud_begin_ = loud_end_ = speech_end_ = 0;
  events_.clear();
}

void VoiceActivity::add(SamplesView samples) {
  for (const auto sample : samples) {
    filtered_ = high_pass_ * (filtered_ + sample - last_input_);
    last_input_ = sample;
    power_ += filtered_ * filtered_;
    if (++position_ - step_begin_ == step_) end_step();
  }
}

void VoiceActivity::add_gap(std::uint64_t samples) {
  while (samples > 0 && (speaking_ || loud_steps_ > 0)) {
    const auto size = std::min(samples, step_ - (position_ - step_begin_));
    position_ += size;
    samples -= size;
    if (position_ - step_begin_ < step_) continue;
    level_ = kSilenceDb;
    power_ = 0;
    decide(false);
    step_begin_ = position_;
  }
  if (samples == 0) return;
  level_ = kSilenceDb;
  power_ = 0;
  step_begin_ = position_ += samples;
}

std::optional<VoiceEvent> VoiceActivity::poll_event() {
  if (events_.empty()) return std::nullopt;
  const auto event = events_.front();
  events_.pop_front();
  return event;
}

double VoiceActivity::noise_dbfs() const {
  return quietest_.empty() ? kSilenceDb : *std::ranges::min_element(quietest_);
}

void VoiceActivity::end_step() {
  level_ = to_dbfs(std::sqrt(power_ / static_cast<double>(step_)));
  power_ = 0;
  follow_noise();
  decide(position_ > learn_ && level_ >= options_.least_dbfs &&
         level_ >= noise_dbfs() + options_.above_noise_db);
  step_begin_ = position_;
}

void VoiceActivity::follow_noise() {
  smooth_ = position_ <= step_ ? level_ : smooth_ + kSmoothing * (level_ - smooth_);
  if (block_steps_ == 0) {
    if (quietest_.size() == kNoiseBlocks) quietest_.pop_front();
    quietest_.push_back(smooth_);
  }
  quietest_.back() = std::min(quietest_.back(), smooth_);
  if (++block_steps_ == noise_block_) block_steps_ = 0;
}

// A quiet step takes two loud ones back, so that speech may have gaps before it is taken for one,
// and scattered clicks never add up.
void VoiceActivity::decide(bool loud) {
  if (loud) loud_end_ = position_;
  if (speaking_) {
    quiet_steps_ = loud ? 0 : quiet_steps_ + 1;
    if (quiet_steps_ < end_steps_) return;
    speaking_ = false;
    loud_steps_ = 0;
    speech_end_ = loud_end_;
    events_.push_back({VoiceEvent::Kind::ended, loud_end_, position_});
    return;
  }
  if (!loud) {
    loud_steps_ -= std::min<std::uint64_t>(loud_steps_, 2);
    return;
  }
  if (loud_steps_++ == 0) loud_begin_ = step_begin_;
  if (loud_steps_ < start_steps_) return;
  speaking_ = true;
  quiet_steps_ = 0;
  const auto begin = loud_begin_ - std::min(loud_begin_, preroll_);
  events_.push_back({VoiceEvent::Kind::started, std::max(begin, speech_end_), position_});
}

}  // namespace parley::audio
