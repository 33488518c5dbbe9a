#pragma once

#include <functional>
#include <set>

#include "parley/emulator/live/detail/vertex_dialect.hpp"
#include "parley/emulator/live/detail/voice.hpp"
#include "parley/emulator/live/session.hpp"
#include "parley/emulator/model/offline_model.hpp"
#include "parley/emulator/script/script.hpp"

namespace parley::emulator {

// What the user is saying and showing, and the model has not taken as a turn yet.
struct LiveHearing {
  LiveHearing() = default;
  std::optional<detail::SpeechDetector> detector;
  std::optional<double> manual_seconds;  // of speech since activityStart
  std::vector<gemini::Part> frames;      // of video, since the last turn
};

struct LiveSession::State {
  State(LiveOptions live_options, LiveMemory& live_memory, LiveDoor live_door, TimePoint opened)
      : options(std::move(live_options)),
        memory(live_memory),
        door(std::move(live_door)),
        begun(opened) {}

  // session.cpp
  void close(std::uint16_t code, std::string reason);
  void say(std::string compact, TimePoint at, bool of_answer = false);
  void release(TimePoint now);
  void received(std::string_view text, TimePoint now);
  void timeout(TimePoint now);
  std::optional<TimePoint> next_timeout() const;

  // faults.cpp
  bool fault_is_due() const;
  bool put_off(TimePoint now);
  void emit(std::string text);
  void emit_as_it_is(std::string text);
  void put(LiveOutput output);
  bool replaced(LiveOutput& output);

  // setup.cpp
  void setup(gemini::Setup wanted, TimePoint now);
  bool accept_model();
  bool accept_modality();
  bool accept_settings();
  bool accept_handle(TimePoint now);
  void apply_token(gemini::Setup& wanted) const;
  void make_detector();

  // turns.cpp
  void client_content(const gemini::ClientContent& content, TimePoint now);
  void realtime_input(const gemini::RealtimeInput& input, TimePoint now);
  void hear(const gemini::Blob& audio, TimePoint now);
  void activity(bool begins, TimePoint now);
  void spoken(double seconds, TimePoint now);
  void tell_activity(bool begins, TimePoint now);
  void context_update(const gemini::ContextUpdate& update);
  void interrupt(TimePoint now);
  void answer(TimePoint now);
  void speak_turn(const OfflineAnswer& made, TimePoint now, std::string_view status);
  void finish_turn(TimePoint complete_at, int prompt_tokens, int answer_tokens, double seconds,
                   std::string_view status);
  void tell_handle(TimePoint at);
  void send_handle(bool resumable, TimePoint at);

  // context.cpp
  bool transparent() const;
  bool is_busy() const;
  void tell_busy(TimePoint now);
  void consumed_one(TimePoint now);
  bool fit_context();

  // tools.cpp
  bool is_non_blocking(std::string_view function) const;
  void announce_calls(const std::vector<gemini::FunctionCall>& calls, TimePoint now);
  void cancel_calls(const std::vector<std::string>& ids, TimePoint now);
  void call_tools(const std::vector<gemini::FunctionCall>& calls, TimePoint now);
  void tool_response(const gemini::ToolResponse& response, TimePoint now);
  void take_side_result(const gemini::FunctionResponse& response, TimePoint now);
  void add_results(std::vector<gemini::Part> results);
  void now_idle(TimePoint now);

  // One message to come. `of_answer`: an interruption takes it back.
  struct Due {
    TimePoint at;
    std::string text;
    bool of_answer = false;
    std::string said;         // text of the answer that it shows
    bool keeps_turn = false;  // the turn goes into the history with it
    // Where set, this happens instead of a message.
    std::function<void(State& session, TimePoint now)> act;
  };
  Due& last_due(TimePoint at);

  // scripted.cpp
  bool play_setup(TimePoint now);
  bool play_turn(TimePoint now);
  void play(const Reply& reply, TimePoint now);
  struct Stage;
  // When the next message would come.
  TimePoint play_steps(const Reply& reply, TimePoint at, bool of_turn, double& seconds);
  void play_end(const Reply& reply, TimePoint at, double seconds);
  void close_for(const ScriptError& error);
  void close_for(const QuotaRefusal& refusal);
  void apply_fault(const std::optional<LiveFault>& fault);
  Due& schedule(TimePoint at, bool of_answer);

  LiveOptions options;
  LiveMemory& memory;
  LiveDoor door;
  TimePoint begun;
  bool ready = false;   // setupComplete was sent
  bool closed = false;  // nothing more is said
  bool warned = false;  // goAway was sent
  gemini::Setup config;
  bool speaks = true;  // AUDIO, not TEXT
  bool automatic = true;
  bool interruptible = true;
  bool only_activity = false;  // pictures that come while nobody speaks are not looked at
  detail::VertexDialect dialect;
  LiveHearing hearing;
  std::vector<gemini::Content> history;
  std::string said;                  // of the answer that is under way
  std::set<std::string> pending_calls;
  std::vector<gemini::Part> call_results;
  std::set<std::string> side_calls;        // NON_BLOCKING, and not answered yet
  std::vector<gemini::Part> idle_results;  // of them, to be used when the model is silent
  bool seeding = false;                    // the history is still being given (historyConfig)
  bool thinks_long = false;                // several turns for one question
  double heard_seconds = 0;                // of audio, since the session began
  std::size_t heard = 0, calls_made = 0, sent = 0;
  std::size_t consumed = 0, told_consumed = 0;  // messages of the client, the setup as 0
  std::deque<Due> coming;
  std::deque<LiveOutput> outputs;
};

}  // namespace parley::emulator
