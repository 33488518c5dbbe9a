#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "parley/narrative/ports.hpp"

// The record of a run: one JSON object on each line, written as things happen. Version 1.
namespace parley::narrative {

enum class EntryType {
  begin,    // the first line: which narrative, from which files
  resume,   // the run goes on, after an end or a crash
  act,      // an act begins (`path`)
  call,     // a model is about to be asked: `key`, `model`, `request`
  answer,   // it answered: `key`, `text`, `tokens` …
  failure,  // it did not: `key`, `model`, `message`
  value,    // what was read or done besides: `what`, `key`, `text`
  end_act,  // `status`, `text` the act's output
  end,      // the run has ended: `status`
};
std::string_view to_string(EntryType type);

// One line. What a type does not have is empty, and is not written.
struct Entry {
  Entry() = default;
  explicit Entry(EntryType of) : type(of) {}
  EntryType type = EntryType::begin;
  std::string at;    // UTC, RFC 3339
  std::string path;  // of the act: "draft", "outer/inner", "draft[2]" in its second round
  std::string key;   // SHA-256 of what was asked
  std::string what;  // value: table, bot_command, state, env, approval, live_handle
  std::string status, message, model, finish_reason, text;
  std::string source;              // answer: model or cache
  std::string heard;               // answer: what was understood of the user's speech
  std::vector<std::string> notes;  // assertions and mistakes in words
  Tokens tokens;
  std::optional<double> cost;  // US dollars
  std::int64_t ms = 0;
  int attempt = 0;
  bool anew = false;     // end_act: the answer itself was bad, so that a resumed run asks anew
  json::Any request;     // call: as sent; media stand as their SHA-256 and size
  bool charged = false;  // not written, see Replay::add
  // begin; `model` is the default one
  std::string run, narrative, file, hash;
};

std::string to_line(const Entry& entry);
// Strict: unknown types, members and versions are errors. Errors: invalid_argument.
Result<Entry> parse_entry(std::string_view line);
// All lines. A last line without its end, which a crash may leave, is dropped. Errors:
// invalid_argument with the line's number.
Result<std::vector<Entry>> parse_record(std::string_view text);

// What a record says was paid for or done, so that it is not paid for or done again.
class Replay {
 public:
  Replay() = default;
  explicit Replay(const std::vector<Entry>& entries);
  // One more line. `charged`: it is in this run's accounts, and will not be charged when it is
  // given.
  void add(Entry entry, bool charged = false);

  // The next answer to that request of that act; each is given once, in the order of the record.
  std::optional<Entry> answer(const std::string& path, const std::string& key);
  std::optional<std::string> value(const std::string& path, const std::string& what,
                                   const std::string& key);
  // True where the act had ended well.
  bool ended(const std::string& path) const;
  // Answers that nobody asked for.
  std::vector<Entry> left() const;
  std::chrono::milliseconds time() const { return time_; }

 private:
  std::map<std::pair<std::string, std::string>, std::deque<Entry>> answers_;
  std::map<std::pair<std::string, std::string>, std::deque<std::string>> values_;
  std::map<std::string, std::string> ended_;
  std::chrono::milliseconds time_{0};
};

// SHA-256 in lower-case hex.
std::string sha256(std::string_view bytes);
// What identifies a call: model and request, with everything in it.
std::string key_of(std::string_view model, const gemini::GenerateContentRequest& request);
// The request for the record: media by their hash.
json::Any for_record(const gemini::GenerateContentRequest& request);

}  // namespace parley::narrative
