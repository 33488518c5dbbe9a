#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/limit/detail/state_text.hpp"

namespace parley::limit::detail {
namespace {

constexpr std::int64_t latest = 1'000'000'000'000'000'000;  // of a time, ns: 31 years
constexpr std::int64_t longest_span = 86'400'000'000'000;   // 1 day
constexpr std::size_t max_accounts = 10'000, max_slots = 1'100, max_days = 8, max_holders = 1'000;

int hex_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> from_word(std::string_view word) {
  std::string text;
  if (word == "%") return text;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      text += word[i];
      continue;
    }
    if (i + 2 >= word.size()) return std::nullopt;
    const int high = hex_of(word[i + 1]);
    const int low = hex_of(word[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    text += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return text;
}

template <class T>
std::optional<T> number(std::string_view word, T least, T most) {
  T value{};
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (code != std::errc() || end != word.data() + word.size()) return std::nullopt;
  if (!(value >= least && value <= most)) return std::nullopt;
  return value;
}

std::optional<TimePoint> time_of(std::string_view word) {
  const auto ns = number<std::int64_t>(word, -latest, latest);
  if (!ns) return std::nullopt;
  return TimePoint(Duration(*ns));
}

using Words = std::vector<std::string_view>;

bool read_slot(std::string_view at, std::string_view amount, Duration span,
               std::vector<SlidingWindow::Slot>& slots) {
  const auto last = latest / SlidingWindow::width_of(span);
  const auto where = number<std::int64_t>(at, -last, last);
  const auto sum = number<std::int64_t>(amount, 0, largest_count);
  if (!where || !sum || slots.size() == max_slots) return false;
  if (!slots.empty() && slots.back().number >= *where) return false;
  slots.push_back(SlidingWindow::Slot{*where, *sum});
  return true;
}

bool read_level(const Words& words, AccountState& account) {
  const auto dimension = dimension_of(words[1]);
  const auto level = number<double>(words[2], 0, 1e15);
  const auto ceiling = number<double>(words[3], -1, 1e15);
  const auto step = number<double>(words[4], 0, 1e15);
  const auto quiet = time_of(words[5]);
  const auto era = number<std::uint32_t>(words[6], 0, UINT32_MAX);
  if (!dimension || !level || !ceiling || !step || !quiet || !era) return false;
  std::size_t at = index_of(*dimension);
  if (*dimension == Dimension::concurrency) at = minute_dimensions;
  if (at >= learners) return false;
  auto& memory = account.learnt[at];
  memory.level = *level;
  if (*ceiling >= 0) memory.ceiling = *ceiling;
  memory.step = *step;
  memory.quiet_since = *quiet;
  memory.era = *era;
  return true;
}

bool read_day(const Words& words, AccountState& account) {
  DayCount count;
  const auto day = number<std::int32_t>(words[1], -1'000'000, 1'000'000);
  const auto requests = number<std::int64_t>(words[2], 0, largest_count);
  const auto money = number<std::int64_t>(words[3], 0, largest_count);
  if (!day || !requests || !money || account.days.size() == max_days) return false;
  if (!account.days.empty() && account.days.back().day >= *day) return false;
  count.day = *day;
  count.requests = *requests;
  count.money = *money;
  account.days.push_back(count);
  return true;
}

bool read_slots(const Words& words, AccountState& account) {
  const auto owner = from_word(words[1]);
  const auto slots = number<std::int64_t>(words[2], 1, largest_count);
  if (!owner || !slots || account.holders.size() == max_holders) return false;
  account.holders.push_back(Holder{*owner, *slots});
  return true;
}

// A line of an account. False: it says nothing that fits.
bool read_count(const Words& words, AccountState& account) {
  const auto word = words[0];
  const auto is = [&](std::string_view name, std::size_t size) {
    return word == name && words.size() == size;
  };
  if (is("window", 4)) {
    const auto dimension = dimension_of(words[1]);
    if (!dimension || index_of(*dimension) >= minute_dimensions) return false;
    return read_slot(words[2], words[3], account.span, account.windows[index_of(*dimension)]);
  }
  if (is("refused", 3)) return read_slot(words[1], words[2], account.span, account.refused);
  if (is("pace", 2)) return (account.pace = time_of(words[1])).has_value();
  if (is("day", 4)) return read_day(words, account);
  if (is("blocked", 2))
    return (account.blocked_day = number<std::int32_t>(words[1], -1'000'000, 1'000'000))
        .has_value();
  if (is("level", 7)) return read_level(words, account);
  if (is("slots", 3)) return read_slots(words, account);
  if (words.size() != 3 || (word != "cooldown" && word != "known")) return false;
  const auto dimension = dimension_of(words[1]);
  if (!dimension) return false;
  const auto at = index_of(*dimension);
  if (word == "cooldown") return (account.cooldowns[at] = time_of(words[2])).has_value();
  return (account.known[at] = number<std::int64_t>(words[2], 0, largest_count)).has_value();
}

bool begin_account(const Words& words, StateText& state) {
  const bool of_model = words[0] == "model" && words.size() == 4;
  if (!of_model && (words[0] != "project" || words.size() != 3)) return false;
  const auto project = from_word(words[1]);
  const auto model = of_model ? from_word(words[2]) : std::nullopt;
  const auto span = number<std::int64_t>(words.back(), 1'000'000, longest_span);
  if (!project || of_model != model.has_value() || !span || *span % 1'000'000 != 0 ||
      state.accounts.size() == max_accounts)
    return false;
  for (const auto& other : state.accounts)
    if (other.project == *project && other.model == model) return false;
  auto& account = state.accounts.emplace_back();
  account.project = *project;
  account.model = model;
  account.span = Duration(*span);
  return true;
}

bool read_saved(const Words& words, StateText& state) {
  if (words.size() != 4 || words[0] != "saved") return false;
  const auto at = time_of(words[1]);
  const auto wall = number<std::int64_t>(words[2], 0, 253'402'300'799'999);
  const auto boot = from_word(words[3]);
  if (!at || !wall || !boot) return false;
  state.saved = Moment(*at, from_unix_ms(*wall));
  state.boot = *boot;
  return true;
}

}  // namespace

Result<StateText> read_text(std::string_view text) {
  StateText state;
  const auto lines = split(text, '\n');
  const auto bad = [&](std::size_t line, std::string_view what) {
    return fail(ErrorKind::invalid_argument, fmt::format("line {}: {}", line + 1, what));
  };
  if (lines[0] != "parley-limits 1") return bad(0, "expected \"parley-limits 1\"");
  if (lines.size() < 2 || !read_saved(split(lines[1], ' '), state))
    return bad(1, "expected \"saved\" with a monotonic time, a wall time and a run of the machine");
  for (std::size_t i = 2; i < lines.size(); ++i) {
    if (lines[i] == "end") {
      if (i + 2 != lines.size() || !lines[i + 1].empty()) return bad(i + 1, "text behind the end");
      return state;
    }
    if (i + 1 == lines.size()) break;
    const auto words = split(lines[i], ' ');
    if (begin_account(words, state)) continue;
    if (state.accounts.empty() || !read_count(words, state.accounts.back()))
      return bad(i, "no count that is known, or one out of its range");
  }
  return bad(lines.size() - 1, "the text ends before its end: the file was cut");
}

}  // namespace parley::limit::detail
