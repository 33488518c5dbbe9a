#pragma once

#include <string>
#include <vector>

#include "parley/narrative/runner.hpp"

namespace parley::narrative {

// A call that a run would make, with its prompt as far as it is known before.
struct PlannedCall {
  PlannedCall() = default;
  std::string path, model;
  json::Any request;  // media by their hash; answers to come as "<answer of act x>"
  // How often it would be asked: 0 where a condition may leave it out; with all rounds of loops and
  // all repairs.
  int least = 1, most = 1;
  Tokens low, high;  // of all of these together
  // US dollars; empty: the model has no price.
  std::optional<double> low_cost, high_cost;
};

struct Forecast {
  Forecast() = default;
  std::vector<PlannedCall> calls;
  Tokens low, high;
  std::optional<double> low_cost, high_cost;  // empty: some model has no price
  std::chrono::milliseconds wait{0};          // for the limits, of `most` calls; 0 without limits
  std::vector<ActResult> acts;
  std::vector<std::string> notes;  // what the budget would not allow, what is not known
  std::optional<Error> error;      // why the prompts could not be made
};

// A dry run: files, tables and state are read, and nothing else is done; no model is asked, no
// command runs, nothing is written. Low: prompts as they are known, and answers of one token. High:
// every answer, also within later prompts, as long as it may be (max_tokens, else 1000 tokens).
// Uses the ports `clock`, `files`, `tables`, `commands` (their policy), `state`, `environment` and
// `limits` (their forecast).
Task<Forecast> forecast(const Book& book, std::string narrative, RunOptions options, Ports ports);

}  // namespace parley::narrative
