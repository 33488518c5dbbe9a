#pragma once

#include "parley/base/event.hpp"
#include "parley/cli/console.hpp"
#include "parley/net/system.hpp"

namespace parley::cli {

// Prints what happens on a server to standard error: panels on a terminal, as document C shows
// them, else one line each: an ISO 8601 time, the event's name, and its fields as name="JSON
// string".
class ServerLog {
 public:
  explicit ServerLog(Style style = Style::of(stderr)) : style_(style) {}
  void operator()(const Event& event) const;
  // What operator() prints.
  std::string format(const Event& event, WallTime now) const;

 private:
  Style style_;
  net::SystemClock clock_;
};

}  // namespace parley::cli
