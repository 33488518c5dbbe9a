#include <algorithm>

#include <fmt/format.h>

#include "parley/narrative/detail/readers.hpp"

namespace parley::narrative::detail {
namespace {

using Kind = Node::Kind;

constexpr std::string_view kReserved[] = {"previous", "iteration"};

}  // namespace

Act FileReader::act(const std::string& name, const Node& node) {
  Act out;
  out.name = name;
  out.place = node.place;
  if (std::ranges::find(kReserved, name) != std::end(kReserved) || name.empty() ||
      name.find_first_of(".{}$ /#:") != std::string::npos)
    context_.complain(
        node.place, "bad_name",
        fmt::format("\"{}\" cannot name an act: templates could not refer to it", name));
  if (node.kind == Kind::text || node.kind == Kind::list) {
    out.inputs = inputs(node);
  } else if (node.kind == Kind::table) {
    TableReader in(context_, node, "act " + name);
    out.settings = settings(in);
    if (const Node* input = in.take("input", {Kind::text, Kind::list, Kind::table}))
      out.inputs = inputs(*input);
    if (const Node* nested = in.take("narrative", {Kind::text})) {
      out.nested = nested->text;
      out.nested_place = nested->place;
      if (in.has("input"))
        in.complain(nested->place, "out_of_range", "an act has input or narrative, not both");
    }
    act_flow(in, out);
    act_results(in, out);
    act_live(in, out);
    in.finish();
  } else {
    context_.complain(node.place, "wrong_type",
                      fmt::format("act {} is {}, and must be a text, a list or a table", name,
                                  to_string(node.kind)));
    return out;
  }
  if (out.inputs.empty() && out.nested.empty())
    context_.complain(node.place, "empty_prompt", fmt::format("act {} has no input", name));
  else if (out.nested.empty() && std::ranges::all_of(out.inputs, [](const Input& input) {
             const auto* text = std::get_if<TextInput>(&input.what);
             return text && text->content.source.find_first_not_of(" \t\r\n") == std::string::npos;
           }))
    context_.complain(node.place, "empty_prompt", fmt::format("act {} has an empty prompt", name));
  return out;
}

void FileReader::act_flow(TableReader& in, Act& out) {
  if (const Node* node = in.take("carousel", {Kind::table})) out.carousel = carousel(*node);
  if (const Node* node = in.take("when", {Kind::table})) out.when = condition(*node, true, "when");
  out.loop = loop(in);
  if (const Node* node = in.take("approval", {Kind::flag, Kind::text})) {
    if (node->kind == Kind::text)
      out.approval = context_.read_template(*node);
    else if (node->flag)
      out.approval = plain_template(fmt::format("Run act {}?", out.name));
  }
  out.after = in.texts("after");
  out.history = history(in);
  out.retry = retry(in);
  out.cache = in.flag("cache");
  if (out.loop && out.carousel)
    in.complain(in.place(), "out_of_range", "an act has loop or carousel, not both");
}

void FileReader::act_results(TableReader& in, Act& out) {
  if (const Node* node = in.take("output", {Kind::table})) out.output = output(*node);
  if (const Node* node = in.take("assert", {Kind::list, Kind::table})) {
    if (node->kind == Kind::table) out.assertions.push_back(assertion(*node));
    for (const auto& element : node->elements) {
      if (element.kind == Kind::table)
        out.assertions.push_back(assertion(element));
      else
        in.complain(element.place, "wrong_type", "an assertion must be a table");
    }
  }
  if (const Node* node = in.take("save", {Kind::text, Kind::table})) {
    auto& save = out.save.emplace();
    if (node->kind == Kind::text) {
      save.key = node->text;
    } else {
      TableReader table(context_, *node, "save");
      save.key = table.text("key");
      if (table.has("scope")) save.scope = table.text("scope");
      table.finish();
    }
    if (save.key.empty()) in.complain(node->place, "missing_key", "save needs a key");
  }
  out.extract_output = in.flag("extract_output");
}

// An order of acts: a list, or a table with `order`.
std::vector<std::pair<std::string, Place>> FileReader::order(const Node& toc) {
  std::vector<std::pair<std::string, Place>> out;
  const Node* list = &toc;
  if (toc.kind == Kind::table) {
    TableReader in(context_, toc, "toc");
    list = in.take("order", {Kind::list});
    if (!list && !in.has("order")) in.complain(toc.place, "missing_key", "order is missing");
    in.finish();
  }
  if (!list) return out;
  for (const auto& element : list->elements) {
    if (element.kind != Kind::text)
      context_.complain(element.place, "wrong_type", "toc: an element of order must be a text");
    else if (std::ranges::find(out, element.text, &std::pair<std::string, Place>::first) !=
             out.end())
      context_.complain(element.place, "duplicate_act",
                        fmt::format("toc: act {} stands in it twice; use loop or carousel to run "
                                    "an act again",
                                    element.text));
    else
      out.emplace_back(element.text, element.place);
  }
  if (list->elements.empty())
    context_.complain(list->place, "empty_toc", "toc: the order of acts is empty");
  return out;
}

// Without a table of contents, the acts run in the order of the file: the narrative's own, or all
// of them where the narrative stands alone.
void FileReader::toc(const Node* toc, const Node* own_acts, bool alone, Narrative& out) {
  const Node* shared = root_.find("acts");
  if (shared && shared->kind != Kind::table) shared = nullptr;
  std::vector<std::pair<std::string, Place>> names;
  if (toc) {
    names = order(*toc);
  } else if (const Node* acts = own_acts ? own_acts : alone ? shared : nullptr) {
    for (const auto& member : acts->members) names.emplace_back(member.name, member.place);
  }
  for (const auto& [name, place] : names) {
    const Node* found = own_acts ? own_acts->find(name) : nullptr;
    if (!found && shared) {
      found = shared->find(name);
      if (found) used_acts_.push_back(name);
    }
    if (found) {
      out.acts.push_back(act(name, *found));
      continue;
    }
    std::vector<std::string_view> known;
    for (const Node* acts : {own_acts, shared})
      if (acts)
        for (const auto& member : acts->members) known.push_back(member.name);
    context_.complain(place, "missing_act",
                      fmt::format("toc: there is no act {}{}", name, did_you_mean(name, known)));
  }
  if (own_acts)
    for (const auto& member : own_acts->members)
      if (!out.find(member.name))
        context_.warn(
            member.place, "unused_act",
            fmt::format("act {} stands in no table of contents and never runs", member.name));
  if (names.empty() && !toc)
    context_.complain(out.place, "empty_toc", fmt::format("narrative {} has no acts", out.name));
}

void FileReader::unused_acts() {
  const Node* shared = root_.find("acts");
  if (!shared) return;
  for (const auto& member : shared->members)
    if (std::ranges::find(used_acts_, member.name) == used_acts_.end())
      context_.warn(
          member.place, "unused_act",
          fmt::format("act {} stands in no table of contents and never runs", member.name));
}

}  // namespace parley::narrative::detail
