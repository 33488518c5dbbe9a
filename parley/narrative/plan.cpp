#include "parley/narrative/plan.hpp"

#include <algorithm>
#include <set>

namespace parley::narrative {
namespace {

using Reference = Template::Reference;

class References {
 public:
  void text(const Template& text) {
    for (const auto& piece : text.pieces)
      if (piece.is_reference) out.push_back(piece.reference);
  }
  void maybe(const std::optional<Template>& one) {
    if (one) text(*one);
  }
  void condition(const Condition& condition) {
    text(condition.value);
    maybe(condition.equals);
    maybe(condition.differs);
    maybe(condition.contains);
    maybe(condition.lacks);
  }
  void operator()(const TextInput& input) { text(input.content); }
  void operator()(const MediaInput& input) {
    text(input.url);
    text(input.base64);
    text(input.file);
  }
  void operator()(const CommandInput& input) {
    for (const auto& [name, value] : input.args) text(value);
  }
  void operator()(const TableInput& input) {
    for (const auto& [column, value] : input.where) text(value);
  }
  void operator()(const NestedInput&) {}
  void operator()(const MicrophoneInput&) {}

  std::vector<Reference> out;
};

// A circle among `needs`, found by going down until an act comes again.
class CircleSearch {
 public:
  explicit CircleSearch(const std::vector<std::vector<int>>& needs)
      : needs_(needs), state_(needs.size(), 0) {}

  std::vector<int> run() {
    for (std::size_t act = 0; act < needs_.size(); ++act)
      if (state_[act] == 0 && visit(static_cast<int>(act))) break;
    return circle_;
  }

 private:
  // Iterative, as files may have many acts.
  bool visit(int first) {
    std::vector<std::pair<int, std::size_t>> way{{first, 0}};
    state_[static_cast<std::size_t>(first)] = 1;
    while (!way.empty()) {
      auto& [act, next] = way.back();
      const auto& needs = needs_[static_cast<std::size_t>(act)];
      if (next == needs.size()) {
        state_[static_cast<std::size_t>(act)] = 2;
        way.pop_back();
        continue;
      }
      const int below = needs[next++];
      auto& seen = state_[static_cast<std::size_t>(below)];
      if (seen == 1) {
        bool inside = false;
        for (const auto& [on_way, at] : way) {
          inside = inside || on_way == below;
          if (inside) circle_.push_back(on_way);
        }
        circle_.push_back(below);
        return true;
      }
      if (seen == 0) {
        seen = 1;
        way.emplace_back(below, 0);
      }
    }
    return false;
  }

  const std::vector<std::vector<int>>& needs_;
  std::vector<char> state_;  // 0 not seen, 1 on the way, 2 done
  std::vector<int> circle_;
};

std::vector<int> needs_of(const Narrative& narrative, int index) {
  const auto& act = narrative.acts[static_cast<std::size_t>(index)];
  std::set<int> needs;
  const auto add = [&](const std::string& name) {
    if (const int found = narrative.index_of(name); found >= 0) needs.insert(found);
  };
  for (const auto& reference : references_of(narrative, act)) {
    if (reference.kind == Reference::Kind::act) add(reference.name);
    if (reference.kind == Reference::Kind::previous && index > 0) needs.insert(index - 1);
  }
  for (const auto& name : act.after) add(name);
  const auto& history = history_of(narrative, act);
  for (const auto& name : history.acts) add(name);
  if (history.kind == History::Kind::all)
    for (int before = 0; before < index; ++before) needs.insert(before);
  return {needs.begin(), needs.end()};
}

}  // namespace

std::vector<Reference> references_of(const Narrative& narrative, const Act& act) {
  References found;
  found.text(act.settings.system.empty() ? narrative.settings.system : act.settings.system);
  for (const auto& input : act.inputs) std::visit(found, input.what);
  if (act.when) found.condition(*act.when);
  found.text(act.approval);
  if (act.loop) found.condition(act.loop->until);
  for (const auto& assertion : act.assertions) {
    found.maybe(assertion.contains);
    found.maybe(assertion.lacks);
    found.text(assertion.judge);
  }
  // A loop's exit and the assertions look at the act's own answer.
  std::erase_if(found.out, [&act](const Reference& one) {
    return one.kind == Reference::Kind::act && one.name == act.name &&
           (act.loop || act.carousel || !act.assertions.empty());
  });
  return std::move(found.out);
}

const History& history_of(const Narrative& narrative, const Act& act) {
  return act.history ? *act.history : narrative.history;
}

Plan plan(const Narrative& narrative) {
  Plan out;
  const int count = static_cast<int>(narrative.acts.size());
  for (int index = 0; index < count; ++index) out.needs.push_back(needs_of(narrative, index));
  out.circle = CircleSearch(out.needs).run();
  std::vector<bool> placed(narrative.acts.size());
  while (true) {
    std::vector<int> step;
    for (int index = 0; index < count; ++index) {
      const auto at = static_cast<std::size_t>(index);
      if (!placed[at] && std::ranges::all_of(out.needs[at], [&](int need) {
            return placed[static_cast<std::size_t>(need)];
          }))
        step.push_back(index);
    }
    if (step.empty()) return out;
    for (const int index : step) placed[static_cast<std::size_t>(index)] = true;
    out.steps.push_back(std::move(step));
  }
}

}  // namespace parley::narrative
