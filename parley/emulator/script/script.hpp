#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/emulator/fault/fault.hpp"
#include "parley/emulator/quota/quota.hpp"
#include "parley/gemini/types.hpp"
#include "parley/json/value.hpp"
#include "parley/schematic/diagnostic.hpp"

namespace parley::emulator {

// An error as the service would tell it.
struct ScriptError {
  ScriptError() = default;
  int code = 500;                      // HTTP
  std::string status;                  // "UNAVAILABLE"; empty: that of the code
  std::string message;                 // empty: the service's own words
  std::optional<json::Array> details;  // empty: those of the code
  std::optional<QuotaRefusal> quota;   // of 429: which quota, and when it may be tried again
  // How it comes behind the beginning of a stream; `end`: it does not, the connection just ends.
  enum class Shape { bare, event, end };
  Shape shape = Shape::bare;
};

// One thing that an answer does, in the order in which they stand.
struct Step {
  Step() = default;
  enum class Kind {
    text,         // a piece of the answer
    thought,      // a piece of a summary of thoughts
    call,         // function calls, in one message
    audio,        // PCM16, mono
    part,         // a part of another kind
    heard,        // Live: a piece of what was understood of the user
    transcript,   // Live: a piece of what the model says, without its sound
    message,      // a message as it stands, whatever it says
    raw,          // text that is sent as it is
    wait,         // nothing, for a time
    error,        // of a stream, or a message with an error
    go_away,      // Live
    handle,       // Live: a resumption update
    interrupted,  // Live
    cancel,       // Live: the calls that wait are no longer wanted
    close,        // Live: the session ends; over REST the connection drops
    cut,          // the connection drops
  };
  Kind kind = Kind::text;
  std::string text;  // of text, thought, heard, transcript, raw; the reason of close
  std::vector<gemini::FunctionCall> calls;
  Bytes pcm;                          // of audio
  int rate = 24'000;                  // its samples per second
  json::Value value;                  // of part, message
  std::vector<std::string> ids;       // of cancel; empty: all that wait
  std::chrono::milliseconds time{0};  // of wait; of go_away: what is left
  std::uint16_t code = 1011;          // of close
  bool resumable = true;              // of handle
  ScriptError error;
  std::optional<LiveFault> fault;  // Live: what becomes of its message
};

// What is answered.
struct Reply {
  Reply() = default;
  std::chrono::milliseconds delay{0};             // before anything else
  std::optional<std::chrono::milliseconds> pace;  // between two messages; empty: the server's
  std::vector<Step> steps;
  std::string finish_reason = "STOP";
  std::string finish_message;
  std::optional<json::Object> usage;      // usageMetadata; empty: counted
  std::optional<json::Object> grounding;  // groundingMetadata
  bool generation_complete = true;        // Live: it is told
  // The end is told: finishReason, turnComplete, setupComplete.
  bool complete = true;
  std::optional<ScriptError> error;  // instead of all that
  // A plain HTTP answer instead of all that.
  struct Http {
    Http() = default;
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
  };
  std::optional<Http> http;
  std::optional<Fault> fault;           // over REST
  std::optional<LiveFault> live_fault;  // of the messages behind it
};

// When a rule is meant: where all of it holds. In patterns "*" stands for any characters; an empty
// one does not matter.
struct When {
  When() = default;
  enum class Over { any, rest, live };
  enum class Event { turn, setup };
  Over over = Over::any;
  Event event = Event::turn;  // of a Live session
  std::string method, path, model, key;
  std::vector<std::pair<std::string, std::string>> headers;  // of the request, by pattern
  std::vector<std::string> texts;  // each stands in the user's last turn; case does not matter
  std::string matches;             // a regular expression (ECMAScript) that finds something there
  std::string tool_result;         // a function whose answer the turn carries, by pattern
  // Members that the request, or a Live session's setup, has with these values, whatever else.
  std::optional<json::Object> request;
  // The how-manieth times that all of that holds, from 1. `last_time` 0: without end.
  std::size_t first_time = 1, last_time = 0;
};

struct Rule {
  Rule() = default;
  std::string name;  // in state and errors; where not given, "rule 3"
  schematic::Location at;
  When when;
  Reply reply;
};

// What an emulator does instead of what its offline model would: read from YAML (docs/emulator.md).
struct Script {
  Script() = default;
  std::vector<Rule> rules;  // the first that is meant counts
  // Where no rule is meant, the offline model answers; or nothing does: 404, and 1008 over Live.
  bool refuse_others = false;
  std::vector<QuotaLimit> quotas;
  std::optional<FaultRate> faults;

  // Settings of Live sessions; empty: those of the server.
  struct Live {
    Live() = default;
    std::optional<std::chrono::milliseconds> pace, lifetime, notice, setup_delay;
    std::optional<double> playback;
    std::optional<bool> text_frames;
    std::optional<std::vector<std::string>> hears;
    std::optional<std::uint16_t> end_code;
    std::optional<std::string> end_reason;
    std::optional<bool> handles;  // false: updates say "resumable": false
  };
  Live live;
};

// Gives the bytes of a file that a script names, relative to the script.
using FileReader = std::function<Result<std::string>(const std::string& name)>;

// Reads a script. Without a reader, files that it names are mistakes. Mistakes go into
// `diagnostics`, each with its place and the nearest name that there is; with one, nothing of the
// script may be used.
Script read_script(std::string_view yaml, const FileReader& files,
                   schematic::Diagnostics& diagnostics);

}  // namespace parley::emulator
