#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/narrative/narrative.hpp"
#include "parley/narrative/ports.hpp"

// What a Live narrative needs of the world: a session with a model. gemini_talks.hpp has the one of
// the Gemini API.
namespace parley::narrative {

struct LiveOpening {
  LiveOpening() = default;
  std::string model;
  LiveSettings settings;
  std::optional<gemini::Content> system;
  std::optional<gemini::GenerationConfig> config;
  // The user may speak at any time: the service finds out where speech begins and ends. Else it is
  // told, by the files that are spoken.
  bool hears_always = false;
  // What was said before, in texts; the user's turns and the model's in turn.
  std::vector<gemini::Content> history;
  // Of a session that holds all of `history` and can still be gone on with; empty: there is none,
  // and the session is told the history.
  std::string handle;
  WallTime handle_expires{};
};

struct LiveTurn {
  LiveTurn() = default;
  std::string act;                  // path of the act, for events
  std::vector<gemini::Part> parts;  // texts and pictures, and speech as WAV files
  bool listens = false;             // the user's speech is answered, not the parts
  bool ends_at_barge_in = false;    // else the answer is the one that is said to its end
  // What became of the session meanwhile (a lost connection, a hand-over …), a line each.
  std::function<void(std::string)> note;
};

struct LiveAnswer {
  LiveAnswer() = default;
  ModelAnswer answer;  // finish reason "INTERRUPTED": the user spoke into it
  Bytes pcm;           // what was said, 16 bits, mono
  int rate = 24'000;   // samples per second
  // With which the conversation up to here can be gone on with; empty: the service gave none.
  std::string handle;
  WallTime handle_expires{};
};

// A session under way. One turn at a time.
class LiveTalk {
 public:
  virtual ~LiveTalk() = default;
  // Says what the turn has and waits for the answer. Errors: those of the session; timeout where
  // nothing comes for LiveSettings::silence; invalid_argument for speech that cannot be read.
  virtual Task<Result<LiveAnswer>> turn(LiveTurn turn) = 0;
  // True where no turn can follow.
  virtual bool is_over() const = 0;
  // Begins to end it, at any time and again; a turn under way ends with an error.
  virtual void close() = 0;
  virtual Task<void> closed() = 0;
};

class LiveTalks {
 public:
  virtual ~LiveTalks() = default;
  virtual Task<Result<std::unique_ptr<LiveTalk>>> open(LiveOpening opening) = 0;
};

// Files that a run makes. Names are relative, and without "..".
class OutputFiles {
 public:
  virtual ~OutputFiles() = default;
  // All or nothing, over what was there.
  virtual Result<void> write(const std::string& name, BytesView content) = 0;
};

}  // namespace parley::narrative
