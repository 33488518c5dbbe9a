#include <algorithm>

#include <fmt/format.h>

#include "parley/narrative/detail/readers.hpp"

namespace parley::narrative::detail {
namespace {

using Kind = Node::Kind;

std::string stem_of(std::string_view file) {
  const auto slash = file.rfind('/');
  if (slash != std::string_view::npos) file.remove_prefix(slash + 1);
  return std::string(file.substr(0, file.rfind('.')));
}

}  // namespace

void FileReader::content(TableReader& in, Narrative& out) {
  if (const Node* node = in.take("template", {Kind::text})) {
    out.template_json = schema(*node, &out.template_schema);
    const Node* all = root_.find("schemas");
    if (!all || !all->find(out.template_schema))
      context_.diagnostics.back().code = "missing_template";
  }
  out.target = in.text("target");
  out.skip_content_generation = in.flag("skip_content_generation").value_or(false);
  out.preserve_source = in.flag("preserve_source").value_or(false);
}

Narrative FileReader::narrative(const Node& node, const std::string& name, bool alone) {
  TableReader in(context_, node, "narrative " + name);
  Narrative out;
  out.name = name;
  out.file = context_.file;
  out.place = node.place;
  if (const auto told = in.text("name"); !told.empty() && alone) out.name = told;
  out.description = in.text("description");
  content(in, out);
  out.settings = settings(in);
  if (const Node* table = in.take("budget", {Kind::table})) out.budget = budget(*table);
  if (const Node* table = in.take("carousel", {Kind::table})) out.carousel = carousel(*table);
  if (const Node* table = in.take("live", {Kind::flag, Kind::table}))
    if (table->kind == Kind::table || table->flag) out.live = live(*table);
  out.history = history(in).value_or(History());
  if (out.history.kind == History::Kind::some)
    in.complain(node.place, "out_of_range", "history of a narrative is \"all\" or \"none\"");
  out.retry = retry(in).value_or(Retry());
  if (const auto on_error = in.choice("on_error", {"stop", "continue"}))
    out.keep_independents = *on_error == 1;
  out.database = database(in);
  const Node* own_toc = in.take("toc", {Kind::list, Kind::table});
  const Node* own_acts = in.take("acts", {Kind::table});
  if (alone && !own_toc) own_toc = root_.find("toc");
  toc(own_toc, own_acts, alone, out);
  in.finish();
  return out;
}

std::vector<Narrative> FileReader::read() {
  std::vector<Narrative> out;
  TableReader in(context_, root_, "the file");
  const Node* one = in.take("narrative", {Kind::table});
  const Node* several = in.take("narratives", {Kind::table});
  for (const std::string_view resources : {"bots", "tables", "media", "schemas", "prices", "acts"})
    in.take(resources, {Kind::table});
  const Node* order = in.take("toc", {Kind::list, Kind::table});
  in.finish();
  if (one || !several) {
    Node empty;
    empty.place = root_.place;
    out.push_back(narrative(one ? *one : empty, stem_of(context_.file), true));
  } else if (order) {
    context_.complain(order->place, "unknown_key",
                      "a file of several narratives has a toc in each of them");
  }
  if (several)
    for (const auto& member : several->members) {
      if (member.value.kind != Kind::table)
        context_.complain(member.place, "wrong_type",
                          fmt::format("narrative {} must be a table", member.name));
      else if (std::ranges::find(out, member.name, &Narrative::name) != out.end())
        context_.complain(member.place, "duplicate_narrative",
                          fmt::format("there is another narrative {}", member.name));
      else
        out.push_back(narrative(member.value, member.name, false));
    }
  unused_acts();
  return out;
}

std::map<std::string, Price> FileReader::prices() {
  std::map<std::string, Price> out;
  const Node* all = root_.find("prices");
  if (!all) return out;
  for (const auto& member : all->members) {
    if (member.value.kind != Kind::table) {
      context_.complain(member.place, "wrong_type", "prices: a model's price must be a table");
      continue;
    }
    TableReader in(context_, member.value, "price of " + member.name);
    auto& price = out[member.name];
    price.input = in.number("input", 0, 1e6).value_or(0);
    price.output = in.number("output", 0, 1e6).value_or(0);
    price.cached = price.input;
    in.finish();
  }
  return out;
}

}  // namespace parley::narrative::detail
