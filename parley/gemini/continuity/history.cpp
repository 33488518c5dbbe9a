#include "parley/gemini/continuity/detail/history.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/gemini/live_models.hpp"
#include "parley/json/codec.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini::detail {
namespace {

bool is_of_model(const Content& turn) {
  return turn.role.value_or("user") == "model";
}

std::string in_words(const std::optional<json::Members>& members) {
  return members ? json::to_string(**members) : "{}";
}

}  // namespace

std::uint64_t History::add(Content turn) {
  const auto number = end();
  if (parts_of(turn).empty()) return number;
  if (!turn.role || turn.role->empty()) turn.role = "user";
  if (!keeps_) {
    ++first_;
    return number;
  }
  sizes_.push_back(json::encode_text(turn).size());
  bytes_ += sizes_.back();
  turns_.push_back(std::move(turn));
  forget();
  return number;
}

void History::replace(std::uint64_t number, std::string_view words) {
  if (number < first_ || number >= end()) return;
  const auto at = static_cast<std::size_t>(number - first_);
  auto& turn = turns_[at];
  if (words.empty())
    turn.parts.reset();  // its place stays, so that the numbers of the others do
  else
    turn.parts.emplace(1, text_part(words));
  bytes_ -= sizes_[at];
  sizes_[at] = json::encode_text(turn).size();
  bytes_ += sizes_[at];
}

std::vector<Content> History::turns() const {
  std::vector<Content> out;
  for (const auto& turn : turns_)
    if (!parts_of(turn).empty()) out.push_back(turn);
  return out;
}

std::size_t History::in_handle() const {
  if (mark_ <= first_) return 0;
  const auto until = turns_.begin() + static_cast<std::ptrdiff_t>(mark_ - first_);
  return static_cast<std::size_t>(
      std::count_if(turns_.begin(), until, [](const auto& one) { return !parts_of(one).empty(); }));
}

void History::restore(std::vector<Content> turns, std::size_t in_handle) {
  const auto all = turns.size();
  for (auto& turn : turns) add(std::move(turn));
  mark_ = std::min(in_handle, all);
}

void History::forget() {
  while (bytes_ > limit_ && turns_.size() > 1) {
    bytes_ -= sizes_.front();
    sizes_.pop_front();
    turns_.pop_front();
    ++first_;
  }
  while (missing_.size() > 1000) missing_.pop_front();
}

std::vector<Content> History::seed(bool behind_handle, HistorySeeded& told) const {
  std::vector<Content> out;
  const auto from = behind_handle ? mark_ : 0;
  told.forgotten = static_cast<std::size_t>(first_ > from ? first_ - from : 0);
  told.without_text = static_cast<std::size_t>(
      std::ranges::count_if(missing_, [from](auto at) { return at >= from; }));
  for (std::size_t i = 0; i < turns_.size(); ++i) {
    if (first_ + i < from) continue;
    const auto& turn = turns_[i];
    if (parts_of(turn).empty()) continue;
    if (out.empty() && is_of_model(turn) && !behind_handle) {
      ++told.forgotten;
      continue;
    }
    ++told.turns;
    if (!out.empty() && is_of_model(out.back()) == is_of_model(turn)) {
      const auto& parts = parts_of(turn);
      out.back().parts->insert(out.back().parts->end(), parts.begin(), parts.end());
    } else {
      out.push_back(turn);
    }
  }
  return out;
}

SeedWay seed_way(std::string_view model) {
  switch (live_text_way(model)) {
    case LiveTextWay::none:
      return SeedWay::none;
    case LiveTextWay::realtime:
      return SeedWay::initial;
    case LiveTextWay::turn:
      break;
  }
  return SeedWay::content;
}

std::string call_in_words(const FunctionCall& call, const std::vector<FunctionResponse>& answers) {
  auto words = fmt::format("[called {} with {}", call.name, in_words(call.args));
  for (const auto& answer : answers) words += "; it answered " + in_words(answer.response);
  return words + "]";
}

}  // namespace parley::gemini::detail
