#include "parley/audio/upstream.hpp"

#include <algorithm>
#include <utility>

namespace parley::audio {

namespace {

std::size_t limit_of(Duration duration, std::size_t bytes, int rate) {
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(samples_in(duration, rate), bytes / sizeof(Sample)));
}

}  // namespace

Upstream::Upstream(UpstreamOptions options, TimePoint now, Gate gate)
    : options_(options),
      chunk_(std::max<std::size_t>(1, samples_in(options.chunk, options.rate))),
      most_waiting_(limit_of(options.most_waiting, options.most_waiting_bytes, options.rate)),
      most_unconfirmed_(
          limit_of(options.most_unconfirmed, options.most_unconfirmed_bytes, options.rate)),
      preroll_(samples_in(options.preroll, options.rate)),
      gate_(gate),
      sound_until_(now) {}

// Erases samples that wait, and says how many.
std::size_t Upstream::erase(std::size_t from, std::size_t size) {
  const auto begin = waiting_.begin() + static_cast<std::ptrdiff_t>(from);
  waiting_.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
  if (from < before_listening_) before_listening_ -= std::min(before_listening_ - from, size);
  return size;
}

void Upstream::push(SamplesView samples, TimePoint now) {
  counters_.pushed += samples.size();
  keep_silent(now);
  if (muted_ && !options_.fill_silence) {
    counters_.passed_by += samples.size();
    return;
  }
  if (muted_) {
    waiting_.insert(waiting_.end(), samples.size(), 0);
    counters_.filled += samples.size();
  } else {
    waiting_.insert(waiting_.end(), samples.begin(), samples.end());
  }
  if (gate_ == Gate::listening && waiting_.size() - before_listening_ > preroll_)
    counters_.passed_by += erase(before_listening_, waiting_.size() - before_listening_ - preroll_);
  if (waiting_.size() > most_waiting_) {
    counters_.dropped += erase(0, waiting_.size() - most_waiting_);
    ++counters_.drops;
  }
}

// No silence is to be filled in for the time before.
void Upstream::keep_silent(TimePoint until) {
  sound_until_ = until;
  filled_since_ = 0;
}

TimePoint Upstream::covered() const {
  return sound_until_ + duration_of(filled_since_, options_.rate);
}

Duration Upstream::silence_threshold() const {
  return filled_since_ > 0 ? duration_of(chunk_, options_.rate) : options_.silence_after;
}

std::size_t Upstream::to_be_sent() const {
  return gate_ == Gate::open ? waiting_.size() : before_listening_;
}

std::optional<TimePoint> Upstream::next_timeout() const {
  if (!options_.fill_silence || held_ || gate_ != Gate::open) return std::nullopt;
  return covered() + silence_threshold();
}

std::optional<UpstreamChunk> Upstream::take(TimePoint now) {
  if (held_) return std::nullopt;
  if (replay_at_ < sent_.size()) {
    auto chunk = sent_[replay_at_++];
    chunk.replayed = true;
    ++counters_.replayed;
    return chunk;
  }
  const auto there = to_be_sent();
  if (there >= chunk_) return give(chunk_, 0);
  if (gate_ == Gate::listening) {
    if (there == 0) return std::nullopt;
    return give(there, 0);
  }
  const auto due = next_timeout();
  if (!due || now < *due) return std::nullopt;
  return give(there, chunk_ - there);
}

UpstreamChunk Upstream::give(std::size_t sound, std::size_t filling) {
  UpstreamChunk chunk;
  chunk.index = next_index_++;
  const auto begin = waiting_.begin();
  chunk.samples.assign(begin, begin + static_cast<std::ptrdiff_t>(sound));
  erase(0, sound);
  chunk.samples.resize(sound + filling);
  chunk.silence = sound == 0;
  filled_since_ += filling;
  counters_.filled += filling;
  counters_.taken += chunk.samples.size();
  remember(chunk);
  return chunk;
}

void Upstream::remember(const UpstreamChunk& chunk) {
  sent_.push_back(chunk);
  sent_samples_ += chunk.samples.size();
  while (sent_samples_ > most_unconfirmed_) {
    sent_samples_ -= sent_.front().samples.size();
    sent_.pop_front();
    ++counters_.forgotten;
  }
  replay_at_ = sent_.size();
}

void Upstream::open(TimePoint now) {
  gate_ = Gate::open;
  before_listening_ = 0;
  keep_silent(now);
}

void Upstream::listen() {
  if (gate_ == Gate::open) before_listening_ = waiting_.size();
  gate_ = Gate::listening;
}

void Upstream::resume(TimePoint now, std::optional<Duration> preroll) {
  held_ = false;
  keep_silent(now);
  if (!preroll) return;
  const auto most = samples_in(*preroll, options_.rate);
  if (to_be_sent() <= most) return;
  counters_.dropped += erase(0, to_be_sent() - most);
  ++counters_.drops;
}

void Upstream::confirm(std::uint64_t index) {
  while (!sent_.empty() && sent_.front().index <= index) {
    sent_samples_ -= sent_.front().samples.size();
    sent_.pop_front();
    replay_at_ -= std::min<std::size_t>(replay_at_, 1);
  }
}

std::uint64_t Upstream::replay_from(std::uint64_t index) {
  replay_at_ = 0;
  while (replay_at_ < sent_.size() && sent_[replay_at_].index < index) ++replay_at_;
  return replay_at_ < sent_.size() ? sent_[replay_at_].index : next_index_;
}

}  // namespace parley::audio
