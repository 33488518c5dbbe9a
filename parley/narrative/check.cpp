#include "parley/narrative/check.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/narrative/detail/check_live.hpp"
#include "parley/narrative/plan.hpp"

namespace parley::narrative {
namespace {

using ReferenceKind = Template::Reference::Kind;

class NarrativeCheck {
 public:
  NarrativeCheck(const Narrative& narrative, Diagnostics& diagnostics)
      : narrative_(narrative), diagnostics_(diagnostics) {
    for (const auto& act : narrative.acts) names_.push_back(act.name);
  }

  void run() {
    for (std::size_t index = 0; index < narrative_.acts.size(); ++index) {
      const auto& act = narrative_.acts[index];
      for (const auto& reference : references_of(narrative_, act)) refer(act, index, reference);
      for (const auto& name : act.after) known(act, name, "after");
      if (act.history)
        for (const auto& name : act.history->acts) known(act, name, "history");
      if (act.carousel) carousel(*act.carousel, act.name);
    }
    if (narrative_.carousel) carousel(*narrative_.carousel, narrative_.name);
    circle();
  }

 private:
  void complain(const Place& place, std::string_view code, std::string message) {
    diagnostics_.emplace_back(place, code, std::move(message));
  }

  void known(const Act& act, const std::string& name, std::string_view where) {
    if (narrative_.find(name)) return;
    complain(act.place, "missing_act",
             fmt::format("act {}: {} names act {}, which is not in narrative {}{}", act.name, where,
                         name, narrative_.name, did_you_mean(name, names_)));
  }

  void refer(const Act& act, std::size_t index, const Template::Reference& reference) {
    const auto& place = reference.place;
    if (reference.kind == ReferenceKind::previous && index == 0)
      complain(place, "unknown_name",
               fmt::format("act {}: {} has nothing before it: it is the first act", act.name,
                           reference.text()));
    if (reference.kind == ReferenceKind::iteration && !act.loop && !act.carousel &&
        !narrative_.carousel)
      complain(place, "unknown_name",
               fmt::format("act {}: {} needs a loop or a carousel", act.name, reference.text()));
    if (reference.kind == ReferenceKind::environment && looks_secret(reference.name))
      complain(place, "secret",
               fmt::format("act {}: {} looks like a credential, which must not go to a model",
                           act.name, reference.text()));
    if (reference.kind != ReferenceKind::act || narrative_.find(reference.name)) return;
    complain(place, "unknown_name",
             fmt::format("act {}: {} names no act of narrative {}{}", act.name, reference.text(),
                         narrative_.name, did_you_mean(reference.name, names_)));
  }

  void carousel(const Carousel& carousel, const std::string& of) {
    const auto& budget = carousel.budget;
    if (budget.tokens && *budget.tokens < carousel.estimated_tokens_per_iteration)
      complain(carousel.place, "budget",
               fmt::format("{}: not one round fits: a round is estimated at {} tokens, and the "
                           "carousel may use {}",
                           of, carousel.estimated_tokens_per_iteration, *budget.tokens));
  }

  void circle() {
    const auto found = plan(narrative_).circle;
    if (found.empty()) return;
    std::string way;
    for (const int index : found)
      way += (way.empty() ? "" : " -> ") + narrative_.acts[static_cast<std::size_t>(index)].name;
    const auto& first = narrative_.acts[static_cast<std::size_t>(found.front())];
    complain(first.place, "cycle",
             fmt::format("acts wait for each other: {} (an act waits for those that its templates, "
                         "after and history name, and with history \"all\" for all before it)",
                         way));
  }

  const Narrative& narrative_;
  Diagnostics& diagnostics_;
  std::vector<std::string_view> names_;
};

// Circles among narratives, told once each with their path.
class Composition {
 public:
  Composition(const Book& book, Diagnostics& diagnostics)
      : book_(book), diagnostics_(diagnostics) {}

  void visit(const std::string& id) {
    if (done_.contains(id)) return;
    way_.push_back(id);
    const auto* narrative = book_.find(id);
    for (const auto& act : narrative->acts) {
      if (!act.nested.empty()) go(act.nested, act.nested_place);
      for (const auto& input : act.inputs)
        if (const auto* nested = std::get_if<NestedInput>(&input.what))
          go(nested->name, input.place);
    }
    way_.pop_back();
    done_.insert(id);
  }

 private:
  void go(const std::string& id, const Place& place) {
    const auto* nested = id.empty() ? nullptr : book_.find(id);
    if (!nested) return;
    const auto found = std::ranges::find(way_, id);
    if (found == way_.end()) return visit(id);
    std::string path;
    for (auto at = found; at != way_.end(); ++at) path += *at + " -> ";
    diagnostics_.emplace_back(place, "cycle",
                              fmt::format("narratives contain each other: {}{}", path, id));
  }

  const Book& book_;
  Diagnostics& diagnostics_;
  std::vector<std::string> way_;
  std::set<std::string> done_;
};

}  // namespace

bool looks_secret(std::string_view variable) {
  const auto name = to_lower_ascii(variable);
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"key", "token", "secret", "passw", "credential",
                                              "auth"},
      [&name](std::string_view word) { return name.find(word) != std::string::npos; });
}

void check(const Book& book, Diagnostics& diagnostics) {
  for (const auto& [id, narrative] : book.narratives) {
    NarrativeCheck(narrative, diagnostics).run();
    detail::check_live(narrative, diagnostics);
  }
  Composition composition(book, diagnostics);
  for (const auto& [id, narrative] : book.narratives) composition.visit(id);
}

}  // namespace parley::narrative
