#include "parley/gemini/turn.hpp"

namespace parley::gemini {
namespace {

// Nothing but text, and whether it is a thought.
bool is_plain_text(const Part& part) {
  if (!part.text) return false;
  Part bare;
  bare.text = part.text;
  bare.thought = part.thought;
  return part == bare;
}

}  // namespace

void TurnJoiner::add(const Content& piece) {
  if (!turn_.role || turn_.role->empty())
    turn_.role = piece.role && !piece.role->empty() ? *piece.role : "model";
  if (!turn_.parts) turn_.parts.emplace();
  for (const auto& part : parts_of(piece)) {
    auto& parts = *turn_.parts;
    if (!parts.empty() && is_plain_text(part) && is_plain_text(parts.back()) &&
        part.thought.value_or(false) == parts.back().thought.value_or(false))
      *parts.back().text += *part.text;
    else
      parts.push_back(part);
  }
}

void TurnJoiner::add(const GenerateContentResponse& piece) {
  const auto& candidates = candidates_of(piece);
  if (!candidates.empty() && candidates.front().content) add(*candidates.front().content);
}

}  // namespace parley::gemini
