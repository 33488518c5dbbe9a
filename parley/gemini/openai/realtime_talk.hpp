#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "parley/audio/resampler.hpp"
#include "parley/base/error.hpp"
#include "parley/base/time.hpp"
#include "parley/gemini/types.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini {

// A session of OpenAI's Realtime API told in messages of the Live API, without I/O and clock. After
// each call, take what poll_event() and poll_message() give and ask next_timeout() anew.
class RealtimeTalk {
 public:
  // `transcriber`: the model that writes what the user says.
  explicit RealtimeTalk(std::string transcriber) : transcriber_(std::move(transcriber)) {}

  // A message of the program. Errors (invalid_argument, invalid_state): what the other API has no
  // word for, by its name; nothing of the message is sent.
  Result<void> said(std::string_view message, TimePoint now);
  // An event of the service. Its error ends the session.
  Result<void> heard(std::string_view event, TimePoint now, WallTime wall_now);
  void handle_timeout(TimePoint now);
  std::optional<TimePoint> next_timeout() const { return farewell_; }

  std::optional<std::string> poll_event();    // for the service
  std::optional<std::string> poll_message();  // for the program

 private:
  using Object = json::Object;

  // realtime_words.cpp: the program's messages.
  Result<void> begin(const Setup& setup);
  Result<void> add_settings(const GenerationConfig& settings, Object& session);
  Result<Object> item_of(const Content& turn) const;
  Result<void> content(const ClientContent& content, TimePoint now);
  Result<void> input(const RealtimeInput& input, TimePoint now);
  Result<void> audio(const Blob& blob);
  Result<void> answers(const ToolResponse& response, TimePoint now);
  Result<void> update(const ContextUpdate& update);
  void end_of_speech(TimePoint now);
  void ask(bool at_once, TimePoint now);
  void stop_answer(TimePoint now);
  void send(Object event);

  // realtime_answer.cpp: the service's events.
  Result<void> tell(std::string_view type, const Object& event, TimePoint now, WallTime wall_now);
  Result<void> error(const Object& event);
  void begun(const Object& event, TimePoint now, WallTime wall_now);
  void sound(const Object& event, TimePoint now);
  void user_speaks(TimePoint now);
  void caption(std::string_view type, const Object& event);
  Result<void> done(const Object& event, TimePoint now);
  Result<bool> call_functions(const Object& response);
  void say(std::string message) { messages_.push_back(std::move(message)); }
  void say_content(std::string_view member, json::Value value);
  // Milliseconds of the present item's sound that can have been heard.
  std::int64_t played_ms(TimePoint now) const;
  void interrupt(TimePoint now);
  bool is_wanted(const Object& event) const;

  std::string transcriber_;
  std::deque<std::string> events_, messages_;
  std::optional<audio::Resampler> resampler_;

  bool set_up_ = false, ready_ = false;
  bool speaks_ = true, captions_in_ = false, captions_out_ = false;
  bool detects_ = true, interrupts_ = true;

  bool answering_ = false;  // asked for, or under way
  bool ask_again_ = false;  // when the present answer has ended
  bool cut_ = false;        // the present answer: what still comes of it is dropped
  bool user_speaks_ = false, unheard_ = false;  // sound that nobody has taken as a turn yet
  std::string response_, item_;
  TimePoint first_sound_{};
  std::int64_t sound_bytes_ = 0;  // of item_
  std::set<std::string, std::less<>> open_calls_, transcribed_;
  std::optional<TimePoint> farewell_;
};

}  // namespace parley::gemini
