#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/time.hpp"

namespace parley::cli {

// Exit codes of all commands.
namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int failed = 1;         // the service, the server or the network said no
inline constexpr int usage = 2;          // the command line is wrong
inline constexpr int refused = 3;        // the model gave no answer, or was stopped
inline constexpr int interrupted = 130;  // Ctrl-C
}  // namespace exit_code

// How text looks on one output: colours and boxes only on a terminal, and not with NO_COLOR set
// (https://no-color.org) or TERM=dumb.
class Style {
 public:
  static Style plain() { return Style(false); }
  static Style of(std::FILE* stream);
  static Style coloured() { return Style(true); }

  bool terminal() const { return terminal_; }
  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string red(std::string_view text) const { return paint("31", text); }
  std::string green(std::string_view text) const { return paint("32", text); }
  std::string yellow(std::string_view text) const { return paint("33", text); }
  std::string cyan(std::string_view text) const { return paint("36", text); }

  // A titled panel of "name: value" rows, as document C draws them; off a terminal one line.
  std::string panel(std::string_view title,
                    const std::vector<std::pair<std::string, std::string>>& rows) const;

 private:
  explicit Style(bool terminal) : terminal_(terminal) {}
  std::string paint(std::string_view code, std::string_view text) const;
  bool terminal_;
};

// "a1b2c3d4...": the first eight characters of an id.
std::string short_id(std::string_view id);
// "14:32:15.123" in local time.
std::string local_clock(WallTime time);

}  // namespace parley::cli
