#include "parley/limit/quota.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "parley/base/text.hpp"

namespace parley::limit {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<std::int64_t> number_at(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || value < 0) return std::nullopt;
  return value;
}

// quotaValue is an int64, so JSON leaves it out where it is 0; the message has it always:
// "* Quota exceeded for metric: M, limit: 0, model: m".
std::optional<std::int64_t> limit_in(std::string_view message, std::string_view metric) {
  constexpr std::string_view word = "limit: ";
  std::size_t from = 0;
  if (!metric.empty()) {
    from = message.find(metric);
    if (from == std::string_view::npos) return std::nullopt;
  }
  const auto line = message.substr(from, message.find('\n', from) - from);
  const auto at = line.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  return number_at(line.substr(at + word.size()));
}

void classify(QuotaViolation& violation) {
  const std::string id = to_lower_ascii(violation.id);
  const std::string metric = to_lower_ascii(violation.metric);
  if (has(id, "perday")) violation.period = QuotaPeriod::day;
  if (has(id, "perminute")) violation.period = QuotaPeriod::minute;
  if (has(id, "concurrent")) violation.period = QuotaPeriod::at_once;
  if (has(id, "token") || has(metric, "token"))
    violation.subject = has(id, "output") || has(metric, "output") ? QuotaSubject::output_tokens
                                                                   : QuotaSubject::input_tokens;
  violation.per_model = !has(id, "perproject") || has(id, "model");
}

}  // namespace

std::vector<QuotaViolation> quota_violations(const Error& error) {
  std::vector<QuotaViolation> found;
  bool numbered = false;
  for (const auto& [name, value] : error.details()) {
    const bool id = name == "quota_id";
    const bool metric = name == "quota_metric";
    if (!id && !metric && name != "quota_value") continue;
    // The details of one violation stand in the order id, metric, value; each may be missing.
    const bool next = found.empty() || id || (metric && !found.back().metric.empty()) || numbered;
    if (next) found.emplace_back();
    numbered = !id && !metric;
    if (id) found.back().id = value;
    if (metric) found.back().metric = value;
    if (numbered) found.back().allowed = number_at(value);
  }
  for (auto& violation : found) {
    if (!violation.allowed) violation.allowed = limit_in(error.message(), violation.metric);
    classify(violation);
  }
  return found;
}

bool quota_is_zero(const Error& error) {
  if (error.kind() != ErrorKind::rate_limited) return false;
  return std::ranges::any_of(quota_violations(error),
                             [](const auto& violation) { return violation.allowed == 0; });
}

bool quota_is_spent_for_the_day(const Error& error) {
  if (error.kind() != ErrorKind::rate_limited) return false;
  return std::ranges::any_of(quota_violations(error), [](const auto& violation) {
    return violation.period == QuotaPeriod::day;
  });
}

std::optional<std::chrono::milliseconds> asked_delay(const Error& error) {
  using std::chrono::milliseconds;
  if (const auto delay = error.retry_after(); delay && delay->count() > 0) return delay;
  for (const std::string_view text :
       {std::string_view(error.message()), std::string_view(error.close_reason())}) {
    constexpr std::string_view word = "lease retry in ";
    const auto at = text.find(word);
    if (at == std::string_view::npos) continue;
    const auto number = text.substr(at + word.size());
    double value = 0;
    const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), value);
    const std::string_view unit(end, static_cast<std::size_t>(number.data() + number.size() - end));
    if (code != std::errc() || !(value > 0) || value > 1e6) continue;
    if (unit.starts_with("ms")) return milliseconds(static_cast<std::int64_t>(std::ceil(value)));
    if (unit.starts_with("s"))
      return milliseconds(static_cast<std::int64_t>(std::ceil(value * 1000)));
  }
  return std::nullopt;
}

}  // namespace parley::limit
