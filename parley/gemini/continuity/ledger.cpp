#include "parley/gemini/continuity/detail/ledger.hpp"

#include <algorithm>
#include <initializer_list>

namespace parley::gemini::detail {
namespace {

constexpr std::initializer_list<std::int64_t Usage::*> kCounts = {
    &Usage::prompt,   &Usage::cached,   &Usage::answer,
    &Usage::thoughts, &Usage::tool_use, &Usage::total};
constexpr std::initializer_list<TokensByModality Usage::*> kParts = {
    &Usage::prompt_by, &Usage::cached_by, &Usage::answer_by, &Usage::tool_use_by};
constexpr std::initializer_list<std::int64_t TokensByModality::*> kModalities = {
    &TokensByModality::text, &TokensByModality::image, &TokensByModality::video,
    &TokensByModality::audio, &TokensByModality::document};

bool is_later(const Usage& usage, const Usage& than) {
  return std::ranges::all_of(kCounts, [&](auto count) { return usage.*count >= than.*count; });
}

Usage larger(Usage a, const Usage& b) {
  for (const auto count : kCounts) a.*count = std::max(a.*count, b.*count);
  for (const auto part : kParts)
    for (const auto modality : kModalities)
      a.*part.*modality = std::max(a.*part.*modality, b.*part.*modality);
  return a;
}

}  // namespace

void TokenLedger::note(const Usage& usage) {
  if (open_ || is_later(usage, turn_)) {
    turn_ = larger(turn_, usage);
    return;
  }
  settled_ += turn_;
  turn_ = usage;
}

void TokenLedger::begin_turn() {
  if (open_) return;
  open_ = true;
  settled_ += turn_;
  turn_ = Usage();
}

void TokenLedger::end_turn() {
  open_ = false;
}

Usage TokenLedger::total() const {
  Usage sum = settled_;
  sum += turn_;
  return sum;
}

}  // namespace parley::gemini::detail
