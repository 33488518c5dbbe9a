#include "parley/audio/barge_in.hpp"

#include <algorithm>

namespace parley::audio {

using Kind = BargeInEvent::Kind;
using Reason = BargeInEvent::Reason;

void BargeIn::tell(Kind kind, std::uint64_t turn, Reason reason) {
  events_.push_back({kind, turn, reason});
}

void BargeIn::take_back(Reason reason) {
  deadline_.reset();
  tell(Kind::resume, guessed_ - 1, reason);
}

void BargeIn::local_started(TimePoint now) {
  if (!replying() || guessing()) return;
  guessed_ = newest_;
  deadline_ = now + options_.confirm_within;
  tell(Kind::hold, guessed_ - 1, Reason::user_speaks);
}

void BargeIn::local_ended(TimePoint now) {
  if (guessing()) deadline_ = std::min(*deadline_, now + options_.after_speech);
}

void BargeIn::interrupted(std::uint64_t turn) {
  if (turn < over_) return;
  over_ = turn + 1;
  newest_ = std::max(newest_, over_);
  tell(Kind::flush, turn, Reason::interrupted);
  if (guessing() && over_ >= guessed_) take_back(Reason::interrupted);
}

void BargeIn::reply_audio(std::uint64_t turn) {
  if (turn < newest_) return;
  newest_ = turn + 1;
  if (!guessing() || !options_.new_reply_confirms) return;
  over_ = guessed_;
  tell(Kind::flush, guessed_ - 1, Reason::new_reply);
  take_back(Reason::new_reply);
}

void BargeIn::reply_finished(std::uint64_t turn) {
  over_ = std::max(over_, turn + 1);
  newest_ = std::max(newest_, over_);
  if (guessing() && over_ >= guessed_) take_back(Reason::finished);
}

void BargeIn::handle_timeout(TimePoint now) {
  if (guessing() && now >= *deadline_) take_back(Reason::not_confirmed);
}

std::optional<BargeInEvent> BargeIn::poll_event() {
  if (events_.empty()) return std::nullopt;
  const auto event = events_.front();
  events_.pop_front();
  return event;
}

}  // namespace parley::audio
