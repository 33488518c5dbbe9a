#pragma once

// A conversation and the services that it speaks to, without network and clock: the rules of
// gemini::Continuity against the emulator's sessions, with a network between them that takes time
// and breaks as it is told. The same seed gives the same run.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/random.hpp"
#include "parley/emulator/live/session.hpp"
#include "parley/gemini/continuity/continuity.hpp"

namespace parley::testing {

using std::chrono::milliseconds;

// How one connection breaks. What is not set does not happen.
struct Break {
  Break() = default;
  std::optional<Error> refused;            // it cannot be opened
  std::optional<std::size_t> after_told;   // cut when so many messages of the service have come
  std::optional<std::size_t> after_taken;  // cut when the service has taken so many messages
  std::optional<milliseconds> at;          // cut so long after it was opened
  std::uint16_t close_code = 0;            // 0: no close frame
  std::string reason;
};

struct WorldOptions {
  WorldOptions() {
    live.pace = milliseconds(10);
    live.playback = 0;
  }
  gemini::Setup setup;
  std::optional<gemini::ConversationSnapshot> from;  // in place of `setup`
  gemini::ContinuityPolicy policy;
  emulator::LiveOptions live;
  milliseconds latency{5};  // each way
  milliseconds jitter{0};   // up to so much more
  std::uint64_t seed = 1;
  // Of each connection, by its number (1 …).
  std::function<Break(gemini::LinkId)> breaks;
};

// What the program was told, put together as a program would.
struct Heard {
  Heard() = default;
  std::vector<std::string> answers;  // of complete turns, without what was taken back
  std::vector<std::size_t> audio;    // bytes of them
  std::string open;                  // of the turn under way
  std::size_t open_audio = 0;
  std::vector<std::string> transcripts;  // of the user
  std::vector<gemini::FunctionCall> calls;
  std::vector<std::string> cancelled;
  std::vector<std::string> log;  // describe() of all but what the connections tell
  std::size_t doubtful = 0, lost = 0, voided = 0, interrupted = 0, replays = 0;
  std::vector<gemini::ConversationEvent> news;
};

class World {
 public:
  explicit World(WorldOptions options);

  // Lets the next thing happen, at most until that time. False: nothing is to happen by then.
  bool step(TimePoint until);
  void run_for(milliseconds time);
  // False: it did not come to that in a simulated ten minutes.
  bool run_until(std::function<bool()> done);

  void send(gemini::LiveMessage message);
  void say(std::string_view text);
  // As if the network between them were gone.
  void cut_now();
  void close();

  TimePoint now() const { return now_; }
  gemini::Continuity& core() { return core_; }
  const Heard& heard() const { return heard_; }
  // Setups with which connections were asked for, in order.
  const std::vector<gemini::Setup>& journal() const { return journal_; }
  // What the state of the service that the program speaks to now was made of: texts of the user,
  // the first samples of pieces of audio ("a17"), in the order in which they were taken.
  const std::vector<std::string>& taken() const;
  std::size_t messages_told() const { return told_; }
  std::size_t messages_taken() const { return taken_; }
  std::size_t sends_refused() const { return refused_; }
  emulator::LiveMemory& memory() { return memory_; }
  std::size_t open_links() const;

 private:
  struct Link {
    Link() = default;
    std::unique_ptr<emulator::LiveSession> session;
    Break fault;
    TimePoint begun{};
    bool set_up = false;  // the program knows
    bool over = false;
    std::size_t told = 0, taken = 0;
    std::deque<std::pair<TimePoint, std::string>> up;
    std::deque<std::pair<TimePoint, emulator::LiveOutput>> down;
    std::vector<std::string> lineage;
  };
  struct Action {
    TimePoint at;
    std::function<void()> act;
  };

  void drain();
  void obey(gemini::ContinuityEffect effect);
  void open(gemini::LinkId id, gemini::Setup setup);
  void end(gemini::LinkId id, Result<void> why);
  void take(gemini::LinkId id, const std::string& text);
  void tell(gemini::LinkId id, const emulator::LiveOutput& output);
  void collect(Link& link);
  void note(gemini::ConversationEvent event);
  void note(gemini::LiveEvent event);
  bool serve(gemini::LinkId id);
  TimePoint arrival(TimePoint last);
  std::optional<TimePoint> next_time() const;

  WorldOptions options_;
  SeededRandom random_;
  emulator::LiveMemory memory_;
  TimePoint now_{};
  gemini::Continuity core_;
  std::map<gemini::LinkId, Link> links_;
  std::map<std::string, std::vector<std::string>> handles_;
  std::vector<gemini::Setup> journal_;
  Heard heard_;
  std::size_t told_ = 0, taken_ = 0, refused_ = 0;
};

// Settings that most tests begin from.
gemini::Setup text_setup();
gemini::Setup speech_setup();
gemini::ContinuityPolicy durable();

}  // namespace parley::testing
