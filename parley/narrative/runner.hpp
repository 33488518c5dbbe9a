#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "parley/narrative/ports.hpp"
#include "parley/narrative/record.hpp"

namespace parley::narrative {

enum class Status {
  waiting,  // what it needs has not ended
  running,
  done,
  skipped,  // its condition did not hold
  failed,
  paused,   // a person is to agree first
  not_run,  // what it needs failed, or the run ended before it
  cancelled,
};
std::string_view to_string(Status status);

struct ActResult {
  ActResult() = default;
  std::string path;
  Status status = Status::waiting;
  std::string output;
  std::string message;  // why it failed, was skipped or paused
  std::string model;    // which answered last
  std::string finish_reason;
  std::vector<std::string> notes;  // assertions and mistakes, in words
  Tokens tokens;
  double cost = 0;  // US dollars; of models without a price 0
  std::chrono::milliseconds time{0};
  int rounds = 0, rounds_planned = 0;  // of a carousel or loop; 0: none
  bool from_record = false;            // nothing was asked: all answers were recorded or cached
};

struct RunResult {
  RunResult() = default;
  Status status = Status::done;  // done, failed, paused, cancelled
  std::vector<ActResult>
      acts;            // in the order of the table of contents; rounds one behind the other
  std::string output;  // of the last act that ran
  Tokens tokens;
  double cost = 0;
  std::chrono::milliseconds time{0};
  int rounds = 0, rounds_planned = 0;  // of the narrative's carousel
  std::optional<Error> error;          // of the first act that failed
  std::vector<std::string> unused;     // acts of recorded answers that nobody asked for
};

struct RunOptions {
  RunOptions() = default;
  std::string default_model = "gemini-2.5-flash";
  std::map<std::string, Price> prices;  // beside those of the file, and before them
  // In place of the file's shares, and beside its budgets.
  Budget budget;
  bool cache = false;  // of acts that do not say
  Replay replay;       // of a run that goes on
  bool resumed = false;
  // Prompts are made and nothing is done: conditions hold, loops and carousels have one round, and
  // what is not known stands as "<answer of act x>". See forecast.hpp.
  bool dry = false;
  // The policy of an act (by its path) at this moment, from that of the file; asked again before
  // each attempt and each model. Empty: that of the file. Fallback models are not used in Live
  // narratives.
  std::function<Retry(const std::string& act, const Retry& of_file)> retry;
  std::string run_id;  // a UUID
  std::string source;  // where the file is found by a later resume; empty: Narrative::file
  // Called at each change of an act.
  std::function<void(const ActResult&)> progress;
};

// Of all texts that the book was read from: a record belongs to these.
std::string hash_of(const Book& book);
// Where a state's name leads: "key" to the narrative's own scope, "scope.key" to another one.
std::pair<std::string, std::string> scope_and_key(const std::string& name,
                                                  const std::string& narrative);

// Runs a checked narrative of the book. Acts run side by side where their plan allows it, on this
// executor. Cancelling the task cancels the calls that are under way, down to their sockets, and
// ends with `cancelled`; what was answered before is recorded. The book and the ports outlive it.
Task<RunResult> run(const Book& book, std::string narrative, RunOptions options, Ports& ports);

}  // namespace parley::narrative
