#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "parley/audio/latency.hpp"
#include "parley/audio/level.hpp"
#include "parley/audio/pcm.hpp"
#include "parley/audio/repeated_speech.hpp"
#include "parley/audio/wav.hpp"
#include "parley/base/event.hpp"
#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/live_view.hpp"
#include "parley/gemini/continuity/event.hpp"
#include "parley/net/task.hpp"

namespace parley::cli {

// What a conversation tells, on the terminal, in files and pipes. What the model says or writes
// goes to standard output, all else to standard error.
class LiveScreen {
 public:
  LiveScreen(Executor executor, const LiveCommandOptions& options);
  ~LiveScreen() { close_file(); }
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  // Opens the output. Error: storage.
  Result<void> open();
  void take(const gemini::ConversationEvent& event);
  // The question is out: the end of speech, or a text.
  void asked();
  void asked(TimePoint at);
  // The user was heard at that time; asked() may follow.
  void spoke(TimePoint at) { latency_.spoke(at); }
  // The user's speech, for the level.
  void heard_from_user(audio::SamplesView samples);
  void user_speaks(bool speaks) { user_speaks_ = speaks; }
  // Of the model's speech, what goes to the speaker; once told, the level is of it alone.
  void played(audio::SamplesView samples);
  // The first sound of an answer is played.
  void heard();
  // So many samples of an answer were heard, to its end or not.
  void played_to(std::uint64_t samples, bool end);
  void note(std::string_view text);
  // Waits until the turn that asked() began is over, or the conversation is.
  Task<void> turn_over();
  // Waits for end().
  Task<void> over();
  // Of an answer only a part was heard.
  void cut(const gemini::AnswerCut& cut);
  // A text of the user, beside asked().
  void typed(std::string_view text);
  // Captions and notes go into the picture instead of lines.
  void draw_on_picture(bool on) { on_picture_ = on; }
  // What the full screen shows, but for what devices and keys add. Advances the meters to now.
  LivePicture picture();
  // Told of each turn as "gemini.live_turn": its times and whether it was interrupted.
  void tell_turns(EventSink sink) { turns_ = std::move(sink); }
  void use_model(std::string model) { picture_.model = std::move(model); }
  // Nothing more comes: puts the true lengths into the output.
  void end();
  bool ended() const { return ended_; }

 private:
  void answer_begins();
  void turn_ends();
  void void_answer(const gemini::AnswerVoided& voided);
  void one(const gemini::LiveText& text);
  void one(const gemini::LiveAudio& sound);
  void one(const gemini::LiveTranscript& words);
  void one(const gemini::LiveInterrupted& interrupted);
  void one(const gemini::LiveTurnComplete& turn);
  void one(const gemini::LiveUsage& told);
  void one(const gemini::LiveToolCalls& calls);
  void one(const gemini::LiveVoiceActivity& activity);
  template <class Other>
  void one(const Other&) {}

  void print(std::string_view who, std::string_view text);
  void end_line();
  void json(std::string_view event, std::string_view text);
  void write(audio::SamplesView samples);
  void finish_turn();
  void tell_turn(const audio::TurnLatency& turn) const;
  void close_file();

  const LiveCommandOptions& options_;
  Style out_, err_;
  boost::asio::steady_timer changed_;
  bool waiting_ = false, ended_ = false, user_speaks_ = false, speaker_plays_ = false;
  std::string speaker_;  // whose line is open
  audio::LatencyReport latency_;
  audio::RepeatedSpeech repeats_;
  std::string into_answer_;  // the user's words since an answer began
  bool answering_ = false;
  std::optional<TimePoint> answered_at_;
  audio::LevelMeter in_level_, out_level_;
  audio::PcmReader reader_;
  std::ofstream file_;
  audio::WavWriter wav_;
  gemini::Usage usage_;
  EventSink turns_;
  // The full screen: its meters fall with time, also where no sound comes.
  struct ShownLevel {
    explicit ShownLevel(int samples_per_second) : rate(samples_per_second), meter(rate) {}
    void add(audio::SamplesView samples);
    LivePicture::Level now();
    int rate;
    audio::LevelMeter meter;
    TimePoint until{};
  };
  bool on_picture_ = false;
  LivePicture picture_;
  ShownLevel shown_in_{audio::kInputRate}, shown_out_{audio::kOutputRate};
};

}  // namespace parley::cli
