#include <fmt/format.h>

#include "parley/schematic/detail/unions.hpp"

namespace parley::schematic::detail {
namespace {

enum class Mark { fresh, open, done };

// A depth-first walk along "holds a value of". A field that would close a circle is boxed; a union
// or alias that would is an error.
class Walker {
 public:
  Walker(Plan& plan, Diagnostics& diagnostics)
      : plan_(plan), diagnostics_(diagnostics), marks_(plan.types.size(), Mark::fresh) {}

  void walk() {
    for (std::size_t i = 0; i < plan_.types.size(); ++i) visit(i);
  }

 private:
  // True where the type is on the way from the root, or a union, alias or tuple that holds such.
  bool is_open(const Type& type, int depth = 0) {
    if (depth > 32) return false;
    for (const auto& argument : type.arguments)
      if (type.kind == Type::Kind::tuple && is_open(argument, depth + 1)) return true;
    if (type.kind != Type::Kind::named) return false;
    const auto at = plan_.index.find(type.name)->second;
    if (marks_[at] != Mark::fresh) return marks_[at] == Mark::open;
    const TypeDefinition& definition = *plan_.types[at].definition;
    for (const auto& one : definition.alternatives)
      if (is_open(one.type, depth + 1)) return true;
    return definition.kind == TypeDefinition::Kind::alias && is_open(definition.target, depth + 1);
  }

  void visit_held(const Type& type) {
    if (type.kind == Type::Kind::tuple)
      for (const auto& argument : type.arguments) visit_held(argument);
    if (type.kind == Type::Kind::named) visit(plan_.index.find(type.name)->second);
  }

  // What an alias names must be declared before it, through lists and maps too.
  void visit_named(const Type& type) {
    for (const auto& argument : type.arguments) visit_named(argument);
    if (type.kind != Type::Kind::named) return;
    const auto at = plan_.index.find(type.name)->second;
    if (plan_.types[at].definition->kind == TypeDefinition::Kind::alias) visit(at);
  }

  void visit(std::size_t at) {
    if (marks_[at] != Mark::fresh) {
      if (marks_[at] == Mark::open)
        diagnostics_.error(plan_.types[at].definition->at, "E0206",
                           fmt::format("{} holds a value of itself; put a list or a type with "
                                       "fields between, or use json",
                                       plan_.types[at].definition->name));
      return;
    }
    marks_[at] = Mark::open;
    PlannedType& type = plan_.types[at];
    for (auto& field : type.fields) {
      visit_named(field.field->type);
      field.boxed = is_open(field.field->type);
      if (!field.boxed) visit_held(field.field->type);
    }
    for (const auto& one : type.definition->alternatives) visit_held(one.type);
    if (type.definition->kind == TypeDefinition::Kind::alias) {
      visit_held(type.definition->target);
      visit_named(type.definition->target);
    }
    marks_[at] = Mark::done;
    plan_.order.push_back(at);
  }

  Plan& plan_;
  Diagnostics& diagnostics_;
  std::vector<Mark> marks_;
};

}  // namespace

void order_types(Plan& plan, Diagnostics& diagnostics) {
  Walker(plan, diagnostics).walk();
}

}  // namespace parley::schematic::detail
