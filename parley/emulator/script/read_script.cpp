#include <charconv>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/script/detail/reader.hpp"
#include "parley/schematic/tree.hpp"

namespace parley::emulator {

using schematic::Diagnostics;
using schematic::MapReader;
using schematic::Tree;

namespace detail {

json::Value value_of(const Tree& tree) {
  if (tree.is_scalar()) return tree.value();
  if (tree.is_list()) {
    json::Array list;
    for (const auto& item : tree.items) list.push_back(value_of(item));
    return list;
  }
  json::Object object;
  for (const auto& member : tree.members) object[member.key] = value_of(member.value);
  return object;
}

std::optional<json::Object> object_at(MapReader& in, std::string_view key) {
  const Tree* found = in.take(key);
  if (!found) return std::nullopt;
  if (found->is_map()) return value_of(*found).get_object();
  in.diagnostics().error(found->at, "E0101", fmt::format("\"{}\" must be a map", key));
  return std::nullopt;
}

std::optional<std::int64_t> number_at(MapReader& in, std::string_view key, std::int64_t low,
                                      std::int64_t high) {
  const Tree* found = in.take(key);
  if (!found) return std::nullopt;
  const auto value = found->value();
  if (value.is_int64() && value.get_int64() >= low && value.get_int64() <= high)
    return value.get_int64();
  in.diagnostics().error(found->at, "E0105",
                         fmt::format("\"{}\" must be a whole number from {} to {}, found \"{}\"",
                                     key, low, high, found->text));
  return std::nullopt;
}

}  // namespace detail

namespace {

using detail::ScriptReading;

void read_http(const Tree& tree, ScriptReading& reading, Reply::Http& out) {
  MapReader in(tree, "\"http\"", reading.diagnostics);
  detail::number_at(in, "status", out.status, 200, 599);
  in.pairs("headers", out.headers);
  if (const Tree* body = in.take("body"))
    out.body = body->is_scalar() ? body->text : json::to_pretty_string(detail::value_of(*body));
  in.finish();
}

void read_reply(MapReader& in, ScriptReading& reading, Reply& out) {
  if (const Tree* answer = in.take("answer")) detail::read_steps(*answer, reading, out.steps);
  if (const Tree* error = in.take("error"))
    detail::read_error(*error, reading, out.error.emplace());
  if (const Tree* http = in.take("http")) read_http(*http, reading, out.http.emplace());
  in.duration("delay", out.delay);
  if (in.tree().find("pace")) in.duration("pace", out.pace.emplace());
  in.text("finish", out.finish_reason);
  in.text("finish_message", out.finish_message);
  out.usage = detail::object_at(in, "usage");
  out.grounding = detail::object_at(in, "grounding");
  in.flag("generation_complete", out.generation_complete);
  in.flag("complete", out.complete);
  detail::fault_at(in, "fault", out.fault);
  detail::fault_at(in, "live_fault", out.live_fault);
}

void read_rule(const Tree& tree, ScriptReading& reading, std::size_t number, Rule& out) {
  out.at = tree.at;
  out.name = fmt::format("rule {}", number);
  MapReader in(tree, "the rule", reading.diagnostics);
  if (!in.ok()) return;
  in.text("name", out.name);
  if (const Tree* when = in.take("when")) detail::read_when(*when, reading, out.when);
  read_reply(in, reading, out.reply);
  in.finish();
  const bool answers = in.tree().find("answer");
  const int ways =
      int(answers) + int(out.reply.error.has_value()) + int(out.reply.http.has_value());
  if (ways > 1)
    reading.diagnostics.error(tree.at, "E0105",
                              "a rule has one of \"answer\", \"error\" and \"http\"");
  const bool disturbs = out.reply.fault || out.reply.live_fault || !out.reply.complete;
  if (ways == 0 && !disturbs && out.when.event == When::Event::turn)
    reading.diagnostics.error(tree.at, "E0103",
                              "the rule has no \"answer\", \"error\", \"http\" or \"fault\"");
  if (out.when.event == When::Event::setup && out.reply.http)
    reading.diagnostics.error(tree.at, "E0105", "a setup has no answer over HTTP");
}

void read_quota(const Tree& tree, ScriptReading& reading, QuotaLimit& out) {
  constexpr std::int64_t most = 1'000'000'000'000;
  MapReader in(tree, "the quota", reading.diagnostics);
  in.text("model", out.model);
  in.text("key", out.key);
  in.word<std::string>("tier", out.tier, {{"free", "FreeTier"}, {"paid", "PaidTier"}});
  out.requests_per_minute = detail::number_at(in, "requests_per_minute", 0, most);
  out.input_tokens_per_minute = detail::number_at(in, "input_tokens_per_minute", 0, most);
  out.requests_per_day = detail::number_at(in, "requests_per_day", 0, most);
  in.finish();
  if (in.ok() && !out.requests_per_minute && !out.input_tokens_per_minute && !out.requests_per_day)
    reading.diagnostics.error(tree.at, "E0103",
                              "the quota has no \"requests_per_minute\", "
                              "\"input_tokens_per_minute\" or \"requests_per_day\"");
}

void share_at(MapReader& in, std::string_view key, double& out) {
  std::optional<double> found;
  in.number(key, found);
  if (!found) return;
  if (*found >= 0 && *found <= 1)
    out = *found;
  else
    in.diagnostics().error(in.tree().find(key)->at, "E0105",
                           fmt::format("\"{}\" must be a number from 0 to 1", key));
}

void read_faults(const Tree& tree, ScriptReading& reading, FaultRate& out) {
  MapReader in(tree, "\"random_faults\"", reading.diagnostics);
  share_at(in, "rest", out.rest);
  share_at(in, "live", out.live);
  detail::number_at(in, "seed", out.seed, 0, std::numeric_limits<std::int64_t>::max());
  in.finish();
}

void duration_at(MapReader& in, std::string_view key,
                 std::optional<std::chrono::milliseconds>& out) {
  if (const Tree* found = in.tree().find(key); found && !found->is_null())
    in.duration(key, out.emplace());
  else
    in.take(key);
}

void read_live(const Tree& tree, ScriptReading& reading, Script::Live& out) {
  MapReader in(tree, "\"live\"", reading.diagnostics);
  if (!in.ok()) return;
  duration_at(in, "pace", out.pace);
  duration_at(in, "lifetime", out.lifetime);
  duration_at(in, "notice", out.notice);
  duration_at(in, "setup_delay", out.setup_delay);
  in.number("playback", out.playback);
  if (out.playback && !(*out.playback >= 0 && *out.playback <= 10))
    reading.diagnostics.error(tree.find("playback")->at, "E0105",
                              "\"playback\" must be a number from 0 to 10");
  bool text = false, handles = true;
  in.word("frames", text, {{"binary", false}, {"text", true}});
  if (tree.find("frames")) out.text_frames = text;
  in.flag("handles", handles);
  if (tree.find("handles")) out.handles = handles;
  if (tree.find("hears")) in.texts("hears", out.hears.emplace());
  if (const Tree* end = in.take("end")) {
    MapReader close(*end, "\"end\"", reading.diagnostics);
    if (const auto code = detail::number_at(close, "code", 1000, 4999))
      out.end_code = static_cast<std::uint16_t>(*code);
    std::string reason;
    if (close.text("reason", reason)) out.end_reason = std::move(reason);
    close.finish();
  }
  in.finish();
}

template <class T, class Read>
void read_list(const Tree* list, std::string_view key, Diagnostics& diagnostics,
               std::vector<T>& out, Read read) {
  if (!list) return;
  if (!list->is_list())
    diagnostics.error(list->at, "E0101", fmt::format("\"{}\" must be a list", key));
  for (const auto& item : list->items) read(item, out.emplace_back());
}

void read_document(const Tree& document, ScriptReading& reading, Script& out) {
  MapReader in(document, "the script", reading.diagnostics);
  if (!in.ok()) return;
  if (in.require("version")) detail::number_at(in, "version", 1, 1);
  in.word("otherwise", out.refuse_others, {{"model", false}, {"refuse", true}});
  read_list(
      in.take("rules"), "rules", reading.diagnostics, out.rules,
      [&](const Tree& item, Rule& rule) { read_rule(item, reading, out.rules.size(), rule); });
  read_list(in.take("quotas"), "quotas", reading.diagnostics, out.quotas,
            [&](const Tree& item, QuotaLimit& limit) { read_quota(item, reading, limit); });
  if (const Tree* faults = in.take("random_faults"))
    read_faults(*faults, reading, out.faults.emplace());
  if (const Tree* live = in.take("live")) read_live(*live, reading, out.live);
  in.finish();
}

}  // namespace

Script read_script(std::string_view yaml, const FileReader& files, Diagnostics& diagnostics) {
  Script script;
  const auto document = schematic::parse_document(yaml);
  if (!document) {
    diagnostics.error(schematic::location_of(document.error()), "E0100",
                      schematic::message_of(document.error()));
    return script;
  }
  ScriptReading reading(files, diagnostics);
  read_document(*document, reading, script);
  diagnostics.sort();
  return script;
}

}  // namespace parley::emulator
