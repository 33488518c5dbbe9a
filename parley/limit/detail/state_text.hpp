#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/limit/dimension.hpp"
#include "parley/limit/learner.hpp"
#include "parley/limit/window.hpp"

namespace parley::limit::detail {

inline constexpr std::int64_t largest_count = 1'000'000'000'000'000;  // that is stored
inline constexpr std::size_t learners = minute_dimensions + 1;        // the last one: concurrency

struct DayCount {
  std::int32_t day = 0;
  std::int64_t requests = 0;
  Micros money = 0;
};

// Places that a process holds.
struct Holder {
  std::string owner;
  std::int64_t slots = 0;
};

// The counts of an account as a value.
struct AccountState {
  AccountState() = default;
  std::string project;
  std::optional<std::string> model;  // empty: the project's own account
  Duration span = std::chrono::minutes(1);
  std::array<std::vector<SlidingWindow::Slot>, minute_dimensions> windows;
  std::vector<SlidingWindow::Slot> refused;
  std::optional<TimePoint> pace;
  std::vector<DayCount> days;
  std::optional<std::int32_t> blocked_day;
  std::array<std::optional<TimePoint>, dimensions> cooldowns{};
  std::array<std::optional<std::int64_t>, dimensions> known{};
  std::array<Learner::Memory, learners> learnt{};
  std::vector<Holder> holders;
};

// What a state file holds.
struct StateText {
  StateText() = default;
  Moment saved;
  std::string boot;
  std::vector<AccountState> accounts;
};

std::string write_text(const StateText& state);
// Strict. Errors: invalid_argument, "line 4: …".
Result<StateText> read_text(std::string_view text);

// Moves all times of `state` so that they fit the clocks of `now`: unchanged within one run of the
// machine, else by the wall clock, and never later than now.
void move_to(StateText& state, const Moment& now, std::string_view boot);

}  // namespace parley::limit::detail
