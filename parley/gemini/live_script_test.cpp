// Live sessions over a scripted connection: no network, and what is sent is seen as text.
#include <deque>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "parley/gemini/live_session.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// Says what it is told to, and keeps what it hears.
class Script final : public LiveSocket {
 public:
  explicit Script(const Executor& executor)
      : arrived_(executor, asio::steady_timer::time_point::max()) {}

  Task<Result<void>> send(std::string text) override {
    heard.push_back(std::move(text));
    co_return Result<void>();
  }
  Task<std::optional<std::string>> next() override {
    while (says_.empty() && !closed) {
      boost::system::error_code ignored;
      co_await arrived_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (says_.empty()) co_return std::nullopt;
    auto text = std::move(says_.front());
    says_.pop_front();
    co_return text;
  }
  Result<void> outcome() const override { return end; }
  void close() override {
    ++closes;
    closed = true;
    arrived_.cancel();
  }

  void say(std::string text) {
    says_.push_back(std::move(text));
    arrived_.cancel();
  }
  void end_with(Error error) {
    end = fail(std::move(error));
    closed = true;
    arrived_.cancel();
  }

  std::vector<std::string> heard;
  Result<void> end;
  bool closed = false;
  int closes = 0;

 private:
  std::deque<std::string> says_;
  asio::steady_timer arrived_;
};

Task<Result<std::shared_ptr<LiveSocket>>> dial(std::shared_ptr<Script> script) {
  co_return std::shared_ptr<LiveSocket>(std::move(script));
}

LiveOptions options_for(const std::shared_ptr<Script>& script,
                        std::string_view model = "gemini-2.5-flash-native-audio-latest") {
  LiveOptions options(model);
  options.dial = [script] { return dial(script); };
  options.step_timeout = milliseconds(20);
  return options;
}

using Body = Task<void> (*)(std::shared_ptr<Script> script);
Task<void> with_script(Body body) {
  co_await body(std::make_shared<Script>(co_await asio::this_coro::executor));
}

Task<void> receives(std::shared_ptr<Script> script) {
  script->say(R"({"setupComplete": {}})");
  auto live = co_await Live::connect(options_for(script));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  EXPECT_EQ(live->state(), LiveState::ready);
  EXPECT_TRUE((co_await live->receive_all()).empty()) << "does not wait";
  const auto nothing = co_await live->receive(milliseconds(1));
  EXPECT_EQ(nothing.error().kind(), ErrorKind::timeout);
  EXPECT_EQ(nothing.error().message(), "the Live session told nothing for 1 ms");
  script->say(R"({"serverContent": {"modelTurn": {"parts": [{"text": "a"}, {"text": "b"}]}}})");
  const auto first = co_await live->receive();
  EXPECT_EQ(std::get<LiveText>(*first).text, "a");
  script->say("{");
  script->say(R"({"serverContent": "no object"})");
  script->say(R"({})");
  script->say(R"({"serverContent": {"turnComplete": true}})");
  co_await sleep_for(milliseconds(1));
  const auto rest = co_await live->receive_all();
  EXPECT_EQ(rest.size(), 4u);
  if (rest.size() != 4) co_return;
  EXPECT_EQ(std::get<LiveText>(rest[0]).text, "b");
  EXPECT_NE(std::get<LiveUnreadable>(rest[1]).why.find("line 1"), std::string::npos);
  EXPECT_EQ(std::get<LiveUnreadable>(rest[2]).beginning, R"({"serverContent": "no object"})");
  EXPECT_TRUE(std::holds_alternative<LiveTurnComplete>(rest[3])) << "the session lives on";
  script->end_with(Error(ErrorKind::disconnected, "x").with_close(1011, "Internal error."));
  const auto over = co_await live->receive();
  EXPECT_EQ(over.error().kind(), ErrorKind::unavailable);
  EXPECT_EQ(over.error().close_code(), 1011);
  EXPECT_EQ(live->state(), LiveState::disconnected);
  EXPECT_EQ((co_await live->send_text("x")).error().message(),
            "the Live session is not connected (disconnected)");
  EXPECT_TRUE(co_await live->close()) << "never fails";
}
TEST(Live_B14_B15_B16_B19_B20, ReceivingHasALimitAndABrokenFrameIsAnEvent) {
  run(with_script(receives));
}

Task<void> sends(std::shared_ptr<Script> script) {
  script->say(R"({"setupComplete": {}})");
  auto options = options_for(script, "gemini-3.8-live");
  options.setup.history_config.emplace().initial_history_in_client_content = true;
  options.setup.explicit_vad_signal = true;
  options.setup.avatar_config.emplace().avatar_name = "Ada";
  options.setup.extra = json::Members(json::Object{{"somethingNew", json::Object{{"deep", 1}}}});
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  EXPECT_TRUE(co_await live->say("hello"));
  EXPECT_TRUE(co_await live->send_message(R"({"realtimeInput": {"text": "x", "newer": [1]}})"));
  EXPECT_FALSE(co_await live->send_message(R"({"setup": {}})"));
  EXPECT_FALSE(co_await live->send_message(R"({"clientContent": {}, "toolResponse": {}})"));
  EXPECT_FALSE(co_await live->send_message("{"));
  EXPECT_EQ((co_await live->send_message(R"({"clientContent": {"turns": 1}})")).error().kind(),
            ErrorKind::invalid_argument);
  std::vector<Content> turns(1);
  turns[0].parts.emplace().emplace_back().function_call.emplace("f");
  EXPECT_EQ((co_await live->send_turns(turns)).error().kind(), ErrorKind::invalid_argument);
  EXPECT_EQ((co_await live->send_audio(Bytes(3))).error().kind(), ErrorKind::invalid_argument);
  EXPECT_EQ(script->heard.size(), 3u);
  EXPECT_EQ(script->heard[0],
            R"({"setup":{"model":"models/gemini-3.8-live","historyConfig":)"
            R"({"initialHistoryInClientContent":true},"explicitVadSignal":true,"avatarConfig":)"
            R"({"avatarName":"Ada"},"somethingNew":{"deep":1}}})");
  EXPECT_EQ(script->heard[1], R"({"realtimeInput":{"text":"hello"}})");
  EXPECT_EQ(script->heard[2], R"({"realtimeInput":{"text":"x","newer":[1]}})");
}
TEST(Live_B14_B24_B26, WhatIsSentIsOneMessageOfTheModelsKind) {
  run(with_script(sends));
}

Task<void> sets_up(std::shared_ptr<Script> script) {
  script->say(R"({"setupComplete": {}})");
  auto options = options_for(script, "gemini-3.8-live");
  options.answer_in(Modality::audio).instruct("Be brief.").transcribe().resume("h1");
  options.detect_activity(true).speak_with("Kore");
  auto& setup = options.setup;
  setup.session_resumption->transparent = true;
  setup.context_window_compression.emplace().trigger_tokens = json::Decimal("25600");
  setup.context_window_compression->sliding_window.emplace().target_tokens = json::Decimal("12800");
  setup.proactivity.emplace().proactive_audio = true;
  auto& input = *setup.realtime_input_config;
  input.automatic_activity_detection->start_of_speech_sensitivity =
      StartSensitivity::start_sensitivity_low;
  input.automatic_activity_detection->end_of_speech_sensitivity =
      EndSensitivity::end_sensitivity_high;
  input.automatic_activity_detection->prefix_padding_ms = 20;
  input.automatic_activity_detection->silence_duration_ms = 500;
  input.activity_handling = ActivityHandling::no_interruption;
  input.turn_coverage = TurnCoverage::turn_includes_audio_activity_and_all_video;
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  EXPECT_EQ(
      script->heard.at(0),
      R"({"setup":{"model":"models/gemini-3.8-live","generationConfig":{"responseModalities":["AUDIO"],)"
      R"("speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"Kore"}}}},)"
      R"("systemInstruction":{"role":"user","parts":[{"text":"Be brief."}]},"realtimeInputConfig":)"
      R"({"automaticActivityDetection":{"disabled":false,"startOfSpeechSensitivity":)"
      R"("START_SENSITIVITY_LOW","endOfSpeechSensitivity":"END_SENSITIVITY_HIGH",)"
      R"("prefixPaddingMs":20,"silenceDurationMs":500},"activityHandling":"NO_INTERRUPTION",)"
      R"("turnCoverage":"TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO"},"sessionResumption":)"
      R"({"handle":"h1","transparent":true},"contextWindowCompression":{"triggerTokens":"25600",)"
      R"("slidingWindow":{"targetTokens":"12800"}},"inputAudioTranscription":{},)"
      R"("outputAudioTranscription":{},"proactivity":{"proactiveAudio":true}}})");
}
TEST(Live_B23_B40, EveryFieldOfTheSetupGoesOutUnderItsName) {
  run(with_script(sets_up));
}

Task<void> older(std::shared_ptr<Script> script) {
  script->say(R"({"setupComplete": {}})");
  auto live = co_await Live::connect(options_for(script));
  EXPECT_TRUE(co_await live->say("hello"));
  EXPECT_EQ(script->heard.back(),
            R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"hello"}]}],)"
            R"("turnComplete":true}})");
  EXPECT_EQ((co_await live->update_context(ContextUpdate())).error().kind(),
            ErrorKind::invalid_argument);
  EXPECT_TRUE(co_await live->close());
  EXPECT_TRUE(co_await live->close());
  const auto closing = co_await live->send_text("x");
  EXPECT_FALSE(closing);
  EXPECT_NE(closing.error().message().find("closing"), std::string::npos);
}
TEST(Live_B17_B26, TextGoesAsTheGenerationTakesItAndCloseMayBeRepeated) {
  run(with_script(older));
}

// -- refusals of connect

Task<void> slow(std::shared_ptr<Script> script) {
  const auto late = co_await Live::connect(options_for(script));
  EXPECT_EQ(late.error().kind(), ErrorKind::timeout);
  EXPECT_EQ(late.error().stage(), Stage::setup);
  EXPECT_GE(script->closes, 1);
}
Task<void> refused(std::shared_ptr<Script> script) {
  script->end_with(Error(ErrorKind::disconnected, "x").with_close(1007, "API key not valid."));
  const auto closed = co_await Live::connect(options_for(script));
  EXPECT_EQ(closed.error().kind(), ErrorKind::unauthenticated);
  EXPECT_EQ(closed.error().close_code(), 1007);
  EXPECT_EQ(closed.error().stage(), Stage::setup);
}
TEST(Live_B22, ASetupThatIsNotTakenEndsConnect) {
  run(with_script(slow));
  run(with_script(refused));
}

// -- calls

std::string call_message(std::string_view id) {
  return R"({"toolCall": {"functionCalls": [{"id": ")" + std::string(id) + R"(", "name": "f"}]}})";
}
FunctionResponse response_to(std::string_view id) {
  FunctionResponse response("f");
  if (!id.empty()) response.id = std::string(id);
  return response;
}
Task<std::string> why_not(Live& live, FunctionResponse response) {
  std::vector<FunctionResponse> responses(1, std::move(response));
  auto sent = co_await live.respond(std::move(responses));
  co_return sent ? std::string() : sent.error().message();
}

Task<void> answers(std::shared_ptr<Script> script) {
  script->say(R"({"setupComplete": {}})");
  auto options = options_for(script);
  FunctionDeclaration f("f");
  options.declare(f);
  FunctionCall owed("f");
  owed.id = "from before";
  options.open_calls.push_back(owed);
  auto live = co_await Live::connect(std::move(options));
  EXPECT_EQ(co_await why_not(*live, response_to("1")), "no call 1 is open");
  for (const char* id : {"1", "2", "3"}) script->say(call_message(id));
  script->say(R"({"toolCallCancellation": {"ids": ["2"]}})");
  for (int i = 0; i < 4; ++i) (void)co_await live->next();
  EXPECT_EQ(live->open_calls().size(), 3u);
  EXPECT_EQ(co_await why_not(*live, response_to("2")), "the call 2 of f was cancelled");
  EXPECT_EQ(co_await why_not(*live, response_to("")),
            "the answer of f names no call: id is missing");
  auto scheduled = response_to("1");
  scheduled.scheduling = "SILENT";
  EXPECT_NE((co_await why_not(*live, scheduled)).find("not NON_BLOCKING"), std::string::npos);
  scheduled.scheduling = "SOON";
  EXPECT_NE((co_await why_not(*live, scheduled)).find("none of INTERRUPT"), std::string::npos);
  auto more = response_to("1");
  more.will_continue = true;
  EXPECT_NE((co_await why_not(*live, more)).find("in one piece"), std::string::npos);
  EXPECT_EQ(script->heard.size(), 1u) << "nothing of it was sent";
  EXPECT_EQ(co_await why_not(*live, response_to("1")), "");
  EXPECT_EQ(co_await why_not(*live, response_to("1")), "no call 1 is open");
  EXPECT_EQ(co_await why_not(*live, response_to("from before")), "");
  EXPECT_EQ(script->heard.size(), 3u);
  EXPECT_EQ(live->open_calls().size(), 1u);
}
TEST(Live_B30, AnAnswerNamesACallThatIsOpen) {
  run(with_script(answers));
}

// -- callbacks

Task<void> goes_away(std::shared_ptr<Script> script) {
  script->say(R"({"setupComplete": {}})");
  auto live = co_await Live::connect(options_for(script));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  std::vector<std::string> handles;
  for (const char* text :
       {R"({"goAway": {"timeLeft": "30s"}})",
        R"({"sessionResumptionUpdate": {"newHandle": "one", "resumable": true}})",
        R"({"sessionResumptionUpdate": {"newHandle": "two", "resumable": true}})",
        R"({"sessionResumptionUpdate": {"resumable": false}})",
        R"({"goAway": {"timeLeft": {"seconds": "5"}}})"})
    script->say(text);
  co_await sleep_for(milliseconds(1));
  const auto events = co_await live->receive_all();
  for (const auto& event : events)
    if (const auto* away = std::get_if<LiveGoAway>(&event)) handles.push_back(away->handle);
  EXPECT_EQ(handles, (std::vector<std::string>{"", "two"}));
  (void)co_await live->close();
}
TEST(Live_B32, GoAwayCarriesTheNewestHandle) {
  run(with_script(goes_away));
}

Task<void> configured(std::shared_ptr<Script> script) {
  script->say(R"({"setupComplete": {}})");
  auto options = options_for(script);
  auto& config = options.setup.generation_config.emplace();
  config.response_modalities = {Modality(Modality::audio)};
  config.max_output_tokens = 200;
  config.temperature = 0.5;
  config.top_p = 0.25;
  config.top_k = 3;
  config.presence_penalty = 1;
  config.frequency_penalty = -1;
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live) << live.error().describe();
  if (!live) co_return;
  const auto setup = json::parse(script->heard.at(0), json::trusted_limits());
  EXPECT_EQ(json::to_string(setup->at("setup").at("generationConfig")),
            R"({"maxOutputTokens":200,"temperature":0.5,"topP":0.25,"topK":3.0,)"
            R"("presencePenalty":1.0,"frequencyPenalty":-1.0,"responseModalities":["AUDIO"]})");
  (void)co_await live->close();
}
TEST(Live_D8, EverySettingOfTheGenerationIsInTheSetup) {
  run(with_script(configured));
}

Task<void> callbacks(std::shared_ptr<Script> script) {
  std::vector<std::string> told;
  LiveHandlers handlers;
  handlers.state = [&](LiveState state) { told.emplace_back(to_string(state)); };
  handlers.text = [&](const LiveText& text) {
    told.push_back(text.text);
    if (text.text == "bad") throw std::runtime_error("I fail");
  };
  handlers.error = [&](const Error& error) {
    told.push_back(error.message());
    throw std::runtime_error("so do I");
  };
  handlers.tool_calls = [&](const LiveToolCalls& calls) {
    std::vector<FunctionResponse> answers;
    answers.push_back(response_to(calls.calls[0].id.value() == "9" ? "8" : *calls.calls[0].id));
    return answers;
  };
  handlers.go_away = [&](const LiveGoAway& away) {
    told.push_back(std::to_string(away.left.count()));
  };
  handlers.turn_complete = [&](const LiveTurnComplete&) { told.emplace_back("turn"); };
  handlers.closed = [&](const Result<void>& outcome) {
    told.push_back(outcome ? "in order" : outcome.error().message());
  };
  LiveSession session(handlers);
  EXPECT_EQ(session.live().error().message(), "the Live session is not ready (disconnected)");
  script->say(R"({"setupComplete": {}})");
  EXPECT_TRUE(co_await session.connect(options_for(script)));
  EXPECT_TRUE(session.connected());
  const auto again = co_await session.connect(options_for(script));
  EXPECT_EQ(again.error().kind(), ErrorKind::invalid_state);
  EXPECT_EQ(again.error().message(), "already connected (ready)");
  for (const char* text :
       {R"({"serverContent": {"modelTurn": {"parts": [{"text": "bad"}]}, "turnComplete": true}})",
        R"({"goAway": {"timeLeft": "30.5s"}})", "rubbish"})
    script->say(text);
  script->say(call_message("7"));
  script->say(call_message("9"));
  co_await sleep_for(milliseconds(1));
  EXPECT_EQ(script->heard.back(),
            R"({"toolResponse":{"functionResponses":[{"id":"7","name":"f"}]}})");
  session.close();
  session.close();
  EXPECT_TRUE(co_await session.ended());
  EXPECT_EQ(session.state(), LiveState::disconnected);
  const auto unread = told.at(7);
  EXPECT_TRUE(unread.starts_with("a frame of the service cannot be read")) << unread;
  EXPECT_EQ(told,
            (std::vector<std::string>{"connecting", "setup_pending", "ready", "bad",
                                      "the handler text threw: I fail", "turn", "30500", unread,
                                      "no call 8 is open", "closing", "disconnected", "in order"}));
}
TEST(LiveSession_B21_B29, AHandlerThatThrowsIsToldAndTheSessionGoesOn) {
  run(with_script(callbacks));
}

}  // namespace
}  // namespace parley::gemini
