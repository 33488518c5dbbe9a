#include "parley/gemini/continuity/detail/answers.hpp"

#include <algorithm>
#include <utility>

#include "parley/base/text.hpp"

namespace parley::gemini::detail {
namespace {

constexpr std::size_t kAnswersKept = 8;

std::uint64_t in_microseconds(Duration time) {
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  return count > 0 ? static_cast<std::uint64_t>(count) : 0;
}

}  // namespace

bool Answers::Answer::is_cut() const {
  return heard && *heard < spoken.sound() &&
         spoken.heard_text(*heard) != trim(std::string_view(spoken.text()));
}

std::string Answers::Answer::words() const {
  return is_cut() ? spoken.heard_text(*heard) : spoken.text();
}

Answers::Answer& Answers::of(std::uint64_t turn) {
  const auto found = std::ranges::find(answers_, turn, &Answer::turn);
  if (found != answers_.end()) return *found;
  answers_.emplace_back(turn);
  if (answers_.size() > kAnswersKept) answers_.pop_front();
  return answers_.back();
}

void Answers::begin() {
  for (auto& one : answers_)
    if (!one.entry) one.spoken.replace_words({});
}

void Answers::transcript(std::string_view more) {
  of(counter_.turn() - (counter_.closing() ? 1 : 0)).spoken.words(more);
}

void Answers::sound(Duration time) {
  counter_.content();
  current().spoken.sound(in_microseconds(time));
}

std::string Answers::said() const {
  std::string out;
  for (const auto& one : answers_)
    if (!one.entry) out += one.words();
  return out;
}

void Answers::commit(std::uint64_t entry, std::string calls) {
  Answer* last = nullptr;
  for (auto& one : answers_) {
    if (one.entry) continue;
    one.entry = entry;
    last = &one;
    if (one.is_cut()) tell(one);
  }
  if (last != nullptr) last->calls = std::move(calls);
}

bool Answers::drop_unheard() {
  bool any = false;
  for (const auto& one : answers_) {
    if (one.entry || !one.is_cut()) continue;
    tell(one);
    any = true;
  }
  begin();
  return any;
}

void Answers::tell(const Answer& answer) {
  AnswerCut cut;
  cut.turn = answer.turn;
  cut.heard = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::microseconds(*answer.heard));
  cut.said = answer.spoken.text();
  cut.text = answer.words();
  cuts_.push_back(std::move(cut));
}

std::optional<AnswerCut> Answers::poll_cut() {
  if (cuts_.empty()) return std::nullopt;
  auto cut = std::move(cuts_.front());
  cuts_.pop_front();
  return cut;
}

std::optional<Answers::Change> Answers::heard(std::uint64_t turn, Duration sound) {
  const auto found = std::ranges::find(answers_, turn, &Answer::turn);
  if (found == answers_.end() || found->spoken.sound() == 0) return std::nullopt;
  const auto before = found->words();
  found->heard = in_microseconds(sound);
  if (!found->entry || found->words() == before) return std::nullopt;
  tell(*found);
  Change change;
  change.entry = *found->entry;
  for (const auto& one : answers_)
    if (one.entry == found->entry) change.words += one.words() + one.calls;
  return change;
}

}  // namespace parley::gemini::detail
