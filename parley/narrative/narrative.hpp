#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/json/free_form.hpp"
#include "parley/limit/dimension.hpp"
#include "parley/narrative/template.hpp"

// What a narrative file says, as plain data. docs/narratives.md is the reference of the file.
namespace parley::narrative {

// How an input stands in the history of later acts. `automatic`: `full`, but a summary where the
// input is no text of the author's and has more than 10 KB.
enum class Retention { automatic, full, summary, drop };

struct TextInput {
  TextInput() = default;
  Template content;
};

enum class MediaKind { image, audio, video, document };
std::string_view to_string(MediaKind kind);

// Exactly one of `url`, `base64` and `file` is not empty.
struct MediaInput {
  MediaInput() = default;
  MediaKind kind = MediaKind::image;
  Template url, base64, file;
  std::string mime;      // empty: by the name's ending
  std::string filename;  // told to the model before the medium; empty: not told
};

struct CommandInput {
  CommandInput() = default;
  std::string platform, command;
  std::map<std::string, Template> args;
  bool required = true;                    // else a failure is told to the model instead
  std::chrono::seconds cache_duration{0};  // how long its output may be used again
};

struct TableInput {
  TableInput() = default;
  enum class Format { json, markdown, csv };
  std::string name;                       // table or view
  std::string database;                   // a file, or "postgres:NAME"; empty: the narrative's
  std::vector<std::string> columns;       // empty: all
  std::map<std::string, Template> where;  // column equals value; all of them
  std::string where_sql;                  // a condition in SQL, without templates
  std::string order_by;                   // "column" or "column desc", several by comma
  std::int64_t limit = 10, offset = 0;
  Format format = Format::json;
  std::string alias;        // what the model is told that the table is; empty: its name
  std::int64_t sample = 0;  // that many rows by chance instead of the first; 0: off
  bool pull_and_delete = false;
};

// "postgres:NAME": the database of a connection that the environment or parley.toml has.
inline bool is_postgres(std::string_view database) {
  return database.starts_with("postgres:");
}

struct NestedInput {
  NestedInput() = default;
  std::string name;  // of Book::narratives
};

// Live narratives: nothing is sent for it, and the act waits for the answer to what the user says.
struct MicrophoneInput {
  MicrophoneInput() = default;
};

struct Input {
  Input() = default;
  Place place;
  Retention retention = Retention::automatic;
  std::variant<TextInput, MediaInput, CommandInput, TableInput, NestedInput, MicrophoneInput> what;
};

// What must hold of a text. All of the tests that are given.
struct Condition {
  Condition() = default;
  Place place;
  Template value;  // in a loop's exit and in assertions: the act's own answer
  std::optional<Template> equals, differs, contains, lacks;
  std::optional<double> at_least, at_most;  // the text read as a number
  std::optional<bool> is_empty;
};

struct Loop {
  Loop() = default;
  Condition until;
  int at_most = 5;          // 1 to 1000
  bool keep_going = false;  // where the exit never came: go on with the last answer
};

struct Budget {
  Budget() = default;
  std::optional<std::int64_t> tokens;  // in and out, of all calls
  std::optional<double> money;         // US dollars
  std::optional<std::chrono::milliseconds> time;
  // Shares of the limits that this work may use: above 0, at most 1.
  std::optional<double> rpm, tpm, rpd;
};

struct Carousel {
  Carousel() = default;
  Place place;
  int iterations = 1;  // 1 to 10000
  std::int64_t estimated_tokens_per_iteration = 1000;
  bool continue_on_error = false;
  Budget budget;  // of all rounds together
};

struct Settings {
  Settings() = default;
  std::string model;  // empty: what stands above, at last the default model
  Place model_place;
  std::optional<double> temperature, top_p;
  std::optional<int> max_tokens, top_k, seed, thinking;
  std::vector<std::string> stop;
  Template system;
};

// A Live narrative: its acts are turns of one session, one behind the other.
struct LiveSettings {
  LiveSettings() = default;
  Place place;
  enum class Answer { automatic, audio, text };
  Answer answer = Answer::automatic;           // automatic: speech, where the model has it
  std::string voice;                           // empty: the service's
  int reconnects = 10;                         // attempts in a row after a loss; 0: it ends the act
  std::chrono::milliseconds silence{120'000};  // nothing of the service for that long ends the act
  int barge_ins = 10;                          // of a run, 1 to 1000; the next one is an error
};

struct Retry {
  Retry() = default;
  int attempts = 1;                       // calls of one model, 1 to 20
  std::chrono::milliseconds delay{1000};  // before the second; doubles, where the service asks for
  std::chrono::milliseconds cap{60'000};  // no time of its own
  std::vector<std::string> fallback;      // models that are asked next, in this order
  Place place;
};

struct Output {
  Output() = default;
  enum class Format { text, json, toml };
  Format format = Format::text;
  json::Any schema;         // JSON Schema; null: none
  std::string schema_name;  // of [schemas]; empty: written in the act
  int repairs = 0;          // times that mistakes are given back to the model, 0 to 10
};

struct Assertion {
  Assertion() = default;
  Place place;
  std::optional<Template> contains, lacks;
  std::optional<std::int64_t> min_length, max_length;  // Unicode scalar values
  json::Any schema;
  Template judge;           // a question that a model answers with yes or no about the answer
  std::string judge_model;  // empty: the act's
};

// What of the acts before is sent along.
struct History {
  History() = default;
  enum class Kind { all, none, some };
  Kind kind = Kind::all;
  std::vector<std::string> acts;  // of `some`
};

struct Save {
  Save() = default;
  std::string scope = "narrative";  // global, narrative, or a platform's name
  std::string key;
};

struct Act {
  Act() = default;
  std::string name;
  Place place;
  Settings settings;
  std::vector<Input> inputs;
  std::string nested;  // of Book::narratives: this act runs that narrative; empty: it asks a model
  Place nested_place;
  std::optional<Carousel> carousel;
  std::optional<Condition> when;
  std::optional<Loop> loop;
  Template approval;  // what a person is asked before the act runs; empty: nobody is asked
  std::vector<std::string> after;
  std::optional<History> history;  // empty: the narrative's
  std::optional<Retry> retry;      // empty: the narrative's
  Output output;
  std::vector<Assertion> assertions;
  std::optional<Save> save;
  std::optional<bool> cache;           // empty: as the run says
  std::optional<bool> extract_output;  // its answer is kept as content; empty: the last act's is
  // Live narratives:
  std::string barge_in;  // the act that comes next where the user speaks into the answer
  Place barge_in_place;
  bool only_after_barge_in = false;  // it is passed over unless a barge-in leads to it
  std::string audio_output;          // the WAV file of what was said; empty: none
};

struct Narrative {
  Narrative() = default;
  std::string name, description;
  Place place;
  std::string file;
  // The table of content: what answers are extracted as, and where they are kept.
  std::string template_schema;  // of [schemas]; empty: any JSON or TOML
  json::Any template_json;      // that schema
  std::string target;           // empty: the narrative's name
  bool skip_content_generation = false;
  bool preserve_source = false;
  Settings settings;
  Budget budget;
  std::optional<Carousel> carousel;
  std::optional<LiveSettings> live;
  History history;
  Retry retry;
  bool keep_independents = false;  // on_error = "continue"
  std::string database;            // of tables that name none
  std::vector<Act> acts;           // in the order of the table of contents

  const Act* find(std::string_view act) const;
  // -1: no such act.
  int index_of(std::string_view act) const;
};

using limit::Price;  // US dollars for a million tokens

// A file with everything it refers to. Nested narratives are named "name" where they stand in the
// first file, else "file.toml#name".
struct Book {
  Book() = default;
  std::map<std::string, Narrative> narratives;
  std::vector<std::string> own;  // narratives of the first file, in its order
  std::string main;  // the [narrative] of the first file, or its only one; empty: there are several
  std::map<std::string, Price> prices;
  std::map<std::string, std::string> sources;  // the text of each file, by name

  const Narrative* find(std::string_view name) const;
};

}  // namespace parley::narrative
