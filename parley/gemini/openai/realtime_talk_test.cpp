#include "parley/gemini/openai/realtime_talk.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <gtest/gtest.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini {
namespace {

using std::chrono::milliseconds;

// Both sides made up, on virtual time.
struct Talk {
  explicit Talk(std::string setup = R"({"model":"models/m","inputAudioTranscription":{},
      "outputAudioTranscription":{}})") {
    begun = say(R"({"setup":)" + setup + "}");
    if (!begun) return;
    hear(R"({"type":"session.created","session":{"type":"realtime"}})");
    hear(R"({"type":"session.updated","session":{"type":"realtime"}})");
    messages.clear();
  }
  Result<void> say(std::string_view message) {
    auto said = talk.said(message, now);
    collect();
    return said;
  }
  Result<void> hear(std::string_view event) {
    auto heard = talk.heard(event, now, from_unix_ms(1'767'000'000'000));
    collect();
    return heard;
  }
  void collect() {
    while (auto event = talk.poll_event()) events.push_back(std::move(*event));
    while (auto message = talk.poll_message()) messages.push_back(std::move(*message));
  }
  // Begins an answer whose sound lasts that long.
  void speak(milliseconds time) {
    hear(R"({"type":"response.created","response":{"id":"r1","status":"in_progress"}})");
    hear(R"({"type":"response.output_audio.delta","response_id":"r1","item_id":"i1","delta":")" +
         to_base64(Bytes(static_cast<std::size_t>(time.count()) * 48)) + "\"}");
  }
  std::string last_event() const { return events.empty() ? "" : events.back(); }
  std::size_t count(std::string_view words) const {
    std::size_t found = 0;
    for (const auto& message : messages) found += message.find(words) != std::string::npos;
    return found;
  }

  RealtimeTalk talk{"writer"};
  TimePoint now{std::chrono::hours(1)};
  std::vector<std::string> events, messages;
  Result<void> begun;
};

constexpr const char* kAsk =
    R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"hi"}]}],"turnComplete":true}})";
constexpr const char* kSpeechStarts = R"({"type":"input_audio_buffer.speech_started"})";

TEST(RealtimeTalk_W20, ASetupBecomesTheSessionsSettings) {
  const Talk talk(R"({"model":"models/m","systemInstruction":{"parts":[{"text":"Be brief."}]},
      "generationConfig":{"maxOutputTokens":50,"responseModalities":["AUDIO"],
        "speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"marin"}}}},
      "realtimeInputConfig":{"automaticActivityDetection":{"silenceDurationMs":300},
        "activityHandling":"NO_INTERRUPTION"},
      "tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT"}}]}],
      "inputAudioTranscription":{}})");
  ASSERT_TRUE(talk.begun) << talk.begun.error().describe();
  EXPECT_EQ(
      talk.events.at(0),
      R"({"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":)"
      R"({"type":"audio/pcm","rate":24000},"turn_detection":{"type":"server_vad",)"
      R"("interrupt_response":false,"silence_duration_ms":300},"transcription":{"model":"writer"}},)"
      R"("output":{"format":{"type":"audio/pcm","rate":24000},"voice":"marin"}},)"
      R"("instructions":"Be brief.","tools":[{"type":"function","name":"f","parameters":)"
      R"({"type":"object"}}],"max_output_tokens":50,"output_modalities":["audio"]}})");
}

TEST(RealtimeTalk_W20, WhatHasNoWordIsNamedAndNothingIsSent) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"model":"m","generationConfig":{"temperature":1}})", "temperature"},
      {R"({"model":"m","generationConfig":{"topK":1}})", "topK"},
      {R"({"model":"m","generationConfig":{"thinkingConfig":{}}})", "thinkingConfig"},
      {R"({"model":"m","proactivity":{}})", "proactivity"},
      {R"({"model":"m","tools":[{"googleSearch":{}}]})", "built-in tools"},
      {R"({"model":"m","safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}]})",
       "safety settings"},
      {R"({"model":"m","sessionResumption":{"handle":"h"}})", "handle"},
  };
  for (const auto& [setup, name] : cases) {
    const Talk talk(setup);
    ASSERT_FALSE(talk.begun) << setup;
    EXPECT_EQ(talk.begun.error().kind(), ErrorKind::invalid_argument);
    EXPECT_NE(talk.begun.error().message().find(name), std::string::npos)
        << talk.begun.error().describe();
    EXPECT_TRUE(talk.events.empty());
  }
}

TEST(RealtimeTalk_W20, TheUserSpeaksIntoAnAnswerAndOnlyWhatWasHeardStays) {
  Talk talk;
  talk.speak(milliseconds(3000));
  talk.now += milliseconds(1200);
  ASSERT_TRUE(talk.hear(kSpeechStarts));
  EXPECT_EQ(talk.count(R"("interrupted":true)"), 1u);
  EXPECT_EQ(talk.last_event(), R"({"type":"conversation.item.truncate","item_id":"i1",)"
                               R"("content_index":0,"audio_end_ms":1200})");
  // What was on its way is not for the user any more.
  const auto sounds = talk.count("inlineData");
  talk.hear(
      R"({"type":"response.output_audio.delta","response_id":"r1","item_id":"i1","delta":"AAAA"})");
  EXPECT_EQ(talk.count("inlineData"), sounds);
  talk.hear(R"({"type":"response.done","response":{"id":"r1","status":"cancelled"}})");
  EXPECT_EQ(talk.count(R"("interrupted":true)"), 1u);
  EXPECT_EQ(talk.count(R"("turnComplete":true)"), 1u);
  EXPECT_EQ(talk.count("generationComplete"), 0u);
}

TEST(RealtimeTalk_W20, AnAnswerThatIsStillPlayedIsInterruptedToo) {
  Talk talk;
  talk.speak(milliseconds(3000));
  talk.hear(R"({"type":"response.done","response":{"id":"r1","status":"completed"}})");
  EXPECT_EQ(talk.count("generationComplete"), 1u);
  talk.now += milliseconds(500);
  talk.hear(kSpeechStarts);
  EXPECT_EQ(talk.count(R"("interrupted":true)"), 1u);
  EXPECT_NE(talk.last_event().find(R"("audio_end_ms":500)"), std::string::npos);
  talk.hear(R"({"type":"input_audio_buffer.speech_stopped"})");
  talk.now += milliseconds(5000);
  talk.hear(kSpeechStarts);
  EXPECT_EQ(talk.count(R"("interrupted":true)"), 1u) << "nothing is played any more";
}

TEST(RealtimeTalk_W20, AQuestionIntoAnAnswerWaitsUntilThatOneHasEnded) {
  Talk talk;
  ASSERT_TRUE(talk.say(kAsk));
  EXPECT_EQ(talk.last_event(), R"({"type":"response.create"})");
  ASSERT_TRUE(talk.say(kAsk));
  EXPECT_EQ(talk.events[talk.events.size() - 2], R"({"type":"response.cancel"})");
  const auto asked = talk.events.size();
  talk.hear(R"({"type":"response.created","response":{"id":"r1","status":"in_progress"}})");
  talk.hear(R"({"type":"response.output_text.delta","response_id":"r1","delta":"late"})");
  EXPECT_EQ(talk.count("late"), 0u);
  EXPECT_EQ(talk.events.size(), asked);
  talk.hear(R"({"type":"response.done","response":{"id":"r1","status":"cancelled"}})");
  EXPECT_EQ(talk.last_event(), R"({"type":"response.create"})");
  talk.hear(R"({"type":"response.created","response":{"id":"r2","status":"in_progress"}})");
  talk.hear(R"({"type":"response.output_text.delta","response_id":"r2","delta":"now"})");
  EXPECT_EQ(talk.count("now"), 1u);
}

TEST(RealtimeTalk_W20, AllAnswersOfAResponsesCallsAreAwaited) {
  Talk talk;
  talk.hear(R"({"type":"response.created","response":{"id":"r1"}})");
  ASSERT_TRUE(
      talk.hear(R"({"type":"response.done","response":{"id":"r1","status":"completed","output":[)"
                R"({"type":"function_call","name":"f","call_id":"c1","arguments":"{\"a\":1}"},)"
                R"({"type":"function_call","name":"g","call_id":"c2","arguments":""}]}})"));
  EXPECT_EQ(talk.messages.at(0),
            R"({"toolCall":{"functionCalls":[{"id":"c1","name":"f","args":{"a":1}},)"
            R"({"id":"c2","name":"g","args":{}}]}})");
  const auto before = talk.events.size();
  ASSERT_TRUE(talk.say(
      R"({"toolResponse":{"functionResponses":[{"id":"c1","name":"f","response":{"x":1}}]}})"));
  ASSERT_EQ(talk.events.size(), before + 1);
  EXPECT_NE(talk.last_event().find("function_call_output"), std::string::npos);
  ASSERT_TRUE(
      talk.say(R"({"toolResponse":{"functionResponses":[{"id":"c2","name":"g","response":{}}]}})"));
  EXPECT_EQ(talk.last_event(), R"({"type":"response.create"})");
  const auto stray =
      talk.say(R"({"toolResponse":{"functionResponses":[{"id":"c9","name":"g","response":{}}]}})");
  ASSERT_FALSE(stray);
  EXPECT_NE(stray.error().message().find("c9"), std::string::npos);
}

TEST(RealtimeTalk_W20, AnAnswerOfAFunctionIsUsedAsItsSchedulingSays) {
  const auto answered = [](std::string_view scheduling) {
    Talk talk;
    talk.hear(R"({"type":"response.created","response":{"id":"r1"}})");
    talk.hear(R"({"type":"response.done","response":{"id":"r1","status":"completed","output":[)"
              R"({"type":"function_call","name":"f","call_id":"c1","arguments":"{}"}]}})");
    talk.say(kAsk);  // the model talks on
    talk.hear(R"({"type":"response.created","response":{"id":"r2"}})");
    talk.events.clear();
    talk.say(R"({"toolResponse":{"functionResponses":[{"id":"c1","name":"f","response":{},)"
             R"("scheduling":")" +
             std::string(scheduling) + R"("}]}})");
    talk.events.erase(talk.events.begin());
    auto out = talk.events;
    talk.events.clear();
    talk.hear(R"({"type":"response.done","response":{"id":"r2","status":"completed"}})");
    out.insert(out.end(), talk.events.begin(), talk.events.end());
    return out;
  };
  const std::string cancel = R"({"type":"response.cancel"})", ask = R"({"type":"response.create"})";
  EXPECT_EQ(answered("SILENT"), std::vector<std::string>());
  EXPECT_EQ(answered("WHEN_IDLE"), std::vector<std::string>{ask});
  EXPECT_EQ(answered("INTERRUPT"), (std::vector<std::string>{cancel, ask}));
}

TEST(RealtimeTalk_W20, AStopWithoutWordsAlsoEndsWhatIsHeardStill) {
  Talk talk;
  talk.speak(milliseconds(3000));
  talk.hear(R"({"type":"response.done","response":{"id":"r1","status":"completed"}})");
  talk.now += milliseconds(700);
  ASSERT_TRUE(talk.say(R"({"clientContent":{"turnComplete":false}})"));
  EXPECT_EQ(talk.count(R"("interrupted":true)"), 1u);
  EXPECT_NE(talk.last_event().find(R"("audio_end_ms":700)"), std::string::npos);
}

TEST(RealtimeTalk_W20, CaptionsComeInPiecesOrAtOnceAndEndOnce) {
  Talk talk;
  const std::string prefix = R"({"type":"conversation.item.input_audio_transcription.)";
  talk.hear(prefix + R"(delta","item_id":"a","delta":"What "})");
  talk.hear(prefix + R"(completed","item_id":"a","transcript":"What time?"})");
  talk.hear(prefix + R"(completed","item_id":"b","transcript":"Hello."})");
  EXPECT_EQ(talk.messages,
            (std::vector<std::string>{
                R"({"serverContent":{"inputTranscription":{"text":"What "}}})",
                R"({"serverContent":{"inputTranscription":{"text":"","finished":true}}})",
                R"({"serverContent":{"inputTranscription":{"text":"Hello.","finished":true}}})"}));
}

TEST(RealtimeTalk_W20, ErrorsEndItExceptWhereWishesCross) {
  const std::tuple<const char*, const char*, ErrorKind> cases[] = {
      {"invalid_request_error", "invalid_api_key", ErrorKind::unauthenticated},
      {"tokens", "rate_limit_exceeded", ErrorKind::rate_limited},
      {"invalid_request_error", "session_expired", ErrorKind::disconnected},
      {"server_error", "", ErrorKind::unavailable},
      {"invalid_request_error", "invalid_value", ErrorKind::invalid_argument},
  };
  for (const auto& [type, code, kind] : cases) {
    Talk talk;
    const auto told = talk.hear(std::string(R"({"type":"error","error":{"type":")") + type +
                                R"(","code":")" + code + R"(","message":"why","param":"field"}})");
    ASSERT_FALSE(told) << code;
    EXPECT_EQ(told.error().kind(), kind) << code;
    EXPECT_NE(told.error().describe().find("why"), std::string::npos);
  }
  Talk talk;
  EXPECT_TRUE(talk.hear(R"({"type":"error","error":{"type":"invalid_request_error",)"
                        R"("code":"response_cancel_not_active","message":"no"}})"));
  const auto failed =
      talk.hear(R"({"type":"response.done","response":{"id":"r","status":"failed",)"
                R"("status_details":{"error":{"type":"tokens","code":"rate_limit_exceeded"}}}})");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind(), ErrorKind::rate_limited);
  EXPECT_FALSE(talk.hear("no JSON"));
}

TEST(RealtimeTalk_W20, TheEndOfTheSessionIsAnnouncedAMinuteAhead) {
  Talk talk;
  ASSERT_TRUE(talk.hear(R"({"type":"session.created","session":{"expires_at":1767003600}})"));
  ASSERT_TRUE(talk.talk.next_timeout());
  EXPECT_EQ(*talk.talk.next_timeout() - talk.now, std::chrono::minutes(59));
  talk.talk.handle_timeout(*talk.talk.next_timeout());
  talk.collect();
  EXPECT_EQ(talk.messages.back(), R"({"goAway":{"timeLeft":"60s"}})");
  EXPECT_FALSE(talk.talk.next_timeout());
}

TEST(RealtimeTalk_W20, UsageIsToldByModality) {
  Talk talk;
  talk.hear(R"({"type":"response.created","response":{"id":"r1"}})");
  talk.hear(R"({"type":"response.done","response":{"id":"r1","status":"completed","usage":)"
            R"({"total_tokens":30,"input_tokens":20,"output_tokens":10,"input_token_details":)"
            R"({"text_tokens":5,"audio_tokens":15,"cached_tokens":4},"output_token_details":)"
            R"({"text_tokens":2,"audio_tokens":8}}}})");
  EXPECT_EQ(talk.messages.back(),
            R"({"usageMetadata":{"promptTokenCount":20,"responseTokenCount":10,)"
            R"("totalTokenCount":30,"cachedContentTokenCount":4,"promptTokensDetails":)"
            R"([{"modality":"TEXT","tokenCount":5},{"modality":"AUDIO","tokenCount":15}],)"
            R"("responseTokensDetails":[{"modality":"TEXT","tokenCount":2},)"
            R"({"modality":"AUDIO","tokenCount":8}]},"serverContent":{"turnComplete":true}})");
}

}  // namespace
}  // namespace parley::gemini
