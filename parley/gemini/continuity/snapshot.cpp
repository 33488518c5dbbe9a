#include "parley/gemini/continuity/snapshot.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/gemini/types.hpp"
#include "parley/json/codec.hpp"

namespace parley::gemini {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::string_view kAbout = "parley conversation";

constexpr std::pair<std::string_view, std::int64_t Usage::*> kCounts[] = {
    {"prompt", &Usage::prompt},     {"cached", &Usage::cached},    {"answer", &Usage::answer},
    {"thoughts", &Usage::thoughts}, {"toolUse", &Usage::tool_use}, {"total", &Usage::total}};
constexpr std::pair<std::string_view, TokensByModality Usage::*> kParts[] = {
    {"promptBy", &Usage::prompt_by},
    {"cachedBy", &Usage::cached_by},
    {"answerBy", &Usage::answer_by},
    {"toolUseBy", &Usage::tool_use_by}};
constexpr std::pair<std::string_view, std::int64_t TokensByModality::*> kModalities[] = {
    {"text", &TokensByModality::text},
    {"image", &TokensByModality::image},
    {"video", &TokensByModality::video},
    {"audio", &TokensByModality::audio},
    {"document", &TokensByModality::document}};

// A number that is not negative.
void read_count(json::Cursor in, std::int64_t& out) {
  in.read(out);
  if (in.ok() && out < 0) in.fail("expected a number that is not negative");
}

template <class Row, class T>
bool read_row(const Row& rows, json::Key key, json::Cursor value, T& out) {
  for (const auto& [name, member] : rows)
    if (key == std::string(name)) {
      read_count(value, out.*member);
      return true;
    }
  return false;
}

void read_modalities(json::Cursor in, TokensByModality& out) {
  in.each_field([&](json::Key key, json::Cursor value) {
    if (!read_row(kModalities, key, value, out)) value.fail("the modality is unknown");
  });
}

void read_usage(json::Cursor in, Usage& out) {
  in.each_field([&](json::Key key, json::Cursor value) {
    for (const auto& [name, member] : kParts)
      if (key == std::string(name)) return read_modalities(value, out.*member);
    if (!read_row(kCounts, key, value, out)) value.fail("the count is unknown");
  });
}

void write_usage(json::Writer& out, const Usage& usage) {
  out.begin_object();
  for (const auto& [name, member] : kCounts)
    if (usage.*member != 0) out.key(name).value(usage.*member);
  for (const auto& [name, part] : kParts) {
    if (usage.*part == TokensByModality()) continue;
    out.key(name).begin_object();
    for (const auto& [modality, member] : kModalities)
      if ((usage.*part).*member != 0) out.key(modality).value((usage.*part).*member);
    out.end_object();
  }
  out.end_object();
}

void read_time(json::Cursor in, WallTime& out) {
  std::int64_t ms = 0;
  read_count(in, ms);
  // Beyond the year 9999 no clock of ours is right.
  if (in.ok() && ms > 253'402'300'799'999) return in.fail("no time");
  out = from_unix_ms(ms);
}

void read_member(json::Key key, json::Cursor value, ConversationSnapshot& out) {
  std::int64_t count = 0;
  if (key == "parleyConversation") {
    read_count(value, count);
    if (value.ok() && count != kVersion)
      value.fail(fmt::format("version {}; this program reads {}", count, kVersion));
  } else if (key == "takenMs") {
    read_time(value, out.taken);
  } else if (key == "handle") {
    value.read(out.handle);
  } else if (key == "handleExpiresMs") {
    read_time(value, out.handle_expires);
  } else if (key == "setup") {
    value.read(out.setup);
  } else if (key == "history") {
    value.read(out.history);
  } else if (key == "historyInHandle") {
    read_count(value, count);
    out.history_in_handle = static_cast<std::size_t>(count);
  } else if (key == "usage") {
    read_usage(value, out.usage);
  } else if (key == "turns") {
    value.read(out.turns);
  } else {
    value.fail("a snapshot has no such member");
  }
}

void decode(json::Cursor in, ConversationSnapshot& out) {
  std::set<std::string> seen;
  in.each_field([&](json::Key key, json::Cursor value) {
    if (!seen.insert(std::string(key)).second) return value.fail("this member is there twice");
    read_member(key, value, out);
  });
  if (!in.ok()) return;
  for (const auto* name : {"parleyConversation", "takenMs", "setup"})
    if (!seen.contains(name)) return in.fail(fmt::format("the member \"{}\" is missing", name));
  if (out.history_in_handle > out.history.size())
    return in.fail("historyInHandle is more than the history has");
  if (!out.handle.empty() && !seen.contains("handleExpiresMs"))
    in.fail("the member \"handleExpiresMs\" is missing");
  if (out.setup.session_resumption && out.setup.session_resumption->handle)
    in.fail("the handle stands beside the setup, not in it");
}

}  // namespace

std::string to_json(const ConversationSnapshot& snapshot) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.field("parleyConversation", kVersion);
  out.field("takenMs", to_unix_ms(snapshot.taken));
  if (!snapshot.handle.empty()) {
    out.field("handle", snapshot.handle);
    out.field("handleExpiresMs", to_unix_ms(snapshot.handle_expires));
  }
  out.field("setup", snapshot.setup);
  out.field("history", snapshot.history);
  out.field("historyInHandle", snapshot.history_in_handle);
  out.member("usage");
  write_usage(out, snapshot.usage);
  out.field("turns", snapshot.turns);
  out.end_object();
  return text;
}

Result<ConversationSnapshot> snapshot_from_json(std::string_view text) {
  ConversationSnapshot out;
  auto read = json::inspect(
      text, [&out](json::Cursor root) { decode(root, out); }, json::Limits());
  if (!read)
    return fail(ErrorKind::invalid_argument,
                "this is no snapshot of a conversation: " + read.error().message());
  return out;
}

std::string seal_snapshot(const ConversationSnapshot& snapshot, const SealKey& key,
                          Random& random) {
  return seal(to_json(snapshot), key, kAbout, random);
}

namespace {

Result<void> check(ConversationSnapshot& snapshot, const SnapshotRules& rules) {
  using std::chrono::duration_cast;
  using std::chrono::minutes;
  if (!rules.model.empty() && model_id(rules.model) != model_id(snapshot.setup.model))
    return fail(ErrorKind::conflict,
                fmt::format("the snapshot is of a conversation with {}, not {}",
                            snapshot.setup.model, rules.model));
  const auto age = rules.now - snapshot.taken;
  if (age < -minutes(5))
    return fail(ErrorKind::conflict, "the snapshot was taken at " + to_iso8601(snapshot.taken) +
                                         ", which is in the future: a clock is wrong");
  if (rules.max_age.count() > 0 && age > rules.max_age)
    return fail(
        ErrorKind::conflict,
        fmt::format("the snapshot has expired: it is {} minutes old, at most {} are allowed",
                    duration_cast<minutes>(age).count(),
                    duration_cast<minutes>(rules.max_age).count()));
  if (snapshot.handle.empty() || rules.now < snapshot.handle_expires) return {};
  if (snapshot.history.empty())
    return fail(ErrorKind::conflict, "the snapshot's handle expired at " +
                                         to_iso8601(snapshot.handle_expires) +
                                         ", and it holds no history to go on from");
  snapshot.handle.clear();
  snapshot.history_in_handle = 0;
  return {};
}

}  // namespace

Result<ConversationSnapshot> open_snapshot(std::string_view sealed, const SealKey& key,
                                           const SnapshotRules& rules) {
  const auto text = open_sealed(sealed, key, kAbout);
  if (!text) return fail(text.error());
  auto snapshot = snapshot_from_json(*text);
  if (!snapshot) return snapshot;
  if (auto good = check(*snapshot, rules); !good) return fail(std::move(good.error()));
  return snapshot;
}

}  // namespace parley::gemini
