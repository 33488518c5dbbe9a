#pragma once

#include <string>

#include "parley/narrative/budget.hpp"
#include "parley/narrative/runner.hpp"

namespace parley::narrative::detail {

// What all acts of a run share.
struct Session {
  Session(const Book& of, RunOptions run_options, Ports& run_ports)
      : book(of), options(std::move(run_options)), ports(run_ports) {
    for (const auto& [model, price] : book.prices) options.prices.emplace(model, price);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Writes it with the time. A record that cannot be written stops the run: what is paid for after
  // that would be lost.
  Result<void> write(Entry entry, bool durable = false);
  void tell(const ActResult& act) const {
    if (options.progress) options.progress(act);
  }
  std::chrono::milliseconds since(TimePoint start) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(ports.clock->now() - start);
  }

  const Book& book;
  RunOptions options;
  Ports& ports;
  bool cancelled = false;
  // Rounds under way that may be run again, and what was paid for since the first of them began.
  int keeping = 0;
  std::vector<Entry> kept;
  std::vector<ActResult> results;
};

// How an act has ended, for those that need it.
struct Outcome {
  Outcome() = default;
  ActResult result;
  std::optional<Error> error;
  bool anew = false;                     // the answer was bad: a resumed run asks anew
  std::vector<gemini::Content> history;  // what later acts see of it
};

}  // namespace parley::narrative::detail
