#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/cli/commands.hpp"
#include "parley/narrative/load.hpp"
#include "parley/narrative/runner.hpp"

namespace CLI {
class App;
}

namespace parley::cli {

struct NarrateOptions {
  NarrateOptions() = default;
  std::string verb;              // run, check, plan, resume, show, content
  std::string file;              // a narrative; of resume and show: a record
  std::string narrative;         // of the file; empty: [narrative], or the only one
  std::string state_dir;         // empty: ~/.local/share/parley/narratives
  std::string save;              // the record; empty: runs/ID.jsonl in the state folder
  std::string golden;            // a record whose answers are expected
  std::string policy;            // what commands may run
  std::string output_dir = ".";  // of sound
  std::string microphone;        // of Live narratives: a WAV file, or - for standard input
  std::string source;            // resume: the narrative's file, where it has moved
  std::string model;  // of acts that name none; empty: GENAI_MODEL_ID, else gemini-2.5-flash
  std::string tier;   // empty: free, and none offline
  std::string base_url;
  ServiceOptions service;
  bool offline = false;
  int pace_ms = 0;
  std::uint64_t seed = 1;
  std::optional<double> rpm, tpm, rpd;  // shares of the tier's limits
  std::optional<std::int64_t> budget_tokens;
  std::optional<double> budget_money;
  std::string budget_time;
  std::vector<std::string> set;                 // key=value
  std::vector<std::string> attempts, fallback;  // [ACT=]value
  bool yes = false, json = false, text = false, cache = false, allow_delete = false;
  bool prompts = false;            // plan: the prompts as well
  int last = 0;                    // content: the newest ones; 0: all
  std::string status;              // content: of the items
  std::vector<std::string> words;  // content: verb, table, item
};
void add_narrate(CLI::App& app, NarrateOptions& options);
int narrate(const NarrateOptions& options);

// Exit code of a run that waits for a person.
inline constexpr int exit_paused = 4;

int narrate_run(const NarrateOptions& options);      // run, resume
int narrate_plan(const NarrateOptions& options);     // plan
int narrate_show(const NarrateOptions& options);     // show
int narrate_content(const NarrateOptions& options);  // content
int narrate_tui(const NarrateOptions& options);      // tui

// "parley narrate: …" on standard error; gives the code.
int narrate_failed(std::string_view what, int code);
// Reads a narrative and checks it, and its models by parley.toml. `asks`: models will be asked.
narrative::Loaded load_checked(const std::string& file, const NarrateOptions& options, bool asks);
// The same; mistakes and warnings go to standard error. Empty: there were mistakes.
std::optional<narrative::Book> load_book(const std::string& file, const NarrateOptions& options,
                                         bool asks);
// The name of the narrative to run. Errors: invalid_argument, with the names there are.
Result<std::string> choose_narrative(const narrative::Book& book, const std::string& wanted);
std::string state_folder(const NarrateOptions& options);
// Prices of the file, the built-in ones of other models, and those of parley.toml for the models of
// other services.
std::map<std::string, narrative::Price> prices_for(const NarrateOptions& options,
                                                   const narrative::Book& book,
                                                   const std::string& default_model);
// From --budget-… and --…-multiplier.
Result<narrative::Budget> budget_of(const NarrateOptions& options);
// From --attempts and --fallback; empty: neither was given. Errors: invalid_argument.
using RetryChoice =
    std::function<narrative::Retry(const std::string& act, const narrative::Retry& of_file)>;
Result<RetryChoice> retry_of(const NarrateOptions& options);
// The limits of --tier, and of other services those of parley.toml; null: none. `shared`: over the
// file that all runs share, which is made where it is missing. Errors: those of
// api::Limiter::open().
Result<std::unique_ptr<narrative::Limits>> limits_of(const NarrateOptions& options, bool offline,
                                                     bool shared);

}  // namespace parley::cli
