#pragma once

#include <memory>
#include <optional>

#include <boost/asio/steady_timer.hpp>

#include "parley/audio/duplex.hpp"
#include "parley/cli/commands.hpp"
#include "parley/cli/live_screen.hpp"
#include "parley/cli/sound.hpp"
#include "parley/gemini/continuity/conversation.hpp"

namespace parley::cli {

// Microphone and speaker of one conversation, either of which may be missing. Belongs to its
// executor's thread; the devices have threads of their own.
class LiveVoice : public std::enable_shared_from_this<LiveVoice> {
 public:
  // Opens what the options name. Errors: those of the devices.
  static Result<std::shared_ptr<LiveVoice>> open(const Executor& executor,
                                                 const LiveCommandOptions& options,
                                                 std::shared_ptr<LiveScreen> screen);
  LiveVoice(Executor executor, std::shared_ptr<LiveScreen> screen);

  // From now on speech goes to that conversation.
  void start(std::shared_ptr<gemini::Conversation> talk);
  // Each event of the conversation.
  void take(const gemini::ConversationEvent& event);

  // Until the microphone has no more and all was sent, or stop(). Errors: of a device, of sending.
  Task<Result<void>> recorded();
  // Until nothing is left to be heard.
  Task<void> played();
  void stop();
  bool stopped() const { return stopped_; }
  // The conversation has ended: who waits is to look.
  void wake() { changed_.cancel(); }

  // Throws the rest of the answer away, and tells the service to stop it.
  void interrupt();
  void mute(bool muted);
  bool muted() const { return duplex_.muted(); }
  bool held() const { return duplex_.held(); }
  // Nothing is left to be heard.
  bool quiet() const { return duplex_.quiet(); }
  // Why a device works no longer.
  const std::optional<Error>& failure() const { return failure_; }
  bool has_microphone() const { return microphone_.has_value(); }
  bool has_speaker() const { return speaker_.has_value(); }

 private:
  using Self = std::shared_ptr<LiveVoice>;
  using Talk = std::shared_ptr<gemini::Conversation>;
  static Task<void> run_microphone(Self self);
  static Task<void> run_sender(Self self, Talk talk);
  static Task<void> run_player(Self self);
  static Task<void> tell_service(Self self, Talk talk);
  // What the Duplex has to say, to the speaker and the screen.
  void pump();
  void fail_with(Error error);

  std::shared_ptr<LiveScreen> screen_;
  Talk talk_;  // from start() to stop()
  boost::asio::steady_timer player_, sender_, changed_;
  audio::Duplex duplex_;
  audio::PcmReader pcm_;
  std::optional<Microphone> microphone_;
  std::optional<Speaker> speaker_;
  std::optional<Error> failure_;
  bool microphone_ended_ = false, all_sent_ = false, stopped_ = false;
};

}  // namespace parley::cli
