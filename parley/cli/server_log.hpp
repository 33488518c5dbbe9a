#pragma once

#include "parley/base/event.hpp"
#include "parley/cli/console.hpp"
#include "parley/net/system.hpp"

namespace parley::cli {

// Prints what happens on a server to standard error: panels on a terminal, as document C shows
// them, else one line each with an ISO 8601 time.
class ServerLog {
 public:
  ServerLog() : style_(Style::of(stderr)) {}
  void operator()(const Event& event) const;

 private:
  Style style_;
  net::SystemClock clock_;
};

}  // namespace parley::cli
