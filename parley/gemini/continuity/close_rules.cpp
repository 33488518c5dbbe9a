#include "parley/gemini/continuity/close_rules.hpp"

#include <algorithm>

namespace parley::gemini {
namespace {

using enum CloseAction;

CloseRule rule(std::uint16_t code, std::string words, CloseAction action, std::string advice = {}) {
  CloseRule out;
  out.close_code = code;
  out.words = std::move(words);
  out.action = action;
  out.advice = std::move(advice);
  return out;
}

CloseRule limited(CloseRule row, int limit, CloseAction then) {
  row.limit = limit;
  row.then = then;
  return row;
}

CloseRule on_kind(ErrorKind kind, CloseAction action, std::string advice = {}) {
  auto out = rule(0, "", action, std::move(advice));
  out.kind = kind;
  return out;
}

void add_orderly_ends(std::vector<CloseRule>& rows) {
  // Vertex AI ends sessions with 1000 in the middle of an answer.
  auto cut_short = rule(1000, "", resume);
  cut_short.in_answer = true;
  auto announced = rule(0, "", resume);
  announced.announced = true;
  for (const std::uint16_t code : {1000, 1008, 1011}) {
    announced.close_code = code;
    rows.push_back(announced);
  }
  rows.push_back(std::move(cut_short));
  rows.push_back(rule(1000, "", stop));
}

void add_refusals(std::vector<CloseRule>& rows) {
  rows.push_back(rule(0, "session not found", reseed));
  rows.push_back(rule(0, "entity was not found", reseed));
  rows.push_back(rule(0, "API key", stop, "check the key"));
  rows.push_back(rule(0, "unregistered callers", stop, "check the key or the token's time"));
  rows.push_back(rule(0, "not found for API version", stop, "ask the list of models for Live"));
  rows.push_back(limited(rule(1008, "not implemented, or supported", resume), 3, stop));
  rows.push_back(rule(1008, "", stop));
  rows.push_back(
      rule(1007, "", stop,
           "a setting does not fit the model, or the context is full: see the reason, and "
           "turn contextWindowCompression on"));
}

void add_faults(std::vector<CloseRule>& rows) {
  rows.push_back(rule(1011, "exceeded your current quota", stop, "see the plan and its limits"));
  rows.push_back(limited(rule(1011, "RESOURCE_EXHAUSTED", resume), 3, stop));
  auto bare = rule(1011, "", resume,
                   "the service gave no reason; where it repeats, the context is to blame");
  bare.bare = true;
  rows.push_back(limited(std::move(bare), 2, reseed));
  rows.push_back(rule(1011, "", resume));
  for (const std::uint16_t code : {1001, 1005, 1006, 1012, 1013, 1014})
    rows.push_back(rule(code, "", resume));
}

void add_failed_attempts(std::vector<CloseRule>& rows) {
  auto passing = on_kind(ErrorKind::upgrade_refused, resume);
  passing.http_statuses = {408, 425, 429, 500, 502, 503, 504};
  rows.push_back(std::move(passing));
  for (const auto kind : {ErrorKind::disconnected, ErrorKind::connect_failed,
                          ErrorKind::resolve_failed, ErrorKind::timeout, ErrorKind::unavailable})
    rows.push_back(on_kind(kind, resume));
}

bool fits(const CloseRule& row, const LinkEnd& end) {
  const auto code = end.error ? end.error->close_code() : std::uint16_t{1000};
  const std::string none;
  const auto& reason = end.error ? end.error->close_reason() : none;
  if (row.close_code != 0 && row.close_code != code) return false;
  if (row.kind && (!end.error || end.error->kind() != *row.kind || (code != 0 && code != 1006)))
    return false;
  if (!row.http_statuses.empty() &&
      (!end.error ||
       std::ranges::find(row.http_statuses, end.error->http_status()) == row.http_statuses.end()))
    return false;
  if (!row.words.empty() && reason.find(row.words) == std::string::npos) return false;
  if (row.bare && *row.bare != reason.empty()) return false;
  if (row.announced && *row.announced != end.announced) return false;
  return !row.in_answer || *row.in_answer == end.in_answer;
}

}  // namespace

std::string_view to_string(CloseAction action) {
  constexpr std::string_view names[] = {"stop", "resume", "reseed"};
  return names[static_cast<std::size_t>(action)];
}

std::vector<CloseRule> close_rules() {
  std::vector<CloseRule> rows;
  add_orderly_ends(rows);
  add_refusals(rows);
  add_faults(rows);
  add_failed_attempts(rows);
  return rows;
}

std::optional<std::size_t> find_rule(const std::vector<CloseRule>& rules, const LinkEnd& end) {
  const auto found = std::ranges::find_if(rules, [&](const auto& row) { return fits(row, end); });
  if (found == rules.end()) return std::nullopt;
  return static_cast<std::size_t>(found - rules.begin());
}

}  // namespace parley::gemini
