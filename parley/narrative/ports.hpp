#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/event.hpp"
#include "parley/base/time.hpp"
#include "parley/gemini/types.hpp"
#include "parley/narrative/load.hpp"
#include "parley/net/task.hpp"

// What a running narrative needs of the world. All of it is called on the runner's executor. Tests
// give their own; those of this machine are in gemini_caller.hpp, files.hpp, sqlite_tables.hpp and
// programs.hpp.
namespace parley::narrative {

struct Tokens {
  Tokens() = default;
  Tokens(std::int64_t in, std::int64_t out) : input(in), output(out) {}
  std::int64_t total() const { return input + output; }
  Tokens& operator+=(const Tokens& other) {
    input += other.input;
    output += other.output;
    return *this;
  }
  bool operator==(const Tokens&) const = default;
  std::int64_t input = 0, output = 0;  // output with thoughts
};

struct ModelCall {
  ModelCall() = default;
  std::string act;    // path of the act, for events
  std::string model;  // as the file names it
  gemini::GenerateContentRequest request;
  int least = 1, most = 1;  // dry runs: how often it would be asked
};

struct ModelAnswer {
  ModelAnswer() = default;
  std::string text;
  std::string model;  // which answered, in the service's words
  std::string finish_reason;
  std::string heard;  // Live narratives: what was understood of the user's speech
  Tokens tokens;
};

// Asks a model once: nothing in it retries. Cancelling the task that waits closes the connection.
class ModelCaller {
 public:
  virtual ~ModelCaller() = default;
  virtual Task<Result<ModelAnswer>> ask(ModelCall call) = 0;
};

// The shares of the service's limits that the caller may use, each above 0 and at most 1.
struct Shares {
  Shares() = default;
  bool operator==(const Shares&) const = default;
  double rpm = 0.8, tpm = 0.8, rpd = 0.8;
};

struct Charge {
  Charge() = default;
  std::string model;
  Tokens estimate;
  Shares shares;
};

// What was reserved for one call. Destroyed without either: the call failed without an answer.
class Lease {
 public:
  virtual ~Lease() = default;
  virtual void settle(const Tokens& used) = 0;
  virtual void fail(const Error& error) = 0;
};

// The limits of the service, which narratives share with other work. Reserving waits for a minute's
// quota; a day's quota that is spent is an error of kind rate_limited whose detail "quota_id"
// contains "PerDay".
class Limits {
 public:
  virtual ~Limits() = default;
  virtual Task<Result<std::unique_ptr<Lease>>> reserve(Charge charge) = 0;
  // How long these calls, one behind the other, would wait if they began together.
  virtual std::chrono::milliseconds forecast(const std::vector<Charge>& charges) const = 0;
};

struct TableQuery {
  TableQuery() = default;
  TableInput input;                                        // without `where`
  std::vector<std::pair<std::string, std::string>> where;  // column equals value
};
struct TableRows {
  TableRows() = default;
  std::vector<std::string> columns;
  std::vector<json::Array> rows;
  std::vector<std::int64_t> ids;  // with pull_and_delete: what remove() is given
};
class Tables {
 public:
  virtual ~Tables() = default;
  // Errors: not_found (database, table, column), permission_denied (pull_and_delete where the
  // owner has not allowed it: nothing was read), invalid_argument, storage, cancelled.
  virtual Task<Result<TableRows>> read(TableQuery query) = 0;
  // Deletes the rows that were read with pull_and_delete; called when they are in the record.
  virtual Task<Result<void>> remove(TableQuery query, TableRows read) = 0;
};

struct CommandCall {
  CommandCall() = default;
  std::string platform, command;
  std::map<std::string, std::string> args;
};
class Commands {
 public:
  virtual ~Commands() = default;
  // What a person must agree to before it; empty: nothing. Errors: permission_denied, with the rule
  // that forbids it.
  virtual Result<std::string> allow(const CommandCall& call) = 0;
  virtual Task<Result<std::string>> run(CommandCall call) = 0;
};

// Texts by scope and key, kept between runs.
class StateStore {
 public:
  virtual ~StateStore() = default;
  virtual Result<std::optional<std::string>> read(const std::string& scope,
                                                  const std::string& key) = 0;
  // All or nothing, also when the machine stops in the middle.
  virtual Result<void> write(const std::string& scope, const std::string& key,
                             const std::string& value) = 0;
};

// What acts produce, kept as items of named tables of content.
struct ContentItem {
  ContentItem() = default;
  std::string id;  // the same for the same item of the same run: kept once
  std::string run, narrative, act, model;
  std::string status;  // "good", or "bad" where it is not what the template says
  std::vector<std::string> mistakes;
  json::Any item;      // null where none was found
  std::string source;  // the answer it came from; empty: not kept
};
class ContentStore {
 public:
  virtual ~ContentStore() = default;
  virtual Result<void> keep(const std::string& target, const ContentItem& item) = 0;
};

enum class Approval { yes, no, later };
class Approver {
 public:
  virtual ~Approver() = default;
  // `later`: the run ends and can be resumed.
  virtual Task<Approval> ask(std::string act, std::string question) = 0;
};

// Answers by the hash of what was asked (docs/narratives.md says what goes into it).
class AnswerCache {
 public:
  virtual ~AnswerCache() = default;
  virtual std::optional<ModelAnswer> find(const std::string& hash) = 0;
  virtual Result<void> keep(const std::string& hash, const ModelAnswer& answer) = 0;
};

// Outputs of commands, for as long as the file says.
class OutputCache {
 public:
  virtual ~OutputCache() = default;
  virtual std::optional<std::string> find(const std::string& hash, std::chrono::seconds age) = 0;
  virtual Result<void> keep(const std::string& hash, const std::string& output) = 0;
};

// Lines are appended whole. `durable`: it returns when the line is on the disk.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual Result<void> append(std::string_view line, bool durable) = 0;
};

class Timer {
 public:
  virtual ~Timer() = default;
  // Returns early, without an error, where the waiting task is cancelled.
  virtual Task<void> wait(std::chrono::milliseconds time) = 0;
};

// An environment variable that is set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

class LiveTalks;    // live_ports.hpp
class OutputFiles;  // live_ports.hpp

// The runner's surroundings; not owned, and all outlive the run. Null: what needs it fails with an
// error that says so.
struct Ports {
  Ports() = default;
  ModelCaller* models = nullptr;  // needed
  const Clock* clock = nullptr;   // needed
  Timer* timer = nullptr;         // needed
  Sources* files = nullptr;       // media
  Journal* journal = nullptr;     // null: no record is written
  Limits* limits = nullptr;       // null: calls are not limited
  Tables* tables = nullptr;
  Commands* commands = nullptr;
  StateStore* state = nullptr;
  ContentStore* content = nullptr;
  Approver* approver = nullptr;  // null: the answer is always `later`
  AnswerCache* cache = nullptr;
  OutputCache* outputs = nullptr;
  LiveTalks* live = nullptr;            // Live narratives
  OutputFiles* output_files = nullptr;  // their sound
  Environment environment;
  EventSink events;
};

}  // namespace parley::narrative
