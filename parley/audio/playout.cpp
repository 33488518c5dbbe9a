#include "parley/audio/playout.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace parley::audio {

Playout::Playout(PlayoutOptions options)
    : options_(options),
      chunk_(std::max<std::size_t>(1, samples_in(options.chunk, options.rate))),
      start_after_(samples_in(options.start_after, options.rate)),
      most_waiting_(static_cast<std::size_t>(
          std::min<std::uint64_t>(samples_in(options.most_waiting, options.rate),
                                  options.most_waiting_bytes / sizeof(Sample)))),
      gain_step_(100.0 / options.rate) {}

Result<void> Playout::push(std::uint64_t turn, SamplesView samples, TimePoint now) {
  advance(now);
  if (over_ && turn <= *over_) {
    counters_.late += samples.size();
    return {};
  }
  if (samples.size() > room())
    return fail(ErrorKind::too_large,
                fmt::format("playout: {} samples for turn {}, there is room for {}", samples.size(),
                            turn, room()));
  if (turn > 0) end_turn(turn - 1, now);
  if (turns_.empty() || turns_.back().id != turn) {
    turns_.emplace_back();
    turns_.back().id = turn;
  }
  auto& last = turns_.back();
  if (starved_ && !samples.empty()) {
    starved_ = false;
    ++counters_.underruns;
    events_.push_back({PlayoutEvent::Kind::underrun, turn, last.heard, 0});
  }
  last.samples.insert(last.samples.end(), samples.begin(), samples.end());
  last.received += samples.size();
  waiting_ += samples.size();
  counters_.received += samples.size();
  return {};
}

void Playout::end_turn(std::uint64_t turn, TimePoint now) {
  advance(now);
  if (over_ && turn <= *over_) return;
  over_ = turn;
  for (auto& one : turns_)
    if (one.id <= turn) one.ended = true;
  if (!expecting()) starved_ = false;
  finish_heard_turns();
}

TimePoint Playout::time_of(std::uint64_t sample_of_run) const {
  return run_->begin + duration_of(sample_of_run, options_.rate);
}

// Takes note of what was heard up to `now`, and of a run that has no more to hear.
void Playout::advance(TimePoint now) {
  if (!run_) return;
  if (now > run_->begin) {
    const auto heard = std::min(run_->given, samples_in(now - run_->begin, options_.rate));
    if (heard > run_->heard) {
      hear(heard - run_->heard);
      run_->heard = heard;
    }
  }
  finish_heard_turns();
  if (run_->heard < run_->given || now < time_of(run_->given)) return;
  if (held_) {
    run_.reset();
  } else if (next_to_give() == nullptr) {
    starved_ = expecting();
    run_.reset();
  }
}

void Playout::hear(std::uint64_t samples) {
  counters_.heard += samples;
  for (auto& turn : turns_) {
    const auto of_turn = std::min(samples, turn.given - turn.heard);
    turn.samples.erase(turn.samples.begin(),
                       turn.samples.begin() + static_cast<std::ptrdiff_t>(of_turn));
    turn.heard += of_turn;
    samples -= of_turn;
  }
}

void Playout::finish_heard_turns() {
  while (!turns_.empty() && turns_.front().ended && turns_.front().samples.empty()) {
    events_.push_back({PlayoutEvent::Kind::finished, turns_.front().id, turns_.front().heard, 0});
    turns_.pop_front();
  }
}

Playout::Turn* Playout::next_to_give() {
  for (auto& turn : turns_)
    if (turn.given < turn.received) return &turn;
  return nullptr;
}

// More is to come for the turn that is being heard.
bool Playout::expecting() const {
  return !turns_.empty() && !turns_.back().ended;
}

// Enough is there to begin.
bool Playout::ready() const {
  return waiting_ > 0 && (waiting_ >= start_after_ || !expecting() || turns_.size() > 1);
}

std::optional<PlayoutChunk> Playout::poll(TimePoint now) {
  advance(now);
  if (held_) return std::nullopt;
  auto* turn = next_to_give();
  if (turn == nullptr) return std::nullopt;
  if (run_ && now > time_of(run_->given)) {
    // The device has had nothing to play since then.
    ++counters_.delays;
    run_.reset();
  }
  if (!run_) {
    if (!ready()) return std::nullopt;
    run_ = Run{now + options_.lead, 0, 0};
  }
  if (now < time_of(run_->given) - options_.lead) return std::nullopt;
  return give(*turn);
}

PlayoutChunk Playout::give(Turn& turn) {
  if (turn.given == 0) events_.push_back({PlayoutEvent::Kind::started, turn.id, 0, 0});
  PlayoutChunk chunk;
  chunk.turn = turn.id;
  chunk.position = turn.given;
  chunk.play_at = time_of(run_->given);
  const auto size = std::min<std::uint64_t>(chunk_, turn.received - turn.given);
  const auto begin = turn.samples.begin() + static_cast<std::ptrdiff_t>(turn.given - turn.heard);
  chunk.samples.assign(begin, begin + static_cast<std::ptrdiff_t>(size));
  apply_gain(chunk.samples);
  turn.given += size;
  run_->given += size;
  waiting_ -= static_cast<std::size_t>(size);
  return chunk;
}

std::optional<PlayoutEvent> Playout::poll_event() {
  if (events_.empty()) return std::nullopt;
  const auto event = events_.front();
  events_.pop_front();
  return event;
}

std::optional<TimePoint> Playout::next_timeout() const {
  if (!run_) return std::nullopt;
  // When the first turn that has ended is heard to its end, or the run is.
  auto heard_at = time_of(run_->given);
  if (!turns_.empty() && turns_.front().ended && turns_.front().given == turns_.front().received)
    heard_at =
        std::min(heard_at, time_of(run_->heard + turns_.front().given - turns_.front().heard));
  if (held_ || waiting_ == 0) return heard_at;
  return std::min(heard_at, time_of(run_->given) - options_.lead);
}

// What the device had in its queue is to be given again.
void Playout::stop_device() {
  if (!run_ || !options_.device_forgets) return;
  for (auto& turn : turns_) {
    waiting_ += static_cast<std::size_t>(turn.given - turn.heard);
    turn.given = turn.heard;
  }
  run_.reset();
}

void Playout::hold(TimePoint now) {
  advance(now);
  if (held_) return;
  held_ = true;
  stop_device();
}

void Playout::resume(TimePoint now) {
  advance(now);
  held_ = false;
}

void Playout::flush(std::uint64_t turn, TimePoint now) {
  advance(now);
  if (!over_ || turn > *over_) over_ = turn;
  if (turns_.empty() || turns_.front().id > turn) return;
  stop_device();
  while (!turns_.empty() && turns_.front().id <= turn) {
    throw_away(turns_.front());
    turns_.pop_front();
  }
  if (!expecting()) starved_ = false;
}

void Playout::throw_away(const Turn& one) {
  waiting_ -= static_cast<std::size_t>(one.received - one.given);
  // What the device still plays of it is heard.
  const auto heard = one.given, dropped = one.received - one.given;
  counters_.dropped += dropped;
  counters_.heard += one.given - one.heard;
  if (run_) run_->heard += one.given - one.heard;
  events_.push_back({PlayoutEvent::Kind::flushed, one.id, heard, dropped});
}

void Playout::withdraw(std::uint64_t turn, TimePoint now) {
  advance(now);
  if (turn > 0) end_turn(turn - 1, now);
  if (!over_ || turn > *over_) over_ = turn;
  if (turns_.empty() || turns_.back().id != turn) return;
  stop_device();
  throw_away(turns_.back());
  turns_.pop_back();
  if (!expecting()) starved_ = false;
}

void Playout::set_gain(double gain) {
  wanted_gain_ = std::clamp(gain, 0.0, 1.0);
}

void Playout::apply_gain(Samples& samples) {
  if (gain_ == 1 && wanted_gain_ == 1) return;
  for (auto& sample : samples) {
    gain_ += std::clamp(wanted_gain_ - gain_, -gain_step_, gain_step_);
    sample = static_cast<Sample>(std::lround(sample * gain_));
  }
}

std::optional<std::uint64_t> Playout::turn() const {
  if (turns_.empty()) return std::nullopt;
  return turns_.front().id;
}

}  // namespace parley::audio
