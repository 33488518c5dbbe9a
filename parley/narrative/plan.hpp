#pragma once

#include <string>
#include <vector>

#include "parley/narrative/narrative.hpp"

namespace parley::narrative {

// Which acts must have ended before an act begins: those that its templates name, those of `after`,
// those whose history it sees, and with {{previous}} the act before it in the table of contents.
struct Plan {
  Plan() = default;
  // For each act, by its index in Narrative::acts: indices, ascending, each once.
  std::vector<std::vector<int>> needs;
  // Acts that may run side by side, step by step: an act stands behind all that it needs. Within a
  // step in the order of the table of contents.
  std::vector<std::vector<int>> steps;
  // The acts of a circle, in its order, the first one again at its end; empty: there is none.
  // Acts in or behind a circle stand in no step.
  std::vector<int> circle;
};

// A narrative that has been checked, or one whose references may lead nowhere: those are ignored.
Plan plan(const Narrative& narrative);

// All references of an act's texts, in their order: inputs, system instruction, condition, loop,
// assertions, arguments.
std::vector<Template::Reference> references_of(const Narrative& narrative, const Act& act);
// The history that it sees.
const History& history_of(const Narrative& narrative, const Act& act);

}  // namespace parley::narrative
