#include <algorithm>
#include <map>

#include "parley/schematic/detail/cpp_text.hpp"

namespace parley::schematic::detail {
namespace {

std::string condition(const Test& test) {
  const auto path = cpp_string(test.path);
  switch (test.kind) {
    case Test::Kind::present: {
      auto out = fmt::format("in.has({})", path);
      for (const auto& alias : test.aliases)
        out += fmt::format(" || in.has({})", cpp_string(alias));
      return test.aliases.empty() ? out : "(" + out + ")";
    }
    case Test::Kind::absent:
      return fmt::format("!in.has({})", path);
    case Test::Kind::json_kind: {
      const auto kind = fmt::format("::parley::json::Kind::{}", test.json_kind);
      if (test.path.empty()) return fmt::format("in.kind() == {}", kind);
      return fmt::format("in.has({}) && in.find({})->kind() == {}", path, path, kind);
    }
    case Test::Kind::equals:
      break;
  }
  std::string out;
  for (const auto& value : test.values)
    out += fmt::format("{}in.equals({}, {})", out.empty() ? "" : " || ", path, cpp_literal(value));
  return test.values.size() > 1 ? "(" + out + ")" : out;
}

std::string conditions(const std::vector<Test>& tests, std::string_view without) {
  std::string out;
  for (const auto& test : tests) {
    if (test.kind == Test::Kind::equals && test.path == without && !without.empty()) continue;
    out += (out.empty() ? "" : " && ") + condition(test);
  }
  return out;
}

void emit_by_tag(Code& code, const PlannedUnion& alternatives, const Action& action,
                 const std::vector<bool>& skip) {
  // Groups of alternatives with one text of the tag, in the order in which they are tried.
  std::map<std::string, std::vector<std::size_t>> groups;
  for (const auto at : alternatives.order) {
    if (skip[at]) continue;
    for (const auto& test : alternatives.alternatives[at].tests)
      if (test.kind == Test::Kind::equals && test.path == alternatives.tag)
        for (const auto& value : test.values) groups[std::string(value.as_string())].push_back(at);
  }
  std::map<std::vector<std::size_t>, int> cases;
  code.line("  static constexpr ::parley::json::Tags<{}> tags({{", groups.size());
  for (const auto& [text, members] : groups) {
    const auto number = cases.emplace(members, static_cast<int>(cases.size())).first->second;
    code.line("      {{{}, {}}},", cpp_string(text), number);
  }
  code.line("  }});");
  code.line("  switch (tags.find(in.text_at({}))) {{",
            cpp_string(alternatives.tag));
  std::map<int, std::vector<std::size_t>> numbered;
  for (const auto& [members, number] : cases) numbered[number] = members;
  for (const auto& [number, members] : numbered) {
    code.line("    case {}:", number);
    bool always = false;
    for (const auto at : members) {
      const auto rest = conditions(alternatives.alternatives[at].tests, alternatives.tag);
      const auto read = action(at);
      if (rest.empty())
        code.line("      {}", read);
      else
        code.line("      if ({}) {}", rest, read);
      always = rest.empty();
      if (always) break;
    }
    if (!always) code.line("      break;");
  }
  code.line("    default:").line("      break;").line("  }}");
}

}  // namespace

bool emit_choice(Code& code, const PlannedUnion& alternatives, const Action& action) {
  std::vector<bool> binary;
  for (const auto& one : alternatives.alternatives)
    binary.push_back(one.type.kind == Type::Kind::raw);
  if (!alternatives.tag.empty()) {
    emit_by_tag(code, alternatives, action, binary);
    return false;
  }
  for (const auto at : alternatives.order) {
    if (binary[at]) continue;
    const auto tests = conditions(alternatives.alternatives[at].tests, "");
    if (tests.empty()) {
      code.line("  {}", action(at));
      return true;
    }
    code.line("  if ({}) {}", tests, action(at));
  }
  return false;
}

void emit_union_decode(Code& code, const Plan& plan, const PlannedUnion& alternatives) {
  const auto variant = variant_types(plan, alternatives);
  const bool always = emit_choice(code, alternatives, [&](std::size_t at) {
    return fmt::format("return in.read(out.emplace<{}>());", variant.places[at]);
  });
  if (always) return;
  if (!alternatives.open) {
    code.line("  in.fail(\"none of the alternatives fits\");");
    return;
  }
  emit_unknown(code, alternatives);
}

void emit_unknown(Code& code, const PlannedUnion& alternatives) {
  code.line("  auto& unknown = out.emplace<::parley::json::Unknown>();");
  if (!alternatives.tag.empty())
    code.line("  unknown.name = in.text_at({});", cpp_string(alternatives.tag));
  code.line("  in.read(unknown.value);");
}

}  // namespace parley::schematic::detail
