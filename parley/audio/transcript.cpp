#include "parley/audio/transcript.hpp"

#include <algorithm>

#include "parley/base/text.hpp"

namespace parley::audio {

namespace {

constexpr std::size_t kTurnsKnown = 8;

bool is_space(char letter) {
  return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
}

bool is_lower(char letter) {
  return letter >= 'a' && letter <= 'z';
}

std::string_view without_leading_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

// A sentence that begins without its space, but no abbreviation, number or address.
bool begins_sentence(std::string_view text, std::string_view more) {
  if (text.size() < 2 || more.size() < 2) return false;
  const bool ended = std::string_view(".?!").find(text.back()) != std::string_view::npos;
  return ended && is_lower(text[text.size() - 2]) && more[0] >= 'A' && more[0] <= 'Z' &&
         (is_lower(more[1]) || is_space(more[1]));
}

bool is_punctuation(char letter) {
  return std::string_view(".,;:?!)]}%'").find(letter) != std::string_view::npos;
}

}  // namespace

void Transcript::join(std::string& text, std::string_view more) const {
  if (more.empty()) return;
  if (text.empty() || is_space(text.back())) {
    more = without_leading_space(more);
  } else if (!is_space(more.front())) {
    const bool word = options_.words_alone && !is_punctuation(more.front());
    if (word || begins_sentence(text, more)) text += ' ';
  }
  text += more;
}

// What of a fragment was not told yet; empty: it is a repetition.
std::optional<std::string> Transcript::news(Side side, std::string_view text, bool interim) {
  if (side == Side::model) {
    answer_began();
    return std::string(text);
  }
  auto fresh = interim ? repeats_.guess(text) : repeats_.pass(text);
  if (!interim && repeats_.differs()) take_back(Side::user);
  if (fresh.empty() && !text.empty()) return std::nullopt;
  return fresh;
}

void Transcript::answer_began() {
  if (!asked_) asked_ = told(Side::user).size();
}

void Transcript::fragment(Side side, std::string_view said, bool finished, bool interim,
                          TimePoint now) {
  const auto text = news(side, said, interim);
  if (text) return add(side, *text, finished, interim, now);
  if (finished) finish(side);
}

void Transcript::add(Side side, std::string_view text, bool finished, bool interim, TimePoint now) {
  auto& utterance = open(side);
  if (!utterance && trim(text).empty()) return;
  if (!utterance) {
    utterance.emplace(next_id_++, side == Side::model ? spoken_turn() : counter_.turn());
    told(side).emplace_back(utterance->id, utterance->turn);
  }
  utterance->last = now;
  if (interim) {
    utterance->interim = text;
  } else {
    utterance->interim.clear();
    join(utterance->text, text);
    told(side).back().text = utterance->text;
    if (side == Side::model) speak(text);
  }
  if (finished || utterance->text.size() + utterance->interim.size() > options_.most_text)
    finish(side);
  else
    tell(side, false);
}

// The turn of what the model is heard to say.
std::uint64_t Transcript::spoken_turn() const {
  return counter_.turn() - (counter_.closing() ? 1 : 0);
}

Transcript::Spoken& Transcript::spoken() {
  const auto turn = spoken_turn();
  if (spoken_.empty() || spoken_.back().turn != turn) {
    spoken_.emplace_back();
    spoken_.back().turn = turn;
    if (spoken_.size() > kTurnsKnown) spoken_.pop_front();
  }
  return spoken_.back();
}

void Transcript::speak(std::string_view text) {
  auto& said = spoken().said;
  auto all = said.text();
  join(all, text);
  said.replace_words(std::move(all));
}

void Transcript::audio(std::uint64_t samples) {
  answer_began();
  counter_.content();
  spoken().said.sound(samples);
}

std::string Transcript::heard_text(std::uint64_t turn, std::uint64_t heard) const {
  const auto found = std::ranges::find(spoken_, turn, &Spoken::turn);
  return found == spoken_.end() ? std::string() : found->said.heard_text(heard);
}

void Transcript::tell(Side side, bool finished) {
  const auto& utterance = *open(side);
  const auto same = std::ranges::find(updates_, utterance.id, &TranscriptUpdate::id);
  auto& update = same == updates_.end() ? updates_.emplace_back() : *same;
  update.side = side;
  update.id = utterance.id;
  update.turn = utterance.turn;
  update.text = trim(std::string_view(utterance.text));
  update.interim = utterance.interim;
  update.finished = finished;
}

// A guess that nothing has replaced is the best that is known.
void Transcript::finish(Side side) {
  auto& utterance = open(side);
  if (!utterance) return;
  if (!utterance->interim.empty()) {
    join(utterance->text, utterance->interim);
    if (side == Side::model) speak(utterance->interim);
    utterance->interim.clear();
  }
  tell(side, true);
  utterance.reset();
}

void Transcript::generation_complete() {
  finish(Side::model);
}

void Transcript::turn_complete() {
  finish(Side::model);
  // Behind an interruption the user is in the middle of the next question.
  if (!counter_.completed()) return;
  finish(Side::user);
  for (auto& of_side : told_) of_side.clear();
  asked_.reset();
  repeats_.over();
}

void Transcript::interrupted() {
  finish(Side::model);
  if (!counter_.interrupted()) return;
  told(Side::model).clear();
  auto& next = told(Side::user);
  auto answered = std::min(next.size(), asked_.value_or(0));
  if (answered == next.size() && open(Side::user)) --answered;  // the user goes on
  next.erase(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(answered));
  asked_.reset();
  std::string heard;
  for (const auto& one : next) heard += one.text;
  repeats_.over(heard);
  renumber_question();
}

void Transcript::take_back(Side side) {
  auto& utterance = open(side);
  for (const auto& one : told(side)) {
    if (side == Side::model && one.turn != spoken_turn()) continue;
    std::erase_if(updates_, [&](const TranscriptUpdate& update) { return update.id == one.id; });
    auto& update = updates_.emplace_back();
    update.side = side;
    update.id = one.id;
    update.turn = one.turn;
    update.voided = true;
    if (utterance && utterance->id == one.id) utterance.reset();
  }
  told(side).clear();
}

void Transcript::voided() {
  take_back(Side::model);
  if (!spoken_.empty() && spoken_.back().turn == spoken_turn()) spoken_.pop_back();
  counter_.voided();
  asked_.reset();
  replayed();
  renumber_question();
}

void Transcript::replayed() {
  repeats_.again();
}

// What the user is saying belongs to the answer that is to come.
void Transcript::renumber_question() {
  auto& question = open(Side::user);
  if (!question) return;
  question->turn = counter_.turn();
  tell(Side::user, false);
}

// A guess waits for the text that replaces it.
std::optional<TimePoint> Transcript::next_timeout() const {
  std::optional<TimePoint> next;
  for (const auto& utterance : open_) {
    if (!utterance || !utterance->interim.empty()) continue;
    const auto at = utterance->last + options_.quiet;
    next = std::min(next.value_or(at), at);
  }
  return next;
}

void Transcript::handle_timeout(TimePoint now) {
  for (const Side side : {Side::user, Side::model}) {
    const auto& utterance = open(side);
    if (utterance && utterance->interim.empty() && now >= utterance->last + options_.quiet)
      finish(side);
  }
}

std::optional<TranscriptUpdate> Transcript::poll_update() {
  if (updates_.empty()) return std::nullopt;
  auto update = std::move(updates_.front());
  updates_.pop_front();
  return update;
}

}  // namespace parley::audio
