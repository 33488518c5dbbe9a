#include "parley/limit/headers.hpp"

#include <charconv>
#include <cmath>

#include "parley/base/text.hpp"

namespace parley::limit {
namespace {

using std::chrono::milliseconds;

constexpr double longest_reset = 40.0 * 86'400;  // s

std::optional<std::int64_t> count_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || value < 0) return std::nullopt;
  // "100, 100;w=60": the first is the one that holds.
  if (end != text.data() + text.size() && *end != ',' && *end != ';') return std::nullopt;
  return value;
}

std::optional<milliseconds> of_seconds(double seconds) {
  if (!(seconds >= 0) || seconds > longest_reset) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000 - 1e-6)));
}

// "2026-11-21T04:15:08Z", with decimals and offsets; what is no such date is empty.
std::optional<WallTime> date_of(std::string_view text) {
  int part[6] = {};
  constexpr std::string_view between = "--T::";
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (int i = 0; i < 6; ++i) {
    const auto [behind, code] = std::from_chars(at, end, part[i]);
    if (code != std::errc() || part[i] < 0) return std::nullopt;
    at = behind;
    if (i == 5) break;
    if (at == end || *at++ != between[static_cast<std::size_t>(i)]) return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(part[0]),
                                         std::chrono::month(static_cast<unsigned>(part[1])),
                                         std::chrono::day(static_cast<unsigned>(part[2])));
  if (!date.ok() || part[3] > 23 || part[4] > 59 || part[5] > 60) return std::nullopt;
  std::string_view rest(at, static_cast<std::size_t>(end - at));
  if (rest.starts_with('.')) {
    const auto digits = rest.find_first_not_of("0123456789", 1);
    rest.remove_prefix(std::min(digits, rest.size()));
  }
  if (rest != "Z" && rest != "z" && rest != "+00:00") return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(part[3]) +
         std::chrono::minutes(part[4]) + std::chrono::seconds(part[5]);
}

// "1s", "6m0s", "1h2m3.5s", "20ms".
std::optional<double> seconds_of_units(std::string_view text) {
  double sum = 0;
  while (!text.empty()) {
    double value = 0;
    const auto [end, code] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (code != std::errc() || !(value >= 0)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    double unit = 0;
    std::size_t size = 1;
    if (text.starts_with("ms")) {
      unit = 1e-3;
      size = 2;
    } else if (text.starts_with('s')) {
      unit = 1;
    } else if (text.starts_with('m')) {
      unit = 60;
    } else if (text.starts_with('h')) {
      unit = 3600;
    } else if (text.starts_with('d')) {
      unit = 86'400;
    } else {
      return std::nullopt;
    }
    sum += value * unit;
    text.remove_prefix(size);
  }
  return sum;
}

std::optional<milliseconds> reset_of(std::string_view text, WallTime now) {
  if (const auto date = date_of(text)) {
    if (*date <= now) return milliseconds(0);
    return of_seconds(static_cast<double>((*date - now).count()) / 1000);
  }
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc() && end == text.data() + text.size()) {
    constexpr double smallest_unix_time = 1e9;
    if (number < smallest_unix_time) return of_seconds(number);
    const double unix_now = static_cast<double>(to_unix_ms(now)) / 1000;
    const double at = number > 1e12 ? number / 1000 : number;
    return of_seconds(std::max(at - unix_now, 0.0));
  }
  const auto seconds = seconds_of_units(text);
  return seconds && !text.empty() ? of_seconds(*seconds) : std::nullopt;
}

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
std::optional<WallTime> http_date_of(std::string_view text) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = months.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  std::string iso(text.substr(12, 4));
  const auto number = month / 3 + 1;
  iso += number < 10 ? "-0" : "-";
  iso += std::to_string(number);
  iso.append("-").append(text.substr(5, 2)).append("T").append(text.substr(17, 8)).append("Z");
  return date_of(iso);
}

// What stands behind "x-ratelimit-" or "anthropic-ratelimit-", in either order of its parts.
void read_one(std::string_view name, std::string_view value, WallTime now, RateHeaders& found) {
  std::string_view what;
  std::size_t subject = 0;
  bool day = false;
  const auto parts = split(name, '-');
  for (const auto part : parts) {
    if (part == "limit" || part == "remaining" || part == "reset") {
      what = part;
    } else if (part == "tokens") {
      subject = std::max<std::size_t>(subject, 1);
    } else if (part == "input") {
      subject = 1;
    } else if (part == "output") {
      subject = 2;
    } else if (part == "day") {
      day = true;
    } else if (part != "requests" && part != "minute") {
      return;
    }
  }
  if (day && subject != 0) return;  // tokens of a day have no dimension
  auto& of = found.of[day ? 3 : subject];
  if (what == "limit") {
    of.limit = count_of(value);
    if (of.limit == 0) of.limit.reset();  // some say so where there is none
  }
  if (what == "remaining") of.remaining = count_of(value);
  if (what == "reset") of.reset = reset_of(value, now);
}

}  // namespace

bool RateHeaders::empty() const {
  if (retry_after) return false;
  for (const auto& one : of)
    if (one.limit || one.remaining || one.reset) return false;
  return true;
}

RateHeaders read_rate_headers(const std::vector<std::pair<std::string, std::string>>& headers,
                              WallTime now) {
  RateHeaders found;
  for (const auto& [header, text] : headers) {
    const std::string name = to_lower_ascii(header);
    const auto value = trim(text);
    if (name == "retry-after-ms") {
      if (const auto ms = count_of(value))
        found.retry_after = of_seconds(static_cast<double>(*ms) / 1000);
      continue;
    }
    if (name == "retry-after") {
      if (found.retry_after) continue;
      if (const auto date = http_date_of(value))
        found.retry_after =
            of_seconds(std::max(static_cast<double>((*date - now).count()) / 1000, 0.0));
      else
        found.retry_after = reset_of(value, now);
      continue;
    }
    for (const std::string_view prefix : {"x-ratelimit-", "anthropic-ratelimit-", "ratelimit-"})
      if (name.starts_with(prefix)) {
        read_one(std::string_view(name).substr(prefix.size()), value, now, found);
        break;
      }
  }
  return found;
}

}  // namespace parley::limit
