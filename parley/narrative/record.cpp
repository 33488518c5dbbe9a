#include "parley/narrative/record.hpp"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/cursor.hpp"
#include "parley/json/value.hpp"
#include "parley/json/writer.hpp"

namespace parley::narrative {
namespace {

constexpr std::string_view kTypes[] = {"begin",   "resume", "act",     "call", "answer",
                                       "failure", "value",  "end_act", "end"};
constexpr int kVersion = 1;

void text(json::Writer& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out.key(name).value(value);
}

// The act itself, its rounds, and the acts of a narrative that it runs.
bool within(std::string_view path, std::string_view act) {
  return path.starts_with(act) &&
         (path.size() == act.size() || path[act.size()] == '[' || path[act.size()] == '/');
}

}  // namespace

std::string_view to_string(EntryType type) {
  return kTypes[static_cast<std::size_t>(type)];
}

std::string to_line(const Entry& entry) {
  std::string line;
  json::Writer out(line);
  out.begin_object().key("type").value(to_string(entry.type));
  if (entry.type == EntryType::begin) out.key("version").value(kVersion);
  for (const auto& [name, value] :
       std::initializer_list<std::pair<std::string_view, const std::string*>>{
           {"at", &entry.at},
           {"run", &entry.run},
           {"narrative", &entry.narrative},
           {"file", &entry.file},
           {"hash", &entry.hash},
           {"act", &entry.path},
           {"key", &entry.key},
           {"what", &entry.what},
           {"status", &entry.status},
           {"message", &entry.message},
           {"model", &entry.model},
           {"finish_reason", &entry.finish_reason},
           {"source", &entry.source},
           {"heard", &entry.heard}})
    text(out, name, *value);
  const bool has_text = entry.type == EntryType::answer || entry.type == EntryType::value ||
                        entry.type == EntryType::end_act;
  if (has_text) out.key("text").value(entry.text);
  if (!entry.notes.empty()) out.key("notes").value(entry.notes);
  if (entry.tokens.input) out.key("input_tokens").value(entry.tokens.input);
  if (entry.tokens.output) out.key("output_tokens").value(entry.tokens.output);
  if (entry.cost) out.key("cost").value(*entry.cost);
  if (entry.ms) out.key("ms").value(entry.ms);
  if (entry.attempt) out.key("attempt").value(entry.attempt);
  if (entry.anew) out.key("anew").value(true);
  if (!entry.request.empty()) out.key("request").value(entry.request);
  out.end_object();
  return line;
}

void decode(json::Cursor in, Entry& out) {
  int version = 0;
  std::string type;
  const std::initializer_list<std::pair<std::string_view, std::string*>> texts{
      {"type", &type},
      {"at", &out.at},
      {"run", &out.run},
      {"narrative", &out.narrative},
      {"file", &out.file},
      {"hash", &out.hash},
      {"act", &out.path},
      {"key", &out.key},
      {"what", &out.what},
      {"status", &out.status},
      {"message", &out.message},
      {"model", &out.model},
      {"finish_reason", &out.finish_reason},
      {"source", &out.source},
      {"heard", &out.heard},
      {"text", &out.text}};
  in.each_field([&](json::Key key, json::Cursor value) {
    for (const auto& [name, target] : texts)
      if (std::string_view(key) == name) return value.read(*target);
    if (key == "version") return value.read(version);
    if (key == "notes") return value.read(out.notes);
    if (key == "input_tokens") return value.read(out.tokens.input);
    if (key == "output_tokens") return value.read(out.tokens.output);
    if (key == "cost") return value.read(out.cost);
    if (key == "ms") return value.read(out.ms);
    if (key == "attempt") return value.read(out.attempt);
    if (key == "anew") return value.read(out.anew);
    if (key == "request") return value.read(out.request);
    value.fail("the record has no such member");
  });
  if (!in.ok()) return;
  const auto found = std::ranges::find(kTypes, type);
  if (found == std::end(kTypes)) return in.fail(fmt::format("\"{}\" is no type of entry", type));
  out.type = static_cast<EntryType>(found - std::begin(kTypes));
  if (out.type == EntryType::begin && version != kVersion)
    in.fail(
        fmt::format("the record has version {}; this program reads version {}", version, kVersion));
}

Result<Entry> parse_entry(std::string_view line) {
  return json::decode_text<Entry>(line, json::trusted_limits());
}

Result<std::vector<Entry>> parse_record(std::string_view text) {
  std::vector<Entry> out;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    if (end == std::string_view::npos) break;
    auto entry = parse_entry(text.substr(0, end));
    if (!entry)
      return fail(
          ErrorKind::invalid_argument,
          fmt::format(
              "record, line {}: {}{}", number, entry.error().message(),
              number == 1 ? "; a record is what run has written, and tells the name of" : ""));
    if ((entry->type == EntryType::begin) != (number == 1))
      return fail(ErrorKind::invalid_argument,
                  fmt::format("record, line {}: {}", number,
                              number == 1 ? "it does not begin with a \"begin\" entry"
                                          : "it begins a second time"));
    out.push_back(std::move(*entry));
    text.remove_prefix(end + 1);
  }
  return out;
}

Replay::Replay(const std::vector<Entry>& entries) {
  for (const auto& entry : entries) add(entry);
}

void Replay::add(Entry entry, bool charged) {
  entry.charged = charged;
  if (entry.type == EntryType::answer) {
    auto& list = answers_[{entry.path, entry.key}];
    list.push_back(std::move(entry));
  } else if (entry.type == EntryType::value) {
    values_[{entry.path, entry.what + " " + entry.key}].push_back(entry.text);
  } else if (entry.type == EntryType::end_act) {
    ended_[entry.path] = entry.status;
    if (entry.anew)
      std::erase_if(answers_, [&](const auto& one) { return within(one.first.first, entry.path); });
  } else if (entry.type == EntryType::end) {
    time_ += std::chrono::milliseconds(entry.ms);
  }
}

std::optional<Entry> Replay::answer(const std::string& path, const std::string& key) {
  const auto found = answers_.find({path, key});
  if (found == answers_.end() || found->second.empty()) return std::nullopt;
  auto entry = std::move(found->second.front());
  found->second.pop_front();
  return entry;
}

std::optional<std::string> Replay::value(const std::string& path, const std::string& what,
                                         const std::string& key) {
  const auto found = values_.find({path, what + " " + key});
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  auto text = std::move(found->second.front());
  found->second.pop_front();
  return text;
}

bool Replay::ended(const std::string& path) const {
  const auto found = ended_.find(path);
  return found != ended_.end() && found->second == "done";
}

std::vector<Entry> Replay::left() const {
  std::vector<Entry> out;
  for (const auto& [key, entries] : answers_) out.insert(out.end(), entries.begin(), entries.end());
  return out;
}

}  // namespace parley::narrative
