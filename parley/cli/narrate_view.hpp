#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/cli/console.hpp"
#include "parley/narrative/runner.hpp"

namespace parley::cli {

// The acts of a run as a list that is redrawn in place on a terminal.
class RunView {
 public:
  // `acts`: those that are known before, in their order; others come behind as they begin.
  RunView(Style style, std::size_t columns, const std::vector<std::string>& acts);

  void update(const narrative::ActResult& act, TimePoint now);
  // What to print: goes back over what the last call printed, and prints the list.
  std::string draw(TimePoint now);

 private:
  struct Row {
    narrative::ActResult act;
    TimePoint started{};
  };
  std::string line(const Row& row, std::size_t width, TimePoint now) const;

  Style style_;
  std::size_t columns_;
  std::vector<Row> rows_;
  std::size_t drawn_ = 0;
};

// A change of an act, and the end of a run, each as one line of JSON.
std::string json_line(const narrative::ActResult& act);
std::string json_line(const narrative::RunResult& run, std::string_view record);

// "1.2 s", "3 min 05 s".
std::string time_text(std::chrono::milliseconds time);
// "$0.0012"; "" for nothing.
std::string money_text(double cost);

}  // namespace parley::cli
