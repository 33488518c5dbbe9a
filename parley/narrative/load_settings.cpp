#include <algorithm>

#include <fmt/format.h>

#include "parley/json/schema.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/detail/readers.hpp"

namespace parley::narrative::detail {
namespace {

using Kind = Node::Kind;

template <class To, class From>
std::optional<To> narrowed(const std::optional<From>& from) {
  if (!from) return std::nullopt;
  return static_cast<To>(*from);
}

}  // namespace

Settings FileReader::settings(TableReader& in) {
  Settings out;
  if (const Node* model = in.take("model", {Kind::text})) {
    out.model = model->text;
    out.model_place = model->place;
  }
  out.temperature = in.number("temperature", 0, 2);
  out.top_p = in.number("top_p", 0, 1);
  out.max_tokens = narrowed<int>(in.whole("max_tokens", 1, 10'000'000));
  out.top_k = narrowed<int>(in.whole("top_k", 1, 10'000));
  out.seed = narrowed<int>(in.whole("seed", -2'147'483'648LL, 2'147'483'647));
  out.thinking = narrowed<int>(in.whole("thinking", -1, 1'000'000));
  out.stop = in.texts("stop");
  out.system = in.template_of("system");
  return out;
}

Budget FileReader::budget(const Node& table) {
  TableReader in(context_, table, "budget");
  Budget out;
  out.tokens = in.whole("tokens", 1, 1'000'000'000'000);
  out.money = in.number("money", 0.000001, 1e9);
  out.time = in.duration("time");
  const auto share = [&in](std::string_view name) {
    const auto found = in.number(name, 0, 1);
    if (found && *found == 0)
      in.complain(in.place(), "out_of_range", fmt::format("{} must be above 0", name));
    return found;
  };
  out.rpm = share("rpm_multiplier");
  out.tpm = share("tpm_multiplier");
  out.rpd = share("rpd_multiplier");
  in.finish();
  return out;
}

Carousel FileReader::carousel(const Node& table) {
  TableReader in(context_, table, "carousel");
  Carousel out;
  out.place = table.place;
  if (!in.has("iterations")) in.complain(table.place, "missing_key", "iterations is missing");
  out.iterations = static_cast<int>(in.whole("iterations", 1, 10'000).value_or(1));
  out.estimated_tokens_per_iteration =
      in.whole("estimated_tokens_per_iteration", 0, 1'000'000'000).value_or(1000);
  out.continue_on_error = in.flag("continue_on_error").value_or(false);
  if (const Node* node = in.take("budget", {Kind::table})) out.budget = budget(*node);
  in.finish();
  return out;
}

std::optional<Retry> FileReader::retry(TableReader& in) {
  const Node* node = in.take("retry", {Kind::table});
  if (!node) return std::nullopt;
  TableReader table(context_, *node, "retry");
  Retry out;
  out.attempts = static_cast<int>(table.whole("attempts", 1, 20).value_or(1));
  out.delay = table.duration("delay").value_or(out.delay);
  out.cap = table.duration("cap").value_or(out.cap);
  out.fallback = table.texts("fallback");
  const Node* fallback = node->find("fallback");
  out.place = fallback ? fallback->place : node->place;
  table.finish();
  return out;
}

std::optional<History> FileReader::history(TableReader& in) {
  const Node* node = in.take("history", {Kind::text, Kind::list});
  if (!node) return std::nullopt;
  History out;
  if (node->kind == Kind::list) {
    out.kind = History::Kind::some;
    out.acts = in.texts("history");
    return out;
  }
  if (node->text == "none")
    out.kind = History::Kind::none;
  else if (node->text != "all")
    in.complain(node->place, "out_of_range",
                fmt::format("history is \"{}\", and must be \"all\", \"none\" or a list of acts",
                            node->text));
  return out;
}

Condition FileReader::condition(const Node& table, bool needs_value, std::string what) {
  TableReader in(context_, table, std::move(what));
  Condition out;
  out.place = table.place;
  if (needs_value) {
    out.value = in.template_of("value");
    if (!in.has("value")) in.complain(table.place, "missing_key", "value is missing");
  } else if (auto value = in.maybe_template("value")) {
    out.value = std::move(*value);
  }
  out.equals = in.maybe_template("equals");
  out.differs = in.maybe_template("differs");
  out.contains = in.maybe_template("contains");
  out.lacks = in.maybe_template("lacks");
  out.at_least = in.number("at_least", -1e300, 1e300);
  out.at_most = in.number("at_most", -1e300, 1e300);
  out.is_empty = in.flag("empty");
  if (!out.equals && !out.differs && !out.contains && !out.lacks && !out.at_least && !out.at_most &&
      !out.is_empty)
    in.complain(table.place, "missing_key",
                "it tests nothing; give one of equals, differs, contains, lacks, at_least, "
                "at_most, empty");
  in.finish();
  return out;
}

std::optional<Loop> FileReader::loop(TableReader& in) {
  const Node* node = in.take("loop", {Kind::table});
  if (!node) return std::nullopt;
  TableReader table(context_, *node, "loop");
  Loop out;
  if (const Node* until = table.take("until", {Kind::table}))
    out.until = condition(*until, false, "until");
  else if (!table.has("until"))
    table.complain(node->place, "missing_key", "until is missing: a loop needs an exit");
  out.at_most = static_cast<int>(table.whole("at_most", 1, 1000).value_or(5));
  if (const auto otherwise = table.choice("otherwise", {"fail", "continue"}))
    out.keep_going = *otherwise == 1;
  table.finish();
  return out;
}

json::Any FileReader::schema(const Node& node, std::string* name) {
  const Node* found = &node;
  if (node.kind == Kind::text) {
    std::string_view wanted = node.text;
    if (wanted.starts_with("schemas.")) wanted.remove_prefix(8);
    if (name) *name = std::string(wanted);
    const Node* all = root_.find("schemas");
    found = all ? all->find(wanted) : nullptr;
    if (!found) {
      std::vector<std::string_view> names;
      if (all)
        for (const auto& member : all->members) names.push_back(member.name);
      context_.complain(
          node.place, "unknown_reference",
          fmt::format("there is no [schemas.{}]{}", wanted, did_you_mean(wanted, names)));
      return json::Any();
    }
  }
  json::Value value = to_json(*found);
  if (found->kind == Kind::text) {
    const auto file = file_beside(context_.file, found->text);
    const auto text = sources_.read(file);
    if (!text) {
      context_.complain(found->place, "file_read", text.error().message());
      return json::Any();
    }
    auto parsed = json::parse(*text, json::trusted_limits());
    if (!parsed) {
      context_.complain(found->place, "schema", file + ": " + parsed.error().message());
      return json::Any();
    }
    value = std::move(*parsed);
  }
  for (auto& mistake : json::mistakes_in_schema(value))
    context_.complain(found->place, "schema", std::move(mistake));
  return json::Any(std::move(value));
}

Output FileReader::output(const Node& node) {
  TableReader in(context_, node, "output");
  Output out;
  if (const auto format = in.choice("format", {"text", "json", "toml"}))
    out.format = static_cast<Output::Format>(*format);
  if (const Node* wanted = in.take("schema", {Kind::text, Kind::table})) {
    out.schema = schema(*wanted, &out.schema_name);
    if (out.format == Output::Format::text && in.has("format"))
      in.complain(wanted->place, "out_of_range", "a schema needs format \"json\" or \"toml\"");
    if (out.format == Output::Format::text) out.format = Output::Format::json;
  }
  out.repairs = static_cast<int>(in.whole("repairs", 0, 10).value_or(0));
  in.finish();
  return out;
}

Assertion FileReader::assertion(const Node& node) {
  TableReader in(context_, node, "assert");
  Assertion out;
  out.place = node.place;
  out.contains = in.maybe_template("contains");
  out.lacks = in.maybe_template("lacks");
  out.min_length = in.whole("min_length", 0, 1'000'000'000);
  out.max_length = in.whole("max_length", 0, 1'000'000'000);
  if (const Node* wanted = in.take("schema", {Kind::text, Kind::table}))
    out.schema = schema(*wanted, nullptr);
  out.judge = in.template_of("judge");
  out.judge_model = in.text("model");
  if (!out.contains && !out.lacks && !out.min_length && !out.max_length && out.schema.empty() &&
      out.judge.empty())
    in.complain(node.place, "missing_key",
                "it asserts nothing; give one of contains, lacks, min_length, max_length, schema, "
                "judge");
  in.finish();
  return out;
}

}  // namespace parley::narrative::detail
