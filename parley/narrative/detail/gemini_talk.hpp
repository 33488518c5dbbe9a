#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parley/audio/pcm.hpp"
#include "parley/narrative/gemini_talks.hpp"

namespace parley::narrative::detail {

// With the client's service, place and credentials.
gemini::LiveOptions live_options(const gemini::Client& client, std::string_view model);

// What is heard of one turn.
class TurnEar {
 public:
  explicit TurnEar(bool ends_at_barge_in) : ends_at_barge_in_(ends_at_barge_in) {}

  // True where the turn is over.
  bool take(const gemini::LiveEvent& event, bool& cut_before);
  // Forgets what came of the answer: it begins anew.
  void forget();
  // What was taken so far came before the act said anything: it answers the speech that cut the act
  // before. What is under way ends with the next interruption, which is the act's own message, or
  // by itself; neither is of this turn.
  void begin_own();
  // Behind an answer that was over before the act said anything: what was heard stays.
  void begin_anew();
  ModelAnswer answer();

  Bytes pcm;
  int rate = audio::kOutputRate;
  bool interrupted = false;

 private:
  bool began();
  bool ends_at_barge_in_;
  bool begun_ = false;    // something of the answer has come since the last interruption
  bool earlier_ = false;  // what comes is of an answer that began before the turn
  // Words that may still be of the turn that was cut: of this one where no end of that is told.
  std::string late_;
  std::string text_, spoken_, heard_, reason_;
};

class GeminiTalk final : public LiveTalk {
 public:
  GeminiTalk(gemini::Conversation talk, LiveOpening opening, GeminiTalksOptions options);
  ~GeminiTalk() override;

  Task<Result<LiveAnswer>> turn(LiveTurn turn) override;
  bool is_over() const override;
  void close() override;
  Task<void> closed() override;
  void start_microphone(Executor executor);

 private:
  struct Shared;
  Task<Result<void>> say(const LiveTurn& turn);
  Task<Result<void>> speak(const Bytes& wav);
  Task<Result<void>> hear(TurnEar& ear, const LiveTurn& turn);
  Task<Result<void>> hear_what_came(TurnEar& ear, const LiveTurn& turn);
  Task<void> wait_for_handle();
  static Task<void> pump(std::shared_ptr<Shared> shared, Microphone* microphone);

  std::shared_ptr<Shared> shared_;
  LiveOpening opening_;
  GeminiTalksOptions options_;
  // The turn that was interrupted has not been told to be complete.
  bool cut_before_ = false;
  bool barged_ = false;  // the turn before ended by a barge-in
};

}  // namespace parley::narrative::detail
