#include "parley/emulator/quota/quota.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::emulator {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::sys_days;
using Window = QuotaRefusal::Window;

constexpr auto kMinute = std::chrono::seconds(60);

bool is_daylight_saving(WallTime now) {
  using namespace std::chrono;
  const year_month_day date(floor<days>(now));
  const auto begin = sys_days(date.year() / March / Sunday[2]) + hours(10);
  const auto end = sys_days(date.year() / November / Sunday[1]) + hours(9);
  return now >= begin && now < end;
}

// "7.5s", "46s"
std::string seconds_text(milliseconds time) {
  return fmt::format("{}s", static_cast<double>(time.count()) / 1000);
}

// False: the part is none of these, or its value is none.
bool read_limit(std::string_view name, std::string_view value, QuotaLimit& out) {
  if (name == "model" || name == "key") {
    (name == "model" ? out.model : out.key) = value;
    return !value.empty();
  }
  if (name == "tier") {
    out.tier = value == "paid" ? "PaidTier" : "FreeTier";
    return value == "paid" || value == "free";
  }
  std::int64_t number = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  if (read.ec != std::errc() || read.ptr != value.data() + value.size() || number < 0) return false;
  if (name == "rpm")
    out.requests_per_minute = number;
  else if (name == "tpm")
    out.input_tokens_per_minute = number;
  else if (name == "rpd")
    out.requests_per_day = number;
  else
    return false;
  return true;
}

}  // namespace

Result<QuotaLimit> QuotaLimit::parse(std::string_view text) {
  QuotaLimit out;
  for (const auto part : split(text, ';')) {
    const auto trimmed = trim(part);
    if (trimmed.empty()) continue;
    const auto equals = trimmed.find('=');
    const bool whole =
        equals != std::string_view::npos &&
        read_limit(trim(trimmed.substr(0, equals)), trim(trimmed.substr(equals + 1)), out);
    if (!whole)
      return fail(ErrorKind::invalid_argument,
                  fmt::format("\"{}\" is none of model=, key=, tier=free, tier=paid, rpm=N, tpm=N "
                              "and rpd=N",
                              trimmed));
  }
  if (!out.requests_per_minute && !out.input_tokens_per_minute && !out.requests_per_day)
    return fail(ErrorKind::invalid_argument, "a quota has one of rpm=N, tpm=N and rpd=N");
  return out;
}

bool fits(std::string_view pattern, std::string_view text) {
  // `star` and `mark`: where to go on when a character does not fit behind the last "*".
  std::size_t at = 0, i = 0, mark = 0;
  auto star = std::string_view::npos;
  while (i < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      mark = i;
    } else if (at < pattern.size() && pattern[at] == text[i]) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++mark;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

WallTime pacific_midnight_after(WallTime now) {
  const auto local = now - hours(is_daylight_saving(now) ? 7 : 8);
  const WallTime next = std::chrono::floor<days>(local) + days(1);
  // Midnight is before the hour of a change, so the offset is that of the hour before it.
  return next + hours(is_daylight_saving(next + hours(7)) ? 7 : 8);
}

std::string QuotaRefusal::quota_id() const {
  switch (window) {
    case Window::minute_requests:
      return "GenerateRequestsPerMinutePerProjectPerModel-" + tier;
    case Window::day_requests:
      return "GenerateRequestsPerDayPerProjectPerModel-" + tier;
    default:
      return "GenerateContentInputTokensPerModelPerMinute-" + tier;
  }
}

std::string QuotaRefusal::quota_metric() const {
  return fmt::format("generativelanguage.googleapis.com/generate_content_{}{}",
                     tier == "FreeTier" ? "free_tier_" : "paid_tier_",
                     window == Window::minute_tokens ? "input_token_count" : "requests");
}

std::string QuotaRefusal::message() const {
  return fmt::format(
      "You exceeded your current quota, please check your plan and billing details. For more "
      "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n* "
      "Quota exceeded for metric: {}, limit: {}, model: {}\nPlease retry in {}.",
      quota_metric(), limit, model, seconds_text(retry_in));
}

json::Array QuotaRefusal::details() const {
  json::Object help{{"@type", "type.googleapis.com/google.rpc.Help"}};
  help["links"] =
      json::Array{json::Object{{"description", "Learn more about Gemini API quotas"},
                               {"url", "https://ai.google.dev/gemini-api/docs/rate-limits"}}};
  json::Object violation{{"quotaMetric", quota_metric()}, {"quotaId", quota_id()}};
  violation["quotaDimensions"] = json::Object{{"location", "global"}, {"model", model}};
  violation["quotaValue"] = std::to_string(limit);
  json::Object failure{{"@type", "type.googleapis.com/google.rpc.QuotaFailure"}};
  failure["violations"] = json::Array{std::move(violation)};
  json::Object retry{{"@type", "type.googleapis.com/google.rpc.RetryInfo"},
                     {"retryDelay", seconds_text(retry_in)}};
  return json::Array{std::move(help), std::move(failure), std::move(retry)};
}

Quota::Count* Quota::count_of(std::string_view model, std::string_view key, WallTime now) {
  const auto limit = std::ranges::find_if(
      limits_, [&](const QuotaLimit& one) { return fits(one.model, model) && fits(one.key, key); });
  if (limit == limits_.end()) return nullptr;
  auto& count = counts_[{std::string(model), std::string(key)}];
  count.limit = *limit;
  while (!count.requests.empty() && count.requests.front() <= now - kMinute)
    count.requests.pop_front();
  while (!count.tokens.empty() && count.tokens.front().first <= now - kMinute)
    count.tokens.pop_front();
  if (now >= count.day_ends) {
    count.of_day = 0;
    count.day_ends = pacific_midnight_after(now);
  }
  return &count;
}

std::optional<QuotaRefusal> Quota::refuse(const Count& count, std::string_view model,
                                          std::int64_t requests, std::int64_t input_tokens,
                                          WallTime now) const {
  QuotaRefusal refusal;
  refusal.model = model;
  refusal.tier = count.limit.tier;
  const auto refused = [&](Window window, std::int64_t limit, milliseconds retry_in) {
    refusal.window = window;
    refusal.limit = limit;
    refusal.retry_in = std::max(retry_in, milliseconds(1));
    return refusal;
  };
  const auto& limit = count.limit;
  // The service tells a short delay for a day, too.
  if (limit.requests_per_day && count.of_day + requests > *limit.requests_per_day)
    return refused(Window::day_requests, *limit.requests_per_day, std::chrono::seconds(30));
  if (limit.requests_per_minute) {
    const auto most = *limit.requests_per_minute;
    const auto used = static_cast<std::int64_t>(count.requests.size());
    if (used + requests > most) {
      const auto first = static_cast<std::size_t>(std::max<std::int64_t>(used - most, 0));
      const auto frees = count.requests.empty() ? now : count.requests[first];
      return refused(Window::minute_requests, most, frees + kMinute - now);
    }
  }
  if (!limit.input_tokens_per_minute) return std::nullopt;
  std::int64_t used = 0;
  for (const auto& [at, tokens] : count.tokens) used += tokens;
  auto over = used + input_tokens - *limit.input_tokens_per_minute;
  if (over <= 0) return std::nullopt;
  auto frees = now + kMinute;  // a request larger than the quota never fits
  for (const auto& [at, tokens] : count.tokens)
    if ((over -= tokens) <= 0) {
      frees = at + kMinute;
      break;
    }
  return refused(Window::minute_tokens, *limit.input_tokens_per_minute, frees - now);
}

std::optional<QuotaRefusal> Quota::take(std::string_view model, std::string_view key,
                                        std::int64_t input_tokens, WallTime now) {
  auto* count = count_of(model, key, now);
  if (count == nullptr) return std::nullopt;
  if (auto refusal = refuse(*count, model, 1, input_tokens, now)) return refusal;
  ++count->of_day;
  count->requests.push_back(now);
  count->tokens.emplace_back(now, input_tokens);
  return std::nullopt;
}

std::optional<QuotaRefusal> Quota::take_tokens(std::string_view model, std::string_view key,
                                               std::int64_t input_tokens, WallTime now) {
  auto* count = count_of(model, key, now);
  if (count == nullptr) return std::nullopt;
  if (auto refusal = refuse(*count, model, 0, input_tokens, now)) return refusal;
  count->tokens.emplace_back(now, input_tokens);
  return std::nullopt;
}

json::Array Quota::used(WallTime now) const {
  json::Array out;
  for (const auto& [name, count] : counts_) {
    const auto& limit = count.limit;
    const auto recent = [&](WallTime at) { return at > now - kMinute; };
    std::int64_t tokens = 0;
    for (const auto& [at, number] : count.tokens) tokens += recent(at) ? number : 0;
    const auto row = [&](std::string_view window, std::int64_t used, std::int64_t most) {
      out.push_back(
          json::Object{{"model", name.first}, {"window", window}, {"used", used}, {"limit", most}});
    };
    if (limit.requests_per_minute)
      row("requests per minute", std::ranges::count_if(count.requests, recent),
          *limit.requests_per_minute);
    if (limit.input_tokens_per_minute)
      row("input tokens per minute", tokens, *limit.input_tokens_per_minute);
    if (limit.requests_per_day)
      row("requests per day", now < count.day_ends ? count.of_day : 0, *limit.requests_per_day);
  }
  return out;
}

}  // namespace parley::emulator
