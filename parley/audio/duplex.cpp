#include "parley/audio/duplex.hpp"

#include <algorithm>
#include <utility>

namespace parley::audio {

DuplexOptions::DuplexOptions() {
  upstream.fill_silence = true;
}

Duplex::Duplex(DuplexOptions options, TimePoint now)
    : input_rate_(options.upstream.rate),
      output_rate_(options.playout.rate),
      silence_after_(options.upstream.silence_after),
      silence_step_(options.upstream.chunk),
      upstream_(options.upstream, now),
      detector_(options.upstream.rate, options.voice),
      heard_until_(now),
      playout_(options.playout),
      barge_in_(options.barge_in) {}

void Duplex::recorded(SamplesView samples, TimePoint now) {
  upstream_.push(samples, now);
  const auto before = now - duration_of(samples.size(), input_rate_);
  if (before - heard_until_ >= silence_after_)
    detector_.add_gap(samples_in(before - heard_until_, input_rate_));
  if (upstream_.muted())
    detector_.add_gap(samples.size());
  else
    detector_.add(samples);
  heard_until_ = now;
  in_gap_ = false;
  hear_user(now);
  settle(now);
}

// When the detector is to know that no sound comes; empty: it need not.
std::optional<TimePoint> Duplex::gap_at() const {
  if (!detector_.speaking()) return std::nullopt;
  return heard_until_ + (in_gap_ ? silence_step_ : silence_after_);
}

void Duplex::hear_gap(TimePoint now) {
  const auto due = gap_at();
  if (!due || now < *due) return;
  detector_.add_gap(samples_in(now - heard_until_, input_rate_));
  heard_until_ = now;
  in_gap_ = true;
  hear_user(now);
}

std::optional<UpstreamChunk> Duplex::take(TimePoint now) {
  hear_gap(now);
  return upstream_.take(now);
}

void Duplex::hear_user(TimePoint now) {
  while (const auto heard = detector_.poll_event()) {
    DuplexEvent event;
    if (heard->kind == VoiceEvent::Kind::started) {
      barge_in_.local_started(now);
      event.kind = DuplexEvent::Kind::speech_began;
    } else {
      barge_in_.local_ended(now);
      event.kind = DuplexEvent::Kind::speech_ended;
      event.at = now - duration_of(detector_.position() - heard->at, input_rate_);
    }
    events_.push_back(std::move(event));
  }
}

void Duplex::recording_ended(TimePoint now) {
  if (detector_.speaking()) {
    barge_in_.local_ended(now);
    DuplexEvent event;
    event.kind = DuplexEvent::Kind::speech_ended;
    event.at = now;
    events_.push_back(std::move(event));
    detector_.clear();
  }
  upstream_.listen();
  settle(now);
}

Result<void> Duplex::answer(SamplesView samples, TimePoint now) {
  turns_.content();
  barge_in_.reply_audio(turns_.turn());
  settle(now);
  newest_ = turns_.turn();
  auto pushed = playout_.push(newest_, samples, now);
  settle(now);
  return pushed;
}

void Duplex::generation_complete(TimePoint now) {
  if (!turns_.closing()) playout_.end_turn(turns_.turn(), now);
  settle(now);
}

void Duplex::turn_complete(TimePoint now) {
  if (turns_.completed()) playout_.end_turn(turns_.turn() - 1, now);
  settle(now);
}

void Duplex::interrupted(TimePoint now) {
  if (turns_.interrupted()) barge_in_.interrupted(turns_.turn() - 1);
  settle(now);
}

void Duplex::voided(TimePoint now) {
  const auto turn = turns_.turn();
  turns_.voided();
  playout_.withdraw(turn, now);
  settle(now);
  if (!playout_.turn()) barge_in_.reply_finished(turn);
  if (unwanted_ == turn) {
    unwanted_ = turns_.turn();
    barge_in_.interrupted(*unwanted_);
    playout_.flush(*unwanted_, now);
  }
  settle(now);
}

void Duplex::interrupt(TimePoint now) {
  if (!playout_.turn()) return;
  unwanted_ = newest_;
  barge_in_.interrupted(newest_);
  playout_.flush(newest_, now);
  settle(now);
}

void Duplex::handle_timeout(TimePoint now) {
  hear_gap(now);
  barge_in_.handle_timeout(now);
  settle(now);
}

void Duplex::tell(DuplexEvent::Kind kind, std::uint64_t turn, std::uint64_t heard) {
  DuplexEvent event;
  event.kind = kind;
  event.turn = turn;
  event.heard = heard;
  events_.push_back(std::move(event));
}

void Duplex::tell_playout() {
  while (const auto event = playout_.poll_event()) {
    switch (event->kind) {
      case PlayoutEvent::Kind::started:
        tell(DuplexEvent::Kind::answer_began, event->turn);
        break;
      case PlayoutEvent::Kind::finished:
        barge_in_.reply_finished(event->turn);
        tell(DuplexEvent::Kind::answer_finished, event->turn, event->heard);
        break;
      case PlayoutEvent::Kind::flushed:
        tell(DuplexEvent::Kind::empty_speaker);
        tell(DuplexEvent::Kind::answer_cut, event->turn, event->heard);
        given_until_.reset();
        break;
      case PlayoutEvent::Kind::underrun:
        tell(DuplexEvent::Kind::underrun);
        break;
    }
  }
}

// Until none of the parts has anything more to say.
void Duplex::settle(TimePoint now) {
  for (bool more = true; more;) {
    more = false;
    tell_playout();
    while (const auto event = barge_in_.poll_event()) {
      more = true;
      if (event->kind == BargeInEvent::Kind::hold) {
        playout_.hold(now);
        tell_playout();
        tell(DuplexEvent::Kind::empty_speaker);
        given_until_.reset();
      } else if (event->kind == BargeInEvent::Kind::resume) {
        playout_.resume(now);
      } else {
        playout_.flush(event->turn, now);
      }
      tell_playout();
    }
    while (auto chunk = playout_.poll(now)) {
      more = true;
      tell_playout();
      DuplexEvent event;
      event.continues = given_until_ == chunk->play_at;
      given_until_ = chunk->play_at + duration_of(chunk->samples.size(), output_rate_);
      event.chunk = std::move(*chunk);
      events_.push_back(std::move(event));
    }
  }
}

std::optional<DuplexEvent> Duplex::poll_event(TimePoint now) {
  settle(now);
  if (events_.empty()) return std::nullopt;
  auto event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::optional<Duration> Duplex::quiet_in_speech() const {
  if (!detector_.speaking()) return std::nullopt;
  return duration_of(detector_.since_loud(), input_rate_);
}

std::optional<TimePoint> Duplex::next_timeout() const {
  std::optional<TimePoint> next;
  for (const auto& due :
       {barge_in_.next_timeout(), playout_.next_timeout(), upstream_.next_timeout(), gap_at()})
    if (due && (!next || *due < *next)) next = due;
  return next;
}

}  // namespace parley::audio
