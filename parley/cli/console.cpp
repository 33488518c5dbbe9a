#include "parley/cli/console.hpp"

#include <cstdlib>
#include <ctime>
#include <unistd.h>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::cli {

Style Style::of(std::FILE* stream) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool wanted = (no_color == nullptr || *no_color == '\0') &&
                      (term == nullptr || std::string_view(term) != "dumb");
  return Style(wanted && isatty(fileno(stream)) == 1);
}

std::string Style::paint(std::string_view code, std::string_view text) const {
  if (!terminal_) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string Style::panel(std::string_view title,
                         const std::vector<std::pair<std::string, std::string>>& rows) const {
  constexpr std::size_t kWidth = 64;
  if (!terminal_) {
    std::string line(title);
    for (const auto& [name, value] : rows) line += fmt::format(" {}=\"{}\"", name, value);
    return line + "\n";
  }
  const auto rule = [](std::size_t columns) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) line += "─";
    return line;
  };
  const std::size_t used = count_scalars(title) + 3;
  std::string text =
      dim("─ ") + bold(title) + " " + dim(rule(used < kWidth ? kWidth - used : 0)) + "\n";
  for (const auto& [name, value] : rows) text += fmt::format(" {} {}\n", dim(name + ":"), value);
  return text + dim(rule(kWidth)) + "\n";
}

std::string short_id(std::string_view id) {
  return id.size() <= 8 ? std::string(id) : std::string(id.substr(0, 8)) + "...";
}

std::string local_clock(WallTime time) {
  const std::int64_t ms = to_unix_ms(time);
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", local.tm_hour, local.tm_min, local.tm_sec,
                     ms % 1000);
}

}  // namespace parley::cli
