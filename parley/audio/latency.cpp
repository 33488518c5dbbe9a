#include "parley/audio/latency.hpp"

#include <utility>

namespace parley::audio {

namespace {

constexpr std::size_t kMostTurns = 1000;

void set_once(std::optional<Duration>& value, Duration duration) {
  if (!value) value = duration;
}

void record(const std::optional<Duration>& value, Histogram& histogram) {
  if (value) histogram.record(*value);
}

}  // namespace

void LatencyHistograms::merge(const LatencyHistograms& other) {
  first_byte.merge(other.first_byte);
  first_text.merge(other.first_text);
  first_audio.merge(other.first_audio);
  heard.merge(other.heard);
  end.merge(other.end);
}

std::string_view to_string(QuestionEnd end) {
  constexpr std::string_view names[] = {"known", "service", "last_sound"};
  return names[static_cast<std::size_t>(end)];
}

void LatencyReport::asked(TimePoint at, QuestionEnd from) {
  const bool next = asked_ && answered_;
  // This side's own word is better than the service's, whichever comes first.
  const auto& known = next ? asked_next_ : asked_;
  if (from == QuestionEnd::service && known && (!spoke_ || *spoke_ <= *known)) return;
  (next ? asked_next_ : asked_) = at;
  (next ? from_next_ : from_) = from;
}

void LatencyReport::received(TimePoint at, bool text, bool audio) {
  if (counter_.closing() && !audio) return;  // the rest of the interrupted turn
  counter_.content();
  if (!asked_ && spoke_) {
    asked_ = spoke_;
    from_ = QuestionEnd::last_sound;
  }
  if (!asked_) return;
  if (!answered_) spoke_.reset();
  answered_ = true;
  const auto waited = at - *asked_;
  set_once(turn_.first_byte, waited);
  if (text) set_once(turn_.first_text, waited);
  if (audio) set_once(turn_.first_audio, waited);
}

void LatencyReport::heard(TimePoint at) {
  if (asked_ && answered_) set_once(turn_.heard, at - *asked_);
}

void LatencyReport::completed(TimePoint at) {
  if (counter_.completed()) end(at, false);
}

void LatencyReport::interrupted(TimePoint at) {
  if (counter_.interrupted()) end(at, true);
}

void LatencyReport::voided() {
  counter_.voided();
  if (!asked_) return;
  const auto times = turn_.voided + 1;
  turn_ = TurnLatency();
  turn_.voided = times;
  answered_ = false;
  if (!asked_next_) return;
  asked_ = std::exchange(asked_next_, std::nullopt);
  from_ = std::exchange(from_next_, QuestionEnd::known);
}

void LatencyReport::end(TimePoint at, bool interrupted) {
  if (!asked_) {
    ++unasked_;
  } else if (answered_ || !interrupted) {
    turn_.turn = counter_.turn() - 1;
    turn_.end = at - *asked_;
    turn_.interrupted = interrupted;
    turn_.from = from_;
    if (!interrupted) histograms_.end.record(turn_.end);
    record(turn_.first_byte, histograms_.first_byte);
    record(turn_.first_text, histograms_.first_text);
    record(turn_.first_audio, histograms_.first_audio);
    record(turn_.heard, histograms_.heard);
    done_.push_back(turn_);
    if (done_.size() > kMostTurns) done_.pop_front();
    asked_ = asked_next_;
    from_ = from_next_;
  }
  // Else the question came before the word that the turn before it was interrupted: it stays open.
  turn_ = TurnLatency();
  asked_next_.reset();
  from_next_ = QuestionEnd::known;
  answered_ = false;
}

std::optional<TurnLatency> LatencyReport::poll_turn() {
  if (done_.empty()) return std::nullopt;
  const auto turn = done_.front();
  done_.pop_front();
  return turn;
}

}  // namespace parley::audio
