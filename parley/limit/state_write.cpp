#include <algorithm>

#include <fmt/format.h>

#include "parley/limit/detail/state_text.hpp"

namespace parley::limit::detail {
namespace {

std::string to_word(std::string_view text) {
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte > ' ' && byte < 0x7f && byte != '%';
    word += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return word.empty() ? "%" : word;
}

std::int64_t ns_of(TimePoint time) {
  return time.time_since_epoch().count();
}

void write_account(std::string& out, const AccountState& account) {
  const auto to = std::back_inserter(out);
  if (account.model)
    fmt::format_to(to, "model {} {} {}\n", to_word(account.project), to_word(*account.model),
                   account.span.count());
  else
    fmt::format_to(to, "project {} {}\n", to_word(account.project), account.span.count());
  for (std::size_t i = 0; i < minute_dimensions; ++i)
    for (const auto& slot : account.windows[i])
      if (slot.amount != 0)
        fmt::format_to(to, "window {} {} {}\n", to_string(static_cast<Dimension>(i)), slot.number,
                       std::min(slot.amount, largest_count));
  for (const auto& slot : account.refused)
    fmt::format_to(to, "refused {} {}\n", slot.number, slot.amount);
  if (account.pace) fmt::format_to(to, "pace {}\n", ns_of(*account.pace));
  for (const auto& day : account.days)
    fmt::format_to(to, "day {} {} {}\n", day.day, std::min(day.requests, largest_count),
                   std::min(day.money, largest_count));
  if (account.blocked_day) fmt::format_to(to, "blocked {}\n", *account.blocked_day);
  for (std::size_t i = 0; i < dimensions; ++i) {
    const auto name = to_string(static_cast<Dimension>(i));
    if (account.cooldowns[i])
      fmt::format_to(to, "cooldown {} {}\n", name, ns_of(*account.cooldowns[i]));
    if (account.known[i]) fmt::format_to(to, "known {} {}\n", name, *account.known[i]);
  }
  for (std::size_t i = 0; i < learners; ++i) {
    const auto& memory = account.learnt[i];
    if (!memory.level) continue;
    const auto name =
        to_string(i < minute_dimensions ? static_cast<Dimension>(i) : Dimension::concurrency);
    fmt::format_to(to, "level {} {} {} {} {} {}\n", name, *memory.level,
                   memory.ceiling.value_or(-1), memory.step, ns_of(memory.quiet_since), memory.era);
  }
  for (const auto& holder : account.holders)
    fmt::format_to(to, "slots {} {}\n", to_word(holder.owner), holder.slots);
}

// The slot of a time that was `number * width`, later rather than sooner.
std::int64_t moved(std::int64_t number, std::int64_t width, std::int64_t shift) {
  const auto ns = number * width + shift;
  return ns >= 0 ? (ns + width - 1) / width : -(-ns / width);
}

void move_slots(std::vector<SlidingWindow::Slot>& slots, std::int64_t width, std::int64_t shift,
                std::int64_t now) {
  for (auto& slot : slots) {
    if (shift != 0) slot.number = moved(slot.number, width, shift);
    slot.number = std::min(slot.number, now / width);
  }
}

}  // namespace

std::string write_text(const StateText& state) {
  std::string out = fmt::format("parley-limits 1\nsaved {} {} {}\n", ns_of(state.saved.at),
                                to_unix_ms(state.saved.wall), to_word(state.boot));
  for (const auto& account : state.accounts) write_account(out, account);
  return out += "end\n";
}

void move_to(StateText& state, const Moment& now, std::string_view boot) {
  const bool same_run = state.boot == boot && state.saved.at <= now.at;
  Duration shift{};
  if (!same_run) {
    constexpr WallTime::duration most = std::chrono::days(3650);
    const auto passed = std::clamp(now.wall - state.saved.wall, WallTime::duration(0), most);
    shift = now.at - state.saved.at - passed;
  }
  const auto move = [&](TimePoint& time) { time += shift; };
  for (auto& account : state.accounts) {
    const auto width = SlidingWindow::width_of(account.span);
    for (auto& window : account.windows)
      move_slots(window, width, shift.count(), now.at.time_since_epoch().count());
    move_slots(account.refused, width, shift.count(), now.at.time_since_epoch().count());
    if (account.pace) move(*account.pace);
    for (auto& cooldown : account.cooldowns)
      if (cooldown) move(*cooldown);
    for (auto& memory : account.learnt) {
      move(memory.quiet_since);
      memory.quiet_since = std::min(memory.quiet_since, now.at);
    }
  }
  state.saved = now;
  state.boot = boot;
}

}  // namespace parley::limit::detail
