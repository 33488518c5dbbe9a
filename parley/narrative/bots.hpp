#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "parley/base/random.hpp"
#include "parley/narrative/content_book.hpp"
#include "parley/narrative/ports.hpp"

// Bots: narratives that run again and again, what they make is looked through, and what is good is
// posted. docs/narratives.md is the reference of the file.
namespace parley::narrative {

struct Bot {
  Bot() = default;
  enum class Kind { generation, curation, posting };
  Kind kind = Kind::generation;
  std::string name;
  Place place;
  std::chrono::milliseconds every{3'600'000};  // at least a second
  std::chrono::milliseconds jitter{0};         // each time later by a random part of it
  int batch = 1;  // items of one turn of curation and posting, 1 to 100
  // Generation: what runs. Curation: what judges an item, which it has as ${state:item}.
  std::string file, narrative;  // narrative empty: the file's main one
  // Of content. Generation: the one that it fills, if that is known; empty: it may be any.
  std::string table;
  std::string from;  // posting: the status of what is posted, "accepted" or "good"
  // Posting: a program, which gets the item on its standard input, or an address.
  std::vector<std::string> run;
  std::vector<std::string> environment;            // variables that the program gets besides PATH
  std::string url;                                 // https, or http of this machine
  std::map<std::string, std::string> headers_env;  // header: the variable that has its value
  std::chrono::milliseconds timeout{30'000};
};
std::string_view to_string(Bot::Kind kind);

struct LoadedBots {
  LoadedBots() = default;
  bool ok() const { return !has_errors(diagnostics); }
  std::vector<Bot> bots;  // in the order of the file
  Diagnostics diagnostics;
};
// Reads [generation.NAME], [curation.NAME] and [posting.NAME]. Files of narratives are looked for
// beside it, and not read.
LoadedBots load_bots(const std::string& file, Sources& sources);

struct Verdict {
  Verdict() = default;
  bool accepted = false;
  std::string reason;
};
// Of a judge's answer: {"accept": true, "reason": "…"}, or a text that begins with yes or no.
// Errors: invalid_response.
Result<Verdict> read_verdict(std::string_view answer);

// What bots do to the world.
class BotActions {
 public:
  virtual ~BotActions() = default;
  virtual Task<Result<void>> generate(Bot bot) = 0;
  virtual Task<Result<Verdict>> judge(Bot bot, ContentRow item) = 0;
  // Errors with the detail "not_posted": it was certainly not posted, and may be tried again.
  virtual Task<Result<void>> post(Bot bot, ContentRow item) = 0;
};

struct BotEvent {
  BotEvent() = default;
  std::string bot;
  // begin, done, failed, accepted, rejected, posted, postponed, unsettled, waiting
  std::string what;
  std::string item;     // its id
  std::string message;  // why; of waiting: until when
};

// Not owned; all outlive the run.
struct BotPorts {
  BotPorts() = default;
  const Clock* clock = nullptr;
  Timer* timer = nullptr;
  Random* random = nullptr;
  BotActions* actions = nullptr;
  StateStore* state = nullptr;  // scope "bots": when each bot is next
  std::string content;          // the file of ContentBook
  std::function<void(const BotEvent&)> tell;
};

struct BotOptions {
  BotOptions() = default;
  std::vector<std::string> only;  // names; empty: all
  bool once = false;              // what is due, and no more
  int at_once = 4;                // bots that may run side by side, at least 1
};

// Runs bots, each when it is due, until the task is cancelled: side by side where they belong to
// different tables, at most `at_once`; those of one table, and one whose table is not known, one at
// a time in the order in which they are due. What is told of one bot is in its order. When a bot is
// next is kept before it acts, and an item's status before and behind its posting: after kill -9
// nothing is posted twice. An item whose posting was cut stays "posting", and is told as
// `unsettled` at the next start: a person decides. What a bot fails at is told, and does not end
// the run. Errors: not_found (a name of `only`), storage.
Task<Result<void>> run_bots(std::vector<Bot> bots, BotOptions options, BotPorts ports);

}  // namespace parley::narrative
