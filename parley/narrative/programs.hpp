#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "parley/narrative/diagnostic.hpp"
#include "parley/narrative/ports.hpp"

namespace parley::narrative {

// What an argument of a command may be. Nothing that begins with '-' is taken, which a program
// would read as an option, and no control characters.
struct ArgumentRule {
  ArgumentRule() = default;
  enum class Kind { word, number, text };  // word: letters, digits, '_', '-', '.', ':', '/', '@'
  Kind kind = Kind::word;
  std::optional<std::string> fallback;  // where it is not given; empty: it must be given
  std::vector<std::string> one_of;      // empty: whatever its kind allows
  std::size_t max_length = 200;         // bytes
};

// A command of a narrative that may run, as a program of this machine.
struct CommandRule {
  CommandRule() = default;
  // Program and arguments; "{name}" anywhere in one is the command's argument of that name. No
  // shell reads it.
  std::vector<std::string> run;
  bool confirm = false;  // a person is asked each time
  int at_most = 20;      // calls of one run; 1 to 1000
  std::chrono::milliseconds timeout{10'000};
  std::size_t max_output = 64 * 1024;    // bytes
  std::vector<std::string> environment;  // variables that it gets, besides PATH
  std::map<std::string, ArgumentRule> args;
};

// What commands may run: by "platform.command". What is not named is denied.
struct Policy {
  Policy() = default;
  std::map<std::string, CommandRule> commands;
};
// A policy in TOML (docs/narratives.md); every mistake goes to `diagnostics`.
Policy read_policy(const std::string& file, std::string_view text, Diagnostics& diagnostics);

// The arguments as the program gets them. Errors: permission_denied, with the rule: the command is
// not named; an argument that the policy does not have, that is missing, or that is not as its rule
// says.
Result<std::vector<std::string>> command_line(const Policy& policy, const CommandCall& call);

// A program of this machine, without a shell.
struct ProgramCall {
  ProgramCall() = default;
  std::vector<std::string> line;         // the program and its arguments
  std::vector<std::string> environment;  // variables that it gets, besides PATH
  std::vector<std::string> set;          // "NAME=value"
  std::string input;                     // its standard input
  std::chrono::milliseconds timeout{10'000};
  std::size_t max_output = 64 * 1024;  // bytes
};
// Its standard output. It runs in a process group of its own, and is killed with it where its time
// or its output is over, or the waiting task is cancelled. Errors: not_found (no such program),
// permission_denied, timeout, too_large, cancelled; service, with what the program said last, and
// the detail "exit_code".
Task<Result<std::string>> run_program(ProgramCall call);

// Runs what a policy allows, without a shell, in a process group of its own, with an empty standard
// input and a clean environment. It is killed where its time or its output is over, or where the
// waiting task is cancelled. Belongs to one executor.
class Programs final : public Commands {
 public:
  explicit Programs(Policy policy) : policy_(std::move(policy)) {}
  Result<std::string> allow(const CommandCall& call) override;
  // Errors: those of command_line(); rate_limited (at_most); not_found (no such program); timeout;
  // too_large; service, with the exit code and what the program said last; cancelled.
  Task<Result<std::string>> run(CommandCall call) override;

 private:
  Policy policy_;
  std::map<std::string, int> calls_;
};

}  // namespace parley::narrative
