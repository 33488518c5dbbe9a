#pragma once

#include "parley/gemini/types.hpp"

namespace parley::gemini {

// Joins the pieces of a streamed answer into the one turn that goes into a history. Texts that
// follow each other become one part, thoughts and words apart; a part with a thought signature, or
// with anything else that belongs to it, stays as it came, also where its text is empty, because
// the service wants it back unchanged (thought signatures).
class TurnJoiner {
 public:
  void add(const Content& piece);
  // The first candidate's content, where it has any.
  void add(const GenerateContentResponse& piece);

  bool empty() const { return parts_of(turn_).empty(); }
  // Role "model" unless the service said another.
  const Content& turn() const { return turn_; }

 private:
  Content turn_;
};

}  // namespace parley::gemini
